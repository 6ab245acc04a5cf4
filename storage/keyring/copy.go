package keyring

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"holdfast/storage/internal/durable"
)

// holder is one copy: the primary or a volume's.
type holder struct {
	name, dir string        // constant
	reads     chan struct{} // bounds how many calls a disk that hangs can hold
	turn      chan struct{} // one at a time changes the files; taken before Ring.mu

	views map[[16]byte]*view // what it holds of each set; guarded by Ring.mu
	err   error              // of the last try to bring it up to date; guarded by Ring.mu
}

// view is what a copy holds of a set. Guarded by Ring.mu, changed by who has the holder's turn.
type view struct {
	gid       [16]byte
	number    uint32
	days      map[place]*shard
	known     map[string]uint32
	graves    int             // how many of set.order; -1: to be written anew
	graveSize int64           // of the file of tombstones; 0: not written by this run
	size      int64           // of the generation file
	seen      uint64          // version of the set that was followed
	suspect   bool            // to be written anew: it was damaged, or a write or sync failed
	open      map[place]int64 // shards that may be appended to, at which size
	broken    map[place]bool  // shards that are to be written anew
	residue   []string        // files that are still to be destroyed
	damaged   bool            // entries of its generation may be lost: nothing is taken for what a sweep left
	cleaned   bool            // looked for what an uncommitted sweep left
}

func genName(number uint32) string { return fmt.Sprintf("generation-%08x", number) }

func shardName(p place, number uint32) string { return fmt.Sprintf("%s-%08x.keys", p.date(), number) }

func (h *holder) shardPath(ring [16]byte, p place, sh *shard) string {
	return filepath.Join(h.dir, hex.EncodeToString(ring[:]), p.camera, shardName(p, sh.number))
}

// readShard reads the keys of a copy's shard. One that is not there has none.
func (r *Ring) readShard(h *holder, ring [16]byte, p place, sh *shard) (map[ID]Key, error) {
	data, err := durable.ReadFile(r.fs, h.shardPath(ring, p, sh), shardHead+MaxKeys*shardEntry)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, _, damaged := parseShard(data, ring, p, sh)
	if damaged {
		return keys, fmt.Errorf("read %s: %w", h.shardPath(ring, p, sh), errTorn)
	}
	return keys, nil
}

// put adds keys to a copy's shard, synced, after bringing the copy up to date. Caller has the holder's turn.
func (r *Ring) put(h *holder, s *set, p place, keys map[ID]Key) error {
	for range 8 {
		r.mu.Lock()
		sh := s.dayOf(p).shard
		r.mu.Unlock()
		if err := r.bring(h, s); err != nil {
			return err
		}
		r.mu.Lock()
		v := h.views[s.id]
		same := v.days[p] != nil && v.days[p].number == sh.number
		r.mu.Unlock()
		if same {
			return r.appendKeys(h, s, v, p, sh, keys)
		}
	}
	return errors.New("the keyring changes faster than it can be written")
}

// appendKeys appends to a shard. After an error the file is written anew by the next call.
func (r *Ring) appendKeys(h *holder, s *set, v *view, p place, sh *shard, keys map[ID]Key) error {
	r.mu.Lock()
	size, open := v.open[p]
	broken := v.broken[p]
	v.broken[p] = true
	delete(v.open, p)
	r.mu.Unlock()
	var err error
	path := h.shardPath(s.id, p, sh)
	if !open || broken {
		size, err = r.beginShard(h, s, p, sh, keys, broken)
	} else {
		size, err = r.extend(path, size, encodeKeys(nil, s.id, p, sh, keys), shardHead+MaxKeys*shardEntry)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(v.broken, p)
	v.open[p] = size
	return nil
}

func encodeKeys(b []byte, ring [16]byte, p place, sh *shard, keys map[ID]Key) []byte {
	aead := gcm(sh.key)
	for id, key := range keys {
		b = appendKey(b, aead, ring, p, sh.number, id, key)
	}
	return b
}

// extend appends to a file of a known size, and syncs.
func (r *Ring) extend(path string, size int64, data []byte, limit int64) (int64, error) {
	file, err := r.fs.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	now, err := file.Size()
	if err != nil {
		return 0, err
	}
	if now != size {
		return 0, fmt.Errorf("append to %s: it was changed from outside", path)
	}
	if size+int64(len(data)) > limit {
		return 0, ErrFull
	}
	if _, err := file.WriteAt(data, size); err != nil {
		return 0, err
	}
	return size + int64(len(data)), file.SyncData()
}

// beginShard writes a shard that this run has not appended to yet: what it has already is kept, what is torn goes. It is
// put in place in one step, because what an earlier run wrote may not be on the disk.
func (r *Ring) beginShard(h *holder, s *set, p place, sh *shard, keys map[ID]Key, broken bool) (int64, error) {
	have, err := r.readShard(h, s.id, p, sh)
	if err != nil && !errors.Is(err, errTorn) {
		return 0, err
	}
	all := make(map[ID]Key, len(have)+len(keys))
	r.mu.Lock()
	if d := s.days[p]; broken && d != nil && d.number == sh.number {
		for id, key := range d.keys {
			all[id] = key
		}
	}
	r.mu.Unlock()
	for id, key := range have {
		all[id] = key
	}
	for id, key := range keys {
		all[id] = key
	}
	return r.writeShard(h, s.id, p, sh, all)
}

func (r *Ring) writeShard(h *holder, ring [16]byte, p place, sh *shard, keys map[ID]Key) (int64, error) {
	if len(keys) > MaxKeys {
		return 0, ErrFull
	}
	path := h.shardPath(ring, p, sh)
	dir := filepath.Dir(path)
	if err := r.ensureDir(h, dir); err != nil {
		return 0, err
	}
	data := encodeKeys(encodeShardHead(ring, sh.number), ring, p, sh, keys)
	return int64(len(data)), r.writeFile(h, ring, path, data)
}

// writeFile puts a file in place in one step. What a failure leaves of it is destroyed later.
func (r *Ring) writeFile(h *holder, ring [16]byte, path string, data []byte) error {
	err := durable.WriteFile(r.fs, path, data)
	if err == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := h.views[ring]; v != nil {
		v.residue = append(v.residue, path+".new")
		v.cleaned = v.damaged
	}
	return err
}

// ensureDir makes a directory below the holder's own, which must be there: a mount point whose disk has gone is empty.
func (r *Ring) ensureDir(h *holder, dir string) error {
	if dir == h.dir {
		_, err := r.fs.Stat(dir)
		return err
	}
	if _, err := r.fs.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := r.ensureDir(h, parent); err != nil {
		return err
	}
	if err := r.fs.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return r.fs.SyncDir(parent)
}

// destroy overwrites a file of a copy in place, as far as the drive does that, and removes it. What is not found because the
// copy's disk has gone is not destroyed.
func (r *Ring) destroy(h *holder, path string) error {
	file, err := r.fs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, err := r.fs.Stat(h.dir)
		return err
	}
	if err != nil {
		return err
	}
	size, err := file.Size()
	if err == nil {
		_, err = file.WriteAt(make([]byte, min(size, maxFileSize)), 0)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close(), durable.Remove(r.fs, path))
}

// readGeneration reads the newest generation file of a set's directory. older are those that it replaced.
func (r *Ring) readGeneration(dir string) (data []byte, h head, older []string, err error) {
	entries, err := r.fs.ReadDir(dir)
	if err != nil {
		return nil, h, nil, err
	}
	var names []string
	for _, e := range entries { // in order, so the newest is last
		if strings.HasPrefix(e.Name(), "generation-") && len(e.Name()) == len(genName(0)) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, h, nil, fs.ErrNotExist
	}
	newest := names[len(names)-1]
	if data, err = durable.ReadFile(r.fs, newest, maxFileSize); err == nil {
		h, err = parseHead(data)
	}
	if err != nil {
		return nil, h, nil, fmt.Errorf("read %s: %w", newest, err)
	}
	return data, h, names[:len(names)-1], nil
}

func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func beUint32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
