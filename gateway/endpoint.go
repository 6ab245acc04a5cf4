package gateway

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Endpoint is endpoint.json in the data directory: how a program of the same user reaches the running gateway. It is
// written once the gateway is ready and removed when it stops; the token is good for this process only.
type Endpoint struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	CA    string `json:"ca"` // file with the certificate to trust, "" when the address is plain HTTP on loopback
}

func endpointPath(dir string) string { return filepath.Join(dir, "endpoint.json") }

// ReadEndpoint reads the endpoint file in dir.
func ReadEndpoint(dir string) (Endpoint, error) {
	var e Endpoint
	data, err := os.ReadFile(endpointPath(dir))
	if err != nil {
		return e, fmt.Errorf("read endpoint: %w", err)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("read endpoint %s: %w", endpointPath(dir), err)
	}
	return e, nil
}

// write puts the file in place in one step, so that a reader never sees half of it.
func (e Endpoint) write(dir string) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "endpoint-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write endpoint: %w", err)
	}
	_, err = tmp.Write(append(data, '\n'))
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), endpointPath(dir))
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write endpoint: %w", err)
	}
	return nil
}
