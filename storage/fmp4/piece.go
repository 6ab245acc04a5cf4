package fmp4

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// ErrUnits says that a stored picture does not consist of NAL units: the file is damaged.
var ErrUnits = errors.New("a picture does not consist of NAL units")

// Cut finds what has to go of a segment that begins at start, so that nothing taken in [from, to) is left: the fragments
// [first, rest). The rest begins with the first fragment behind in which decoding can start; what lies between depends on what
// goes. first is rest when nothing was taken then. All tracks count, sound that came late as well.
func (t *Table) Cut(start, from, to time.Time) (first, rest int) {
	first, last := -1, -1
	for f := range t.frags {
		if a, b, ok := t.taken(f, start); ok && a.Before(to) && b.After(from) {
			if last = f; first < 0 {
				first = f
			}
		}
	}
	if first < 0 {
		return 0, 0
	}
	if !t.hasMain(0, first) {
		first = 0
	}
	for rest = last + 1; rest < len(t.frags); rest++ {
		if _, ok := t.entry(rest); ok {
			break
		}
	}
	return first, rest
}

// taken is when the samples of a fragment were taken, by the segment's clock and by the fragment's own: the run's clock may have
// been slewed between them, so both count.
func (t *Table) taken(f int, start time.Time) (from, to time.Time, ok bool) {
	lo, hi := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	for i := range t.tracks {
		tr := &t.tracks[i]
		a, b := t.samplesOf(f, i)
		t.yieldFragment(i, f, a, b, func(_ int, m Meta) bool {
			at := duration(m.PTS()-tr.Origin, tr.Timescale)
			lo, hi = min(lo, at), max(hi, at+duration(int64(m.Dur), tr.Timescale))
			return true
		})
	}
	if lo > hi {
		return from, to, false
	}
	shift := time.Duration(0)
	if i := max(mainTrack(t), 0); t.hasMain(f, f+1) {
		m := t.firstOf(i, f)
		shift = t.frags[f].Wall.Sub(start.Add(duration(m.PTS()-t.tracks[i].Origin, t.tracks[i].Timescale)))
	}
	return start.Add(lo + min(shift, 0)), start.Add(hi + max(shift, 0)), true
}

// hasMain tells whether the main track has a sample in the fragments [from, to).
func (t *Table) hasMain(from, to int) bool {
	i := max(mainTrack(t), 0)
	for f := from; f < to; f++ {
		if a, b := t.samplesOf(f, i); a < b {
			return true
		}
	}
	return false
}

// firstOf is the first sample of track i in fragment f, which has one.
func (t *Table) firstOf(i, f int) (first Meta) {
	from, _ := t.samplesOf(f, i)
	t.yieldFragment(i, f, from, from+1, func(_ int, m Meta) bool { first = m; return false })
	return first
}

// entry is the first sample of the main track in fragment f at which decoding can start.
func (t *Table) entry(f int) (found Meta, ok bool) {
	i := max(mainTrack(t), 0)
	from, to := t.samplesOf(f, i)
	t.yieldFragment(i, f, from, to, func(_ int, m Meta) bool {
		found, ok = m, m.Sync
		return !ok
	})
	return found, ok
}

// Rest describes the segment that begins with fragment f of this one, which begins at start: when its time zero is, and
// its tracks, whose decode times go on as they were. It is shown from the first picture at which decoding can start.
func (t *Table) Rest(f int, start time.Time) (time.Time, []Track, error) {
	tracks := append([]Track(nil), t.tracks...)
	if f == 0 {
		return start, tracks, nil
	}
	m, ok := t.entry(f)
	if !ok {
		return start, nil, fmt.Errorf("cut segment: no decoding can start in fragment %d", f)
	}
	i := max(mainTrack(t), 0)
	main := t.tracks[i]
	shift := m.PTS() - main.Origin
	for k := range tracks {
		tracks[k].Origin += scaleTicks(shift, main.Timescale, tracks[k].Timescale)
	}
	at := t.frags[f].Wall.Add(duration(m.PTS()-t.firstPTS(i, f), main.Timescale))
	return at.UTC().Round(0), tracks, nil
}

func (t *Table) firstPTS(i, f int) int64 {
	m := t.firstOf(i, f)
	return m.PTS()
}

// ReadSamples reads the samples of fragment f, which r shows in clear, as they were given to AppendSealed. ErrUnits says that
// they cannot have been.
func (t *Table) ReadSamples(r io.ReaderAt, f int) (samples []Sample, err error) {
	from := t.PayloadOffset(f)
	payload := make([]byte, t.frags[f].End()-from)
	if n, err := r.ReadAt(payload, from); n < len(payload) {
		return nil, fmt.Errorf("read fragment %d: %w", f, errors.Join(err, io.ErrUnexpectedEOF))
	}
	for i := range t.tracks {
		a, b := t.samplesOf(f, i)
		t.yieldFragment(i, f, a, b, func(_ int, m Meta) bool {
			s := Sample{Track: t.tracks[i].ID, DTS: m.DTS, CTO: m.CTO, Dur: m.Dur, Sync: m.Sync, Data: [][]byte{payload[:m.Size]}}
			if payload = payload[m.Size:]; t.tracks[i].Codec.Video() {
				s.Data, err = takeNALs(s.Data[0])
			}
			samples = append(samples, s)
			return err == nil
		})
		if err != nil {
			return nil, fmt.Errorf("read fragment %d: %w", f, err)
		}
	}
	return samples, nil
}

// takeNALs takes a stored picture apart.
func takeNALs(b []byte) (units [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < nalLength || int64(be.Uint32(b)) > int64(len(b)-nalLength) {
			return nil, ErrUnits
		}
		n := nalLength + int(be.Uint32(b))
		units, b = append(units, b[nalLength:n:n]), b[n:]
	}
	return units, nil
}
