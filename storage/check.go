package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
)

// Level says how much a check proves. FORMAT.md has what each costs.
type Level string

// The levels, each of which includes those before.
const (
	LevelIndex Level = "index" // records are whole and in order
	LevelFiles Level = "files" // and the files are there, as long as they should be, and say the same of themselves
	LevelHash  Level = "hash"  // and every byte is what was written
)

// ParseLevel reads a level; "" is LevelFiles.
func ParseLevel(s string) (Level, error) {
	switch l := Level(s); l {
	case "":
		return LevelFiles, nil
	case LevelIndex, LevelFiles, LevelHash:
		return l, nil
	}
	return "", fmt.Errorf("check level %q: allowed are index, files and hash", s)
}

// Finding is something that is not as it should be.
type Finding struct {
	Kind  string `json:"kind"` // "record", "missing", "size", "trailer", "digest", "checksum", "orphan", "volume", "journal"
	Path  string `json:"path,omitempty"`
	What  string `json:"what"`
	Means string `json:"means"`
	Do    string `json:"do"`
}

// Report is the outcome of a check.
type Report struct {
	Level    Level     `json:"level"`
	Started  time.Time `json:"started"`
	Took     float64   `json:"took_seconds"`
	Streams  int       `json:"streams"`
	Segments int       `json:"segments"`
	Open     int       `json:"open"` // being recorded, or waiting to be finished after a crash: not looked at
	Bytes    int64     `json:"bytes"`
	Findings []Finding `json:"findings"`
	More     int       `json:"more,omitempty"` // findings beyond maxFindings
}

// maxFindings bounds a report.
const maxFindings = 1000

func (r *Report) add(f Finding) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, f)
}

// Check compares index, files and hashes. It changes nothing, and may run while footage is recorded and deleted.
// progress, if set, is called after each segment.
func (s *Store) Check(ctx context.Context, level Level, progress func(done, total int)) (Report, error) {
	r := Report{Level: level, Started: s.now().UTC(), Findings: []Finding{}}
	began := time.Now()
	defer func() { r.Took = time.Since(began).Seconds() }()
	list, err := s.checkIndex(&r)
	if err != nil {
		return r, err
	}
	if level == LevelIndex {
		return r, nil
	}
	for i := range list {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		s.checkSegment(&r, &list[i], level)
		if progress != nil {
			progress(i+1, len(list))
		}
	}
	return r, s.checkVolumes(&r)
}

// checkIndex reads every record.
func (s *Store) checkIndex(r *Report) (list []Segment, err error) {
	err = s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		r.Streams++
		err := b.ForEach(func(k, v []byte) error {
			seg, err := unmarshalSegment(k, v)
			if err != nil || seg.End.Before(seg.Start) {
				r.add(Finding{Kind: "record", Path: camera + "/" + stream, What: fmt.Sprintf("A record of the index is malformed (key %x).", k),
					Means: "The segment it is of cannot be found.", Do: "Stop the gateway, move index.db away and start again: it is rebuilt from the footage."})
				return nil
			}
			seg.Camera, seg.Stream = camera, stream
			list = append(list, seg)
			return nil
		})
		return errors.Join(err, s.checkGaps(tx, r, camera, stream))
	})
	r.Segments = len(list)
	return list, err
}

// checkGaps reads every gap of a stream. At most one is open: the one that the stream's entry names.
func (s *Store) checkGaps(tx *bbolt.Tx, r *Report, camera, stream string) error {
	b := tx.Bucket(bGaps).Bucket(streamKey(camera, stream))
	if b == nil {
		return nil
	}
	current, open, err := currentGap(tx, camera, stream)
	if err != nil {
		return err
	}
	return b.ForEach(func(k, v []byte) error {
		g, err := readGap(k, v)
		if err != nil || g.end.IsZero() && !(open && g.start.Equal(current.start)) || !g.end.IsZero() && !g.end.After(g.start) {
			r.add(Finding{Kind: "record", Path: camera + "/" + stream, What: fmt.Sprintf("The gap at %s is malformed, or never ended.", nano(k).Format(time.RFC3339)),
				Means: "The timeline may name a wrong cause there.", Do: "Stop the gateway, move index.db away and start again: it is rebuilt from the footage."})
		}
		return nil
	})
}

// checkSegment looks at one file.
func (s *Store) checkSegment(r *Report, seg *Segment, level Level) {
	s.fill(seg)
	if seg.Path == "" {
		return // its volume is not there: said once, by checkVolumes
	}
	if seg.Open {
		r.Open++
		return
	}
	err := s.checkFile(r, seg, level)
	if err == nil || !s.isKept(seg) {
		return
	}
	f := Finding{Kind: "missing", Path: seg.Path, What: fmt.Sprintf("The file cannot be read: %v.", err),
		Means: fmt.Sprintf("%s of %s/%s are lost unless the file comes back.", seg.End.Sub(seg.Start).Round(time.Second), seg.Camera, seg.Stream),
		Do:    "Restore the file from a copy, or look at the disk's health."}
	var bad *badFile
	if errors.As(err, &bad) {
		f.Kind, f.What, f.Means = bad.kind, bad.what, "The footage of this segment is not what was recorded, in part or whole."
	}
	r.add(f)
}

// badFile says in what a file differs.
type badFile struct{ kind, what string }

func (b *badFile) Error() string { return b.what }

func (s *Store) checkFile(r *Report, seg *Segment, level Level) error {
	file, err := s.fs.OpenRead(seg.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return err
	}
	r.Bytes += size
	if size != seg.Size {
		return &badFile{"size", fmt.Sprintf("The file has %d bytes, the index says %d.", size, seg.Size)}
	}
	head, _, _, err := fmp4.ReadHeader(file, size)
	if err != nil {
		return &badFile{"trailer", fmt.Sprintf("The header cannot be read: %v.", err)}
	}
	if head.Camera != seg.Camera || head.Stream != seg.Stream || head.Run != seg.Run || !head.Start.Equal(seg.Start) {
		return &badFile{"trailer", "The header names other footage than the index."}
	}
	table, err := fmp4.ReadTable(file, size)
	if err != nil {
		return &badFile{"trailer", fmt.Sprintf("The sample table cannot be read: %v.", err)}
	}
	if rootOf(table) != seg.Digest {
		return &badFile{"digest", "The digest of the file's table is not the one that was noted when it was closed."}
	}
	if level != LevelHash {
		return nil
	}
	return s.checkHash(seg, file, table)
}

// checkHash reads the whole file.
func (s *Store) checkHash(seg *Segment, file interface {
	ReadAt([]byte, int64) (int, error)
}, t *fmp4.Table) error {
	hash := newHasher()
	var buf []byte
	for i, f := range t.Fragments() {
		at := t.PayloadOffset(i)
		if n := int(f.End() - at); n > len(buf) {
			buf = make([]byte, n)
		}
		payload := buf[:f.End()-at]
		if n, err := file.ReadAt(payload, at); n < len(payload) {
			return err
		}
		if leaf := hash.leaf(f.Salt, payload); !bytes.Equal(leaf[:], f.Leaf[:]) {
			return &badFile{"digest", fmt.Sprintf("The footage at %s differs from what was recorded.", f.Wall.Format(time.RFC3339))}
		}
	}
	sum, err := s.fileCRC(seg.Path)
	if err != nil {
		return err
	}
	if seg.crc != 0 && sum != seg.crc {
		return &badFile{"checksum", "The file's checksum is not the one that was noted when it was closed."}
	}
	return nil
}

// isKept tells whether the index still has a segment: retention may have deleted it meanwhile.
func (s *Store) isKept(seg *Segment) (kept bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bSegments).Bucket(streamKey(seg.Camera, seg.Stream))
		kept = b != nil && b.Get(seg.key()) != nil
		return nil
	})
	return kept
}

// checkVolumes looks for files that the index does not know, and at the journals.
func (s *Store) checkVolumes(r *Report) error {
	for _, v := range s.list() {
		st := v.status()
		if st.State == VolumeMissing {
			r.add(Finding{Kind: "volume", Path: st.Path, What: "The volume is not there: " + st.Cause, Means: "Its footage was not checked.", Do: st.Do})
			continue
		}
		if err := s.checkOrphans(r, v); err != nil {
			return fmt.Errorf("check volume %s: %w", st.Path, err)
		}
		bad, err := replay(s.fs, v.o.Path, func(record) {})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("check journal of %s: %w", st.Path, err)
		}
		if bad > 0 {
			r.add(Finding{Kind: "journal", Path: st.Path, What: fmt.Sprintf("%d lines of the journal cannot be read.", bad),
				Means: "Should the index be lost, the causes of some gaps would be too.", Do: "Look at the disk's health."})
		}
	}
	return nil
}

func (s *Store) checkOrphans(r *Report, v *volume) error {
	known := make(map[string]bool)
	number := s.numberOf(v)
	collect := func() error {
		return s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
			return b.ForEach(func(k, val []byte) error {
				seg, err := unmarshalSegment(k, val)
				if err == nil && seg.volume == number {
					seg.Camera, seg.Stream = camera, stream
					known[filepath.Join(v.o.Path, seg.relative())] = true
				}
				return nil
			})
		})
	}
	var strangers []string
	err := s.walk(v.o.Path, 4, func(path string) error {
		strangers = append(strangers, path)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := collect(); err != nil { // after the walk: what was created meanwhile is known by now
		return err
	}
	for _, path := range strangers {
		if known[path] || !strings.HasSuffix(path, ".mp4") || s.isGarbage(number, v, path) {
			continue
		}
		r.add(Finding{Kind: "orphan", Path: path, What: "The index does not know this file.", Means: "Its footage is on no timeline.",
			Do: "Stop the gateway, move index.db away and start again to have it taken in; or remove the file."})
	}
	return nil
}

// isGarbage tells whether a file is about to be removed, or was.
func (s *Store) isGarbage(number uint16, v *volume, path string) (garbage bool) {
	if _, err := s.fs.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return true
	}
	rel, err := filepath.Rel(v.o.Path, path)
	if err != nil {
		return false
	}
	s.index.db.View(func(tx *bbolt.Tx) error {
		k, _ := tx.Bucket(bGarbage).Cursor().Seek(garbageName(number, rel))
		garbage = bytes.Equal(k, garbageName(number, rel))
		return nil
	})
	return garbage
}
