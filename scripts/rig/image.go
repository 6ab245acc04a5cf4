package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// ErrCannot says that something cannot be done on this machine. It is told, and is no failure.
var ErrCannot = errors.New("cannot be done here")

// Image is a file system in a file, on a loop device. The device stays attached while the file system is away: to mount
// it twice is then to see the same file system, as with a real disk.
type Image struct {
	File, Device, Mount string
	kind                string
}

// Image makes a file system of a kind (ext4, xfs) and size in bytes in a file of the bench's directory, and mounts it.
// It needs root and loop devices; ErrCannot says that they are missing.
func (b *Bench) Image(name, kind string, size int64) (*Image, error) {
	m := &Image{File: b.Path(name + ".img"), Mount: b.Path(name + ".mount"), kind: kind}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: mounting an image needs root", ErrCannot)
	}
	if err := os.WriteFile(m.File, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(m.File, size); err != nil {
		return nil, err
	}
	args := []string{"-q", m.File}
	if kind == "ext4" {
		args = append([]string{"-m", "0"}, args...) // nothing is kept for root: what is free is free for all
	}
	if err := Run("mkfs."+kind, args...); err != nil {
		return nil, err
	}
	return m, b.Attach(m)
}

// Attach mounts an image that is there.
func (b *Bench) Attach(m *Image) error {
	if err := os.MkdirAll(m.Mount, 0o700); err != nil {
		return err
	}
	out, err := exec.Command("losetup", "--find", "--show", m.File).Output()
	if err != nil {
		return fmt.Errorf("%w: no loop device: %w", ErrCannot, err)
	}
	m.Device = strings.TrimSpace(string(out))
	b.Atexit(func() { m.Detach() })
	if err := Run("mount", m.Device, m.Mount); err != nil {
		return fmt.Errorf("%w: %w", ErrCannot, err)
	}
	return nil
}

// Detach unmounts the image and gives its device back. What has files in it open keeps the file system until it ends.
func (m *Image) Detach() error {
	if m.Device == "" {
		return nil
	}
	Run("umount", "--lazy", m.Mount) // it may be unmounted already
	device := m.Device
	m.Device = ""
	return Run("losetup", "--detach", device)
}

// Run runs a program and tells what it said when it fails.
func Run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
