package playback

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// view is a segment's pictures, or its sound, with their wall times.
type view struct {
	part  *part
	table *fmp4.Table
	index int         // of the track
	track *fmp4.Track // as it was recorded
	shown fmp4.Track  // as it is given: ticks of reelScale since 1970
	init  []byte      // its init segment
}

// keyFrame is a key frame and how long it stands, in ticks of reelScale: until the next, or the end of the segment.
type keyFrame struct {
	fmp4.Meta
	lasts uint32
}

func (k *keyFrame) span() time.Duration {
	return time.Duration(k.lasts) * time.Second / reelScale
}

// view opens a segment; nil when it has no pictures.
func (p *Playback) view(seg *storage.Segment, from, to time.Time) (*view, error) {
	return p.viewOf(seg, from, to, (*fmp4.Table).Video)
}

// soundTrack is the index of the first track of sound that can be given, or -1.
func soundTrack(t *fmp4.Table) int {
	return slices.IndexFunc(t.Tracks(), func(t fmp4.Track) bool { return t.Codec.Audio() })
}

// viewOf opens a segment and looks at one of its tracks; nil when it has none, or nothing in it.
func (p *Playback) viewOf(seg *storage.Segment, from, to time.Time, track func(*fmp4.Table) int) (*view, error) {
	x, err := p.part(key{from: from, to: to}, []storage.Segment{*seg}, 0)
	if err != nil {
		return nil, err
	}
	v := &view{part: x, table: x.table}
	if v.index = track(x.table); v.index < 0 || x.table.Len(v.index) == 0 || x.media <= 0 {
		return nil, nil
	}
	v.track = &x.table.Tracks()[v.index]
	v.shown = *v.track
	if v.track.Codec.G711() {
		_, v.shown = fmp4.NewCoder(v.shown)
	}
	v.shown.ID, v.shown.Timescale, v.shown.Origin = 1, reelScale, 0
	v.init = fmp4.AppendInit(nil, nil, []fmp4.Track{v.shown})
	return v, nil
}

// at is the wall time of a time of the track, ticks.
func (v *view) at(ticks int64) time.Time {
	d := ticks - v.track.Origin
	scale := int64(v.track.Timescale)
	return v.part.wallAt(time.Duration(d/scale)*time.Second + time.Duration(d%scale*int64(time.Second)/scale))
}

// wall is when a picture was taken.
func (v *view) wall(m *fmp4.Meta) time.Time { return v.at(m.PTS()) }

// ticks are a wall time in ticks of reelScale since 1970.
func ticks(t time.Time) int64 {
	return t.Unix()*reelScale + (int64(t.Nanosecond())*reelScale+5e8)/1e9
}

// fromTicks is the wall time of ticks of reelScale since 1970.
func fromTicks(n int64) time.Time {
	return time.Unix(n/reelScale, n%reelScale*int64(time.Second)/reelScale).UTC()
}

// whole are the pictures that have to be decoded to show [from, to), whole groups.
func (v *view) whole(from, to time.Time) []fmp4.Meta {
	var list []fmp4.Meta
	for _, m := range v.table.Samples(v.index, 0) {
		if m.Sync {
			if at := v.wall(&m); !at.After(from) {
				list = list[:0]
			} else if !at.Before(to) {
				break
			}
		}
		if len(list) > 0 || m.Sync {
			list = append(list, m)
		}
	}
	return list
}

// keys are the key frames of [from, to), and the one that is shown at from.
func (v *view) keys(from, to time.Time) []keyFrame {
	var list []keyFrame
	for _, m := range v.table.Samples(v.index, 0) {
		if !m.Sync {
			continue
		}
		at := v.wall(&m)
		if n := len(list); n > 0 && list[n-1].lasts == 0 {
			list[n-1].lasts = lasts(v.wall(&list[n-1].Meta), at)
		}
		if !at.Before(to) {
			return list
		}
		if !at.After(from) {
			list = list[:0]
		}
		list = append(list, keyFrame{Meta: m})
	}
	if n := len(list); n > 0 && list[n-1].lasts == 0 {
		list[n-1].lasts = lasts(v.wall(&list[n-1].Meta), v.part.wall.Add(v.part.lasts))
	}
	return list
}

// lasts is how long something goes on, at least a tick.
func lasts(from, to time.Time) uint32 { return uint32(max(ticks(to)-ticks(from), 1)) }

// read reads pictures that lie behind each other in one fragment, with wall times.
func (v *view) read(pics []fmp4.Meta) ([]fmp4.Sample, error) {
	first, last := &pics[0], &pics[len(pics)-1]
	b := make([]byte, last.Offset+int64(last.Size)-first.Offset)
	if _, err := v.part.source.ReadAt(b, first.Offset); err != nil {
		return nil, fmt.Errorf("read %s: %w", v.part.source.seg.Path, err)
	}
	list := make([]fmp4.Sample, 0, len(pics))
	for i := range pics {
		m := &pics[i]
		units, err := v.units(b[m.Offset-first.Offset:][:m.Size])
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", v.part.source.seg.Path, err)
		}
		dts := ticks(v.at(m.DTS))
		list = append(list, fmp4.Sample{Track: 1, DTS: dts, CTO: int32(ticks(v.wall(m)) - dts), Dur: lasts(v.at(m.DTS), v.at(m.DTS+int64(m.Dur))), Sync: m.Sync, Data: units})
	}
	return list, nil
}

// units are what a sample is of: a packet of sound is one.
func (v *view) units(b []byte) ([][]byte, error) {
	if v.track.Codec.Video() {
		return split(b)
	}
	return [][]byte{b}, nil
}

// split gives the NAL units of a picture, each behind its length of four bytes (ISO/IEC 14496-15).
func split(b []byte) (units [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, fmp4.ErrUnits
		}
		n := binary.BigEndian.Uint32(b)
		units, b = append(units, b[4:4+n]), b[4+n:]
	}
	return units, nil
}
