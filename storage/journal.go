package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/storage/internal/durable"
)

const (
	journalDir  = "holdfast-journal"
	journalSize = 16 << 20 // bytes of one file before the next is begun
	maxRecord   = 64 << 10 // bytes of one line
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is one line of a journal: what media cannot tell. Fields are only ever added.
type record struct {
	Type   string    `json:"t"` // "closed", "gap", "deleted"
	At     time.Time `json:"at"`
	Camera string    `json:"c"`
	Stream string    `json:"s"`

	// closed, deleted: which segment
	Path   string     `json:"p,omitempty"` // below the volume
	Start  *time.Time `json:"b,omitempty"`
	End    *time.Time `json:"e,omitempty"`
	Run    uint32     `json:"r,omitempty"`
	Size   int64      `json:"n,omitempty"`
	Digest string     `json:"d,omitempty"`    // hex, Merkle root
	CRC    uint32     `json:"k,omitempty"`    // CRC-32C of the file
	Torn   int64      `json:"torn,omitempty"` // bytes cut off by recovery

	Cause Cause `json:"why,omitempty"` // gap: from At on; deleted: age or space
}

// journal is the append-only record of one volume: lines of eight hex digits of CRC-32C, a space, JSON.
type journal struct {
	fs  durable.FS
	dir string

	mu   sync.Mutex // guards what follows and makes append one act
	file durable.File
	path string
	size int64
	next int // number of the next file
}

// openJournal opens the newest file of a volume's journal behind its last whole line.
func openJournal(f durable.FS, volume string) (*journal, error) {
	j := &journal{fs: f, dir: filepath.Join(volume, journalDir)}
	if err := durable.MkdirAll(f, j.dir); err != nil {
		return nil, err
	}
	names, err := j.names()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return j, j.begin()
	}
	last := names[len(names)-1]
	fmt.Sscanf(last, "%08d", &j.next)
	j.next++
	return j, j.reopen(filepath.Join(j.dir, last))
}

func (j *journal) names() ([]string, error) {
	entries, err := j.fs.ReadDir(j.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".jsonl") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// begin starts the next file. Caller holds mu or is alone.
func (j *journal) begin() error {
	path := filepath.Join(j.dir, fmt.Sprintf("%08d.jsonl", j.next))
	file, err := durable.Create(j.fs, path)
	if err != nil {
		return err
	}
	if err := durable.Commit(j.fs, file, path); err != nil {
		file.Close()
		return err
	}
	j.next++
	j.file, j.path, j.size = file, path, 0
	return nil
}

// reopen cuts a torn last line off and goes on behind it.
func (j *journal) reopen(path string) error {
	file, err := j.fs.Open(path)
	if err != nil {
		return err
	}
	data, err := readAll(file, 2*journalSize)
	if err != nil {
		file.Close()
		return err
	}
	whole := int64(len(data))
	if end := bytes.LastIndexByte(data, '\n'); int64(end+1) != whole {
		whole = int64(end + 1)
		if err := errors.Join(file.Truncate(whole), file.Sync()); err != nil {
			file.Close()
			return err
		}
	}
	j.file, j.path, j.size = file, path, whole
	return nil
}

func readAll(file durable.File, limit int64) ([]byte, error) {
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, min(size, limit))
	if _, err := file.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data, nil
}

// append writes records and syncs them. After an error the file is given up and the next begun at the next call.
func (j *journal) append(list ...record) error {
	line, err := encode(list)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil || j.size >= journalSize {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	if _, err := j.file.WriteAt(line, j.size); err != nil {
		j.abandon()
		return err
	}
	if err := j.file.SyncData(); err != nil {
		j.abandon()
		return err
	}
	j.size += int64(len(line))
	return nil
}

func encode(list []record) ([]byte, error) {
	var b []byte
	for i := range list {
		data, err := json.Marshal(&list[i])
		if err != nil {
			return nil, err
		}
		b = fmt.Appendf(b, "%08x %s\n", crc32.Checksum(data, castagnoli), data)
	}
	return b, nil
}

func (j *journal) rotate() error {
	if j.file != nil {
		j.file.Close()
		j.file = nil
	}
	return j.begin()
}

func (j *journal) abandon() {
	j.file.Close()
	j.file = nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// replay calls f for each whole record of the volume's journal, the oldest first. bad counts the lines that are not.
func replay(fsys durable.FS, volume string, f func(record)) (bad int, err error) {
	j := &journal{fs: fsys, dir: filepath.Join(volume, journalDir)}
	names, err := j.names()
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		data, err := durable.ReadFile(fsys, filepath.Join(j.dir, name), 4*journalSize)
		if err != nil {
			return bad, err
		}
		bad += parseJournal(data, f)
	}
	return bad, nil
}

// parseJournal reads lines; a torn last one is not bad.
func parseJournal(data []byte, f func(record)) (bad int) {
	for len(data) > 0 {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		data = rest
		r, err := decodeLine(line)
		switch {
		case err == nil:
			f(r)
		case whole:
			bad++
		}
	}
	return bad
}

func decodeLine(line []byte) (record, error) {
	var r record
	if len(line) < 10 || len(line) > maxRecord || line[8] != ' ' {
		return r, errors.New("not a record")
	}
	var sum uint32
	if _, err := fmt.Sscanf(string(line[:8]), "%08x", &sum); err != nil {
		return r, err
	}
	if crc32.Checksum(line[9:], castagnoli) != sum {
		return r, errors.New("checksum differs")
	}
	return r, json.Unmarshal(line[9:], &r)
}
