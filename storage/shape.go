package storage

import "time"

// shape turns samples into the segment's own time.
func (w *Writer) shape(samples []Sample, next *Sample) {
	o := w.seg
	tracks := o.table.Tracks()
	w.shaped = w.shaped[:0]
	for i := range samples {
		p := &samples[i]
		t := w.trackIndex(p.Track)
		if t < 0 || len(p.Data) == 0 {
			continue
		}
		if !o.placed[t] {
			tr := &tracks[t]
			o.base[t] = p.DTS - tr.Origin - ticks(p.Wall.Sub(o.Start), tr.Timescale)
			o.placed[t] = true
		}
		s := p.Sample
		s.DTS -= o.base[t]
		if s.DTS < 0 {
			continue // sound of before the segment
		}
		w.shaped = append(w.shaped, s)
		if t == 0 {
			o.note(p, int64(tracks[0].Timescale))
		}
	}
	w.lastDuration(next)
}

// lastDuration gives the last picture its length when the one that follows is known.
func (w *Writer) lastDuration(next *Sample) {
	if next == nil || next.Track != w.tracks[0].ID {
		return
	}
	for i := len(w.shaped) - 1; i >= 0; i-- {
		if s := &w.shaped[i]; s.Track == next.Track {
			if d := next.DTS - w.seg.base[0] - s.DTS; d > 0 && d < 1<<32 {
				s.Dur = uint32(d)
			}
			return
		}
	}
}

func ticks(d time.Duration, scale uint32) int64 {
	return int64(d/time.Second)*int64(scale) + int64(d%time.Second)*int64(scale)/int64(time.Second)
}

func (w *Writer) trackIndex(id uint32) int {
	for i := range w.tracks {
		if w.tracks[i].ID == id {
			return i
		}
	}
	return -1
}

// note keeps up with where the newest picture ends.
func (o *open) note(p *Sample, scale int64) {
	if o.last.some && p.DTS > o.last.dts {
		o.last.dur = p.DTS - o.last.dts
	}
	o.last.some, o.last.dts = true, p.DTS
	end := p.Wall.Add(time.Duration(o.last.dur) * time.Second / time.Duration(scale))
	if end.After(o.ends) {
		o.ends = end.UTC().Round(0)
	}
}
