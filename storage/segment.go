package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
)

// Filled says of footage that it was put into a gap afterwards. The zero value is of what was recorded as it came.
type Filled = fmp4.Filled

// Segment is one file of footage.
type Segment struct {
	Camera, Stream string
	Start, End     time.Time    // wall time of the first picture and of the end of the last, UTC
	Run            uint32       // one unbroken recording by one clock; never 0
	Path           string       // absolute
	Volume         string       // id
	Size           int64        // bytes that are synced
	Digest         [32]byte     // Merkle root over the fragments' leaves; zero while open
	Open           bool         // being recorded, or not yet recovered
	Joined         bool         // goes on where the segment before of the same run ends
	Tracks         []fmp4.Track // of an open segment; nil for a closed one: its table has them
	Protected      bool         // encrypted under the key that KeyID names
	KeyID          [16]byte     // KID of Common Encryption; zero when it is in clear
	Filled         Filled       // of footage that was put into a gap afterwards

	part bool   // found on a volume: the table has leaves of what was erased beside it
	crc  uint32 // CRC-32C of the file, 0 while open
	place
	mirror place // of a second file of the same bytes; its volume is 0 when there is none
	wanted bool  // a second file is wanted: the camera was mirrored when it was recorded
}

// place is where a file of a segment lies. It gives the path together with the segment's names and start.
type place struct {
	volume uint16 // number of the volume in the index, from 1
	number byte   // tells files of one start and run apart
}

// key is the segment's key in the index: start, then run, so that cursors go by time and overlapping runs live beside
// each other.
func (s *Segment) key() []byte {
	k := binary.BigEndian.AppendUint64(make([]byte, 0, segmentKey), uint64(s.Start.UnixNano()))
	return binary.BigEndian.AppendUint32(k, s.Run)
}

// relative is the segment's path below its volume.
func (s *Segment) relative() string {
	u := s.Start.UTC()
	name := u.Format("20060102T150405.000Z") + "-" + RunName(s.Run)
	if s.number > 0 {
		name += fmt.Sprintf("-%d", s.number)
	}
	return filepath.Join(s.Camera, s.Stream, u.Format("2006-01-02"), name+".mp4")
}

const (
	segmentKey     = 12 // bytes of a key in the index
	segmentRecord  = 57 // bytes of a record in the index, of a segment in clear that is stored once
	recordVersion  = 2  // 1 has neither KeyID nor mirror
	flagOpen       = 1
	flagJoined     = 2
	flagProtected  = 4 // KeyID follows
	flagMirrored   = 8 // the mirror's place follows
	flagWanted     = 16
	flagFilled     = 32 // Filled follows
	placeBytes     = 3
	nanoseconds    = 8
	maxSegmentName = 99 // files of one start and run: retries within one millisecond
)

// marshal is the record of the segment in the index, FORMAT.md.
func (s *Segment) marshal() []byte {
	b := make([]byte, 0, segmentRecord+len(s.KeyID)+placeBytes)
	b = append(b, recordVersion, s.flags(), s.number)
	b = binary.BigEndian.AppendUint16(b, s.volume)
	b = binary.BigEndian.AppendUint64(b, uint64(s.End.UnixNano()))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Size))
	b = binary.BigEndian.AppendUint32(b, s.crc)
	b = append(b, s.Digest[:]...)
	if s.Protected {
		b = append(b, s.KeyID[:]...)
	}
	if s.mirror.volume != 0 {
		b = append(binary.BigEndian.AppendUint16(b, s.mirror.volume), s.mirror.number)
	}
	if s.Filled != (Filled{}) {
		b = s.Filled.Append(b)
	}
	return b
}

func (s *Segment) flags() (flags byte) {
	for _, f := range []struct {
		bit byte
		set bool
	}{{flagOpen, s.Open}, {flagJoined, s.Joined}, {flagProtected, s.Protected}, {flagMirrored, s.mirror.volume != 0}, {flagWanted, s.wanted}, {flagFilled, s.Filled != Filled{}}} {
		if f.set {
			flags |= f.bit
		}
	}
	return flags
}

var errRecord = errors.New("read index: a segment's record is malformed")

// unmarshalSegment reads a record of the index.
func unmarshalSegment(key, b []byte) (s Segment, err error) {
	if len(key) != segmentKey || len(b) < segmentRecord || b[0] == 0 || b[0] > recordVersion {
		return s, errRecord
	}
	s.Start = nano(key[:8])
	s.Run = binary.BigEndian.Uint32(key[8:])
	flags := b[1]
	s.Open, s.Joined, s.Protected, s.wanted = flags&flagOpen != 0, flags&flagJoined != 0, flags&flagProtected != 0, flags&flagWanted != 0
	s.number = b[2]
	s.volume = binary.BigEndian.Uint16(b[3:])
	s.End = nano(b[5:])
	s.Size = int64(binary.BigEndian.Uint64(b[13:]))
	s.crc = binary.BigEndian.Uint32(b[21:])
	rest := b[25+copy(s.Digest[:], b[25:]):]
	if s.Protected {
		if len(rest) < len(s.KeyID) {
			return s, errRecord
		}
		rest = rest[copy(s.KeyID[:], rest):]
	}
	if flags&flagMirrored != 0 {
		if len(rest) < placeBytes {
			return s, errRecord
		}
		if s.mirror = (place{volume: binary.BigEndian.Uint16(rest), number: rest[2]}); s.mirror.volume == 0 {
			return s, errRecord
		}
		rest = rest[placeBytes:]
	}
	if flags&flagFilled != 0 {
		var ok bool
		if s.Filled, ok = fmp4.ParseFilled(rest); !ok {
			return s, errRecord
		}
	}
	return s, nil
}

func nano(b []byte) time.Time { return time.Unix(0, int64(binary.BigEndian.Uint64(b))).UTC() }

// Media is a segment's file opened for reading. It stays readable when retention deletes the file meanwhile.
type Media struct {
	file    durable.File
	plain   io.ReaderAt // the copies, with their samples as they were recorded
	scanned bool        // the table was made by a scan: the file has none
	table   *fmp4.Table
	size    int64
	ends    time.Time // constant; of what table has

	again func() durable.File // opens the segment's other copy; nil when there is none
	mu    sync.Mutex          // guards other, and makes opening it one act
	other durable.File        // the other copy, once the first could not be read

	camera, stream string    // constant
	start, until   time.Time // constant; what an erasure of ends the reading
	erased         atomic.Bool
	closed         func() // tells the store
}

// ReadAt reads the file as it would be without encryption.
func (m *Media) ReadAt(p []byte, off int64) (int, error) {
	if m.erased.Load() {
		return 0, fmt.Errorf("read segment: %w", ErrErased)
	}
	if off >= m.size {
		return 0, io.EOF
	}
	if over := off + int64(len(p)) - m.size; over > 0 {
		n, err := m.plain.ReadAt(p[:int64(len(p))-over], off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return m.plain.ReadAt(p, off)
}

// Size is how much of the file may be read: all of a closed one, what is synced of an open one.
func (m *Media) Size() int64 { return m.size }

// Table is the segment's sample table, of an open segment up to the last synced fragment.
func (m *Media) Table() *fmp4.Table { return m.table }

// End is when what Table has ends. Of an open segment it is later than when the segment was listed, as much as was synced since: who
// maps the table's times to those of the wall goes by this.
func (m *Media) End() time.Time { return m.ends }

// Close closes the file.
func (m *Media) Close() error {
	if m.closed != nil {
		m.closed()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.other != nil {
		m.other.Close() // only read
	}
	return m.file.Close()
}

// Media opens a segment that Segments returned. A segment that was deleted since gives an error that is
// fs.ErrNotExist, one that cannot be decrypted gives ErrErased, ErrLocked or ErrKeyLost.
func (s *Store) Media(seg Segment) (*Media, error) {
	m, err := s.anyCopy(seg)
	if err != nil {
		return nil, err
	}
	s.enrol(m, &seg)
	return m, nil
}

// enrol notes that a segment is read, so that an erasure ends it. One that began meanwhile is heeded at once.
func (s *Store) enrol(m *Media, seg *Segment) {
	m.camera, m.stream, m.start, m.until = seg.Camera, seg.Stream, seg.Start, later(m.ends, seg.Start.Add(1))
	m.closed = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.reading, m)
	}
	s.mu.Lock()
	s.reading[m] = struct{}{}
	s.mu.Unlock()
	if len(s.blocked(m.camera, m.stream, m.start, m.until)) > 0 {
		m.erased.Store(true)
	}
}

// anyCopy opens whichever copy of a segment can be opened, wherever it lies by now.
func (s *Store) anyCopy(seg Segment) (*Media, error) {
	m, err := s.media(seg)
	if err == nil {
		return m, nil
	}
	if now, ok := s.moved(seg); ok {
		seg = now
		if m, again := s.media(now); again == nil {
			return m, nil
		}
	}
	if other, ok := s.otherCopy(seg); ok {
		if m, again := s.media(other); again == nil {
			return m, nil
		}
	}
	return nil, err
}

func (s *Store) media(seg Segment) (*Media, error) {
	c, err := s.cipherOf(&seg)
	if err != nil {
		return nil, fmt.Errorf("open segment %s: %w", seg.relative(), err)
	}
	file, err := s.fs.OpenRead(seg.Path)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	m := &Media{file: file, again: s.copyOpener(seg)}
	live, ends := s.liveTable(seg.Path)
	if live == nil {
		ends = s.endNow(seg) // after that it was not being written: a record is complete by then
	}
	m.ends = ends
	if err = m.read(live, seg); err == nil {
		m.plain, err = m.clearly(live != nil, c)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open segment %s: %w", seg.Path, err)
	}
	return m, nil
}

// read finds the table: the writer's own while the segment is being written, else the file's, else by a scan: the
// segment was given up by a failing volume and recovery has not been there yet.
func (m *Media) read(live *fmp4.Table, seg Segment) (err error) {
	if live != nil {
		m.table, m.size = live, live.Next()
		return nil
	}
	if m.size, err = m.file.Size(); err != nil {
		return err
	}
	if m.table, err = fmp4.ReadTable(m.file, m.size); err == nil {
		return nil
	}
	head, tracks, from, err := fmp4.ReadHeader(m.file, m.size)
	if err != nil {
		return err
	}
	if seg.Open && seg.Size > 0 { // behind it may be a fragment that was written again elsewhere
		m.size = min(m.size, seg.Size)
	}
	scan, err := fmp4.ScanFragments(m.file, tracks, from, m.size, fmp4.ScanOptions{Protected: head.Protected})
	if err != nil {
		return err
	}
	m.table, m.size, m.scanned = scan.Table, scan.End, true
	return nil
}

// clearly decides how the file is read. The table of a segment that is being written, or was found by a scan, has no salts to
// be opened.
func (m *Media) clearly(live bool, c *fmp4.Cipher) (io.ReaderAt, error) {
	if c != nil && (live || m.scanned) {
		return fmp4.NewPlain((*copies)(m), m.table, c), nil
	}
	return clearly((*copies)(m), m.table, c)
}
