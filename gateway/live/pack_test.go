package live

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp/codecs"

	"holdfast/rtsp"
)

func frame(t *rtsp.Track, key bool, nals ...[]byte) *rtsp.Frame {
	return &rtsp.Frame{Track: t, Key: key, Payload: nals}
}

func nal(rnd *rand.Rand, head []byte, size int) []byte {
	b := append([]byte(nil), head...)
	for len(b) < size {
		b = append(b, byte(rnd.IntN(255)+1))
	}
	return b
}

func TestH264PayloadsReassembleToTheSameNALUnits(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		var nals [][]byte
		for range 1 + rnd.IntN(6) {
			nals = append(nals, nal(rnd, []byte{[]byte{0x41, 0x01, 0x06, 0x61}[rnd.IntN(4)]}, 2+rnd.IntN(5000)))
		}
		var got, want []byte
		reader := &codecs.H264Packet{}
		for _, p := range pack(frame(h264Track(), false, nals...)) {
			if len(p) > maxPayload {
				t.Fatalf("payload of %d bytes", len(p))
			}
			b, err := reader.Unmarshal(p)
			if err != nil {
				t.Fatalf("unmarshal: %v", err)
			}
			got = append(got, b...)
		}
		for _, n := range nals {
			want = append(append(want, 0, 0, 0, 1), n...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %d bytes, want %d", seed, len(got), len(want))
		}
	}
}

func TestH265PayloadsReassembleToTheSameNALUnits(t *testing.T) {
	track := &rtsp.Track{Codec: rtsp.H265, ClockRate: 90000}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var nals [][]byte
		for range 1 + rnd.IntN(6) {
			nals = append(nals, nal(rnd, []byte{byte(rnd.IntN(22)) << 1, 1}, 3+rnd.IntN(5000)))
		}
		var got, want [][]byte
		want = nals
		var unit []byte
		reader := &codecs.H265Depacketizer{}
		for _, p := range pack(frame(track, false, nals...)) {
			if len(p) > maxPayload {
				t.Fatalf("payload of %d bytes", len(p))
			}
			switch p[0] >> 1 & 0x3f {
			case 48:
				for rest := p[2:]; len(rest) > 0; {
					n := int(rest[0])<<8 | int(rest[1])
					got, rest = append(got, rest[2:2+n]), rest[2+n:]
				}
			case 49:
				if p[2]&0x80 != 0 {
					unit = []byte{p[0]&0x81 | p[2]&0x3f<<1, p[1]}
				}
				unit = append(unit, p[3:]...)
				if p[2]&0x40 != 0 {
					got = append(got, unit)
				}
			default:
				got = append(got, p)
			}
			if _, err := reader.Unmarshal(p); err != nil {
				t.Fatalf("unmarshal: %v", err)
			}
		}
		if !bytes.Equal(bytes.Join(got, []byte("|")), bytes.Join(want, []byte("|"))) {
			t.Fatalf("seed %d: other NAL units", seed)
		}
	}
}

func TestKeyFrameWithoutParameterSetsGetsTheTracks(t *testing.T) {
	idr := []byte{0x65, 1, 2, 3}
	got := pack(frame(h264Track(), true, []byte{9, 0xf0}, idr))
	if len(got) != 1 || got[0][0]&0x1f != 24 || !bytes.Contains(got[0], baseSPS) || !bytes.Contains(got[0], basePPS) ||
		!bytes.HasSuffix(got[0], idr) || bytes.Contains(got[0], []byte{9, 0xf0}) {
		t.Fatalf("payloads % x", got)
	}
	own := append([]byte(nil), baseSPS...)
	own[3] = 0x28
	got = pack(frame(h264Track(), true, own, basePPS, idr))
	if bytes.Contains(got[0], baseSPS) || !bytes.Contains(got[0], own) {
		t.Fatal("the frame's own parameter sets are not the ones sent")
	}
}

func TestEmptyAndOddUnitsArePassedOver(t *testing.T) {
	if got := pack(frame(h264Track(), false, nil, []byte{}, []byte{0x41}, []byte{12, 1, 1})); len(got) != 0 {
		t.Fatalf("payloads % x", got)
	}
}

func TestSoundIsCutOnlyWhereItMayBe(t *testing.T) {
	long := make([]byte, 2*maxPayload+10)
	if got := pack(frame(pcmuTrack, false, long)); len(got) != 3 || len(got[2]) != 10 {
		t.Fatalf("%d payloads", len(got))
	}
	if got := pack(frame(&rtsp.Track{Codec: rtsp.Opus}, false, long)); len(got) != 0 {
		t.Fatalf("%d payloads", len(got))
	}
}

func FuzzPack(f *testing.F) {
	f.Add([]byte{0x65, 1, 2, 3}, []byte{0x41}, true, false)
	f.Add(make([]byte, 5000), []byte{0x26, 1, 9}, true, true)
	f.Fuzz(func(t *testing.T, a, b []byte, key, h265 bool) {
		track := h264Track()
		if h265 {
			track.Codec = rtsp.H265
		}
		for _, p := range pack(frame(track, key, a, b)) {
			if len(p) == 0 || len(p) > maxPayload {
				t.Fatalf("payload of %d bytes", len(p))
			}
		}
	})
}

func BenchmarkPack(b *testing.B) {
	f := frame(h264Track(), true, make([]byte, 20000))
	f.Payload[0][0] = 0x65
	b.ReportAllocs()
	b.SetBytes(20000)
	for b.Loop() {
		pack(f)
	}
}
