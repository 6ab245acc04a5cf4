package fmp4

import "math"

// window is what of a part is taken, in ticks of its main track with Origin.
type window struct {
	main        int   // index of the main track
	first, last int   // samples of the main track, [first, last)
	firstDTS    int64 // of first
	firstPTS    int64
	end         int64 // presentation end of what is taken
	from, to    int64 // shown
	zero        int64 // media axis: the segment's time zero
}

// mainTrack is the track that rules the timeline: the first video track, or without one the
// first sound track.
func mainTrack(t *Table) int {
	if v := t.Video(); v >= 0 {
		return v
	}
	for i := range t.tracks {
		if t.tracks[i].Codec.Audio() {
			return i
		}
	}
	return -1
}

// choose finds what of a part's main track is taken; ok is false when it is nothing.
func choose(p *Part) (w window, ok bool) {
	if w.main = mainTrack(p.Table); w.main < 0 || p.Table.Len(w.main) == 0 {
		return w, false
	}
	t := &p.Table.tracks[w.main]
	// What is left of a segment may begin with pictures that cannot be decoded: its time zero is the first that can.
	from, to := t.Origin, int64(math.MaxInt64)
	if p.From > 0 {
		from = t.Origin + ticks(p.From, t.Timescale)
	}
	if p.To != 0 {
		to = t.Origin + ticks(p.To, t.Timescale)
	}
	w.first, w.end = -1, math.MinInt64
	var newest int64 = math.MinInt64 // presentation of the latest picture that is taken
	for n, m := range p.Table.Samples(w.main, 0) {
		if w.first < 0 || m.Sync && m.PTS() <= from {
			w.first, w.firstDTS, w.firstPTS = n, m.DTS, m.PTS()
		}
		if m.PTS() >= to {
			w.end = to
			continue
		}
		// The latest picture stays for as long as the last one in decoding order. Decode times say nothing of where the
		// presentation ends: those of a stream's first reordered pictures are closer together than their pictures.
		newest = max(newest, m.PTS())
		w.last, w.end = n+1, max(w.end, newest+int64(m.Dur))
	}
	if w.last <= w.first {
		return w, false
	}
	w.from, w.to = max(from, w.firstPTS), min(to, w.end)
	return w, w.from < w.to
}
