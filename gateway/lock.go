package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// lockPatience is how long the lock of a data directory is waited for: InUse holds it for a moment, and a process that
	// ends may be about to let go of it.
	lockPatience = 500 * time.Millisecond
	lockAgain    = 20 * time.Millisecond
)

// lockData takes the data directory for this process. The lock is the kernel's and ends with the process, so that a
// killed gateway never blocks its successor.
func lockData(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	f, err := os.OpenFile(lockPath(dir), os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	until := time.Now().Add(lockPatience)
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	for errors.Is(err, unix.EWOULDBLOCK) && time.Now().Before(until) {
		time.Sleep(lockAgain)
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		f.Close()
		return nil, fmt.Errorf("data directory %s is in use by another holdfast process: stop that one first, or give this one a data directory of its own", dir)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	return f, nil
}

func lockPath(dir string) string { return filepath.Join(dir, "lock") }

// InUse tells whether a holdfast process works on a data directory: a gateway, also one that is starting or stopping and
// does not answer, or a command on its files.
func InUse(dir string) (bool, error) {
	f, err := os.OpenFile(lockPath(dir), os.O_RDWR|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the lock of the data directory: %w", err)
	}
	defer f.Close() // and lets go of the lock
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
