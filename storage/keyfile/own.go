package keyfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// openRights are the rights that nobody but the owner of a secret may have.
const openRights fs.FileMode = 0o077

// Own sees to it that a secret file is its owner's alone. Rights of others are taken away, and tightened tells so: the secret may have been read.
// A file that belongs to another user, who could read and change it, is refused, and so is one whose rights cannot be changed. The
// owner is who runs the program, or root; root itself also works for the owner of the directory.
func Own(path string) (tightened bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && !ownedRightly(int(st.Uid), path) {
		return false, fmt.Errorf("%s belongs to user %d, who can read and change it: whoever runs holdfast must own it (chown)", path, st.Uid)
	}
	if info.Mode().Perm()&openRights == 0 {
		return false, nil
	}
	if err := os.Chmod(path, info.Mode().Perm()&^openRights); err != nil {
		return false, fmt.Errorf("%s may be read by others (mode %04o), and that cannot be changed: %w", path, info.Mode().Perm(), err)
	}
	return true, nil
}

func ownedRightly(owner int, path string) bool {
	if owner == os.Geteuid() || owner == 0 {
		return true
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || os.Geteuid() != 0 {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == owner
}
