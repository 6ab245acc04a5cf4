package fmp4

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"testing"
	"time"
)

// Parameter sets of real encoders: x264 High 320x240, x265 Main 320x240.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	h264SPS = unhex("6764000dacd94141fb011000000300100000030320f1429960")
	h264PPS = unhex("68ebe3cb22c0")
	h265VPS = unhex("40010c01ffff01600000030090000003000003003c959809")
	h265SPS = unhex("42010101600000030090000003000003003ca00a080f165959a4932bc05a020000030002000003003210")
	h265PPS = unhex("4401c172b46240")
)

func allTracks() []Track {
	return []Track{
		{ID: 1, Codec: H264, Timescale: 90000, Origin: 3600, SPS: h264SPS, PPS: h264PPS, Width: 320, Height: 240},
		{ID: 2, Codec: H265, Timescale: 90000, VPS: h265VPS, SPS: h265SPS, PPS: h265PPS, Width: 320, Height: 240},
		{ID: 3, Codec: AAC, Timescale: 48000, ASC: []byte{0x11, 0x88}, Channels: 1, SampleRate: 48000},
		{ID: 4, Codec: PCMU, Timescale: 8000, Channels: 1, SampleRate: 8000},
		{ID: 5, Codec: PCMA, Timescale: 8000, Channels: 2, SampleRate: 8000},
		{ID: 6, Codec: Opus, Timescale: 48000, Channels: 2, SampleRate: 48000},
		{ID: 7, Codec: Metadata, Timescale: 90000},
	}
}

// seedSegment is a small segment of every codec.
func seedSegment(tb testing.TB) (b []byte, end int64, t *Table) { return seedOf(tb, nil) }

func seedCipher(tb testing.TB) *Cipher {
	c, err := NewCipher([16]byte{1}, [16]byte{2})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// seedOf is seedSegment, protected when there is a cipher.
func seedOf(tb testing.TB, c *Cipher) (b []byte, end int64, t *Table) {
	tracks := allTracks()
	b = AppendInit(nil, &Header{Camera: "door", Stream: "main", Run: 3, Start: time.Unix(1700000000, 5), Protected: c != nil}, tracks)
	end = int64(len(b))
	t, err := NewTable(tracks, end)
	if err != nil {
		tb.Fatal(err)
	}
	if c != nil {
		t.Protect(c)
	}
	for f := range 3 {
		var samples []Sample
		for i := range 20 {
			id := uint32(i%7 + 1)
			samples = append(samples, Sample{Track: id, DTS: int64(f*20000 + i*160 + i*i), CTO: int32(i % 3 * 100 * int(id%2)),
				Sync: i < 7 || i == 15, Data: [][]byte{bytes.Repeat([]byte{byte(i)}, 10+i%4)}})
		}
		at := len(b)
		if b, err = t.AppendSealed(b, uint32(f), time.Unix(1700000000+int64(f), 0), samples, nil); err != nil {
			tb.Fatal(err)
		}
		if err := t.Append(Fragment{Length: int64(len(b) - at), Wall: time.Unix(1700000000+int64(f), 0), Salt: [16]byte{1}}, samples); err != nil {
			tb.Fatal(err)
		}
	}
	return b, end, t
}

func FuzzReadHeader(f *testing.F) {
	b, end, _ := seedSegment(f)
	f.Add(b[:end])
	f.Add(AppendInit(nil, &Header{Camera: "door", Protected: true, KID: [16]byte{1, 2}}, allTracks()))
	f.Add(AppendInit(nil, nil, allTracks()[:1]))
	f.Add(b[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		mendHeader(b)
		h, tracks, end, err := ReadHeader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if len(tracks) == 0 || len(tracks) > MaxTracks || end > int64(len(b)) {
			t.Fatalf("%+v %+v %d", h, tracks, end)
		}
		for i := range tracks {
			CodecString(tracks[i])
		}
		again := AppendInit(nil, h, tracks)
		if _, _, _, err := ReadHeader(bytes.NewReader(again), int64(len(again))); err != nil {
			t.Fatalf("what was read and written again is not read: %v", err)
		}
	})
}

// mendHeader makes the checksum right, so that what it covers is reached.
func mendHeader(b []byte) {
	for rest := b; ; {
		x, after, ok := nextBox(rest)
		if !ok {
			return
		}
		if p, ok := x.isUUID(uuidHeader); ok && len(p) > 4 {
			be.PutUint32(p[len(p)-4:], crc32.Checksum(p[:len(p)-4], castagnoli))
		}
		rest = after
	}
}

func FuzzParseTable(f *testing.F) {
	c := seedCipher(f)
	_, _, table := seedSegment(f)
	boxed := table.appendBox(nil)
	f.Add(boxed[uuidBytes : len(boxed)-footerBytes])
	if err := table.SetKin([][32]byte{{1}}, [][32]byte{{2}, {3}}); err != nil {
		f.Fatal(err)
	}
	_, _, sealed := seedOf(f, seedCipher(f))
	sealed.cols[0].whole = []uint32{0, 3}
	for _, x := range []*Table{table, sealed} {
		boxed = x.appendBox(nil)
		f.Add(boxed[uuidBytes : len(boxed)-footerBytes])
	}
	empty, _ := NewTable(allTracks()[:1], 500)
	boxed = empty.appendBox(nil)
	f.Add(boxed[uuidBytes : len(boxed)-footerBytes])
	f.Fuzz(func(t *testing.T, body []byte) {
		table, err := parseTable(body)
		if err != nil {
			return
		}
		if table.n > MaxSamples || len(table.frags) > MaxFragments {
			t.Fatalf("%d samples, %d fragments", table.n, len(table.frags))
		}
		written := table.appendBox(nil)
		again, err := ParseTable(written)
		if err != nil {
			t.Fatalf("what was read and written is not read: %v", err)
		}
		if !bytes.Equal(again.appendBox(nil), written) {
			t.Fatal("a table is not written as it was read")
		}
		readMovie(t, table, body)
		readPlain(t, table, body, c)
		table.Unlock(c)
	})
}

// readMovie lays out a movie over a table that may lie about its file.
func readMovie(t *testing.T, table *Table, file []byte) {
	m, err := NewMovie([]Part{{Table: table, Source: bytes.NewReader(file)}, {Table: table, Source: bytes.NewReader(file), Joined: true}}, MovieOptions{Metadata: true})
	if err != nil {
		return
	}
	buf := make([]byte, 1000)
	for _, off := range []int64{0, m.Size() / 2, m.Size() - 1} {
		_, _ = m.ReadAt(buf, off)
	}
}

func FuzzReadTable(f *testing.F) {
	b, _, table := seedSegment(f)
	f.Add(AppendTrailer(b, table))
	f.Add([]byte("....mfro...."))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ReadTable(bytes.NewReader(b), int64(len(b)))
	})
}

func FuzzScanFragments(f *testing.F) {
	c := seedCipher(f)
	b, end, _ := seedSegment(f)
	f.Add(b[end:], false)
	f.Add(b[end:end+50], false)
	b, end, _ = seedOf(f, c)
	f.Add(b[end:], true)
	f.Fuzz(func(t *testing.T, b []byte, protected bool) {
		o := ScanOptions{Unchecked: int64(len(b)), Protected: protected}
		if protected {
			o.Cipher = c
		}
		s, err := ScanFragments(bytes.NewReader(b), allTracks(), 0, int64(len(b)), o)
		if err != nil {
			t.Fatalf("a malformed file is not a failed read: %v", err)
		}
		if s.End > int64(len(b)) || s.End != s.Table.Next() || (s.Stop == nil) != (s.End == int64(len(b))) {
			t.Fatalf("%+v", s)
		}
		AppendTrailer(nil, s.Table)
		readPlain(t, s.Table, b, c)
	})
}

// readPlain reads what a table that may lie says to be protected.
func readPlain(t *testing.T, table *Table, file []byte, c *Cipher) {
	b := make([]byte, 512)
	r := NewPlain(bytes.NewReader(file), table, c)
	for _, off := range []int64{0, int64(len(file)) / 2, table.Next() - 1, table.Next()} {
		if n, err := r.ReadAt(b, max(off, 0)); err == nil && n < len(b) {
			t.Fatalf("%d bytes of %d without an error", n, len(b))
		}
	}
}

// FuzzProtect encrypts and decrypts a picture of any bytes, whether they are NAL units or not.
func FuzzProtect(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0x65}, uint8(H264), false)
	f.Add(append([]byte{0, 0, 0, 40, 0x65}, make([]byte, 60)...), uint8(H264), true)
	f.Add(append([]byte{0, 0, 0, 39, 0x26}, make([]byte, 38)...), uint8(H265), false)
	c := seedCipher(f)
	f.Fuzz(func(t *testing.T, b []byte, codec uint8, whole bool) {
		twice := bytes.Clone(b)
		c.crypt(twice, sampleIV(1, 2), Codec(codec), whole)
		if whole && len(b) > 16 && bytes.Equal(twice, b) {
			t.Fatal("nothing was encrypted")
		}
		c.crypt(twice, sampleIV(1, 2), Codec(codec), whole)
		if !bytes.Equal(twice, b) {
			t.Fatal("what was encrypted is not what is decrypted")
		}
	})
}

func FuzzParameterSets(f *testing.F) {
	f.Add(h265VPS, h264SPS, h264PPS)
	f.Add(h265VPS, h265SPS, h265PPS)
	f.Add([]byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, vps, sps, pps []byte) {
		for _, c := range []Codec{H264, H265, AAC} {
			tr := Track{ID: 1, Codec: c, Timescale: 90000, VPS: vps, SPS: sps, PPS: pps, ASC: sps}
			CodecString(tr)
			b := AppendInit(nil, &Header{Camera: "x"}, []Track{tr})
			if len(vps)+len(sps)+len(pps) > 60000 {
				continue
			}
			if _, _, _, err := ReadHeader(bytes.NewReader(b), int64(len(b))); err != nil {
				t.Fatalf("%v: a header that was written is not read: %v", c, err)
			}
		}
	})
}

func TestFLACIsTheSizeItWasSaidToBe(t *testing.T) {
	for _, number := range []uint64{0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x1fffff, 0x200000, 0x3ffffff, 0x4000000, 0x7fffffff, 0x80000000, 1<<36 - 1} {
		for _, size := range []int{0, 1, 2, 159, 160, 1 << 17} {
			for _, channels := range []int{1, 2, 8} {
				b := appendFLAC(nil, make([]byte, size), &sound{law: PCMA, channels: channels, rate: 8000}, number)
				if want := flacSize(flacBlock(size, channels), channels, number); len(b) != want {
					t.Errorf("%d bytes of %d channels at %d: %d bytes, said %d", size, channels, number, len(b), want)
				}
			}
		}
	}
}

func TestFLACChecksumsAreThoseOfTheStandard(t *testing.T) {
	bitwise := func(b []byte, poly uint32, width int) (c uint32) {
		for _, x := range b {
			for i := 7; i >= 0; i-- {
				out := c>>(width-1)&1 ^ uint32(x>>i&1)
				c = (c<<1 ^ poly*out) & (1<<width - 1)
			}
		}
		return c
	}
	b := h265SPS
	for n := range b {
		if uint32(crc8(b[:n])) != bitwise(b[:n], 0x07, 8) || uint32(crc16(b[:n])) != bitwise(b[:n], 0x8005, 16) {
			t.Fatalf("checksums of %d bytes are %#x and %#x", n, crc8(b[:n]), crc16(b[:n]))
		}
	}
}
