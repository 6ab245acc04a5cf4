package rtsp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
)

var cardOrigin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func onCard(ms int) time.Time { return cardOrigin.Add(time.Duration(ms) * time.Millisecond) }

// replay plays a stretch of a card until it ends.
func replay(t *testing.T, c *rtsptest.Card, from, to time.Time) (*kept, error) {
	t.Helper()
	s := camera(t, rtsptest.Options{Username: "viewer", Password: oddPassword, Cards: map[string]*rtsptest.Card{"replay": c}})
	k := newKept()
	session, err := rtsp.NewSession(rtsp.Options{URL: s.URL("replay"), Username: "viewer", Password: oddPassword, Dial: dial, Replay: &rtsp.Replay{From: from, To: to}}, k)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = session.Run(ctx)
	if n := s.Dropped(); n > 0 {
		t.Errorf("%d packets were dropped by the camera", n)
	}
	return k, err
}

// What a camera kept comes back to the frame, with the times that it gives, whatever the pace.
func TestACardIsPlayedBack(t *testing.T) {
	for _, make := range []rtsptest.Make{{Codec: "libx264", Seconds: 4}, {Codec: "libx264", B: 2, Seconds: 4}, {Codec: "libx265", Seconds: 4}} {
		t.Run(make.Codec+string(rune('0'+make.B)), func(t *testing.T) {
			t.Parallel()
			clip := rtsptest.MakeClip(t, make)
			for name, noFlags := range map[string]bool{"flags": false, "no flags": true} {
				card := &rtsptest.Card{Clip: clip, Origin: cardOrigin, NoFlags: noFlags, Spans: func() []rtsptest.CardSpan { return []rtsptest.CardSpan{{From: onCard(0)}} }}
				k, err := replay(t, card, onCard(5000), onCard(9000))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				wantCard(t, clip, k, onCard(5000), onCard(9000))
			}
		})
	}
}

// wantCard compares what came with the clip.
func wantCard(t *testing.T, clip *rtsptest.Clip, k *kept, from, to time.Time) {
	t.Helper()
	if len(k.runs) != 1 || len(k.frames) == 0 || !k.frames[0].Key {
		t.Fatalf("%d runs, %d frames", len(k.runs), len(k.frames))
	}
	first := k.frames[0]
	if d := from.Sub(first.Wall); d < 0 || d > 4*time.Second {
		t.Errorf("it begins %v before what was asked for", d)
	}
	n := -1
	for i, u := range clip.Units {
		if u.PTS == first.Wall.Sub(cardOrigin)%clip.Duration {
			n = i
		}
	}
	for i, f := range k.frames {
		u := clip.Units[(n+i)%len(clip.Units)]
		round := time.Duration((n+i)/len(clip.Units)) + first.Wall.Sub(cardOrigin)/clip.Duration
		if at := cardOrigin.Add(round*clip.Duration + u.PTS); f.Wall.Sub(at).Abs() > time.Microsecond {
			t.Fatalf("frame %d is of %v, want %v", i, f.Wall, at)
		}
		if !equalNALs(pictures(f.Track.Codec, f.Payload), pictures(f.Track.Codec, u.NALs)) || f.Key != u.Sync {
			t.Fatalf("frame %d differs from the clip", i)
		}
		if i > 0 && f.DTS <= k.frames[i-1].DTS {
			t.Fatalf("frame %d: decode times do not rise", i)
		}
	}
	if last := k.frames[len(k.frames)-1].Wall; to.Sub(last) > 200*time.Millisecond {
		t.Errorf("it ends at %v, %v early", last, to.Sub(last))
	}
}

// A gap in the camera's own recording begins a new run.
func TestAGapOnACardBeginsARun(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{Seconds: 4})
	card := &rtsptest.Card{Clip: clip, Origin: cardOrigin, Spans: func() []rtsptest.CardSpan {
		return []rtsptest.CardSpan{{From: onCard(0), To: onCard(3000)}, {From: onCard(8000), To: onCard(10_000)}}
	}}
	k, err := replay(t, card, onCard(0), onCard(20_000))
	if err != nil || len(k.runs) != 2 || k.runs[1].After != "gap" || !k.runs[1].Start.Equal(onCard(8000)) {
		t.Fatalf("%v, runs %+v", err, k.runs)
	}
	if k, err := replay(t, card, onCard(4000), onCard(7000)); err == nil || len(k.frames) > 0 {
		t.Errorf("of a gap: %d frames, %v", len(k.frames), err)
	}
	if _, err := rtsp.NewSession(rtsp.Options{URL: "rtsp://127.0.0.1/", Dial: dial, Replay: &rtsp.Replay{From: onCard(2), To: onCard(1)}}, newKept()); err == nil {
		t.Error("a stretch that ends before it begins")
	}
}

// Whoever plays recordings back without the header extension does not keep to the specification, and is not believed.
func TestACameraThatIgnoresReplay(t *testing.T) {
	t.Parallel()
	s := camera(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"live": rtsptest.MakeClip(t, rtsptest.Make{})}})
	k := newKept()
	session, err := rtsp.NewSession(rtsp.Options{URL: s.URL("live"), Dial: dial, Replay: &rtsp.Replay{From: onCard(0), To: onCard(1000)}}, k)
	if err != nil {
		t.Fatal(err)
	}
	var e *rtsp.Error
	if err := session.Run(t.Context()); !errors.As(err, &e) || e.Class != rtsp.Protocol || len(k.frames) > 0 {
		t.Errorf("%v, %d frames", err, len(k.frames))
	}
}

// GStreamer's RTSP server is a card that we did not write.
func TestGStreamersCardIsPlayedBack(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{Seconds: 4})
	url := rtsptest.StartGStreamerCard(t, clip, cardOrigin)
	k := newKept()
	session, err := rtsp.NewSession(rtsp.Options{URL: url, Dial: dial, Replay: &rtsp.Replay{From: onCard(1000), To: onCard(3000)}}, k)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := session.Run(ctx); err != nil {
		t.Fatal(err)
	}
	wantCard(t, clip, k, onCard(1000), onCard(3000))
}
