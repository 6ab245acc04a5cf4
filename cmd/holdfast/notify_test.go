package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// manager is a fake service manager that keeps what it is told.
type manager struct {
	mu   sync.Mutex
	told []string
}

func (m *manager) take(s string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, s)
	return true
}

// since gives what was told since the last call.
func (m *manager) since() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	told := m.told
	m.told = nil
	return told
}

func TestServiceManagerIsToldReadyStateAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watchdog(t, 20*time.Second)
		var m manager
		var broken atomic.Bool
		health := func() error {
			if broken.Load() {
				return errors.New("index: no commit for 30 s")
			}
			return nil
		}
		ready := make(chan struct{})
		n := notifier{Ready: ready, Healthy: health, Status: func() string { return "recording 3\nof 3" }, Log: quiet(), send: m.take}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- n.Run(ctx) }()

		time.Sleep(time.Hour)
		expect(t, "before it is ready", m.since())
		close(ready)
		synctest.Wait()
		expect(t, "once ready", m.since(), "READY=1", "STATUS=recording 3 of 3", "WATCHDOG=1")
		time.Sleep(20*time.Second + 1)
		synctest.Wait()
		expect(t, "in one watchdog period", m.since(), "WATCHDOG=1", "WATCHDOG=1")

		broken.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		expect(t, "while not healthy", m.since(), "STATUS=not healthy: index: no commit for 30 s")

		broken.Store(false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		expect(t, "healthy again", m.since(), "STATUS=recording 3 of 3", "WATCHDOG=1")

		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		expect(t, "at the end", m.since(), "STOPPING=1")
	})
}

func TestWatchdogStarvesWhenTheHealthCheckHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watchdog(t, 20*time.Second)
		var m manager
		ready := make(chan struct{})
		close(ready)
		hang := make(chan struct{})
		n := notifier{Ready: ready, Healthy: func() error { <-hang; return nil }, Status: func() string { return "" }, Log: quiet(), send: m.take}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- n.Run(ctx) }()
		time.Sleep(time.Hour)
		expect(t, "while it hangs", m.since(), "READY=1")
		cancel()
		close(hang)
		<-done
	})
}

func TestRealSocketGetsTheMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	watchdog(t, time.Hour)
	ready := make(chan struct{})
	close(ready)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	n := notifier{Ready: ready, Healthy: func() error { return nil }, Status: func() string { return "fine" }, Log: quiet()}
	go func() { done <- n.Run(ctx) }()
	for _, want := range []string{"READY=1", "STATUS=fine", "WATCHDOG=1"} {
		expect(t, "from the socket", []string{receive(t, socket)}, want)
	}
	cancel()
	expect(t, "from the socket", []string{receive(t, socket)}, "STOPPING=1")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWithoutAServiceManagerItOnlyWaits(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	ready := make(chan struct{})
	close(ready)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := notifier{Ready: ready, Healthy: func() error { return nil }, Status: func() string { return "" }, Log: quiet()}
	if err := n.Run(ctx); err != nil {
		t.Error(err)
	}
}

func receive(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	socket.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 4096)
	size, err := socket.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:size])
}

// watchdog makes the service manager ask for a sign of life.
func watchdog(t *testing.T, limit time.Duration) {
	t.Setenv("WATCHDOG_PID", "")
	t.Setenv("WATCHDOG_USEC", strconv.FormatInt(limit.Microseconds(), 10))
}

func expect(t *testing.T, when string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %s; want %s", when, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
