package evidence

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/fstest"
	"time"
)

// FuzzManifest: anything is either a manifest that is written again as it is, or an error.
func FuzzManifest(f *testing.F) {
	m := &Manifest{Format: Format, Version: Version, ID: "x-1", Made: time.Unix(1, 0).UTC(), Files: []File{{Path: "clips/a.mp4", SHA256: string(bytes.Repeat([]byte("ab"), 32))}},
		Clips: []Clip{{Parts: []Part{{Path: "clips/a.mp4", Segments: []Segment{{Leaves: 3, First: 1, Salts: []string{"00"}, Damaged: map[int]string{0: "ff"}}}}}}}}
	text, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"holdfast evidence","version":1,"files":[{"path":"../x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			return
		}
		text, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseManifest(text)
		if err != nil {
			t.Fatalf("written again it is none: %v", err)
		}
		if second, _ := again.Encode(); !bytes.Equal(text, second) {
			t.Error("it is not the same when it is written again")
		}
		for i := range m.Clips {
			for k := range m.Clips[i].Parts {
				for s := range m.Clips[i].Parts[k].Segments {
					seg := &m.Clips[i].Parts[k].Segments[s]
					var leaves [][32]byte
					for n := range seg.Salts {
						leaf, _ := seg.leaf(n, nil)
						leaves = append(leaves, leaf)
					}
					climb(seg.Leaves, seg.First, leaves, make([][32]byte, min(len(seg.Siblings), 64)))
				}
			}
		}
	})
}

// FuzzMovie: reading a clip ends, with whatever is in it.
func FuzzMovie(f *testing.F) {
	box := func(kind string, body ...byte) []byte {
		return append(append([]byte{0, 0, 0, byte(8 + len(body))}, kind...), body...)
	}
	tkhd := box("tkhd", make([]byte, 84)...)
	tkhd[8+15] = 1
	mdhd := box("mdhd", make([]byte, 24)...)
	mdhd[8+15] = 90
	hdlr := box("hdlr", append(make([]byte, 8), "vide"...)...)
	moov := box("moov", box("trak", append(bytes.Clone(tkhd), box("mdia", append(bytes.Clone(mdhd), hdlr...)...)...)...)...)
	tfhd := box("tfhd", 0, 2, 0, 8, 0, 0, 0, 1, 0, 0, 0, 5)
	tfdt := box("tfdt", 0, 0, 0, 0, 0, 0, 0, 9)
	trun := box("trun", 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7)
	moof := box("moof", box("traf", append(append(bytes.Clone(tfhd), tfdt...), trun...)...)...)
	f.Add(append(append(append(box("ftyp"), moov...), moof...), box("mdat", 1, 2, 3)...))
	f.Add([]byte("\x00\x00\x00\x08moov"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := readMovie(bytes.NewReader(data))
		if err != nil {
			return
		}
		for {
			g, err := m.fragment()
			if errors.Is(err, io.EOF) || err != nil {
				break
			}
			if len(g.payload) > len(data) || g.begin < 0 || g.lasts < 0 {
				t.Fatalf("%d bytes of data in a file of %d, %d, %d", len(g.payload), len(data), g.begin, g.lasts)
			}
		}
		Tracks(data)
		Pictures(data, 1)
	})
}

// FuzzSignature: a signature that was changed in any way does not hold, and reading one ends.
func FuzzSignature(f *testing.F) {
	s := NewSigner([32]byte{1})
	text := []byte("text")
	good, key := s.Sign(text, "comment"), s.Public().File()
	f.Add(good, key)
	f.Fuzz(func(t *testing.T, sig, key []byte) {
		k, err := ParseKeyFile(key)
		if err != nil {
			return
		}
		if err := k.Check(text, sig); err == nil && k.Is(s.Public().Fingerprint()) && !bytes.Equal(bytes.TrimSuffix(sig, []byte("\n")), bytes.TrimSuffix(good, []byte("\n"))) {
			t.Errorf("another signature holds: %q", sig)
		}
	})
}

func TestSiblingsOfAnyRangeGiveTheRoot(t *testing.T) {
	leaves := make([][32]byte, 13)
	for i := range leaves {
		leaves[i][0] = byte(i + 1)
	}
	for n := 1; n <= len(leaves); n++ {
		all := leaves[:n]
		for first := range n {
			for end := first + 1; end <= n; end++ {
				siblings := Siblings(all, first, end)
				root, rest, ok := climb(n, first, all[first:end], siblings)
				if !ok || len(rest) > 0 || root != Root(all) {
					t.Fatalf("%d leaves, %d to %d: %v, %d left", n, first, end, ok, len(rest))
				}
				wrong := append([][32]byte{}, all[first:end]...)
				wrong[0][5] ^= 1
				if root, _, _ := climb(n, first, wrong, siblings); root == Root(all) {
					t.Fatalf("%d leaves, %d to %d: another leaf has the root", n, first, end)
				}
			}
		}
	}
}

func TestWhatIsNoPackageIsNotVerified(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{"nothing": {}, "something else": {"a.txt": {Data: []byte("x")}}} {
		if _, err := VerifyFS(t.Context(), files, Options{}); err == nil {
			t.Errorf("%s can be verified", name)
		}
	}
	r, err := VerifyFS(t.Context(), fstest.MapFS{ManifestFile: {Data: []byte("{}")}}, Options{})
	if err != nil || r.Code != Signature {
		t.Errorf("without a signature: %+v, %v", r, err)
	}
}
