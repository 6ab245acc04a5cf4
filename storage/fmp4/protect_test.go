package fmp4_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

var (
	testKID = [16]byte{0xa1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	testKey = [16]byte{0xc0, 0xff, 0xee, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}
)

func newCipher(t testing.TB) *fmp4.Cipher {
	t.Helper()
	c, err := fmp4.NewCipher(testKID, testKey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// makeProtected is makeSegment with encryption. The leaves are of what was given to it.
func makeProtected(t testing.TB, tracks []fmp4.Track, groups [][]fmp4.Sample) *segment {
	t.Helper()
	s := &segment{header: fmp4.Header{Camera: "door", Stream: "main", Run: 7, Start: start, Version: fmp4.Version, Protected: true, KID: testKID}, tracks: tracks}
	s.init = fmp4.AppendInit(nil, &s.header, tracks)
	var err error
	if s.table, err = fmp4.NewTable(tracks, int64(len(s.init))); err != nil {
		t.Fatal(err)
	}
	s.table.Protect(newCipher(t))
	s.open = bytes.Clone(s.init)
	for i, group := range groups {
		if len(group) == 0 {
			continue
		}
		at := len(s.open)
		f := fmp4.Fragment{Wall: start.Add(time.Duration(i) * time.Second), Salt: [16]byte{byte(i)}}
		s.open, err = s.table.AppendSealed(s.open, uint32(i+1), f.Wall, group, func(p []byte) { f.Leaf = sha256.Sum256(p) })
		if err != nil {
			t.Fatal(err)
		}
		if f.Length = int64(len(s.open) - at); f.Length > int64(fmp4.ProtectedSize(tracks, group)) {
			t.Fatalf("a fragment of %d bytes was said to have %d at most", f.Length, fmp4.ProtectedSize(tracks, group))
		}
		if err := s.table.Append(f, group); err != nil {
			t.Fatal(err)
		}
	}
	s.closed = fmp4.AppendTrailer(bytes.Clone(s.open), s.table)
	return s
}

// oddPictures are what cameras send that is not as it should be, and what is rare: empty units, one byte, exactly at the
// edges of a block, parameter sets beyond the count of one subsample, many slices, units that no standard names.
func oddPictures(seed uint64) (list []fmp4.Sample) {
	r := rand.New(rand.NewPCG(5, seed))
	unit := func(first byte, n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if n > 0 {
			b[0] = first
		}
		return b
	}
	for _, data := range [][][]byte{
		{unit(0x65, 0)},
		{unit(0x65, 1), unit(0x41, 0), unit(0x41, 2)},
		{unit(0x65, 16), unit(0x65, 17), unit(0x65, 18), unit(0x65, 32), unit(0x65, 33), unit(0x65, 34)},
		{unit(0x67, 200_000), unit(0x65, 5000)},
		{unit(0x65, 5000), unit(0x6c, 70_000)},
		{unit(0xff, 100), unit(0x80, 100), unit(0x00, 100), unit(0x1f, 100)},
		slices.Repeat([][]byte{unit(0x41, 300)}, 40),
		slices.Repeat([][]byte{unit(0x41, 300)}, 41),
		slices.Repeat([][]byte{unit(0x09, 2), unit(0x06, 40), unit(0x41, 300)}, 100),
		{unit(0x06, 20), unit(0x65, 100_000)},
	} {
		list = append(list, fmp4.Sample{Track: 1, DTS: int64(len(list)) * 3600, Sync: len(list)%3 == 0, Data: data})
	}
	return list
}

func oddFootage() *fmp4test.Footage {
	f := &fmp4test.Footage{Tracks: []fmp4.Track{{ID: 1, Codec: fmp4.H264, Timescale: 3600}, {ID: 4, Codec: fmp4.H265, Timescale: 3600}, {ID: 9, Codec: fmp4.Metadata, Timescale: 90000}}}
	f.Samples = oddPictures(1)
	for _, s := range oddPictures(4) {
		s.Track = 4
		f.Samples = append(f.Samples, s)
	}
	f.Samples = append(f.Samples, fmp4.Sample{Track: 9, DTS: 5, Data: [][]byte{[]byte("<tt:MetadataStream>what the camera saw</tt:MetadataStream>")}},
		fmp4.Sample{Track: 9, DTS: 90001, Data: [][]byte{[]byte("x")}})
	return f
}

func TestProtectedSegmentIsReadAsItWasRecorded(t *testing.T) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) { readProtected(t, fmp4test.Make(t, o)) })
	}
	t.Run("odd", func(t *testing.T) { readProtected(t, oddFootage()) })
}

// readProtected writes footage protected and reads it in every way that there is.
func readProtected(t *testing.T, f *fmp4test.Footage) {
	s := makeProtected(t, f.Tracks, bySecond(f))
	clear := makeSegment(t, f.Tracks, bySecond(f))
	file := bytes.NewReader(s.closed)
	h, tracks, end, err := fmp4.ReadHeader(file, file.Size())
	if err != nil || *h != s.header || end != int64(len(s.init)) {
		t.Fatalf("header %+v, end %d: %v", h, end, err)
	}
	for i := range tracks {
		if tracks[i].Codec != f.Tracks[i].Codec || !bytes.Equal(tracks[i].SPS, f.Tracks[i].SPS) || !bytes.Equal(tracks[i].ASC, f.Tracks[i].ASC) {
			t.Errorf("track %d is %+v", i, tracks[i])
		}
	}
	table, err := fmp4.ReadTable(file, file.Size())
	if err != nil {
		t.Fatal(err)
	}
	sameButSalts(t, table, clear.table)
	if err := table.Unlock(newCipher(t)); err != nil {
		t.Fatal(err)
	}
	sameTable(t, table, s.table)
	plain := fmp4.NewPlain(file, table, newCipher(t))
	sameSamples(t, plain, table, f)
	sameAnywhere(t, plain, s.closed, table)
	scanProtected(t, f, s)
}

// sameButSalts compares what a table tells to one who has not the key.
func sameButSalts(t *testing.T, got, clear *fmp4.Table) {
	t.Helper()
	for i, f := range got.Fragments() {
		if f.Leaf != clear.Fragments()[i].Leaf {
			t.Fatalf("the digest of fragment %d is not that of its samples", i)
		}
		if f.Salt != [16]byte{} {
			t.Fatalf("the salt of fragment %d is known without the key", i)
		}
	}
}

func sameSamples(t *testing.T, r io.ReaderAt, table *fmp4.Table, f *fmp4test.Footage) {
	t.Helper()
	for i, track := range f.Tracks {
		want := f.Of(track.ID)
		for n, m := range table.Samples(i, 0) {
			b := make([]byte, m.Size)
			if _, err := r.ReadAt(b, m.Offset); err != nil || !bytes.Equal(b, flat(track, want[n])) {
				t.Fatalf("track %d sample %d of %d bytes is not what was recorded: %v", track.ID, n, m.Size, err)
			}
		}
		if table.Len(i) != len(want) {
			t.Fatalf("track %d: %d samples of %d", track.ID, table.Len(i), len(want))
		}
	}
}

// sameAnywhere reads at random places, of any length, and compares with one read of all.
func sameAnywhere(t *testing.T, r io.ReaderAt, file []byte, table *fmp4.Table) {
	t.Helper()
	all := make([]byte, len(file))
	if n, err := r.ReadAt(all, 0); n != len(file) || err != nil {
		t.Fatalf("%d bytes of %d: %v", n, len(file), err)
	}
	at := int64(0)
	for i, f := range table.Fragments() {
		if from := table.PayloadOffset(i); !bytes.Equal(all[at:from], file[at:from]) {
			t.Fatalf("what lies before the samples of fragment %d is not as it is in the file", i)
		}
		at = f.End()
	}
	if !bytes.Equal(all[at:], file[at:]) {
		t.Fatal("what lies behind the last fragment is not as it is in the file")
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		off := random.IntN(len(file) + 10)
		b := make([]byte, random.IntN(3000))
		n, err := r.ReadAt(b, int64(off))
		want := all[min(off, len(all)):min(off+len(b), len(all))]
		if !bytes.Equal(b[:n], want) || (err == nil) != (n == len(b)) {
			t.Fatalf("%d bytes at %d: %d, %v", len(b), off, n, err)
		}
	}
}

func scanProtected(t *testing.T, f *fmp4test.Footage, s *segment) {
	t.Helper()
	n := byte(0)
	options := fmp4.ScanOptions{Protected: true, Leaf: func(f *fmp4.Fragment, p []byte) { f.Leaf, f.Salt, n = sha256.Sum256(p), [16]byte{n}, n+1 }}
	file := bytes.NewReader(s.open)
	locked, err := fmp4.ScanFragments(file, f.Tracks, int64(len(s.init)), file.Size(), options)
	if err != nil || locked.Stop != nil || locked.End != file.Size() || n != 0 {
		t.Fatalf("without the key: %+v, %d leaves, %v", locked, n, err)
	}
	options.Cipher = newCipher(t)
	scan, err := fmp4.ScanFragments(file, f.Tracks, int64(len(s.init)), file.Size(), options)
	if err != nil || scan.Stop != nil {
		t.Fatal(err, scan.Stop)
	}
	sameTable(t, scan.Table, s.table)
	sameSamples(t, fmp4.NewPlain(file, scan.Table, newCipher(t)), scan.Table, f)
	again := fmp4.AppendTrailer(nil, scan.Table)
	table, err := fmp4.ParseTable(again[:be32(again)])
	if err != nil || table.Unlock(newCipher(t)) != nil {
		t.Fatal(err)
	}
	sameTable(t, table, s.table)
}

func TestWrongKeyIsSaidToBeWrong(t *testing.T) {
	f := oddFootage()
	s := makeProtected(t, f.Tracks, bySecond(f))
	for name, c := range map[string]func() (*fmp4.Cipher, error){
		"key": func() (*fmp4.Cipher, error) { return fmp4.NewCipher(testKID, [16]byte{1}) },
		"kid": func() (*fmp4.Cipher, error) { return fmp4.NewCipher([16]byte{1}, testKey) },
	} {
		table, err := fmp4.ReadTable(bytes.NewReader(s.closed), int64(len(s.closed)))
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := c()
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Unlock(wrong); !errors.Is(err, fmp4.ErrKey) {
			t.Errorf("another %s: %v", name, err)
		}
		if _, err := table.AppendSealed(nil, 1, start, f.Samples[:1], nil); err == nil {
			t.Errorf("another %s: a fragment is written without the key", name)
		}
	}
}

// TestNothingOfThePicturesIsInTheProtectedFile looks for pieces of every unit that must be protected.
func TestNothingOfThePicturesIsInTheProtectedFile(t *testing.T) {
	for _, f := range []*fmp4test.Footage{fmp4test.Make(t, fmp4test.Options{Audio: fmp4.AAC, B: 2}), oddFootage()} {
		s := makeProtected(t, f.Tracks, bySecond(f))
		clear := makeSegment(t, f.Tracks, bySecond(f))
		looked := 0
		for _, sample := range f.Samples {
			for _, unit := range sample.Data {
				if len(unit) < 64 || isClear(f.Tracks, sample.Track, unit[0]) {
					continue
				}
				at := len(unit) - 24
				looked++
				if bytes.Contains(s.closed, unit[at:]) || bytes.Contains(s.closed, unit[len(unit)/2:len(unit)/2+12]) {
					t.Fatalf("a unit of %d bytes, of track %d, type %#x, is in the file", len(unit), sample.Track, unit[0])
				}
				if !bytes.Contains(clear.closed, unit[at:]) {
					t.Fatal("the search does not find what is in clear")
				}
			}
		}
		if looked < 20 {
			t.Fatalf("only %d units were looked for", looked)
		}
	}
}

// isClear tells whether a unit of a type may stay clear.
func isClear(tracks []fmp4.Track, id uint32, first byte) bool {
	for _, tr := range tracks {
		switch kind := first & 0x1f; {
		case tr.ID != id:
		case tr.Codec == fmp4.H264:
			return kind >= 7 && kind <= 13 || kind == 15
		case tr.Codec == fmp4.H265:
			return first>>1&0x3f >= 32 && first>>1&0x3f <= 38
		}
	}
	return false
}

// piped gives ffmpeg a file from a pipe: from a seekable file ffmpeg 5.1 misplaces the subsamples of all fragments but the first.
func piped(t *testing.T, b []byte, stream string, key ...string) string {
	t.Helper()
	args := append([]string{"-v", "error", "-xerror"}, key...)
	args = append(args, "-i", "-", "-map", "0:"+stream, "-vsync", "passthrough", "-f", "framemd5", "-")
	return string(fmp4test.Run(t, b, "ffmpeg", args...))
}

func TestFFmpegPlaysAProtectedSegmentGivenItsKey(t *testing.T) {
	key := []string{"-decryption_key", hex.EncodeToString(testKey[:])}
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) {
			f := fmp4test.Make(t, o)
			f.Tracks = append(f.Tracks, fmp4.Track{ID: uint32(len(f.Tracks) + 1), Codec: fmp4.Metadata, Timescale: 90000})
			f.Samples = append(f.Samples, fmp4.Sample{Track: uint32(len(f.Tracks)), DTS: 100, Data: [][]byte{[]byte("<tt:MetadataStream/>")}})
			s, clear := makeProtected(t, f.Tracks, bySecond(f)), makeSegment(t, f.Tracks, bySecond(f))
			for _, stream := range []string{"v:0", "a:0"}[:len(f.Tracks)-1] {
				want := piped(t, clear.closed, stream)
				if got := piped(t, s.closed, stream, key...); got != want || strings.Count(want, "\n") < 20 {
					t.Errorf("%s differs from the clear file's (%d and %d lines)", stream, strings.Count(got, "\n"), strings.Count(want, "\n"))
				}
			}
			cmd := exec.Command(fmp4test.Tool(t, "ffmpeg"), "-v", "error", "-xerror", "-decryption_key", strings.Repeat("00", 16), "-i", "-", "-f", "framemd5", "-")
			cmd.Stdin = bytes.NewReader(s.closed)
			if out, err := cmd.Output(); err == nil && string(out) == piped(t, clear.closed, "v:0") {
				t.Error("another key plays it too")
			}
		})
	}
}

// TestAnotherReaderDecryptsTheBoxes has mp4ff decrypt every sample from the boxes alone: no table, no rule of ours.
func TestAnotherReaderDecryptsTheBoxes(t *testing.T) {
	for name, f := range map[string]*fmp4test.Footage{
		"camera": fmp4test.Make(t, fmp4test.Options{B: 2, Audio: fmp4.AAC}), "H265": fmp4test.Make(t, fmp4test.Options{Codec: "libx265", Audio: fmp4.Opus}), "odd": oddFootage(),
	} {
		t.Run(name, func(t *testing.T) {
			s := makeProtected(t, f.Tracks, bySecond(f))
			file, err := mp4.DecodeFile(bytes.NewReader(s.closed))
			if err != nil {
				t.Fatal(err)
			}
			got := map[uint32][][]byte{}
			for _, seg := range file.Segments {
				for _, frag := range seg.Fragments {
					for _, traf := range frag.Moof.Trafs {
						got[traf.Tfhd.TrackID] = append(got[traf.Tfhd.TrackID], libraryDecrypt(t, frag, traf)...)
					}
				}
			}
			for _, track := range f.Tracks {
				var want [][]byte
				for _, sample := range f.Of(track.ID) {
					want = append(want, flat(track, sample))
				}
				if !reflect.DeepEqual(got[track.ID], want) {
					t.Errorf("track %d: %d samples of %d, or other bytes", track.ID, len(got[track.ID]), len(want))
				}
			}
		})
	}
}

// libraryDecrypt decrypts the samples of one traf by what its senc says.
func libraryDecrypt(t *testing.T, frag *mp4.Fragment, traf *mp4.TrafBox) (list [][]byte) {
	t.Helper()
	if has, parsed := traf.ContainsSencBox(); !has {
		t.Fatal("no senc")
	} else if !parsed {
		if err := traf.ParseReadSenc(8, frag.Moof.StartPos); err != nil {
			t.Fatal(err)
		}
	}
	at := frag.Moof.StartPos + uint64(traf.Trun.DataOffset) - frag.Mdat.PayloadAbsoluteOffset()
	traf.Trun.AddSampleDefaultValues(traf.Tfhd, nil)
	for i, sample := range traf.Trun.Samples {
		b := bytes.Clone(frag.Mdat.Data[at : at+uint64(sample.Size)])
		at += uint64(sample.Size)
		iv := append(bytes.Clone(traf.Senc.IVs[i]), make([]byte, 8)...)
		var list2 []mp4.SubSamplePattern
		if len(traf.Senc.SubSamples) > 0 {
			list2 = traf.Senc.SubSamples[i]
		}
		checkSaiz(t, traf, i, list2)
		if len(b) > 0 {
			if err := mp4.CryptSampleCenc(b, testKey[:], iv, list2); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, b)
	}
	return list
}

// checkSaiz compares the two descriptions of a sample's information, and its stretches with what the standard allows.
func checkSaiz(t *testing.T, traf *mp4.TrafBox, i int, list []mp4.SubSamplePattern) {
	t.Helper()
	size, want := traf.Saiz.DefaultSampleInfoSize, 8
	if traf.Senc.Flags&2 != 0 {
		size, want = traf.Saiz.SampleInfo[i], 8+2+6*len(list)
	}
	if int(size) != want {
		t.Fatalf("saiz says %d bytes, senc has %d", size, want)
	}
	for _, x := range list {
		if x.BytesOfProtectedData%16 != 0 {
			t.Fatalf("a protected range of %d bytes", x.BytesOfProtectedData)
		}
	}
}

func TestKinLeavesSurviveTheFile(t *testing.T) {
	f := oddFootage()
	for _, s := range []*segment{makeSegment(t, f.Tracks, bySecond(f)), makeProtected(t, f.Tracks, bySecond(f))} {
		before, after := [][32]byte{{1}, {2}}, [][32]byte{{3}}
		want := append(append(slices.Clone(before), s.table.Leaves()...), after...)
		if err := s.table.SetKin(before, after); err != nil {
			t.Fatal(err)
		}
		closed := fmp4.AppendTrailer(bytes.Clone(s.open), s.table)
		got, err := fmp4.ReadTable(bytes.NewReader(closed), int64(len(closed)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Leaves(), want) {
			t.Errorf("leaves are %x, want %x", got.Leaves(), want)
		}
		if err := got.SetKin(make([][32]byte, fmp4.MaxFragments), nil); err == nil {
			t.Error("more leaves than a segment may have are taken")
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	tracks, samples := second()
	s := makeProtected(b, tracks, [][]fmp4.Sample{samples})
	buf := make([]byte, 64<<10)
	b.SetBytes(fmp4.PayloadSize(tracks, samples))
	b.ReportAllocs()
	for b.Loop() {
		r := fmp4.NewPlain(bytes.NewReader(s.open), s.table, newCipher(b))
		for at := int64(0); at < int64(len(s.open)); at += int64(len(buf)) {
			if _, err := r.ReadAt(buf, at); err != nil && err != io.EOF {
				b.Fatal(err)
			}
		}
	}
}
