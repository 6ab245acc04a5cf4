package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"holdfast/storage/internal/durable"
)

// MaxSize bounds a state, bytes.
const MaxSize = 64 << 20

// FS is the file system that key files lie on.
type FS = durable.FS

// OS is the operating system's.
func OS() FS { return durable.OS }

// ErrResidue says that a new state holds, and that a former one could not be destroyed yet.
var ErrResidue = errors.New("a former state of the file is not destroyed yet")

// Chest is a secret file that is replaced whole.
type Chest struct {
	fs     FS
	dir    string
	name   string
	number uint32   // of the last state that was written, or tried
	holds  string   // path of the state that holds; "" before the first
	rest   []string // paths of what is to be destroyed
}

// Open reads the present state of the files called name in dir, which must be there; nil when there is none.
func Open(f FS, dir, name string) (*Chest, []byte, error) {
	c := &Chest{fs: f, dir: dir, name: name}
	entries, err := f.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", name, err)
	}
	for _, e := range entries { // in order, so that the newest is last
		number, whole, ours := c.parse(e.Name())
		if !ours {
			continue
		}
		path := filepath.Join(dir, e.Name())
		c.number = max(c.number, number)
		c.rest = append(c.rest, path)
		if whole {
			c.holds = path
		}
	}
	if c.holds == "" {
		return c, nil, nil
	}
	c.rest = slices.DeleteFunc(c.rest, func(p string) bool { return p == c.holds })
	data, err := durable.ReadFile(f, c.holds, MaxSize)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", name, err)
	}
	return c, data, nil
}

// parse reads a file's name; whole is false of what a crash left half written.
func (c *Chest) parse(file string) (number uint32, whole, ours bool) {
	digits, ours := strings.CutPrefix(file, c.name+"-")
	digits, half := strings.CutSuffix(digits, ".new")
	n, err := strconv.ParseUint(digits, 16, 32)
	return uint32(n), !half, ours && err == nil && len(digits) == 8
}

// Path is where the present state lies; "" before the first.
func (c *Chest) Path() string { return c.holds }

// Replace puts another state in place, durably, and destroys the former.
func (c *Chest) Replace(data []byte) error {
	if len(data) > MaxSize {
		return fmt.Errorf("write %s: %d bytes, at most %d", c.name, len(data), MaxSize)
	}
	c.number++
	path := filepath.Join(c.dir, fmt.Sprintf("%s-%08x", c.name, c.number))
	if err := durable.WriteFile(c.fs, path, data); err != nil {
		c.rest = append(c.rest, path+".new", path)
		return fmt.Errorf("write %s: %w", c.name, err)
	}
	if c.holds != "" {
		c.rest = append(c.rest, c.holds)
	}
	c.holds = path
	return c.Clean()
}

// Clean destroys what is left of former states; an error is ErrResidue.
func (c *Chest) Clean() error {
	for len(c.rest) > 0 {
		if err := Destroy(c.fs, c.rest[0]); err != nil {
			return fmt.Errorf("%w: %w", ErrResidue, err)
		}
		c.rest = c.rest[1:]
	}
	return nil
}

// Drop destroys the present state with what is left of former ones. An error is ErrResidue.
func (c *Chest) Drop() error {
	if c.holds != "" {
		c.rest, c.holds = append(c.rest, c.holds), ""
	}
	return c.Clean()
}

// Destroy overwrites a file in place, as far as the drive does that, and removes it durably. A file that is gone already is no error.
func Destroy(f FS, path string) error {
	file, err := f.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return durable.Remove(f, path)
	}
	if err != nil {
		return err
	}
	size, err := file.Size()
	if err == nil {
		_, err = file.WriteAt(make([]byte, min(size, MaxSize)), 0)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("destroy %s: %w", path, err)
	}
	return durable.Remove(f, path)
}
