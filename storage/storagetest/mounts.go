package storagetest

import (
	"strings"
	"sync"

	"holdfast/storage/internal/durable"
)

// Mounts is a disk with several volumes, of which some do not answer.
type Mounts struct {
	*Disk
	mu    sync.Mutex // guards stuck
	stuck map[string]chan struct{}
}

// NewMounts makes an empty disk of a size in bytes.
func NewMounts(total int64) *Mounts {
	return &Mounts{Disk: New(total), stuck: map[string]chan struct{}{}}
}

// Hang stops the syncs and writes below a path until release.
func (m *Mounts) Hang(path string) (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := make(chan struct{})
	m.stuck[path] = c
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.stuck, path)
		close(c)
	}
}

func (m *Mounts) wait(path string) {
	m.mu.Lock()
	var c chan struct{}
	for p, x := range m.stuck {
		if strings.HasPrefix(path, p) {
			c = x
		}
	}
	m.mu.Unlock()
	if c != nil {
		<-c
	}
}

// SyncDir is part of durable.FS.
func (m *Mounts) SyncDir(path string) error {
	m.wait(path)
	return m.Disk.SyncDir(path)
}

// Space is part of durable.FS.
func (m *Mounts) Space(path string) (durable.Space, error) {
	m.wait(path)
	return m.Disk.Space(path)
}

// Create is part of durable.FS.
func (m *Mounts) Create(path string) (durable.File, error) {
	f, err := m.Disk.Create(path)
	return mounted{f, m, path}, err
}

// mounted is a file on one of the mounts.
type mounted struct {
	durable.File
	m    *Mounts
	path string
}

func (f mounted) WriteAt(p []byte, off int64) (int, error) {
	f.m.wait(f.path)
	return f.File.WriteAt(p, off)
}

func (f mounted) SyncData() error {
	f.m.wait(f.path)
	return f.File.SyncData()
}
