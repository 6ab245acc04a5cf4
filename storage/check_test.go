package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
)

// closedRig is a rig with closed segments, a gap between, and nobody recording.
func closedRig(t testing.TB) *rig { return closedOn(t, newRig(t)) }

func closedOn(t testing.TB, r *rig) *rig {
	t.Helper()
	r.must(r.open())
	r.tend()
	var err error
	r.w, err = r.store.Writer("door", "main")
	r.must(err)
	for run := range uint32(3) {
		r.must(r.begin(run + 1))
		for range 3 {
			r.must(r.flush(r.batch()))
		}
		r.must(r.w.Gap(CauseOffline, r.wall))
		r.wall = r.wall.Add(2 * time.Second)
	}
	r.must(r.w.Close(CauseStopped))
	r.tend()
	return r
}

// mp4s are the files of footage, the oldest first.
func (r *rig) mp4s() (list []string) {
	for _, f := range r.disk.Files() {
		if strings.HasSuffix(f, ".mp4") {
			list = append(list, f)
		}
	}
	return list
}

// rewrite changes a file's bytes as a disk would that loses or invents them.
func (r *rig) rewrite(path string, change func([]byte) []byte) {
	r.tb.Helper()
	data := change(bytes.Clone(r.disk.Content(path)))
	f, err := r.disk.Open(path)
	r.must(err)
	r.must(f.Truncate(0))
	_, err = f.WriteAt(data, 0)
	r.must(errors.Join(err, f.Sync(), f.Close()))
}

func (r *rig) check(level Level, o *CheckOptions) Report {
	r.tb.Helper()
	report, err := r.store.Check(context.Background(), level, o)
	r.must(err)
	return report
}

// put writes into the index as no program would.
func (r *rig) put(f func(tx *bbolt.Tx) error) { r.tb.Helper(); r.must(r.store.index.db.Update(f)) }

// first gives the record of the oldest segment.
func firstSegment(tx *bbolt.Tx) (seg Segment, b *bbolt.Bucket) {
	b = tx.Bucket(bSegments).Bucket(streamKey("door", "main"))
	k, v := b.Cursor().First()
	seg, _ = unmarshalSegment(k, v)
	seg.Camera, seg.Stream = "door", "main"
	return seg, b
}

// harm is something that goes wrong, how a check calls it, and what a repair leaves.
type harm struct {
	name, kind string
	do         func(*rig)
	known      int      // damaged files that are kept and noted
	lost       int      // of the segments on the timeline
	gap        Cause    // that the timeline then has
	files      []string // suffixes of files that are new
}

func harms() []harm {
	return []harm{
		{name: "a file is gone", kind: KindMissing, do: func(r *rig) {
			path := r.mp4s()[1]
			r.must(errors.Join(r.disk.Remove(path), r.disk.SyncDir(filepath.Dir(path))))
		}, lost: 1, gap: CauseLost},
		{name: "a file is cut off in its table", kind: KindSize, do: func(r *rig) {
			r.rewrite(r.mp4s()[1], func(b []byte) []byte { return b[:len(b)-100] })
		}},
		{name: "a file has grown", kind: KindSize, do: func(r *rig) {
			r.rewrite(r.mp4s()[1], func(b []byte) []byte { return append(b, "rubbish"...) })
		}},
		{name: "a table is damaged", kind: KindTrailer, do: func(r *rig) {
			r.rewrite(r.mp4s()[1], func(b []byte) []byte { b[len(b)-150] ^= 1; return b })
		}},
		{name: "a table and a fragment in the middle are damaged", kind: KindTrailer, known: 1, do: func(r *rig) {
			r.rewrite(r.mp4s()[1], func(b []byte) []byte { b[len(b)-150] ^= 1; b[len(b)/2] ^= 1; return b })
		}},
		{name: "a header is damaged", kind: KindHeader, known: 1, do: func(r *rig) {
			r.rewrite(r.mp4s()[1], func(b []byte) []byte { b[60] ^= 1; return b })
		}},
		{name: "a picture is damaged", kind: KindDigest, known: 1, do: func(r *rig) { r.rot(r.mp4s()[1], "payload") }},
		{name: "a moof is damaged", kind: KindChecksum, known: 1, do: func(r *rig) { r.rot(r.mp4s()[1], "moof") }},
		{name: "a file was forgotten", kind: KindOrphan, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error { seg, _ := firstSegment(tx); return forgetSegment(tx, &seg) })
		}},
		{name: "a record is damaged", kind: KindRecord, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error { seg, b := firstSegment(tx); return b.Put(seg.key(), []byte("rot")) })
		}},
		{name: "an open segment is forgotten", kind: KindDangling, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error {
				return tx.Bucket(bOpen).Put(append(streamKey("door", "main"), make([]byte, segmentKey)...), nil)
			})
		}},
		{name: "footage is to be removed", kind: KindDangling, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error {
				seg, _ := firstSegment(tx)
				return tx.Bucket(bGarbage).Put(garbageKey(&seg), nil)
			})
		}},
		{name: "a stream's entry is gone", kind: KindDangling, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error { return tx.Bucket(bStreams).Delete(streamKey("door", "main")) })
		}},
		{name: "a gap is damaged", kind: KindGap, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error {
				return putGap(tx, "door", "main", gapEntry{start: began.Add(1700 * time.Millisecond), cause: CauseNetwork})
			})
		}},
		{name: "a segment is in no order", kind: KindDangling, do: func(r *rig) { r.ofOrder(func(b *bbolt.Bucket, k []byte) error { return b.Delete(k) }) }},
		{name: "the order has one that is not", kind: KindDangling, do: func(r *rig) {
			r.ofOrder(func(b *bbolt.Bucket, k []byte) error {
				return b.Put(append(make([]byte, segmentKey), k[segmentKey:]...), nil)
			})
		}},
		{name: "a deletion is forgotten", kind: KindDangling, do: func(r *rig) {
			r.ofOrder(func(b *bbolt.Bucket, k []byte) error { return b.Put(k, nanoKey(began.Add(24*365*time.Hour))) })
		}},
		{name: "what is held is wrong", kind: KindDangling, do: func(r *rig) {
			r.put(func(tx *bbolt.Tx) error { return hold(tx, 1, classFree, 5, 1) })
		}},
		{name: "a journal is damaged", kind: KindJournal, files: []string{".jsonl.bad"}, do: func(r *rig) {
			r.disk.Rot(mount+"/holdfast-journal/00000000.jsonl", 20)
		}},
	}
}

// ofOrder changes an entry of the order of deletion.
func (r *rig) ofOrder(f func(b *bbolt.Bucket, k []byte) error) {
	r.tb.Helper()
	r.put(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bOrder).Bucket(classKey(1, classFree))
		k, _ := b.Cursor().First()
		return f(b, bytes.Clone(k))
	})
}

// rot flips a bit in a part of a file.
func (r *rig) rot(path, part string) {
	r.tb.Helper()
	data := r.disk.Content(path)
	table, err := fmp4.ReadTable(bytes.NewReader(data), int64(len(data)))
	r.must(err)
	at := table.PayloadOffset(1) + 50
	switch part {
	case "moof":
		at = table.Fragments()[1].Offset + 30
	case "table":
		at = table.Next() + 100
	case "mfra":
		at = int64(len(data)) - 40
	case "header":
		at = 80
	}
	r.rewrite(path, func(b []byte) []byte { b[at] ^= 4; return b })
}

// TestRepairLosesNothing does every harm, has it found under its name, planned, and repaired; afterwards a check finds
// nothing new, all that is sound is still there, also after the index was lost, and recording goes on.
func TestRepairLosesNothing(t *testing.T) {
	for _, h := range harms() {
		t.Run(h.name, func(t *testing.T) {
			r := closedRig(t)
			defer func() { r.close() }()
			before := len(r.mp4s())
			h.do(r)
			plan := r.check(LevelHash, nil)
			if !hasKind(plan.Findings, h.kind) {
				t.Fatalf("found %+v", plan.Findings)
			}
			for _, f := range plan.Findings {
				if f.What == "" || f.Means == "" || f.Do == "" || f.Repair == "" || f.Done {
					t.Errorf("without words: %+v", f)
				}
			}
			done := r.check(LevelHash, &CheckOptions{Repair: true})
			if done.Left() != 0 {
				t.Fatalf("left: %+v", done.Findings)
			}
			r.sure(h, before)
			r.must(r.store.Close())
			r.store = nil
			r.must(r.open())
			r.tend()
			r.sure(h, before)
			if h.known == 0 && h.lost == 0 {
				r.must(r.whole(never))
				r.must(r.goOn())
			}
		})
	}
}

// sure tells whether a repaired store is as it should be.
func (r *rig) sure(h harm, before int) {
	r.tb.Helper()
	again := r.check(LevelHash, nil)
	if len(again.Findings) > 0 || len(again.Known) != h.known {
		r.tb.Errorf("after the repair: %+v, known %+v", again.Findings, again.Known)
	}
	if n := len(r.mp4s()); n != before-h.lost {
		r.tb.Errorf("%d files of %d are left", n, before)
	}
	spans, err := r.store.Spans("door", "main", began.Add(-time.Hour), r.now)
	r.must(err)
	recorded, gap := 0, h.gap == ""
	for _, s := range spans {
		if !s.Gap {
			recorded++
		}
		gap = gap || s.Cause == h.gap
	}
	if recorded != 3-h.lost || !gap {
		r.tb.Errorf("the timeline is %v", spans)
	}
	for _, suffix := range h.files {
		if !strings.Contains(strings.Join(r.disk.Files(), "\n")+"\n", suffix+"\n") {
			r.tb.Errorf("no file %s: %v", suffix, r.disk.Files())
		}
	}
}

func hasKind(list []Finding, kind string) bool {
	for _, f := range list {
		if f.Kind == kind {
			return true
		}
	}
	return false
}

// TestOneBitIsFoundAnywhere flips a bit in each part of a segment; level hash finds and names the file.
func TestOneBitIsFoundAnywhere(t *testing.T) {
	for _, part := range []string{"header", "moof", "payload", "table", "mfra"} {
		r := closedRig(t)
		path := r.mp4s()[1]
		r.rot(path, part)
		report := r.check(LevelHash, nil)
		if len(report.Findings) != 1 || report.Findings[0].Path != path {
			t.Errorf("%s: %+v", part, report.Findings)
		}
		r.close()
	}
}

// TestCheckLooksAtWhatWasAskedFor restricts checks.
func TestCheckLooksAtWhatWasAskedFor(t *testing.T) {
	r := closedRig(t)
	defer func() { r.close() }()
	r.rot(r.mp4s()[2], "payload")
	for _, c := range []struct {
		o     CheckOptions
		found int
	}{
		{CheckOptions{}, 1},
		{CheckOptions{Camera: "door"}, 1},
		{CheckOptions{Camera: "hall"}, 0},
		{CheckOptions{To: began.Add(5 * time.Second)}, 0},
		{CheckOptions{From: began.Add(5 * time.Second)}, 1},
		{CheckOptions{Volume: mount}, 1},
		{CheckOptions{Rate: 1 << 30}, 1},
	} {
		last := CheckProgress{}
		o := c.o
		o.Progress = func(p CheckProgress) { last = p }
		if report := r.check(LevelHash, &o); len(report.Findings) != c.found {
			t.Errorf("%+v: %+v", c.o, report.Findings)
		}
		if c.found > 0 && last.Segments == 0 {
			t.Errorf("%+v: no progress", c.o)
		}
	}
	if _, err := r.store.Check(t.Context(), LevelFiles, &CheckOptions{Volume: "/nowhere"}); err == nil {
		t.Error("a volume that there is not is checked")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.store.Check(ctx, LevelHash, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestMediaLevelFindsWhatPlayersStumbleOver records pictures that are none.
func TestMediaLevelFindsWhatPlayersStumbleOver(t *testing.T) {
	picture := func(i int, data ...[]byte) Sample {
		return Sample{Wall: began.Add(time.Duration(i) * frameTime), Sample: fmp4.Sample{Track: 1, DTS: int64(i) * 9000, Sync: i == 0, Data: data}}
	}
	whole := []byte{0x65, 1, 2, 3}
	for name, c := range map[string]struct {
		samples []Sample
		finds   string
		bare    bool
	}{
		"sound":          {samples: []Sample{picture(0, whole), picture(1, []byte{0x41, 9})}},
		"no key frame":   {samples: []Sample{picture(0, []byte{0x41, 9})}, finds: "decoding can start"},
		"no slice":       {samples: []Sample{picture(0, []byte{0x67, 9})}, finds: "no slice"},
		"an empty NAL":   {samples: []Sample{picture(0, whole), picture(1, []byte{})}, finds: "do not fill"},
		"no sets":        {samples: []Sample{picture(0, whole)}, bare: true, finds: "parameter sets"},
		"sets in band":   {samples: []Sample{picture(0, []byte{0x67, 1}, []byte{0x68, 1}, whole)}, bare: true},
		"shown too late": {samples: []Sample{picture(0, whole), func() Sample { s := picture(1, []byte{0x41, 9}); s.CTO = 20 * 90000; return s }()}, finds: "to be shown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			defer func() { r.close() }()
			r.must(r.open())
			r.tend()
			w, err := r.store.Writer("door", "main")
			r.must(err)
			tracks := testTracks()
			if c.bare {
				tracks[0].SPS, tracks[0].PPS = nil, nil
			}
			r.must(w.Begin(1, began, tracks))
			r.must(w.Write(c.samples))
			r.must(w.Flush(t.Context()))
			r.must(w.Close(CauseStopped))
			report := r.check(LevelMedia, nil)
			if c.finds == "" && len(report.Findings) > 0 || c.finds != "" && (!hasKind(report.Findings, KindMedia) || !strings.Contains(report.Findings[0].What, c.finds)) {
				t.Errorf("found %+v", report.Findings)
			}
			if deep := r.check(LevelHash, nil); len(deep.Findings) > 0 {
				t.Errorf("level hash finds %+v", deep.Findings)
			}
		})
	}
}

// TestDecoderIsGivenWholeFiles hands each file to a decoder, whose complaint is a finding.
func TestDecoderIsGivenWholeFiles(t *testing.T) {
	r := closedRig(t)
	defer func() { r.close() }()
	n := 0
	report := r.check(LevelMedia, &CheckOptions{Decode: func(_ context.Context, m *Media) error {
		if n++; n == 2 {
			return fmt.Errorf("it is %d bytes of nonsense", m.Size())
		}
		return nil
	}})
	if n != 3 || len(report.Findings) != 1 || report.Findings[0].Kind != KindDecode || report.Findings[0].Path != r.mp4s()[1] {
		t.Errorf("%d decoded, found %+v", n, report.Findings)
	}
}
