package fmp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"time"
)

// tableVersion is the version of the table's layout.
const tableVersion = 1

// footerBytes end a table box: CRC-32C of the payload, then the size of the box, so that the box is
// found from its end.
const footerBytes = 4 + 8

// The flags of a table.
const (
	tableProtected = 1 << 0 // salts are sealed; some samples may be protected whole
	tableKin       = 1 << 1 // leaves of fragments that are not in the file
)

// The columns byte of a track in a fragment.
const (
	sameSize  = 1 << 0 // one size for all
	sameStep  = 1 << 1 // every step equals the one before it
	sameCTO   = 1 << 2 // one composition offset for all
	syncAll   = 0 << 3
	syncFirst = 1 << 3 // the first sample only
	syncNone  = 2 << 3
	syncBits  = 3 << 3 // a bit map follows
	syncMask  = 3 << 3
)

// appendBox appends the table with its box header and footer.
func (t *Table) appendBox(dst []byte) []byte {
	dst, at := openUUID(dst, uuidTable)
	payload := len(dst)
	dst = be.AppendUint16(dst, tableVersion)
	dst = be.AppendUint16(dst, t.flags())
	dst = binary.AppendUvarint(dst, uint64(len(t.tracks)))
	for i := range t.tracks {
		dst = appendTrack(dst, &t.tracks[i])
	}
	dst = t.appendFragments(dst)
	for i := range t.cols {
		dst = binary.AppendUvarint(dst, uint64(t.cols[i].lastDur))
	}
	dst = t.appendProtection(dst)
	dst = be.AppendUint32(dst, crc32.Checksum(dst[payload:], castagnoli))
	dst = be.AppendUint64(dst, uint64(len(dst)-at+8))
	closeBox(dst, at)
	return dst
}

func (t *Table) flags() (flags uint16) {
	if t.protected {
		flags |= tableProtected
	}
	if len(t.before)+len(t.after) > 0 {
		flags |= tableKin
	}
	return flags
}

// appendProtection appends what tables of protected segments have, and the leaves of what was erased.
func (t *Table) appendProtection(dst []byte) []byte {
	if t.protected {
		for i := range t.cols {
			dst = binary.AppendUvarint(dst, uint64(len(t.cols[i].whole)))
			last := uint32(0)
			for _, n := range t.cols[i].whole {
				dst = binary.AppendUvarint(dst, uint64(n-last))
				last = n
			}
		}
		sealed := t.sealedSalts()
		dst = binary.AppendUvarint(dst, uint64(len(sealed)))
		dst = append(dst, sealed...)
	}
	if len(t.before)+len(t.after) == 0 {
		return dst
	}
	for _, list := range [][][32]byte{t.before, t.after} {
		dst = binary.AppendUvarint(dst, uint64(len(list)))
		for i := range list {
			dst = append(dst, list[i][:]...)
		}
	}
	return dst
}

func appendTrack(dst []byte, t *Track) []byte {
	dst = binary.AppendUvarint(dst, uint64(t.ID))
	dst = append(dst, byte(t.Codec))
	dst = binary.AppendUvarint(dst, uint64(t.Timescale))
	dst = binary.AppendVarint(dst, t.Origin)
	for _, n := range []int{t.Width, t.Height, t.Channels, t.SampleRate} {
		dst = binary.AppendUvarint(dst, uint64(max(n, 0)))
	}
	for _, b := range [][]byte{t.VPS, t.SPS, t.PPS, t.ASC} {
		b = b[:min(len(b), maxParameter)]
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		dst = append(dst, b...)
	}
	return dst
}

func (t *Table) appendFragments(dst []byte) []byte {
	at := t.next
	if len(t.frags) > 0 {
		at = t.frags[0].Offset
	}
	dst = binary.AppendUvarint(dst, uint64(at))
	dst = binary.AppendUvarint(dst, uint64(len(t.frags)))
	lastStep := make([]uint32, len(t.cols))
	var wall, wallStep int64
	for f := range t.frags {
		x := &t.frags[f]
		dst = binary.AppendUvarint(dst, uint64(x.Length))
		step := x.Wall.UnixNano() - wall
		dst = binary.AppendVarint(dst, step-wallStep)
		wall, wallStep = x.Wall.UnixNano(), step
		dst = append(dst, x.Leaf[:]...)
		if !t.protected {
			dst = append(dst, x.Salt[:]...)
		}
		for i := range t.cols {
			from, to := t.samplesOf(f, i)
			dst = t.cols[i].appendRun(dst, from, to, &lastStep[i], t.tracks[i].Codec.Video())
		}
	}
	return dst
}

// appendRun appends the samples [from, to) of one track.
func (c *column) appendRun(dst []byte, from, to int, last *uint32, video bool) []byte {
	dst = binary.AppendUvarint(dst, uint64(to-from))
	if from == to {
		return dst
	}
	columns, bitmap := c.columns(from, to, *last, video)
	dst = append(dst, columns)
	if from == 0 {
		dst = binary.AppendVarint(dst, c.base)
	}
	for n := from; n < to; n++ {
		if n > 0 && columns&sameStep == 0 {
			dst = binary.AppendVarint(dst, int64(c.step[n])-int64(*last))
		}
		if n == from || columns&sameSize == 0 {
			dst = binary.AppendUvarint(dst, uint64(c.size[n]))
		}
		if n == from || columns&sameCTO == 0 {
			dst = binary.AppendVarint(dst, int64(c.ctoOf(n)))
		}
		*last = c.step[n]
	}
	return append(dst, bitmap...)
}

// columns chooses the shortest form of a run.
func (c *column) columns(from, to int, last uint32, video bool) (columns byte, bitmap []byte) {
	columns = sameSize | sameStep | sameCTO
	for n := from; n < to; n++ {
		if c.size[n] != c.size[from] {
			columns &^= sameSize
		}
		if n > 0 && c.step[n] != last {
			columns &^= sameStep
		}
		if c.ctoOf(n) != c.ctoOf(from) {
			columns &^= sameCTO
		}
		last = c.step[n]
	}
	if !video {
		return columns | syncAll, nil
	}
	return c.syncColumn(columns, from, to)
}

func (c *column) syncColumn(columns byte, from, to int) (byte, []byte) {
	bitmap := make([]byte, (to-from+7)/8)
	count := 0
	for k := len(c.syncs) - 1; k >= 0 && int(c.syncs[k]) >= from; k-- {
		if n := int(c.syncs[k]); n < to {
			bitmap[(n-from)/8] |= 1 << ((n - from) % 8)
			count++
		}
	}
	switch {
	case count == to-from:
		return columns | syncAll, nil
	case count == 0:
		return columns | syncNone, nil
	case count == 1 && bitmap[0]&1 != 0:
		return columns | syncFirst, nil
	}
	return columns | syncBits, bitmap
}

// cursor reads the fields of a table; after the first error every field is zero.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("parse sample table: %s", what)
	}
	c.b = nil
}

func (c *cursor) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 || v > limit {
		c.fail("a number is cut off or too large")
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.fail("a number is cut off")
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) bytes(n int) []byte {
	if n > len(c.b) {
		c.fail("cut off")
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// ParseTable reads a table box, header and footer included. Any input is safe; memory is bounded by
// MaxSamples and MaxFragments. Parameter sets share memory with b.
func ParseTable(b []byte) (*Table, error) {
	x, rest, ok := nextBox(b)
	payload, isTable := x.isUUID(uuidTable)
	if !ok || !isTable || len(rest) != 0 || len(b) > maxTable || len(payload) < footerBytes {
		return nil, fmt.Errorf("parse sample table: not one whole table box")
	}
	body, footer := payload[:len(payload)-footerBytes], payload[len(payload)-footerBytes:]
	if be.Uint32(footer) != crc32.Checksum(body, castagnoli) {
		return nil, fmt.Errorf("parse sample table: checksum differs")
	}
	return parseTable(body)
}

// parseTable reads the payload without its footer.
func parseTable(body []byte) (*Table, error) {
	c := &cursor{b: body}
	var flags uint16
	if head := c.bytes(4); head != nil {
		if flags = be.Uint16(head[2:]); be.Uint16(head) != tableVersion || flags&^(tableProtected|tableKin) != 0 {
			c.fail("version or flags are not known")
		}
	}
	tracks := make([]Track, 0, MaxTracks)
	for range c.uvarint(MaxTracks) {
		tracks = append(tracks, c.track())
	}
	at := c.uvarint(math.MaxInt64 / 2)
	if c.err != nil {
		return nil, c.err
	}
	t, err := NewTable(tracks, int64(at))
	if err != nil {
		return nil, err
	}
	t.protected = flags&tableProtected != 0
	t.parseFragments(c)
	for i := range t.cols {
		t.cols[i].lastDur = uint32(c.uvarint(math.MaxUint32))
	}
	t.parseProtection(c, flags&tableKin != 0)
	if c.err == nil && len(c.b) != 0 {
		c.fail("bytes left over")
	}
	return t, c.err
}

// parseProtection reads what appendProtection wrote.
func (t *Table) parseProtection(c *cursor, kin bool) {
	if t.protected {
		for i := range t.cols {
			t.parseWhole(c, i)
		}
		if n := int(c.uvarint(uint64(sealedSalts(len(t.frags))))); n > 0 {
			if t.sealed = bytes.Clone(c.bytes(n)); n != sealedSalts(len(t.frags)) {
				c.fail("the salts are cut off")
			}
		}
	}
	if !kin {
		return
	}
	t.before = c.leaves(MaxFragments - len(t.frags))
	t.after = c.leaves(MaxFragments - len(t.frags) - len(t.before))
	if len(t.before)+len(t.after) == 0 {
		c.fail("no leaves where there should be some")
	}
}

// parseWhole reads which samples of track i are protected whole.
func (t *Table) parseWhole(c *cursor, i int) {
	col := &t.cols[i]
	limit := 0
	if t.tracks[i].Codec.Video() {
		limit = len(col.size)
	}
	at := uint64(0)
	for k := range c.uvarint(uint64(limit)) {
		step := c.uvarint(uint64(limit))
		if at += step; at >= uint64(limit) || k > 0 && step == 0 {
			c.fail("a sample that is protected whole is not there")
		}
		if c.err != nil {
			return
		}
		col.whole = append(col.whole, uint32(at))
	}
}

func (c *cursor) track() (t Track) {
	t.ID = uint32(c.uvarint(math.MaxUint32))
	t.Codec = Codec(c.byte())
	t.Timescale = uint32(c.uvarint(math.MaxUint32))
	t.Origin = c.varint()
	for _, n := range []*int{&t.Width, &t.Height, &t.Channels, &t.SampleRate} {
		*n = int(c.uvarint(math.MaxInt32))
	}
	for _, b := range []*[]byte{&t.VPS, &t.SPS, &t.PPS, &t.ASC} {
		if n := int(c.uvarint(maxParameter)); n > 0 {
			*b = c.bytes(n)
		}
	}
	if t.Codec < H264 || t.Codec > Metadata || t.Origin > math.MaxInt64/4 || t.Origin < 0 {
		c.fail("a codec or an origin is not known")
	}
	return t
}

func (t *Table) parseFragments(c *cursor) {
	lastStep := make([]uint32, len(t.cols))
	var wall, wallStep int64
	for range c.uvarint(MaxFragments) {
		f := Fragment{Length: int64(c.uvarint(MaxFragment + maxMoof))}
		wallStep += c.varint()
		wall += wallStep
		f.Wall = time.Unix(0, wall)
		copy(f.Leaf[:], c.bytes(len(f.Leaf)))
		if !t.protected {
			copy(f.Salt[:], c.bytes(len(f.Salt)))
		}
		if c.err != nil {
			return
		}
		t.begin(f)
		var payload int64
		for i := range t.cols {
			payload += t.parseRun(c, i, &lastStep[i])
		}
		if c.err == nil && payload > f.Length {
			c.fail("samples do not fit their fragment")
		}
	}
}

// parseRun reads the samples of track i in one fragment and returns their bytes.
func (t *Table) parseRun(c *cursor, i int, last *uint32) (payload int64) {
	n := int(c.uvarint(uint64(MaxSamples - t.n)))
	if n == 0 {
		return 0
	}
	t.n += n
	col, columns, from := &t.cols[i], c.byte(), len(t.cols[i].size)
	if from == 0 {
		col.dts = c.varint()
		if col.base = col.dts; col.base < 0 || col.base > math.MaxInt64/4 {
			c.fail("the first DTS is out of range")
		}
	}
	var size uint32
	var cto int32
	for k := 0; k < n && c.err == nil; k++ {
		step := int64(*last)
		if from+k > 0 && columns&sameStep == 0 {
			step += c.varint()
		}
		if from+k > 0 && (step <= 0 || step > math.MaxUint32) {
			c.fail("a step of DTS is out of range")
		}
		if k == 0 || columns&sameSize == 0 {
			size = uint32(c.uvarint(MaxFragment))
		}
		if k == 0 || columns&sameCTO == 0 {
			cto = c.cto()
		}
		*last = uint32(step)
		col.add(col.dts+step, cto, size, false)
		payload += int64(size)
	}
	if t.tracks[i].Codec.Video() {
		col.parseSyncs(c, columns, from, n)
	}
	return payload
}

func (c *cursor) cto() int32 {
	v := c.varint()
	if v < math.MinInt32 || v > math.MaxInt32 {
		c.fail("a composition offset is out of range")
	}
	return int32(v)
}

func (col *column) parseSyncs(c *cursor, columns byte, from, n int) {
	switch columns & syncMask {
	case syncFirst:
		col.syncs = append(col.syncs, uint32(from))
	case syncAll:
		for k := range n {
			col.syncs = append(col.syncs, uint32(from+k))
		}
	case syncBits:
		bitmap := c.bytes((n + 7) / 8)
		for k := range n {
			if bitmap != nil && bitmap[k/8]&(1<<(k%8)) != 0 {
				col.syncs = append(col.syncs, uint32(from+k))
			}
		}
	}
}
