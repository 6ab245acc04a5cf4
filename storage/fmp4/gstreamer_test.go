package fmp4_test

import (
	"bytes"
	"testing"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

// TestGStreamerDecodesEveryPicture plays segments and movies with the second player.
func TestGStreamerDecodesEveryPicture(t *testing.T) {
	for name, x := range map[string]struct {
		options fmp4test.Options
		decoder string
	}{
		"H264 and PCMU": {fmp4test.Options{B: 2, Audio: fmp4.PCMU, GOP: 25}, "avdec_h264"},
		"H265 and AAC":  {fmp4test.Options{Codec: "libx265", Audio: fmp4.AAC, GOP: 25}, "avdec_h265"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fmp4test.Make(t, x.options)
			segment := makeSegment(t, f.Tracks, bySecond(f))
			_, movie := newMovie(t, partsOf(cut(t, f, 2)), fmp4.MovieOptions{})
			for form, b := range map[string][]byte{"open": segment.open, "closed": segment.closed, "movie": movie} {
				out := fmp4test.Run(t, nil, "gst-launch-1.0", "-v", "filesrc", "location="+write(t, b), "!", "qtdemux", "name=d",
					"d.video_0", "!", "queue", "!", x.decoder, "!", "identity", "silent=false", "!", "fakesink", "sync=false")
				if got := bytes.Count(out, []byte("last-message = chain ")); got != len(f.Of(1)) {
					t.Errorf("%s: %d pictures decoded of %d", form, got, len(f.Of(1)))
				}
			}
		})
	}
}
