package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"holdfast/gateway"
)

// held is the lock of a data directory, as a gateway that starts has it before it answers.
func held(t *testing.T, data string) *os.File {
	t.Helper()
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(filepath.Join(data, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return lock
}

// A command that finds the data directory taken and nobody answering waits for what comes of it.
func TestCommandsWaitForAGatewayThatStartsOrStops(t *testing.T) {
	dir, file := site(t, "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n")
	data := filepath.Join(dir, "data")
	lock := held(t, data)
	time.AfterFunc(100*time.Millisecond, func() { lock.Close() })
	if code, _, errs := invoke(t, "lock", "list", "--config", file); code != exitDone {
		t.Errorf("on the files of a gateway that was stopping: exit %d, %s", code, errs)
	}

	end := background(t, "serve", "--config", file)
	for used := false; !used; { // it has taken the directory, and does not answer yet
		if t.Context().Err() != nil {
			t.Fatal("the gateway does not start")
		}
		var err error
		if used, err = gateway.InUse(data); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, errs := invoke(t, "clock", "confirm", "--config", file); code != exitDone {
		t.Errorf("to a gateway that was starting: exit %d, %s", code, errs)
	}
	end()

	held(t, data)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := dialLocal(ctx, data); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a data directory that stays taken: %v", err)
	}
}
