package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/internal/durable"
	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

// begin is when the tests' recordings start: a summer-time change and a day's end come soon after.
var began = time.Date(2026, 10, 25, 0, 59, 50, 250_000_000, time.UTC)

const (
	mount     = "/disk/footage"
	ringDir   = "/disk/data/keyring"
	frameTime = 100 * time.Millisecond
	batchSize = 5 // frames of a Flush, the first of which is a key frame
)

// rig is a recorder, a store and a disk that a test breaks. What it recorded it remembers, to ask for it afterwards.
type rig struct {
	tb    testing.TB
	disk  *storagetest.Disk // the system's
	index string
	opts  Options
	root  keyring.Root // of the keys; zero: footage is in clear

	machine *storagetest.Mounts // of several disks; nil: everything lies on one
	running func()              // lets Run tend the store; nil: the rig does
	clock   *atomic.Int64       // now, for Run beside the test; nil: nobody else asks

	now   time.Time
	store *Store
	w     *Writer

	opened func(*Store) // told of each store that was opened; nil: nobody is

	made    uint32 // frames so far
	wall    time.Time
	acked   []frame // Flush said that they are safe
	given   int     // frames that were handed to Flush
	ordered int     // erasures that were ordered
	lost    bool    // the index is: causes that no journal took yet are unknown

	locked string // id of a lock that must hold, "" when none must
	marked bool   // an event was raised
}

// frame is one picture.
type frame struct {
	id   uint32
	wall time.Time
}

// newRig makes an empty disk and a directory for the index.
func newRig(tb testing.TB) *rig {
	tb.Helper()
	dir, err := os.MkdirTemp(fastDir(), "holdfast-storage-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	r := &rig{tb: tb, disk: storagetest.New(64 << 20), index: filepath.Join(dir, "index.db"), now: began, wall: began}
	r.opts = Options{Synchronised: func() bool { return true }, Volumes: []VolumeOptions{{Path: mount, MinFree: 1}}}
	return r
}

// protected has the rig's footage encrypted.
func (r *rig) protected() *rig {
	r.root = keyring.NewRoot()
	if err := durable.MkdirAll(r.disk, filepath.Dir(ringDir)); err != nil {
		r.tb.Fatal(err)
	}
	return r
}

// mounts are the disks.
func (r *rig) mounts() *storagetest.Mounts {
	if r.machine != nil {
		return r.machine
	}
	return storagetest.Alone(r.disk)
}

// fastDir is a directory in memory where there is one: the index syncs a lot, and is not what is tested.
func fastDir() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// options are those of the rig's store.
func (r *rig) options() (o Options, err error) {
	o = r.opts
	o.Index, o.FS, o.Now = r.index, r.mounts(), func() time.Time { return r.now }
	if clock := r.clock; clock != nil {
		o.Now = func() time.Time { return time.Unix(0, clock.Load()) }
	}
	if !r.root.IsZero() {
		o.Keys, err = keyring.Open(keyring.Options{FS: o.FS, Dir: ringDir, Root: r.root, Now: o.Now})
	}
	return o, err
}

func (r *rig) open() error {
	o, err := r.options()
	if err != nil {
		return err
	}
	s, err := Open(o)
	if err != nil {
		return err
	}
	r.store = s
	if r.opened != nil {
		r.opened(s)
	}
	return nil
}

// close ends the store without closing its writers, as a crash would.
func (r *rig) close() {
	if r.store != nil {
		r.store.index.db.Close()
		r.store, r.w = nil, nil
	}
}

// tend is what Run does every two seconds.
func (r *rig) tend() {
	if r.running != nil {
		r.running()
		return
	}
	r.store.Tend(r.tb.Context())
	r.store.tendErasures(r.tb.Context())
	if err := r.store.forgetOutlived(); err != nil && !r.disk.Crashed() {
		r.tb.Logf("forget keys: %v", err) // of a fault; the note stays
	}
	if r.store.o.Keys != nil {
		r.store.o.Keys.Tend(r.tb.Context())
	}
}

func testTracks() []fmp4.Track {
	sps, _ := hex.DecodeString("6764000dacd94141fb011000000300100000030320f1429960")
	pps, _ := hex.DecodeString("68ebe3cb22c0")
	return []fmp4.Track{{ID: 1, Codec: fmp4.H264, Timescale: 90000, SPS: sps, PPS: pps, Width: 320, Height: 240}}
}

// payload of a frame: its number, over some sectors.
func payload(id uint32) []byte {
	b := append([]byte{0x65}, bytes.Repeat(binary.BigEndian.AppendUint32(nil, id), 300)...)
	return b
}

// batch makes the next frames.
func (r *rig) batch() (list []Sample) {
	for i := range batchSize {
		r.made++
		s := Sample{Wall: r.wall, Sample: fmp4.Sample{Track: 1, DTS: int64(r.wall.Sub(began) * 90000 / time.Second), Sync: i == 0, Data: [][]byte{payload(r.made)}}}
		list = append(list, s)
		r.wall = r.wall.Add(frameTime)
	}
	if r.now.Before(r.wall) {
		r.now = r.wall
	}
	if r.clock != nil {
		r.clock.Store(r.now.UnixNano())
	}
	return list
}

// flush records frames as a recorder does: what a volume did not take is given again. It returns errors that are no
// volume's, and after the power went.
func (r *rig) flush(list []Sample) error {
	for range 8 {
		if err := r.w.Write(list); err != nil {
			return err
		}
		r.given += len(list)
		err := r.w.Flush(r.tb.Context())
		for _, s := range list[:r.w.Taken()] {
			r.acked = append(r.acked, frame{binary.BigEndian.Uint32(s.Data[0][1:]), s.Wall})
		}
		list = list[r.w.Taken():]
		if err == nil || r.disk.Crashed() {
			return err
		}
		r.tend()
	}
	return errors.New("the volume does not come back")
}

// again calls f until it succeeds, as whoever uses the store does after a volume's failure.
func (r *rig) again(f func() error) (err error) {
	for range 8 {
		if err = f(); err == nil || r.disk.Crashed() {
			return err
		}
		if r.store != nil {
			r.tend()
		}
	}
	return err
}

// kept reads the frames of a stream that are stored, in the order of storing, each as often as it is there.
func (r *rig) kept() (list []frame, err error) {
	segments, err := r.store.Segments("door", "main", began.Add(-time.Hour), began.Add(300*24*time.Hour))
	if err != nil {
		return nil, err
	}
	for _, seg := range segments {
		m, err := r.store.Media(seg)
		if err != nil {
			return nil, err
		}
		for _, s := range m.Table().Samples(0, 0) {
			b := make([]byte, s.Size)
			if _, err := m.ReadAt(b, s.Offset); err != nil {
				return nil, fmt.Errorf("%s: sample at %d: %w", seg.Path, s.Offset, err)
			}
			id := binary.BigEndian.Uint32(b[5:])
			if !bytes.Equal(b[4:], payload(id)) {
				return nil, fmt.Errorf("%s: sample at %d is not what was recorded", seg.Path, s.Offset)
			}
			list = append(list, frame{id, seg.Start.Add(time.Duration(s.PTS()-m.Table().Tracks()[0].Origin) * time.Second / 90000)})
		}
		if err := m.Close(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// whole tells what is wrong with the store: lost frames, frames twice, a timeline with holes, findings of a check.
// deleted tells whether retention may have removed a frame.
func (r *rig) whole(deleted func(frame) bool) error {
	kept, err := r.kept()
	if err != nil {
		return err
	}
	times := map[uint32]int{}
	for _, f := range kept {
		times[f.id]++
	}
	for _, f := range r.acked {
		if times[f.id] == 0 && !deleted(f) {
			return fmt.Errorf("frame %d of %s was safe and is lost", f.id, f.wall.Format("15:04:05.0"))
		}
	}
	for id, n := range times {
		if n > 1 {
			return fmt.Errorf("frame %d is stored %d times", id, n)
		}
	}
	if err := errors.Join(r.timeline(), r.orderly()); err != nil {
		return err
	}
	report, err := r.store.Check(r.tb.Context(), LevelHash, nil)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if len(report.Findings) > 0 {
		return fmt.Errorf("check finds %d: %+v", len(report.Findings), report.Findings[0])
	}
	return nil
}

// timeline tells whether every moment is recorded or has a cause.
func (r *rig) timeline() error {
	spans, err := r.store.Spans("door", "main", began.Add(-time.Hour), r.now)
	if err != nil {
		return err
	}
	var end time.Time
	for i, s := range spans {
		if s.Gap && (s.Cause == "" || s.Cause == CauseUnknown && !r.lost) {
			return fmt.Errorf("nobody knows why %s to %s is missing: %v", s.Start, s.End, spans)
		}
		if i > 0 && s.Start.Sub(end) > joinTolerance {
			return fmt.Errorf("between %s and %s is nothing: %v", end, s.Start, spans)
		}
		end = later(end, s.End)
	}
	return nil
}

// copyIndex keeps the index as it is at a moment.
func copyIndex(from, to string) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

var _ durable.FS = (*storagetest.Disk)(nil)

func never(frame) bool { return false }

func sorted(list []frame) bool {
	return slices.IsSortedFunc(list, func(a, b frame) int { return a.wall.Compare(b.wall) })
}
