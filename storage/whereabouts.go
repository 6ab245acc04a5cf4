package storage

import (
	"path/filepath"
	"slices"
	"strings"
)

// Whereabouts is where a stream is recorded to at present.
type Whereabouts struct {
	Volumes   []string // ids of the volumes that its segment is being written to, none while it has none
	Encrypted bool     // what is recorded of it from now on
}

// Whereabouts tells where a stream is recorded to. It reads no file and asks no index.
func (s *Store) Whereabouts(camera, stream string) Whereabouts {
	w := Whereabouts{Volumes: []string{}, Encrypted: s.o.Keys != nil}
	paths := s.pathsOf(camera, stream)
	for _, v := range s.list() {
		inside := func(path string) bool { return strings.HasPrefix(path, v.o.Path+string(filepath.Separator)) }
		if st := v.status(); st.ID != "" && slices.ContainsFunc(paths, inside) {
			w.Volumes = append(w.Volumes, st.ID)
		}
	}
	return w
}

// pathsOf are the files that a stream is being written to.
func (s *Store) pathsOf(camera, stream string) (paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, w := range s.live {
		if w.camera == camera && w.stream == stream {
			paths = append(paths, path)
		}
	}
	return paths
}
