package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// chunkLevel: a file of hashes holds those of 1<<chunkLevel entries.
const chunkLevel = 12

// hashes are the leaves of the tree on disk. File k of "hashes/" holds those of the entries [k<<level, (k+1)<<level), 32 bytes
// each, and, once it is full, the root over them. It is made from the entries, and outlives them: what is pruned keeps its hash.
type hashes struct {
	fs    files
	dir   string
	level int

	open  file // of the chunk that is being filled; nil: none
	chunk int64
	stale bool // the file of the last chunk is not what it should be: it is replaced as a whole
}

func (h *hashes) path(chunk int64) string {
	return filepath.Join(h.dir, fmt.Sprintf("%08d.hashes", chunk))
}

// put writes the leaves of a chunk from the n-th on; the last is synced, with the root, when the chunk is full. After an error the
// whole chunk is written anew by the next call: nothing is assumed about a file that could not be written.
func (h *hashes) put(chunk int64, leaves []tlog.Hash, n int) error {
	full := len(leaves) == 1<<h.level
	err := h.extend(chunk, leaves, n, full)
	if err != nil {
		h.drop()
		h.stale = true
		return fmt.Errorf("write hashes: %w", err)
	}
	if full {
		h.drop()
	}
	return nil
}

func (h *hashes) extend(chunk int64, leaves []tlog.Hash, n int, full bool) error {
	if h.stale || h.open == nil || h.chunk != chunk {
		h.drop()
		if h.stale || n == 0 || full {
			return h.rewrite(chunk, leaves)
		}
		f, err := h.fs.Open(h.path(chunk))
		if errors.Is(err, fs.ErrNotExist) {
			return h.rewrite(chunk, leaves)
		}
		if err != nil {
			return err
		}
		h.open, h.chunk = f, chunk
	}
	if _, err := h.open.WriteAt(h.bytes(leaves[n:], leaves, full), int64(n)*tlog.HashSize); err != nil {
		return err
	}
	if full {
		return h.open.Sync()
	}
	return nil
}

// rewrite replaces the file of a chunk.
func (h *hashes) rewrite(chunk int64, leaves []tlog.Hash) error {
	full := len(leaves) == 1<<h.level
	if err := replace(h.fs, h.path(chunk), h.bytes(leaves, leaves, full)); err != nil {
		return err
	}
	h.stale = false
	if full {
		return nil
	}
	f, err := h.fs.Open(h.path(chunk))
	if err != nil {
		return err
	}
	h.open, h.chunk = f, chunk
	return nil
}

// bytes are leaves as they lie in the file, with the root over all of them when they are a full chunk.
func (h *hashes) bytes(part, all []tlog.Hash, full bool) []byte {
	b := make([]byte, 0, (len(part)+1)*tlog.HashSize)
	for _, l := range part {
		b = append(b, l[:]...)
	}
	if !full {
		return b
	}
	root := rootOf(all, h.level)
	return append(b, root[:]...)
}

func rootOf(leaves []tlog.Hash, level int) tlog.Hash {
	var f forest
	for _, l := range leaves {
		f.add(l)
	}
	root, _ := f.get(level, 0)
	return root
}

// sync makes the leaves of the chunk that is being filled durable.
func (h *hashes) sync() error {
	if h.open == nil {
		return nil
	}
	if err := h.open.SyncData(); err != nil {
		h.drop()
		h.stale = true
		return fmt.Errorf("sync hashes: %w", err)
	}
	return nil
}

// drop closes the file that is open.
func (h *hashes) drop() {
	if h.open != nil {
		h.open.Close()
		h.open = nil
	}
}

// read gives the leaves that the file of a chunk has, and its root when it is full. A file that is not there has none.
func (h *hashes) read(chunk int64) (leaves []tlog.Hash, root *tlog.Hash, err error) {
	limit := (1<<h.level + 1) * tlog.HashSize
	data, err := read(h.fs, h.path(chunk), int64(limit))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read hashes: %w", err)
	}
	if len(data) == limit {
		r := tlog.Hash(data[limit-tlog.HashSize:])
		root, data = &r, data[:limit-tlog.HashSize]
	}
	for ; len(data) >= tlog.HashSize && len(leaves) < 1<<h.level; data = data[tlog.HashSize:] {
		leaves = append(leaves, tlog.Hash(data[:tlog.HashSize]))
	}
	return leaves, root, nil
}

// full gives the leaves of a full chunk.
func (h *hashes) full(chunk int64) ([]tlog.Hash, error) {
	leaves, _, err := h.read(chunk)
	if err == nil && len(leaves) < 1<<h.level {
		err = fmt.Errorf("read hashes: %s is not whole", h.path(chunk))
	}
	return leaves, err
}

// rootOf reads the root of a full chunk; false: the file is not whole.
func (h *hashes) rootOf(chunk int64) (root tlog.Hash, ok bool) {
	f, err := h.fs.OpenRead(h.path(chunk))
	if err != nil {
		return root, false
	}
	defer f.Close()
	n, _ := f.ReadAt(root[:], tlog.HashSize<<h.level)
	return root, n == tlog.HashSize
}
