package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"holdfast/storage/keyring"
)

// erasable is a recording of three segments of four seconds, the last of which is open; frames are ten a second.
func erasable(t *testing.T, clear bool) *rig {
	t.Helper()
	r := newRig(t)
	if !clear {
		r.protected()
	}
	r.opts.copyRate = -1
	r.must(r.open())
	t.Cleanup(r.close)
	r.newWriter()
	for range 3 {
		r.must(r.begin(1))
		r.record(8)
	}
	return r
}

// at is a time in seconds since the recordings began.
func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

// erase erases, and forgets what may not be found any more.
func (r *rig) erase(from, to float64) Erasure {
	r.tb.Helper()
	e, err := r.store.Erase(r.tb.Context(), "door", nil, at(from), at(to), GroundRequest)
	r.must(err)
	if e.Done.IsZero() {
		r.tb.Fatalf("the erasure is not done: %+v", e)
	}
	r.drop(e)
	return e
}

// drop takes what an erasure says has gone out of what must be there.
func (r *rig) drop(e Erasure) {
	kept := r.acked[:0]
	for _, f := range r.acked {
		gone := false
		for _, x := range e.Erased {
			gone = gone || !f.wall.Before(x.Start) && f.wall.Before(x.End)
		}
		if !gone {
			kept = append(kept, f)
		}
	}
	r.acked = kept
}

func TestErasureTakesWhatWasAskedForAndKeepsTheRest(t *testing.T) {
	for _, clear := range []bool{false, true} {
		for name, x := range map[string]struct {
			from, to    float64
			whole, part int
			spans       string
		}{
			"one whole segment":      {4, 8, 1, 0, "0-4 recorded, 4-8 erased, 8-12 recorded"},
			"the middle of one":      {1.2, 1.7, 0, 1, "0-1 recorded, 1-2 erased, 2-12 recorded"},
			"the beginning of one":   {4, 4.1, 0, 1, "0-4 recorded, 4-4.5 erased, 4.5-12 recorded"},
			"the end of one":         {7.8, 8, 0, 1, "0-7.5 recorded, 7.5-8 erased, 8-12 recorded"},
			"from one to the next":   {3.7, 4.2, 0, 2, "0-3.5 recorded, 3.5-4.5 erased, 4.5-12 recorded"},
			"over a whole one":       {3, 9, 1, 2, "0-3 recorded, 3-4 erased, 4-8 erased, 8-9 erased, 9-12 recorded"},
			"before anything":        {-100, 0, 0, 0, "0-12 recorded"},
			"everything until now":   {-100, 12, 3, 0, ""},
			"the one being recorded": {11, 12, 0, 1, "0-11 recorded, 11-12 erased"},
		} {
			t.Run(fmt.Sprintf("%s, clear %v", name, clear), func(t *testing.T) {
				r := erasable(t, clear)
				if x.to > 8 { // what is recorded must end
					r.must(r.w.Close(CauseStopped))
				}
				e := r.erase(x.from, x.to)
				if e.Segments != x.whole || e.Rewritten != x.part {
					t.Errorf("%d segments went and %d in part: %+v", e.Segments, e.Rewritten, e)
				}
				if clear && e.InClear != x.whole+x.part {
					t.Errorf("%d segments are said to have been in clear", e.InClear)
				}
				if got := joinErased(r.spans()); x.spans != "" && got != joinErased(x.spans) {
					t.Errorf("the timeline is\n%s\nnot\n%s", got, x.spans)
				}
				r.must(r.whole(never))
				r.nothingIn(e)
				r.must(r.reopened(true))
				r.must(r.reopened(false))
			})
		}
	}
}

// joinErased makes one of erased spans that follow each other.
func joinErased(spans string) string {
	list := strings.Split(spans, ", ")
	for i := 1; i < len(list); i++ {
		var a, b, c, d float64
		if n, _ := fmt.Sscanf(list[i-1], "%g-%g erased", &a, &b); n != 2 || !strings.HasSuffix(list[i-1], "erased") {
			continue
		}
		if n, _ := fmt.Sscanf(list[i], "%g-%g erased", &c, &d); n != 2 || b != c || !strings.HasSuffix(list[i], "erased") {
			continue
		}
		list[i-1] = fmt.Sprintf("%g-%g erased", a, d)
		list = append(list[:i], list[i+1:]...)
		i--
	}
	return strings.Join(list, ", ")
}

// nothingIn looks for frames of what was erased in what Segments gives.
func (r *rig) nothingIn(e Erasure) {
	r.tb.Helper()
	kept, err := r.kept()
	r.must(err)
	for _, f := range kept {
		for _, x := range e.Erased {
			if !f.wall.Before(x.Start) && f.wall.Before(x.End) {
				r.tb.Errorf("frame %d of %s is still there", f.id, f.wall)
			}
		}
	}
}

// reopened closes the store, opens it again, with its index or without, and looks that nothing is different.
func (r *rig) reopened(index bool) error {
	before := joinErased(r.spans())
	list, err := r.store.Erasures("")
	if err != nil {
		return err
	}
	if r.w != nil {
		if err := r.w.Close(CauseStopped); err != nil {
			return err
		}
	}
	r.tend()
	r.close()
	if !index {
		r.index += ".lost"
	}
	if err := r.open(); err != nil {
		return err
	}
	r.tend()
	if got := joinErased(r.spans()); !strings.HasPrefix(got, strings.TrimSuffix(before, "recorded")) && before != "" {
		return fmt.Errorf("after opening again (index %v) the timeline is\n%s\nnot\n%s", index, got, before)
	}
	again, err := r.store.Erasures("")
	if err != nil || len(again) != len(list) || again[0].Done.IsZero() || again[0].Bytes != list[0].Bytes {
		return fmt.Errorf("after opening again (index %v) the erasures are %+v, not %+v (%w)", index, again, list, err)
	}
	return r.whole(never)
}

// TestTheDigestOfWhatIsLeftStands erases three times out of one segment.
func TestTheDigestOfWhatIsLeftStands(t *testing.T) {
	r := erasable(t, false)
	before, err := r.store.Segments("door", "main", began, at(3))
	r.must(err)
	for _, x := range [][2]float64{{1.2, 1.3}, {2.7, 2.8}, {0.6, 0.7}} {
		r.erase(x[0], x[1])
	}
	after, err := r.store.Segments("door", "main", began, at(3.99))
	r.must(err)
	if len(after) != 3 {
		t.Fatalf("%d parts are left", len(after))
	}
	keys := map[[16]byte]bool{before[0].KeyID: true}
	for _, seg := range after {
		if seg.Digest != before[0].Digest {
			t.Errorf("the digest of %s to %s is another", seg.Start, seg.End)
		}
		if keys[seg.KeyID] {
			t.Errorf("a key is used twice")
		}
		keys[seg.KeyID] = true
	}
	r.must(r.whole(never))
}

func TestErasureEndsReadersAndOldPathsShowNothing(t *testing.T) {
	r := erasable(t, false)
	list, err := r.store.Segments("door", "main", began, at(12))
	r.must(err)
	open, err := r.store.Media(list[1])
	r.must(err)
	defer open.Close()
	b := make([]byte, 100)
	if _, err := open.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	other, err := r.store.Media(list[0])
	r.must(err)
	defer other.Close()
	r.erase(4, 8)
	if _, err := open.ReadAt(b, 0); !errors.Is(err, ErrErased) {
		t.Errorf("a reader of what was erased: %v", err)
	}
	if _, err := other.ReadAt(b, 0); err != nil && err != io.EOF {
		t.Errorf("a reader of other footage: %v", err)
	}
	if m, err := r.store.Media(list[1]); err == nil {
		m.Close()
		t.Error("what was erased is opened again")
	}
}

func TestLockedFootageIsNotErased(t *testing.T) {
	r := erasable(t, false)
	l, err := r.store.Lock(Lock{Camera: "door", From: at(5), To: at(6), Until: at(1000)})
	r.must(err)
	var held *HeldError
	if _, err := r.store.Erase(t.Context(), "door", nil, at(4.2), at(4.3), GroundRequest); !errors.As(err, &held) || held.Locks[0].ID != l.ID {
		t.Errorf("footage in a locked segment: %v", err)
	}
	list, err := r.store.Erasures("door")
	if err != nil || len(list) != 0 {
		t.Errorf("what was refused is noted: %+v %v", list, err)
	}
	r.erase(1, 2)
	r.must(r.whole(never))
}

// TestLockedFootageThatIsBeingRecordedIsNotErased asks for the locked range itself, and for another part of the segment in which
// it lies.
func TestLockedFootageThatIsBeingRecordedIsNotErased(t *testing.T) {
	r := protectedRecording(t)
	r.record(8)
	l, err := r.store.Lock(Lock{Camera: "door", From: at(2), To: at(3), Until: at(1000)})
	r.must(err)
	for _, part := range [][2]float64{{2, 3}, {0.5, 1}} {
		var held *HeldError
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // what is erased waits for the writer, which does not come
		defer cancel()
		if e, err := r.store.Erase(ctx, "door", nil, at(part[0]), at(part[1]), GroundRequest); !errors.As(err, &held) || held.Locks[0].ID != l.ID {
			t.Errorf("%v s of a segment that is being recorded, with a lock: %+v, %v", part, e, err)
		}
	}
	r.must(r.w.Close(CauseStopped))
	r.must(r.whole(never))
}

// TestAfterTheReceiptNothingOpensWhatWasErased keeps the disk as it was before, and looks for the pictures with every key that
// is left after the sweep.
func TestAfterTheReceiptNothingOpensWhatWasErased(t *testing.T) {
	r := erasable(t, false)
	list, err := r.store.Segments("door", "main", began, at(12))
	r.must(err)
	day := list[1].Start
	e := r.erase(4, 8)
	if e.Receipt != nil || e.Means != meansUnswept {
		t.Errorf("before the sweep the receipt is %+v", e)
	}
	r.must(r.store.Sweep(t.Context()))
	e, err = r.store.Erasure(e.ID)
	r.must(err)
	if e.Receipt == nil || e.Receipt.To <= e.Receipt.From || len(e.Receipt.Away) > 0 || e.Receipt.Strength == "" || e.Means != e.Receipt.Meaning {
		t.Errorf("the receipt is %+v", e)
	}
	r.must(r.w.Close(CauseStopped))
	r.close()
	ring, err := keyring.Open(keyring.Options{FS: r.disk, Dir: ringDir, Root: r.root})
	r.must(err)
	r.must(ring.Attach("x", mount+"/"+keysDir))
	if _, err := ring.Find("door", day, list[1].KeyID); !errors.Is(err, ErrErased) {
		t.Errorf("the key of what was erased: %v", err)
	}
	if _, err := ring.Find("door", day, list[0].KeyID); err != nil {
		t.Errorf("the key of other footage: %v", err)
	}
	for _, f := range r.disk.Files() {
		for id := uint32(41); id <= 80; id++ {
			if bytes.Contains(r.disk.Content(f), bytes.Repeat(binary.BigEndian.AppendUint32(nil, id), 5)) {
				t.Fatalf("picture %d is in %s", id, f)
			}
		}
	}
}

func TestErasureNamesWhatIsWrongWithAnOrder(t *testing.T) {
	r := erasable(t, false)
	for name, f := range map[string]func() error{
		"camera": func() error {
			_, err := r.store.Erase(t.Context(), "a/b", nil, at(0), at(1), GroundTest)
			return err
		},
		"range":  func() error { _, err := r.store.Erase(t.Context(), "door", nil, at(1), at(1), GroundTest); return err },
		"ground": func() error { _, err := r.store.Erase(t.Context(), "door", nil, at(0), at(1), "because"); return err },
		"stream": func() error {
			_, err := r.store.Erase(t.Context(), "door", []string{""}, at(0), at(1), GroundTest)
			return err
		},
	} {
		if f() == nil {
			t.Errorf("a wrong %s is taken", name)
		}
	}
	if _, err := r.store.Erasure("none"); !errors.Is(err, ErrNoErasure) {
		t.Error(err)
	}
}
