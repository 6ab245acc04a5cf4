package fmp4

// chunker adds one track's samples of one fragment, as one chunk unless samples are left out between.
type chunker struct {
	layout *Layout
	lane   *lane
	track  int
	n      uint32 // samples of the open chunk
	extent extent
	sound  sound // of the open chunk
}

func (c *chunker) fragment(t *Table, f int, w *window, lo, hi int64) {
	from, to := t.samplesOf(f, c.track)
	if c.track == w.main && (to <= w.first || from >= w.last) {
		return
	}
	tr := &t.tracks[c.track]
	zero := scaleTicks(w.zero, c.layout.scale, c.lane.timescale)
	t.yieldFragment(c.track, f, from, to, func(n int, m Meta) bool {
		dts := zero + scaleTicks(m.DTS-tr.Origin, tr.Timescale, c.lane.timescale)
		cto := int32(scaleTicks(int64(m.CTO), tr.Timescale, c.lane.timescale))
		ok := n >= w.first && n < w.last
		if c.track != w.main {
			axis := scaleTicks(dts+int64(cto), c.lane.timescale, c.layout.scale)
			ok = axis >= lo && axis < hi
		}
		m.Dur = uint32(scaleTicks(int64(m.Dur), tr.Timescale, c.lane.timescale))
		if !ok || !c.sample(tr, &m, dts, cto) {
			c.close()
		}
		return true
	})
	c.close()
}

// sample adds one sample to the chunk; false when it is left out because the track is already past it.
func (c *chunker) sample(t *Track, m *Meta, dts int64, cto int32) bool {
	size, number := m.Size, c.lane.frameNext
	if t.Codec.G711() {
		block := flacBlock(int(m.Size), flacChannels(t))
		size = uint32(flacSize(block, flacChannels(t), number))
		if !c.lane.place(dts, 0, m.Dur, size, true) {
			return false
		}
		c.lane.frameNext += uint64(block)
	} else if !c.lane.place(dts, cto, m.Dur, size, m.Sync) {
		return false
	}
	if c.n == 0 {
		c.extent = extent{at: c.layout.data, off: m.Offset, part: int32(c.layout.parts), sound: -1}
		c.sound = sound{law: t.Codec, channels: flacChannels(t), rate: t.SampleRate, number: number}
	}
	if t.Codec.G711() {
		c.sound.add(m.Size)
	}
	c.n++
	c.extent.size += int64(size)
	c.layout.data += int64(size)
	c.layout.placed++
	return true
}

// close ends the chunk.
func (c *chunker) close() {
	if c.n == 0 {
		return
	}
	c.lane.chunk(c.extent.at, c.n)
	if c.sound.n > 0 {
		c.extent.sound = int32(len(c.layout.movie.sounds))
		c.layout.movie.sounds = append(c.layout.movie.sounds, c.sound)
	}
	c.layout.addExtent(c.extent)
	c.n, c.sound = 0, sound{}
}

// addExtent joins what lies together in the source.
func (b *Layout) addExtent(x extent) {
	if k := len(b.movie.extents) - 1; k >= 0 && x.sound < 0 {
		last := &b.movie.extents[k]
		if last.sound < 0 && last.part == x.part && last.off+last.size == x.off {
			last.size += x.size
			return
		}
	}
	if x.size > 0 {
		b.movie.extents = append(b.movie.extents, x)
	}
}
