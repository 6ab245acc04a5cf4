package audit

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"
)

// exportNote is what an export says of itself.
const exportNote = `This is a copy of the audit log of a Holdfast gateway: entries, their hashes, the signed checkpoints and the public key.

    holdfast audit verify DIRECTORY

checks it on any machine, without the gateway. Give it --key KEY with the public key as it was noted when the gateway was set up, and
--witness DIRECTORY with a copy of the checkpoints that was kept elsewhere: without either it is only held against itself.
What names a person is encrypted in it, and the keys are not here.
`

// Export writes the log as a tar file of one directory, "audit/", which Verify reads wherever it lies. It covers the entries of the
// last checkpoint, which is made now if there is something to sign; what is personal stays sealed.
func (l *Log) Export(ctx context.Context, w io.Writer) error {
	if err := l.Sign(ctx); err != nil {
		return err
	}
	return l.Reader.Export(ctx, w)
}

// Export writes the log as it lies there: see Log.Export.
func (r *Reader) Export(ctx context.Context, w io.Writer) error {
	out := &tarring{w: tar.NewWriter(w), fs: r.fs, last: r.Checkpoint(), now: time.Now()}
	if err := r.export(ctx, out); err != nil {
		return fmt.Errorf("export audit log: %w", err)
	}
	return out.w.Close()
}

// export writes checkpoints first: what is added meanwhile goes on where they end.
func (r *Reader) export(ctx context.Context, out *tarring) error {
	if err := out.add("README", []byte(exportNote)); err != nil {
		return err
	}
	if err := out.copy(KeyFile(r.dir), keyFile, maxKeys*256); err != nil {
		return err
	}
	numbers, err := listSeries(r.fs, notesDir(r.dir))
	if err != nil {
		return err
	}
	for _, n := range numbers {
		path := seriesPath(notesDir(r.dir), n)
		if err := errors.Join(ctx.Err(), out.copyNotes(path)); err != nil {
			return err
		}
	}
	size := r.Size()
	for _, s := range r.stretches(func(*extent) bool { return true }) {
		if err := errors.Join(ctx.Err(), out.copy(entriesPath(r.entries, s.first), filepath.Join("entries", filepath.Base(entriesPath("", s.first))), s.bytes)); err != nil {
			return err
		}
	}
	h := hashes{dir: hashesDir(r.dir), level: r.tree.level}
	for chunk := int64(0); chunk<<h.level < size; chunk++ {
		path, left := h.path(chunk), size-chunk<<h.level
		limit := (left) * 32
		if left >= 1<<h.level {
			limit = (1<<h.level + 1) * 32
		}
		if err := errors.Join(ctx.Err(), out.copy(path, filepath.Join("hashes", filepath.Base(path)), limit)); err != nil {
			return err
		}
	}
	return nil
}

// tarring writes the files of an export.
type tarring struct {
	w    *tar.Writer
	fs   files
	last Checkpoint
	now  time.Time
}

func (t *tarring) add(name string, data []byte) error {
	h := &tar.Header{Name: "audit/" + filepath.ToSlash(name), Mode: 0o600, Size: int64(len(data)), ModTime: t.now, Format: tar.FormatPAX}
	if err := t.w.WriteHeader(h); err != nil {
		return err
	}
	_, err := t.w.Write(data)
	return err
}

// copy adds the first bytes of a file; one that was pruned meanwhile is left out.
func (t *tarring) copy(path, name string, limit int64) error {
	data, err := read(t.fs, path, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.add(name, data)
}

// copyNotes adds a file of checkpoints as far as they are whole: one may be written just now.
func (t *tarring) copyNotes(path string) error {
	data, err := read(t.fs, path, maxNotes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, good := splitNotes(data)
	return t.add(filepath.Join("checkpoints", filepath.Base(path)), data[:good])
}
