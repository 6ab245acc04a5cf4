package gateway

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
)

// A clip comes out of the loudspeaker of a camera that is recorded meanwhile. The camera is GStreamer's.
func TestAClipIsHeardAtTheCamera(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "heard")
	r := start(t, "")
	id, err := r.g.Enrol(t.Context(), Adoption{Address: rtsptest.StartGStreamerSpeaker(t, "PCMA", file), Name: "Gate"})
	if err != nil {
		t.Fatal(err)
	}
	anna := auth.Identity{Display: "Anna"}
	clip := make(web.Speech, 8000)
	for i := range clip {
		clip[i] = int16(8000 * math.Sin(float64(i)/3))
	}
	if err := r.g.Say(t.Context(), id, anna, clip); err != nil {
		t.Fatal(err)
	}
	r.await("what was said to be heard", func() bool { heard, _ := os.ReadFile(file); return len(heard) >= len(clip)*9/10 })

	mute, err := r.g.Enrol(t.Context(), Adoption{Address: rtsptest.StartGStreamerSpeaker(t, "", ""), Name: "Yard"})
	if err != nil {
		t.Fatal(err)
	}
	var p *web.Problem
	if err := r.g.Say(t.Context(), mute, anna, clip); !errors.As(err, &p) || !strings.Contains(p.Detail, "no loudspeaker") {
		t.Errorf("a camera without one: %v", err)
	}
	if other := r.g.talking.begin(id, web.NewTalker(anna, r.g.now())); other != nil {
		t.Error("somebody is said to speak after they have ended")
	}
	if err := r.g.Say(t.Context(), id, anna, clip); !errors.As(err, &p) || !strings.Contains(p.Detail, "Anna speaks") {
		t.Errorf("two at once: %v", err)
	}
}
