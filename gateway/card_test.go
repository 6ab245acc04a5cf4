package gateway

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// numbered knows the pictures of a clip by their content.
type numbered map[[sha256.Size]byte]int

func numberClip(t *testing.T, name string) numbered {
	t.Helper()
	file, err := os.Open("simcam/clips/" + name + ".mp4")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	clip, err := rtsptest.LoadClip(file)
	if err != nil {
		t.Fatal(err)
	}
	n := numbered{}
	for i, u := range clip.Units {
		sum := pictureOf(fmp4.H264, u.NALs, u.Sync, time.Time{}).sum
		if other, twice := n[sum]; twice {
			t.Fatalf("pictures %d and %d of the clip are the same", other, i)
		}
		n[sum] = i
	}
	return n
}

// carded is a camera with a card that the gateway records.
type carded struct {
	*running
	cam *simcam.Camera
	id  string
}

func (r *running) withCard(o simcam.Card) *carded {
	r.t.Helper()
	cam, _ := appear(r.t, simcam.Options{Kind: onviftest.ProfileG, Name: fmt.Sprintf("Card %d %d", len(r.cameras()), time.Now().UnixNano()), Card: o})
	id, err := r.g.Enrol(r.t.Context(), Adoption{Address: onvif.HostPort(cam.ONVIF()), Username: cam.Username(), Password: cam.Password()})
	if err != nil {
		r.t.Fatal(err)
	}
	return &carded{r, cam, id}
}

// outage records cameras, cuts them off for a time, and waits until they are recorded again.
func (r *running) outage(d time.Duration, list ...*carded) {
	r.t.Helper()
	for _, c := range list {
		c.recorded(c.id, 2*time.Second)
	}
	for _, c := range list {
		c.cam.RTSPServer().Cut(true)
	}
	for _, c := range list {
		c.until(c.id, "the gap", func(l []span) bool { return l[len(l)-1].Kind == "gap" })
	}
	time.Sleep(d) // it lasts
	for _, c := range list {
		c.cam.RTSPServer().Cut(false)
	}
	for _, c := range list {
		c.until(c.id, "footage after the gap", func(l []span) bool { return l[len(l)-1].Kind == "recorded" })
	}
}

// pictures are the numbers of all pictures that are recorded up to a time, in the order of recording.
func (c *carded) pictures(n numbered, to time.Time) (list []int) {
	c.t.Helper()
	segments, err := c.g.store.Segments(c.id, "main", to.Add(-time.Hour), to)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, seg := range segments {
		m, err := c.g.store.Media(seg)
		if err != nil {
			c.t.Fatal(err)
		}
		v := m.Table().Video()
		track := m.Table().Tracks()[v]
		for _, x := range m.Table().Samples(v, 0) {
			b := make([]byte, x.Size)
			if _, err := m.ReadAt(b, x.Offset); err != nil {
				c.t.Fatal(err)
			}
			i, known := n[pictureOf(track.Codec, unitsOf(b), x.Sync, time.Time{}).sum]
			if !known {
				c.t.Fatalf("%s has a picture that the camera did not send", seg.Path)
			}
			list = append(list, i)
		}
		m.Close()
	}
	return list
}

// continuous wants each picture once, from the first to the last.
func (c *carded) continuous(n numbered, to time.Time) {
	c.t.Helper()
	list := c.pictures(n, to)
	for i := 1; i < len(list); i++ {
		if list[i] != (list[i-1]+1)%len(n) {
			c.t.Errorf("camera %s: picture %d follows on %d", c.id, list[i], list[i-1])
		}
	}
	if len(list) < 40 {
		c.t.Errorf("camera %s: only %d pictures", c.id, len(list))
	}
}

// fill says whether what is lost is fetched from the camera's card.
func (c *carded) fill(how string) {
	c.t.Helper()
	if _, err := c.g.SetRecordSettings(c.t.Context(), c.id, web.RecordSettings{Fill: how}); err != nil {
		c.t.Fatal(err)
	}
}

// filled waits for the end of filling.
func (c *carded) filled(what string) []span {
	c.t.Helper()
	return c.until(c.id, what, func(l []span) bool {
		return slices.ContainsFunc(l, func(s span) bool { return s.Filled != nil }) && !slices.ContainsFunc(l, func(s span) bool { return s.Kind == "gap" })
	})
}

// card asks the API how it is with a camera's card.
func (c *carded) card() (out web.Card) {
	c.t.Helper()
	if err := json.Unmarshal(c.get("/api/v1/cameras/"+c.id+"/card"), &out); err != nil {
		c.t.Fatal(err)
	}
	return out
}

// Cameras that were cut off are recorded on, and what they kept meanwhile is put where it was lost: each picture once, whatever their
// clocks say and however their cards answer. What a card does not have stays a gap.
func TestWhatWasLostIsFilledFromTheCamerasCard(t *testing.T) {
	t.Parallel()
	n := numberClip(t, "fixed-main")
	r := startWith(t, t.TempDir(), "", Options{cardSpeed: 64})
	var whole []*carded
	for _, o := range []simcam.Card{{}, {Skew: time.Hour}, {Off: -4 * time.Second, Slow: 300 * time.Millisecond, Several: true}, {NoFlags: true, NoHistory: true, Off: 3 * time.Second}} {
		whole = append(whole, r.withCard(o))
	}
	other, part, nothing := r.withCard(simcam.Card{Other: true}), r.withCard(simcam.Card{}), r.withCard(simcam.Card{})
	before := time.Now().UTC().Add(-time.Hour)
	nothing.cam.Keeps(rtsptest.CardSpan{From: before, To: before.Add(time.Minute)})
	part.fill("off") // until it is known which part is on the card
	r.outage(4*time.Second, append([]*carded{other, part, nothing}, whole...)...)
	lost := part.spans(part.id)
	gap := lost[slices.IndexFunc(lost, func(s span) bool { return s.Kind == "gap" })]
	part.cam.Keeps(rtsptest.CardSpan{From: before, To: gap.Start.Add(2 * time.Second)}, rtsptest.CardSpan{From: gap.End})
	part.fill("card")

	for _, c := range whole {
		spans := c.filled("filled footage of " + c.id)
		for _, s := range spans {
			if s.Filled != nil && (s.Filled.Before != "pictures" || s.Filled.After != "pictures" || s.Filled.Within != 0 || s.Cause == "") {
				t.Errorf("%+v %+v", s, s.Filled)
			}
		}
		c.continuous(n, spans[len(spans)-1].End)
	}
	r.await("the end of all", func() bool {
		return part.card().State == "idle" && nothing.card().State == "idle" && other.card().State == "idle" && len(part.card().Ended) > 0 && len(nothing.card().Ended) > 0 && len(other.card().Ended) > 0
	})
	list := other.spans(other.id)
	for i, s := range list {
		byClock := s.Filled != nil && s.Filled.Before == "clock" && s.Filled.After == "clock" && s.Filled.Within > 0
		goesOn := s.Filled != nil && i > 0 && list[i-1].Filled != nil && s.Filled.Before == "pictures" && s.Filled.After == "clock" // it had given way to recording
		if s.Filled != nil && !byClock && !goesOn || s.Kind == "gap" && s.End.Sub(s.Start) > 3*time.Second {
			t.Errorf("from a card with another encoding: %+v %+v in %+v", s, s.Filled, list)
		}
	}
	if c := other.card(); c.Ended[0].Seconds < 1 {
		t.Errorf("from a card with another encoding: %+v", c)
	}
	spans := part.spans(part.id)
	if i := slices.IndexFunc(spans, func(s span) bool { return s.Filled != nil }); i != 1 || len(spans) != 4 || spans[2].Kind != "gap" || spans[2].Cause != gap.Cause || spans[1].End.Sub(gap.Start) < time.Second || !spans[2].End.Equal(gap.End) {
		t.Errorf("from a card that has some of it: %+v", spans)
	}
	if c := part.card(); len(c.Gaps) != 1 || c.Gaps[0].State != "given_up" || c.Gaps[0].Why == "" || len(c.Recordings) != 1 || len(c.Recordings[0].Spans) < 2 {
		t.Errorf("from a card that has some of it: %+v", c)
	}
	if c := nothing.card(); len(c.Gaps) != 1 || c.Gaps[0].State != "given_up" || c.Ended[0].Seconds != 0 || len(c.Recordings) != 1 || c.Recordings[0].Running {
		t.Errorf("from a card that has nothing of it: %+v", c)
	}
	report, err := r.g.store.Check(t.Context(), storage.LevelMedia, nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("check: %v %+v", err, report.Findings)
	}
}

// A gateway that ends while it fetches goes on with what is still missing; so it does when the camera restarts. Somebody may stop it.
func TestFillingGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	n := numberClip(t, "fixed-main")
	dir := t.TempDir()
	r := startWith(t, dir, "", Options{cardSpeed: 0.5}) // the middle is twelve seconds long
	c, stopped := r.withCard(simcam.Card{}), r.withCard(simcam.Card{})
	r.outage(6*time.Second, c, stopped)
	stops := func() bool { // that somebody stops one
		s := stopped.card()
		if s.Job == nil || s.Job.Bytes == 0 {
			return s.Job == nil && slices.ContainsFunc(s.Gaps, func(g web.CardGap) bool { return g.State == "given_up" }) && len(s.Ended) > 0
		}
		if _, err := r.g.StopFill(stopped.id); err != nil {
			t.Fatal(err)
		}
		return false
	}
	// Asked for together: where one is waited for after the other, the other is over on a machine that is busy.
	r.await("the middle of fetching, and that the other is stopped", func() bool {
		j := c.card().Job
		return stops() && j != nil && j.Until.Sub(j.From) > time.Second
	})
	r.end()
	r = startWith(t, dir, "", Options{cardSpeed: 64})
	c.running, stopped.running = r, r
	spans := c.filled("the rest, and what was missed meanwhile")
	c.continuous(n, spans[len(spans)-1].End)
	spans = stopped.filled("what had been stopped, by the next start") // nobody stopped it there
	stopped.continuous(n, spans[len(spans)-1].End)
}
