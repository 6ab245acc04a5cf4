package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
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
	Type   string    `json:"t"` // "closed", "gap", "deleted", "event", "lock", "unlock", "damaged", "repair"
	At     time.Time `json:"at"`
	Camera string    `json:"c"`
	Stream string    `json:"s,omitempty"`

	// closed, deleted: which segment
	Path   string     `json:"p,omitempty"` // below the volume
	Start  *time.Time `json:"b,omitempty"`
	End    *time.Time `json:"e,omitempty"`
	Run    uint32     `json:"r,omitempty"`
	Size   int64      `json:"n,omitempty"`
	Digest string     `json:"d,omitempty"`    // hex, Merkle root
	CRC    uint32     `json:"k,omitempty"`    // CRC-32C of the file
	Torn   int64      `json:"torn,omitempty"` // bytes cut off by recovery
	KeyID  string     `json:"kid,omitempty"`  // hex, of encrypted footage
	Wanted bool       `json:"m,omitempty"`    // closed: a second copy is wanted

	Cause Cause         `json:"why,omitempty"`   // gap: from At on; deleted: age or space; damaged, repair: the kind of finding
	Early time.Duration `json:"early,omitempty"` // deleted: how much less than the promised age it had

	Back int `json:"o,omitempty"` // bytes from where its append began to this line

	// event, lock, unlock: Start and End are the range of a lock, End the end of an event
	ID      string          `json:"id,omitempty"`
	Erasure json.RawMessage `json:"er,omitempty"`   // erasure: the order and what became of it
	Until   *time.Time      `json:"u,omitempty"`    // end of a lock
	Kind    string          `json:"kind,omitempty"` // of an event, as are
	Source  string          `json:"src,omitempty"`
	Pre     time.Duration   `json:"pre,omitempty"`
	Post    time.Duration   `json:"post,omitempty"`

	Note string `json:"note,omitempty"` // damaged: what is wrong; repair: what was done
}

// journal is the append-only record of one volume: lines of eight hex digits of CRC-32C, a space, JSON.
type journal struct {
	fs     durable.FS
	volume string
	dir    string

	mu   sync.Mutex // guards what follows and makes append one act
	file durable.File
	path string
	size int64
	next int // number of the next file

	limit  int64  // bytes of a file before the next is begun; constant
	looked string // the file that was compacted last; the goroutine that tends the volume
}

// openJournal opens the newest file of a volume's journal behind its last whole line.
func openJournal(f durable.FS, volume string) (*journal, error) {
	j := &journal{fs: f, volume: volume, dir: filepath.Join(volume, journalDir), limit: journalSize}
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
	j.next, _ = journalNumber(last)
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
		if _, ok := journalNumber(e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// journalNumber reads a journal file's name: eight digits and .jsonl.
func journalNumber(name string) (n int, ok bool) {
	digits, ok := strings.CutSuffix(name, ".jsonl")
	if !ok || len(digits) != 8 {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0
}

// begin starts the next file. A number is used once: after an error a file of that name may be there. Caller holds mu or
// is alone.
func (j *journal) begin() error {
	path := filepath.Join(j.dir, fmt.Sprintf("%08d.jsonl", j.next))
	j.next++
	file, err := durable.Create(j.fs, j.volume, path)
	if err != nil {
		return err
	}
	err = durable.Commit(j.fs, file, j.volume, path)
	if gone := present(j.fs, j.volume); err == nil && gone != nil { // it was made in an empty mount point
		durable.Remove(j.fs, path)
		err = gone
	}
	if err != nil {
		file.Close()
		return err
	}
	j.file, j.path, j.size = file, path, 0
	return nil
}

// reopen cuts a torn last line off and goes on behind it. What is there is synced first: a crash of the program alone
// leaves lines, and the file's own name, that were never synced.
func (j *journal) reopen(path string) error {
	file, err := j.fs.Open(path)
	if err != nil {
		return err
	}
	whole, err := cutTorn(file)
	if err == nil {
		err = durable.Commit(j.fs, file, j.volume, path)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	j.file, j.path, j.size = file, path, whole
	return nil
}

// cutTorn cuts what an append that a crash interrupted left at the end off, and gives the size that is left.
func cutTorn(file durable.File) (int64, error) {
	data, err := readAll(file, 4*journalSize)
	if err != nil {
		return 0, err
	}
	_, whole := parseJournal(data, func(record) {})
	if whole == len(data) {
		return int64(whole), nil
	}
	return int64(whole), file.Truncate(int64(whole))
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
	line, err := encodeAppend(list)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.ready(); err != nil {
		return err
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

// ready sees to it that there is a file to append to. Caller holds mu.
func (j *journal) ready() error {
	if j.file == nil && j.path != "" && j.size < j.limit {
		err := j.reopen(j.path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if j.file == nil || j.size >= j.limit || j.gone() {
		return j.rotate()
	}
	return nil
}

// gone tells whether the file was removed from outside: what is appended to it would be lost. Caller holds mu.
func (j *journal) gone() bool {
	named, err := j.file.Named(j.path)
	return err == nil && !named
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

// encodeAppend makes the lines of one append. All but the first say where it began: should a crash lose a line in the middle,
// those behind it prove that nothing that was synced is missing.
func encodeAppend(list []record) (b []byte, err error) {
	for _, r := range list {
		r.Back = len(b)
		line, err := encode([]record{r})
		if err != nil {
			return nil, err
		}
		b = append(b, line...)
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

// abandon gives the file up: after a failed write or sync nothing is appended to it. Caller holds mu.
func (j *journal) abandon() {
	j.file.Close()
	j.file, j.path = nil, ""
}

// close lets go of the file. The next append opens it again.
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

// replay calls f for each whole record of the volume's journal, the oldest first. bad counts the lines that are not, or that
// do not say what they must.
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
		lines, _ := parseJournal(data, f)
		bad += lines
	}
	return bad, nil
}

// parseJournal reads lines and counts the bad ones. What an append that never ended left is not bad: a last line without
// newline, and lines that cannot be read when nothing behind them was appended later. whole is where that begins.
func parseJournal(data []byte, f func(record)) (bad, whole int) {
	torn, since := 0, 0 // bad lines behind which nothing was appended later yet, and where they begin
	for at := 0; at < len(data); {
		line, _, ended := bytes.Cut(data[at:], []byte{'\n'})
		r, err := decodeLine(line)
		switch {
		case !ended:
			if torn == 0 {
				since = at
			}
			return bad, since
		case err != nil:
			if torn == 0 {
				since = at
			}
			torn++
		default:
			if at-r.Back > since {
				bad, torn = bad+torn, 0
			}
			if r.meant() {
				f(r)
			} else {
				bad++
			}
		}
		at += len(line) + 1
	}
	if torn > 0 {
		return bad, since
	}
	return bad, len(data)
}

func decodeLine(line []byte) (record, error) {
	var r record
	if len(line) < 10 || len(line) > maxRecord || line[8] != ' ' {
		return r, errors.New("not a record")
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil {
		return r, err
	}
	if crc32.Checksum(line[9:], castagnoli) != uint32(sum) {
		return r, errors.New("checksum differs")
	}
	return r, json.Unmarshal(line[9:], &r)
}
