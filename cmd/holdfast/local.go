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
	"time"

	"holdfast/gateway"
)

// errNoDaemon says that no gateway runs on the data directory.
var errNoDaemon = errors.New("no gateway is running on this data directory")

// local is the running gateway, reached through the socket in its data directory. The kernel tells the gateway who
// asks; no token is needed.
type local struct{ client *http.Client }

// reachTime bounds how long a gateway is waited for that is starting, or stopping, and does not answer.
const (
	reachTime  = 10 * time.Second
	reachAgain = 50 * time.Millisecond
)

// dialLocal finds the gateway that runs on dir; errNoDaemon when there is none. While one is starting or stopping, or
// another command works on the files, it waits for what comes of it.
func dialLocal(ctx context.Context, dir string) (*local, error) {
	path := filepath.Join(dir, "holdfast.sock")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	for until := time.Now().Add(reachTime); ; {
		conn, err := dial(ctx, "", "")
		if err == nil {
			conn.Close()
			return &local{client: &http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
		}
		if ctx.Err() != nil { // a dial that the context ended says "i/o timeout"
			return nil, ctx.Err()
		}
		if !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("reach the running gateway: %w", err)
		}
		used, err := gateway.InUse(dir)
		switch {
		case err != nil:
			return nil, err
		case !used:
			return nil, errNoDaemon
		case time.Now().After(until):
			return nil, fmt.Errorf("data directory %s is in use by a holdfast process that does not answer: a gateway that is starting or stopping, or a command on its files. Try again once it is done", dir)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(reachAgain):
		}
	}
}

// call sends one request and decodes the answer into answer, unless that is nil. A problem answer becomes the error.
func (l *local) call(ctx context.Context, method, path string, body io.Reader, answer any) error {
	res, err := l.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// do sends one request, with a body of JSON or none. The caller closes the answer's body. A problem answer becomes the error.
func (l *local) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := l.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the running gateway: %w", err)
	}
	if res.StatusCode >= 400 {
		defer res.Body.Close()
		return nil, problem(res)
	}
	return res, nil
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
