package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a file of entries.
const (
	entriesPerFile = 4096
	bytesPerFile   = 4 << 20
)

// maxNames bounds how many persons, and how many cameras, the extent of a file names. A file of more is searched whole.
const maxNames = 1024

// extent is what a file of entries holds, so that a search reads only files in which it can find something. It is kept beside the
// file once nothing is added to it, and made again from it when it is lost.
type extent struct {
	First    int64            `json:"first"`
	Count    int              `json:"count"`
	Bytes    int64            `json:"bytes"`
	Min      stamp            `json:"min"`
	Max      stamp            `json:"max"`
	From     stamp            `json:"from,omitzero"` // of footage
	To       stamp            `json:"to,omitzero"`
	Persons  map[string]stamp `json:"persons"` // when each last acted
	Cameras  map[string]bool  `json:"cameras"`
	Actions  map[string]bool  `json:"actions"`
	Outcomes map[Outcome]bool `json:"outcomes"`
	Crowded  bool             `json:"crowded,omitempty"` // there are more names than are kept

	sealed bool // nothing is added any more
}

func newExtent(first int64) *extent {
	return &extent{First: first, Persons: map[string]stamp{}, Cameras: map[string]bool{}, Actions: map[string]bool{}, Outcomes: map[Outcome]bool{}}
}

// end is the number behind the last entry.
func (x *extent) end() int64 { return x.First + int64(x.Count) }

// add counts a line in.
func (x *extent) add(l *line, size int) {
	if x.Count == 0 {
		x.Min, x.Max = l.Time, l.Time
	}
	x.Count, x.Bytes = x.Count+1, x.Bytes+int64(size)
	x.Min, x.Max = min(x.Min, l.Time), max(x.Max, l.Time)
	if l.From != 0 && (x.From == 0 || l.From < x.From) {
		x.From = l.From
	}
	x.To = max(x.To, l.To)
	x.Outcomes[l.Outcome] = true
	if _, have := x.Persons[l.Person]; l.Person != "" && (have || x.roomFor(len(x.Persons))) {
		x.Persons[l.Person] = max(x.Persons[l.Person], l.Time)
	}
	if l.Camera != "" && (x.Cameras[l.Camera] || x.roomFor(len(x.Cameras))) {
		x.Cameras[l.Camera] = true
	}
	if x.Actions[l.Action] || x.roomFor(len(x.Actions)) {
		x.Actions[l.Action] = true
	}
}

// roomFor tells whether one more name is kept; if not, the extent says so.
func (x *extent) roomFor(n int) bool {
	x.Crowded = x.Crowded || n >= maxNames
	return n < maxNames
}

// same tells whether two extents say the same.
func (x *extent) same(o *extent) bool {
	return x.First == o.First && x.Count == o.Count && x.Bytes == o.Bytes && x.Min == o.Min && x.Max == o.Max && x.From == o.From && x.To == o.To &&
		x.Crowded == o.Crowded && maps.Equal(x.Persons, o.Persons) && maps.Equal(x.Cameras, o.Cameras) && maps.Equal(x.Actions, o.Actions) && maps.Equal(x.Outcomes, o.Outcomes)
}

const (
	entriesSuffix = ".jsonl"
	extentSuffix  = ".extent"
)

func entriesPath(dir string, first int64) string {
	return filepath.Join(dir, fmt.Sprintf("%016d", first)+entriesSuffix)
}

func extentPath(dir string, first int64) string {
	return filepath.Join(dir, fmt.Sprintf("%016d", first)+extentSuffix)
}

// listEntries gives the numbers of the first entries of the files in a directory, in order.
func listEntries(f files, dir string) ([]int64, error) {
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var firsts []int64
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), entriesSuffix)
		if n, err := strconv.ParseInt(digits, 10, 64); ok && err == nil && n >= 0 && len(digits) == 16 {
			firsts = append(firsts, n)
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}

// maxEntries is the most that is read of a file of entries, bytes: a batch is not cut in two for the bound of a file.
const maxEntries = bytesPerFile + maxBatchBytes + maxLine

// readEntries reads a file of entries.
func readEntries(f files, dir string, first int64) ([]byte, error) {
	return read(f, entriesPath(dir, first), maxEntries)
}

// scan makes the extent of a file of entries from its content, up to the entry numbered limit, and tells what of it is good. A
// line below sound that cannot be read counts as an entry all the same: it was one once, whatever was done to it since.
func scan(data []byte, first, sound, limit int64) (x *extent, damaged int) {
	x = newExtent(first)
	for len(data) > 0 && x.end() < limit {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			break
		}
		l, err := parseLine(data[:end])
		if err != nil || l.Seq != x.end() {
			if x.end() >= sound {
				break
			}
			x.Count, x.Bytes = x.Count+1, x.Bytes+int64(end+1)
			damaged++
		} else {
			x.add(&l, end+1)
		}
		data = data[end+1:]
	}
	return x, damaged
}

// readExtent reads what is kept of a file; false: it has to be made from the file.
func readExtent(f files, dir string, first int64) (*extent, bool) {
	data, err := read(f, extentPath(dir, first), 1<<20)
	if err != nil {
		return nil, false
	}
	return parseExtent(data, first)
}

func parseExtent(data []byte, first int64) (*extent, bool) {
	x := newExtent(first)
	if json.Unmarshal(data, x) != nil || x.First != first || x.Count < 0 || x.Bytes < 0 || x.Bytes > maxEntries || x.Count > maxEntries ||
		x.Persons == nil || x.Cameras == nil || x.Actions == nil || x.Outcomes == nil {
		return nil, false
	}
	x.sealed = true
	return x, true
}

// writeExtent keeps an extent beside its file. Nothing depends on it.
func writeExtent(f files, dir string, x *extent) error {
	data, err := json.Marshal(x)
	if err != nil {
		return err
	}
	return replace(f, extentPath(dir, x.First), data)
}

// eachLine calls f with each line of a file's content and its number, newest first when backward, until f returns false.
func eachLine(data []byte, first int64, backward bool, f func(seq int64, text []byte) bool) {
	if !backward {
		for seq := first; ; seq++ {
			end := bytes.IndexByte(data, '\n')
			if end < 0 || !f(seq, data[:end]) {
				return
			}
			data = data[end+1:]
		}
	}
	seq := first + int64(bytes.Count(data, newline))
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	for len(data) > 0 {
		seq--
		start := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
		if !f(seq, data[start:len(data)-1]) {
			return
		}
		data = data[:start]
	}
}

var newline = []byte("\n")

// holds tells whether an extent's file may hold a value: it names it, or more than it names.
func holds[K cmp.Ordered, V any](x *extent, names map[K]V, name K) bool {
	var none K
	if name == none || x.Crowded {
		return true
	}
	_, ok := names[name]
	return ok
}
