package exports

import (
	"crypto/rand"
	"testing"
	"time"

	"holdfast/gateway/evidence"
	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

// BenchmarkExport measures how fast an original of 64 s of 16 Mbit/s is taken out, from the order to the signed package, and how fast it is
// verified; without the bound that lets recording have the disks first. B/s are of footage.
func BenchmarkExport(b *testing.B) {
	r := newRig(b)
	r.e.rate = 1 << 40
	made := fmp4test.Make(b, fmp4test.Options{Seconds: 1})
	f := &fmp4test.Footage{Tracks: made.Tracks[:1]}
	f.Tracks[0].Origin = 0
	step := int64(f.Tracks[0].Timescale) / 25
	for i := range int64(64 * 25) {
		picture := make([]byte, 80_000)
		rand.Read(picture)
		picture[0] = 0x41
		if i%50 == 0 {
			picture[0] = 0x65
		}
		f.Samples = append(f.Samples, fmp4.Sample{Track: f.Tracks[0].ID, DTS: i * step, Dur: uint32(step), Sync: i%50 == 0, Data: [][]byte{picture}})
	}
	r.record(f, 1, begin, 64)
	req := Order{Reason: "r", Recipient: "x", Clips: []ClipOrder{{Camera: "door", From: begin, To: begin.Add(64 * time.Second)}}}
	var dir string
	b.Run("make", func(b *testing.B) {
		b.SetBytes(64 * 25 * 80_000)
		for b.Loop() {
			j := r.order(req)
			if j.State != Done {
				b.Fatal(j.Error)
			}
			b.StopTimer()
			if dir == "" {
				dir = r.unpack(j)
			}
			if _, err := r.e.Remove(j.ID); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(64 * 25 * 80_000)
		for b.Loop() {
			if report := r.verify(dir, evidence.Options{}); report.Code != evidence.Sound {
				b.Fatalf("%+v", report.Findings)
			}
		}
	})
}
