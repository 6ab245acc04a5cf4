package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
)

// errNoDaemon says that no gateway runs on the data directory.
var errNoDaemon = errors.New("no gateway is running on this data directory")

// local is the running gateway, reached through the socket in its data directory. The kernel tells the gateway who
// asks; no token is needed.
type local struct{ client *http.Client }

// dialLocal finds the gateway that runs on dir; errNoDaemon when there is none.
func dialLocal(ctx context.Context, dir string) (*local, error) {
	path := filepath.Join(dir, "holdfast.sock")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, errNoDaemon
	}
	if err != nil {
		return nil, fmt.Errorf("reach the running gateway: %w", err)
	}
	conn.Close()
	return &local{client: &http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
}

// call sends one request and decodes the answer into answer, unless that is nil. A problem answer becomes the error.
func (l *local) call(ctx context.Context, method, path string, body io.Reader, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := l.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the running gateway: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		return problem(res)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// maxProblem bounds how much of an error answer is read, bytes.
const maxProblem = 64 << 10

func problem(res *http.Response) error {
	var p struct{ Title, Detail, Hint string }
	if err := json.NewDecoder(io.LimitReader(res.Body, maxProblem)).Decode(&p); err != nil {
		return fmt.Errorf("the gateway answered %s", res.Status)
	}
	text := p.Title
	for _, more := range []string{p.Detail, p.Hint} {
		if more != "" {
			text += ". " + more
		}
	}
	return errors.New(text)
}
