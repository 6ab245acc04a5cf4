package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"holdfast/storage/fmp4"
)

// checkSegment looks at every copy of one segment.
func (c *checking) checkSegment(ctx context.Context, seg *Segment) {
	if seg.Open {
		c.r.Open++
		return
	}
	for _, p := range seg.places() {
		v := c.s.volumeOf(p.volume)
		if v == nil {
			c.r.Skipped++
			continue
		}
		if !c.o.ofVolume(v) {
			continue
		}
		one := *seg
		one.place, one.mirror = p, place{}
		one.Path = filepath.Join(v.o.Path, one.relative())
		c.judge(ctx, v, seg, &one, c.checkCopy(ctx, v, &one))
	}
}

// places are where the segment's copies lie.
func (s *Segment) places() []place {
	if s.mirror.volume == 0 {
		return []place{s.place}
	}
	return []place{s.place, s.mirror}
}

// judge makes a finding of what was wrong with one copy of a segment.
func (c *checking) judge(ctx context.Context, v *volume, seg, one *Segment, err error) {
	switch {
	case err == nil:
		if c.level.includes(LevelHash) {
			c.s.sound(one)
		}
		return
	case ctx.Err() != nil:
		return
	case !c.s.isKept(seg) || v.present() != nil: // its volume is named by checkVolumes
		c.r.Skipped++
		return
	}
	f := Finding{Kind: KindUnreadable, Path: one.Path, What: fmt.Sprintf("The file cannot be read: %v.", err),
		Means: "Whether its footage is whole cannot be told.", Do: "Look at the disk's health and its cable; check again."}
	bad, isBad := isBad(err)
	switch {
	case isBad:
		if c.s.knows(one, bad) {
			c.know(Finding{Kind: bad.kind, Path: one.Path, What: bad.what, Means: "It was found before, and noted.", Do: "Nothing: what is sound of it is played."})
			return
		}
		f.Kind, f.What, f.Means, f.Do = bad.kind, bad.what, meansOf[bad.kind], "Run holdfast check --repair, or restore the file from a copy."
	case errors.Is(err, fs.ErrNotExist):
		f.Kind, f.What = KindMissing, "The file is not there."
		f.Means = fmt.Sprintf("%s of %s/%s are lost unless the file comes back.", seg.End.Sub(seg.Start).Round(time.Second), seg.Camera, seg.Stream)
		f.Do = "Restore the file from a copy, or run holdfast check --repair to have the gap noted."
	}
	c.remedy(v, seg, one, bad, &f)
	c.add(ctx, f)
}

// meansOf says what a damage means for the footage.
var meansOf = map[string]string{
	KindSize:     "Footage at its end may be missing.",
	KindHeader:   "Players may not find out what it is of; its footage may be whole.",
	KindTrailer:  "It is found only by reading the whole file; its footage may be whole.",
	KindDigest:   "The footage there is not what was recorded: pictures may be broken.",
	KindChecksum: "The footage is what was recorded; bytes around it have changed.",
	KindMedia:    "A player may show a broken picture, or stop there. This is how it came from the camera if the digest is right.",
	KindDecode:   "A player may show a broken picture, or stop there. This is how it came from the camera if the digest is right.",
}

// checkCopy looks at one file.
func (c *checking) checkCopy(ctx context.Context, v *volume, seg *Segment) error {
	f, err := c.s.fs.OpenRead(seg.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	file := &careful{File: f, v: v}
	err = c.checkFile(ctx, seg, file)
	if file.err != nil {
		return file.err
	}
	return err
}

func (c *checking) checkFile(ctx context.Context, seg *Segment, file *careful) error {
	size, err := file.Size()
	if err != nil {
		return err
	}
	c.r.Bytes += size
	if size != seg.Size {
		return &badFile{kind: KindSize, what: fmt.Sprintf("The file has %d bytes, the index says %d.", size, seg.Size)}
	}
	head, _, _, err := fmp4.ReadHeader(file, size)
	if err != nil {
		return &badFile{kind: KindHeader, what: fmt.Sprintf("The header cannot be read: %v.", err)}
	}
	if head.Camera != seg.Camera || head.Stream != seg.Stream || head.Run != seg.Run || !head.Start.Equal(seg.Start) || head.Filled != seg.Filled {
		return &badFile{kind: KindHeader, what: "The header names other footage than the index."}
	}
	table, err := fmp4.ReadTable(file, size)
	if err != nil {
		return &badFile{kind: KindTrailer, what: fmt.Sprintf("The sample table cannot be read: %v.", err)}
	}
	if rootOf(table) != seg.Digest {
		return &badFile{kind: KindTrailer, what: "The digest of the file's table is not the one that was noted when it was closed.", table: table}
	}
	if !c.level.includes(LevelHash) {
		return c.pace.took(ctx, 2*pageRead)
	}
	if err := c.checkBytes(ctx, seg, file, size, table); err != nil || c.o.Decode == nil || !c.level.includes(LevelMedia) {
		return err
	}
	return c.decode(ctx, seg)
}

// pageRead is about what reading a header, or a table, costs a disk, bytes.
const pageRead = 64 << 10

// checkBytes reads the whole file, once: its checksum, and of each fragment the leaf of its digest and the samples.
func (c *checking) checkBytes(ctx context.Context, seg *Segment, file *careful, size int64, t *fmp4.Table) error {
	hash, media, held := newHasher(), newMediaCheck(t, seg), &inMemory{}
	plain, err := c.plainOf(seg, t, held)
	if err != nil {
		return err
	}
	var sum uint32
	var bad []int
	var at int64
	for i, f := range t.Fragments() {
		b, err := c.read(ctx, file, at, f.End())
		if err != nil {
			return err
		}
		sum, at = crcUpdate(sum, b), f.End()
		if plain == nil {
			continue // the checksum alone tells
		}
		held.b, held.at = b, f.End()-int64(len(b))
		payload, err := payloadOf(plain, t, i, &f)
		if err != nil {
			return err
		}
		if leaf := hash.leaf(f.Salt, payload); leaf != f.Leaf {
			bad = append(bad, i)
		} else if c.level.includes(LevelMedia) {
			media.fragment(i, payload)
		}
	}
	for at < size {
		b, err := c.read(ctx, file, at, min(size, at+(1<<20)))
		if err != nil {
			return err
		}
		sum, at = crcUpdate(sum, b), at+int64(len(b))
	}
	file.Forget(0, size) // it was read for its own sake: what people play stays in memory
	switch {
	case len(bad) > 0:
		return &badFile{kind: KindDigest, what: damagedAt(t, bad), table: t, fragments: bad, crc: sum}
	case seg.crc != 0 && sum != seg.crc:
		return &badFile{kind: KindChecksum, what: "The file's checksum is not the one that was noted when it was closed; its footage is what was recorded.", table: t, crc: sum}
	}
	return media.bad()
}

// inMemory is the part of a file that was read last, so that each byte of it is read once.
type inMemory struct {
	b  []byte
	at int64
}

// ReadAt reads what is there.
func (m *inMemory) ReadAt(p []byte, off int64) (int, error) {
	if off < m.at || off > m.at+int64(len(m.b)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, m.b[off-m.at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// plainOf gives a reader that shows samples as they were recorded of a file whose bytes are held in memory; nil when their
// key is not here, and only the checksum of the file can be compared.
func (c *checking) plainOf(seg *Segment, t *fmp4.Table, held *inMemory) (io.ReaderAt, error) {
	key, err := c.s.cipherOf(seg)
	if err != nil {
		c.r.Locked++
		return nil, nil
	}
	plain, err := clearly(held, t, key)
	if err != nil {
		return nil, &badFile{kind: KindTrailer, what: fmt.Sprintf("The sample table cannot be opened: %v.", err)}
	}
	return plain, nil
}

// payloadOf reads the samples of fragment i.
func payloadOf(plain io.ReaderAt, t *fmp4.Table, i int, f *fmp4.Fragment) ([]byte, error) {
	at := t.PayloadOffset(i)
	if m, ok := plain.(*inMemory); ok {
		return m.b[at-m.at : f.End()-m.at], nil
	}
	payload := make([]byte, f.End()-at)
	if n, err := plain.ReadAt(payload, at); n < len(payload) {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return payload, nil
}

// damagedAt says where footage is not what was recorded.
func damagedAt(t *fmp4.Table, bad []int) string {
	what := fmt.Sprintf("The footage at %s differs from what was recorded", t.Fragments()[bad[0]].Wall.Format(time.RFC3339))
	if len(bad) > 1 {
		return fmt.Sprintf("%s, and at %d more places.", what, len(bad)-1)
	}
	return what + "."
}

// read reads [from, to) of a file at the check's pace. The bytes are valid until the next call.
func (c *checking) read(ctx context.Context, file io.ReaderAt, from, to int64) ([]byte, error) {
	n := int(to - from)
	if n > cap(c.buf) {
		c.buf = make([]byte, n)
	}
	b := c.buf[:n]
	if k, err := file.ReadAt(b, from); k < n {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return b, c.pace.took(ctx, int64(n))
}

// decode has a decoder look at a segment.
func (c *checking) decode(ctx context.Context, seg *Segment) error {
	m, err := c.s.Media(*seg)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := c.o.Decode(ctx, m); err != nil && ctx.Err() == nil {
		return &badFile{kind: KindDecode, what: fmt.Sprintf("A decoder says of it: %v.", err)}
	}
	return ctx.Err()
}
