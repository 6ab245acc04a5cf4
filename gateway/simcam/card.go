package simcam

import (
	"sync"
	"time"

	"holdfast/onvif/server"
	"holdfast/rtsp/rtsptest"
)

// cardPath is where the camera's own recording is played back.
const cardPath = "card"

// Card is what is odd about a camera's own card. The zero value is a card that keeps, from when the camera is made on, the very pictures
// that the main stream sends.
type Card struct {
	Skew      time.Duration // of the camera's clock, by which it keeps everything
	Off       time.Duration // by how much more the times that it gives pictures when it plays them are ahead
	Slow      time.Duration // what each search takes
	Several   bool          // there are recordings of something else beside
	Other     bool          // it keeps another encoding: the sub stream's
	NoHistory bool          // it cannot say what it has but for the ends
	NoFlags   bool          // it does not say when it has played all
}

// card is what is on it.
type card struct {
	quirks Card
	replay *rtsptest.Card

	mu    sync.Mutex // guards what follows
	spans []rtsptest.CardSpan
}

// newCard puts a card into a camera. Its loop began with the minute, as that of the streams.
func newCard(quirks Card, paths map[string]*rtsptest.Clip) *card {
	now := time.Now()
	c := &card{quirks: quirks, spans: []rtsptest.CardSpan{{From: now.UTC()}}}
	clip := paths["main"]
	if quirks.Other {
		clip = paths["sub"]
	}
	c.replay = &rtsptest.Card{Clip: clip, Origin: now.Truncate(time.Minute).Add(quirks.Skew + quirks.Off).UTC(), Spans: c.played, NoFlags: quirks.NoFlags}
	return c
}

// played are the stretches by the clock that pictures are given when they are played: up to now.
func (c *card) played() (list []rtsptest.CardSpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ahead := c.quirks.Skew + c.quirks.Off
	for _, s := range c.spans {
		if s.To.IsZero() {
			s.To = time.Now().UTC()
		}
		list = append(list, rtsptest.CardSpan{From: s.From.Add(ahead), To: s.To.Add(ahead)})
	}
	return list
}

// Keeps has the card keep only what was within spans, by the clock of this machine; the end of the last is zero where it goes on.
func (c *Camera) Keeps(spans ...rtsptest.CardSpan) {
	c.card.mu.Lock()
	c.card.spans = spans
	c.card.mu.Unlock()
	c.putCard()
}

// putCard has the device tell what is on the card.
func (c *Camera) putCard() {
	if c.card == nil {
		return
	}
	kept := server.Kept{Token: "card", SourceID: "source", Name: c.o.Name, ReplayURI: c.rtsp.URL(cardPath), NoHistory: c.card.quirks.NoHistory, Slow: c.card.quirks.Slow}
	c.card.mu.Lock()
	for _, s := range c.card.spans {
		v := server.Span{From: s.From.Add(c.card.quirks.Skew)}
		if !s.To.IsZero() {
			v.To = s.To.Add(c.card.quirks.Skew)
		}
		kept.Spans = append(kept.Spans, v)
	}
	c.card.mu.Unlock()
	list := []server.Kept{kept}
	if c.card.quirks.Several {
		old := time.Now().UTC().Add(-48 * time.Hour)
		list = append([]server.Kept{
			{Token: "old", SourceID: "source", Name: "before it was moved", ReplayURI: kept.ReplayURI, Spans: []server.Span{{From: old, To: old.Add(time.Hour)}}},
			{Token: "other", SourceID: "elsewhere", Name: "something else", ReplayURI: c.rtsp.URL("nothing"), Spans: []server.Span{{From: old}}},
		}, kept)
	}
	c.device.Keep(list...)
}
