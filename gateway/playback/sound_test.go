package playback

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

// TestReelOfSoundHasTheWallTimeOfEveryPacketAndWhatWasRecorded: in browsers' codecs, from the packet of the begin on, over a gap.
func TestReelOfSoundHasTheWallTimeOfEveryPacketAndWhatWasRecorded(t *testing.T) {
	t.Parallel()
	for codec, want := range map[fmp4.Codec]string{fmp4.PCMU: "flac", fmp4.AAC: "mp4a.40.2"} {
		f := fmp4test.Make(t, fmp4test.Options{Seconds: 6, GOP: 25, Audio: codec})
		a := newArchive(t)
		a.record(f, 1, begin, 3)
		a.record(f, 2, begin.Add(20*time.Second), 3)
		var walls []float64 // of the packets
		for _, at := range []time.Time{begin, begin.Add(20 * time.Second)} {
			for _, s := range f.Of(2) {
				walls = append(walls, float64(at.Add(wallOf(f, &s)).UnixMicro())/1e6)
			}
		}
		r, err := a.play.Reel(t.Context(), "door", "main", begin.Add(-time.Minute), begin.Add(time.Minute), ReelOptions{Sound: true})
		a.must(err)
		if !strings.Contains(r.ContentType(), `audio/mp4; codecs="`+want) {
			t.Errorf("%s: %s", codec, r.ContentType())
		}
		var b bytes.Buffer
		a.must(r.Write(t.Context(), &b))
		path := filepath.Join(t.TempDir(), "sound.mp4")
		a.must(os.WriteFile(path, b.Bytes(), 0o600))
		pts, _ := fmp4test.Packets(t, path, "a:0")
		if len(pts) != len(walls) {
			t.Fatalf("%s: %d packets of %d", codec, len(pts), len(walls))
		}
		for i := range pts {
			if d := pts[i] - walls[i]; d > 0.001 || d < -0.001 {
				t.Fatalf("%s: packet %d is %.4f s off", codec, i, d)
			}
		}
		fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-")
		if got := len(fmp4test.Hashes(t, a.reel(begin, begin.Add(time.Minute), 0), "v:0")); got != 300 {
			t.Errorf("%s: %d pictures of 300 beside it", codec, got)
		}
	}
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 2, GOP: 25})
	a := newArchive(t)
	a.record(f, 1, begin, 3)
	if _, err := a.play.Reel(t.Context(), "door", "main", begin, begin.Add(time.Second), ReelOptions{Sound: true}); !errors.Is(err, ErrNoFootage) {
		t.Errorf("without sound: %v", err)
	}
	if _, err := a.play.Reel(t.Context(), "door", "main", begin, begin.Add(time.Second), ReelOptions{Sound: true, Keys: 2}); !errors.Is(err, ErrRange) {
		t.Errorf("key frames of sound: %v", err)
	}
}
