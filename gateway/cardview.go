package gateway

import (
	"context"
	"errors"
	"time"

	"holdfast/config"
	"holdfast/gateway/web"
	"holdfast/onvif"
)

// cardSpans bounds the stretches of a recording that are told.
const cardSpans = 100

// Card tells what a camera keeps itself, which it is asked for, and how it is with filling gaps from there.
func (g *Gateway) Card(ctx context.Context, camera string) (web.Card, error) {
	c, ok := g.camera(camera)
	if !ok {
		return web.Card{}, web.ErrNotFound
	}
	out, err := c.card.describe()
	if err != nil || c.spec().ONVIF == "" || c.spec().Disabled {
		return out, err
	}
	err = c.ask(ctx, func(ctx context.Context, client *onvif.Client) (err error) {
		out.Recordings, err = c.card.recordings(ctx, client)
		return err
	})
	switch {
	case errors.Is(err, onvif.ErrNoService):
		out.State, out.Detail = "none", noCard
	case err != nil && ctx.Err() == nil:
		out.Unasked, _ = explain(err)
	}
	return out, ctx.Err()
}

// recordings asks the device what it keeps. Its times are corrected by its clock.
func (k *card) recordings(ctx context.Context, client *onvif.Client) (out []web.CardRecording, err error) {
	ahead, _, err := client.ClockAhead(ctx)
	if err != nil {
		return nil, err
	}
	list, err := client.Recordings(ctx)
	if err != nil {
		return nil, err
	}
	own, err := k.own(ctx, client)
	if err != nil {
		return nil, err
	}
	mine := map[string]bool{}
	for _, r := range own {
		mine[r.Token] = true
	}
	now := k.cam.now().UTC()
	here := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.Add(-ahead).UTC().Round(time.Millisecond)
		return &t
	}
	for _, r := range list {
		x := web.CardRecording{Token: r.Token, Source: r.SourceID, Name: r.SourceName, From: here(r.Earliest), To: here(r.Latest), Running: r.Running, Own: mine[r.Token]}
		if x.Own {
			spans, err := client.RecordedSpans(ctx, r, now.Add(ahead-cardReach), now.Add(ahead))
			if err != nil {
				return nil, err
			}
			for _, s := range spans[:min(len(spans), cardSpans)] {
				x.Spans = append(x.Spans, web.CardSpan{From: *here(s.From), To: *here(s.To)})
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// describe tells how it is with filling, without asking the device.
func (k *card) describe() (out web.Card, err error) {
	holes, err := k.holes(k.cam.now())
	if err != nil {
		return out, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	out = web.Card{State: k.state, Detail: k.detail, Reach: cardReach.Seconds(), Speed: k.speed, Rate: cardRate, Tries: cardTries, Ended: append([]web.CardFilled(nil), k.ended...)}
	if k.cam.spec().Record.Fill == config.FillOff {
		out.State = "off"
	}
	for _, h := range holes {
		x := web.CardGap{Stream: h.stream, From: h.from, To: h.to, Cause: string(h.cause), State: "due"}
		a := k.tries[h.key()]
		if x.Tries = a.failed; !a.next.IsZero() {
			x.State, x.Why = "waiting", a.why
			at := a.next.UTC()
			x.Next = &at
		}
		if why := k.abandoned(h); why != "" {
			x.State, x.Why = "given_up", why
		}
		if k.job != nil && k.job.Stream == h.stream && k.job.To.Equal(h.to) {
			x.State = "filling"
		}
		out.Gaps = append(out.Gaps, x)
	}
	if k.job != nil {
		job := *k.job
		if done := job.Until.Sub(job.From); done > 0 {
			job.Left = (time.Since(job.Started).Seconds()) / done.Seconds() * job.To.Sub(job.Until).Seconds()
		}
		out.Job = &job
	}
	return out, nil
}

// FillFromCard has everything fetched that was lost, also what was given up.
func (g *Gateway) FillFromCard(camera string) (web.Card, error) {
	c, ok := g.camera(camera)
	switch {
	case !ok:
		return web.Card{}, web.ErrNotFound
	case c.spec().ONVIF == "":
		return web.Card{}, deviceProblem(ErrNoDevice)
	case c.spec().Record.Fill == config.FillOff:
		return web.Card{}, web.Refused("Filling gaps from this camera's card is switched off.", "Switch it on: holdfast camera record --fill card, or record.fill in the configuration file.")
	case c.spec().Disabled:
		return web.Card{}, web.Refused("This camera is switched off.", "Switch it on first.")
	}
	c.card.mu.Lock()
	c.card.givenUp = nil
	clear(c.card.tries)
	c.card.mu.Unlock()
	g.clear("card:" + camera)
	c.card.streamCame()
	return c.card.describe()
}

// StopFill ends what is being fetched; what is missing by then is not fetched by itself any more.
func (g *Gateway) StopFill(camera string) (web.Card, error) {
	c, ok := g.camera(camera)
	if !ok {
		return web.Card{}, web.ErrNotFound
	}
	holes, err := c.card.holes(c.now())
	if err != nil {
		return web.Card{}, err
	}
	c.card.mu.Lock()
	stop := c.card.stop
	c.card.mu.Unlock()
	for _, h := range holes {
		c.card.giveUp(h, "It was stopped.")
	}
	if stop != nil {
		stop(errStopped)
	}
	return c.card.describe()
}
