package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// ErrShared says that a file with a secret can be read or changed by others, or is somebody else's.
var ErrShared = errors.New("others may read or change the file")

// ReadFile reads a file that the operator named, of at most limit bytes. Its errors name neither the file nor what is in it: the
// message around them does.
func ReadFile(path string, limit int64) ([]byte, error) { return readBounded(path, limit, nil) }

// ReadPrivateFile does the same with a file that holds a secret, and refuses one that others may read or change
// (ErrShared). The group may read a file of root's: that is how a service account is given a file that it cannot change, and
// how systemd passes credentials.
func ReadPrivateFile(path string, limit int64) ([]byte, error) {
	return readBounded(path, limit, checkPrivate)
}

func readBounded(path string, limit int64, check func(os.FileInfo) error) ([]byte, error) {
	// Non-blocking: opening a named pipe must not wait for its writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, plainPathError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, plainPathError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	if check != nil {
		if err := check(info); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainPathError(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the file is larger than %d bytes", limit)
	}
	return data, nil
}

func checkPrivate(info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner is not known")
	}
	if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: it belongs to user %d; say chown to root or to the user that runs holdfast", ErrShared, st.Uid)
	}
	allowed := os.FileMode(0o700)
	if st.Uid == 0 {
		allowed |= 0o040
	}
	if perm := info.Mode().Perm(); perm&^allowed != 0 {
		return fmt.Errorf("%w (mode %04o); say chmod 600", ErrShared, perm)
	}
	return nil
}

// plainPathError drops operation and path: the message around it names the field that holds the path.
func plainPathError(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
