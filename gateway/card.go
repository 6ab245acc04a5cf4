package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"holdfast/config"
	"holdfast/gateway/audit"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/storage"
)

// What was lost while a camera could not be reached may be on its own card (ONVIF Profile G). It is fetched once the camera is back, and
// put where it was lost. One camera of a device at a time fetches, and siteCards of all; recording comes first.

const (
	siteCards   = 2                       // cameras that fetch at once
	cardLook    = 10 * time.Minute        // how often it is looked for what was lost
	cardSoon    = time.Second             // the same, for a while after a stream came
	cardFresh   = 30 * time.Second        // how long that is
	cardReach   = 7 * 24 * time.Hour      // how far back it is looked
	cardTries   = 3                       // of one hole, without anything coming of it
	cardPause   = 10 * time.Second        // after the first of them; six times as long after the next
	cardMissing = time.Hour               // after a device said that it keeps nothing
	cardSettle  = jointReach + clockDoubt // after the end of what was lost: what follows on it must be on the card, whatever its clock says
	leastHole   = 200 * time.Millisecond
	maxGivenUp  = 256 // stretches that are remembered as given up; beyond it the oldest are tried again
	maxEnded    = 20  // fillings that are told of
)

// card fetches what of one camera was lost from the camera's own card.
type card struct {
	cam   *Camera       // constant, as are
	site  chan struct{} // holds a token for each camera that fetches
	log   func(audit.Entry)
	speed float64
	wake  chan struct{} // a stream came, somebody asked, or the settings changed

	mu      sync.Mutex // guards what follows
	state   string
	detail  string
	came    time.Time // when a stream came last
	job     *web.CardJob
	stop    context.CancelCauseFunc // of the job
	givenUp []givenUp
	tries   map[holeKey]attempts
	ended   []web.CardFilled // the newest first
}

// givenUp is a stretch that is not fetched any more, and why.
type givenUp struct {
	stream   string
	from, to time.Time
	why      string
}

// holeKey names a hole by its end: its beginning moves as it is filled.
type holeKey struct {
	stream string
	to     int64
}

type attempts struct {
	failed int
	next   time.Time
	why    string
}

const restOfClock = "What is left lies before the first picture at which decoding can start, or after the last that is surely of then."

const notFree = "Some of it was erased, or is there by now."

const noCard = "The camera keeps no recordings that can be fetched (ONVIF Profile G)."

var errStopped = errors.New("somebody stopped it")

func newCard(c *Camera, g *Gateway) *card {
	return &card{cam: c, site: g.fetching, speed: cmp.Or(g.cardSpeed, cardSpeed), log: func(e audit.Entry) { g.audit.Add(e) }, wake: make(chan struct{}, 1), state: "idle", tries: map[holeKey]attempts{}}
}

// streamCame has it looked soon for what was lost.
func (k *card) streamCame() {
	k.mu.Lock()
	k.came = time.Now()
	k.mu.Unlock()
	k.poke()
}

func (k *card) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run fetches what was lost until ctx ends.
func (k *card) run(ctx context.Context) error {
	defer k.cam.calm("card:" + k.cam.spec().ID)
	for ctx.Err() == nil {
		wait := time.NewTimer(k.round(ctx))
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-wait.C:
		}
		wait.Stop()
	}
	return ctx.Err()
}

func (k *card) say(state, detail string) {
	k.mu.Lock()
	changed := k.state != state || k.detail != detail
	k.state, k.detail = state, detail
	k.mu.Unlock()
	if changed {
		k.cam.changed()
	}
}

// round does what there is to do, and tells when to look again.
func (k *card) round(ctx context.Context) time.Duration {
	switch spec := k.cam.spec(); {
	case spec.ONVIF == "":
		k.say("none", "This camera is reached by RTSP only: it is not known as an ONVIF device.")
		return cardMissing
	case spec.Record.Fill == config.FillOff:
		k.say("off", "")
		return cardLook
	}
	holes, err := k.holes(k.cam.now())
	if err != nil {
		k.say("waiting", err.Error())
		return cardLook
	}
	due, wait := k.due(holes)
	if len(due) == 0 {
		k.say("idle", "")
		return wait
	}
	if !k.cam.flows() {
		k.say("waiting", "The camera's live stream comes first.")
		return cardPause // a stream that comes ends it
	}
	return k.fetch(ctx, due)
}

// holes are what was lost, with footage behind it, the oldest first. Gaps that follow on each other are one.
func (k *card) holes(now time.Time) (list []hole, err error) {
	id := k.cam.spec().ID
	reach := cardReach
	if oldest := k.cam.store.Ages(id).Max; oldest > 0 {
		reach = min(reach, oldest)
	}
	for _, stream := range k.cam.recorded {
		spans, err := k.cam.store.Spans(id, stream, now.Add(-reach), now)
		if err != nil {
			return nil, err
		}
		var h *hole
		for _, s := range spans {
			switch {
			case s.Lost() && fetchable(s.Cause) && h == nil:
				h = &hole{stream: stream, from: s.Start, to: s.End, cause: s.Cause}
			case s.Lost() && fetchable(s.Cause):
				h.to = s.End
			case h != nil:
				if !s.Gap && h.to.Sub(h.from) >= leastHole {
					list = append(list, *h)
				}
				h = nil
			}
		}
	}
	slices.SortStableFunc(list, func(a, b hole) int { return a.from.Compare(b.from) })
	return list, nil
}

// fetchable tells whether what was lost for a cause is looked for on the card. After a step of the clock nobody knows when it was.
func fetchable(c storage.Cause) bool {
	return c != storage.CauseClock && c != storage.CauseUnknown && c != storage.CauseStarting
}

// due are the holes that are to be fetched now, and when to look again if there are none.
func (k *card) due(holes []hole) (due []hole, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if wait = cardLook; now.Sub(k.came) < cardFresh {
		wait = cardSoon
	}
	for _, h := range holes {
		if k.abandoned(h) != "" {
			continue
		}
		next := k.tries[h.key()].next
		if settled := now.Add(cardSettle - k.cam.now().Sub(h.to)); settled.After(now) && settled.After(next) {
			next = settled
		}
		if next.After(now) {
			wait = max(min(wait, next.Sub(now)), time.Millisecond)
			continue
		}
		due = append(due, h)
	}
	return due, wait
}

func (h hole) key() holeKey { return holeKey{h.stream, h.to.UnixNano()} }

// abandoned is why a hole is not fetched any more, "" when it is. Caller holds mu.
func (k *card) abandoned(h hole) string {
	for _, x := range k.givenUp {
		if x.stream == h.stream && !x.from.After(h.from.Add(jointTolerance)) && !x.to.Before(h.to.Add(-jointTolerance)) {
			return x.why
		}
	}
	return ""
}

func (k *card) giveUp(h hole, why string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.givenUp = append(k.givenUp, givenUp{h.stream, h.from, h.to, why})
	if n := len(k.givenUp) - maxGivenUp; n > 0 {
		k.givenUp = k.givenUp[n:]
	}
	delete(k.tries, h.key())
}

// fetch fills holes, one after the other, when it is this camera's turn.
func (k *card) fetch(ctx context.Context, due []hole) time.Duration {
	k.say("queued", "Other cameras fetch from their cards.")
	for _, turn := range []chan struct{}{k.cam.unit.fetching, k.site} {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return 0
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	k.mu.Lock()
	k.stop = stop
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.stop, k.job = nil, nil
		k.mu.Unlock()
		k.cam.changed()
	}()
	wait := time.Duration(0)
	for _, h := range due {
		if ctx.Err() != nil {
			break
		}
		wait = k.one(ctx, h)
		if wait > cardSoon { // the device has no card, or does not answer
			break
		}
	}
	return wait
}

// one fills one hole, and tells when to look again.
func (k *card) one(ctx context.Context, h hole) time.Duration {
	k.mu.Lock()
	k.job = &web.CardJob{Stream: h.stream, From: h.from, To: h.to, Started: time.Now().UTC(), Until: h.from}
	k.mu.Unlock()
	k.say("filling", "")
	f := &filling{c: k.cam, h: h, speed: k.speed, tell: k.progress}
	found, err := k.find(ctx, f)
	if err == nil && len(found) > 0 {
		k.cam.log.Info("fetching what was lost from the camera's card", "stream", h.stream, "from", h.from, "to", h.to)
		err = f.fill(ctx, found)
	}
	if errors.Is(context.Cause(ctx), errStopped) {
		err = errStopped
	}
	return k.over(ctx, f, err)
}

// find asks the device where what it kept of a hole is played.
func (k *card) find(ctx context.Context, f *filling) (found []kept, err error) {
	err = k.cam.ask(ctx, func(ctx context.Context, client *onvif.Client) error {
		ahead, _, err := client.ClockAhead(ctx)
		if err != nil {
			return err
		}
		f.ahead = ahead
		list, err := k.own(ctx, client)
		if err != nil {
			return err
		}
		list, err = candidates(ctx, client, list, f.h.from.Add(ahead-clockDoubt), f.h.to.Add(ahead+clockDoubt))
		for _, r := range list {
			uri, err := client.ReplayURI(ctx, r.Token)
			if err != nil {
				return err
			}
			x := kept{uri: uri, from: r.Earliest, to: r.Latest}
			if r.Running {
				x.to = time.Time{}
			}
			found = append(found, x)
		}
		return err
	})
	return found, err
}

// own lists the recordings of the camera's video source. A device that names sources otherwise than elsewhere, and has one, has no other.
func (k *card) own(ctx context.Context, client *onvif.Client) ([]onvif.Recording, error) {
	list, err := client.Recordings(ctx)
	if err != nil {
		return nil, err
	}
	dev, err := k.cam.probe(ctx)
	if err != nil {
		return nil, err
	}
	source, there := dev.Source(k.cam.spec().Source)
	if !there {
		return nil, nil
	}
	own := slices.DeleteFunc(slices.Clone(list), func(r onvif.Recording) bool {
		return r.SourceID != source.Token && !slices.ContainsFunc(source.Profiles, func(p onvif.Profile) bool { return p.Token == r.SourceID })
	})
	if len(own) == 0 && len(dev.Sources) == 1 {
		return list, nil
	}
	return own, nil
}

func (k *card) progress(until time.Time, bytes int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.job != nil {
		k.job.Until, k.job.Bytes = until, bytes
	}
}

// over notes how filling a hole ended.
func (k *card) over(ctx context.Context, f *filling, err error) time.Duration {
	h := f.h
	switch {
	case errors.Is(err, errStopped):
		k.giveUp(h, "It was stopped.")
		k.end(f, "It was stopped.", audit.Done)
		return 0
	case errors.Is(err, onvif.ErrNoService):
		k.say("none", noCard)
		return cardMissing
	case ctx.Err() != nil, errors.Is(err, errGivesWay):
		k.end(f, "", audit.Done) // what is still missing is looked for again
		return cardSoon
	case errors.Is(err, storage.ErrTaken):
		k.giveUp(h, notFree)
		k.end(f, notFree, audit.Done)
	case err != nil:
		return k.failed(f, err)
	case f.reached && f.first.found && f.last.found:
		if k.end(f, "", audit.Done); f.filled == 0 {
			k.giveUp(h, "The card has both pictures beside it, and none between them.")
		}
	case f.reached:
		k.giveUp(h, restOfClock)
		k.end(f, restOfClock, audit.Done)
	default:
		k.giveUp(h, "The card has nothing of then.")
		k.end(f, "The card has nothing of the rest.", audit.Done)
	}
	k.cam.calm("card:" + k.cam.spec().ID)
	return 0
}

// failed notes a try of which nothing came, and gives a hole up after cardTries of them.
func (k *card) failed(f *filling, err error) time.Duration {
	detail, hint := explain(err)
	k.mu.Lock()
	a := k.tries[f.h.key()]
	if a.failed++; f.filled > 0 {
		a.failed = 1
	}
	pause := cardPause
	for range a.failed - 1 {
		pause *= 6
	}
	a.next, a.why = time.Now().Add(pause), detail
	k.tries[f.h.key()] = a
	k.mu.Unlock()
	k.cam.log.Error("fetch what was lost from the camera's card", "stream", f.h.stream, "from", f.h.from, "to", f.h.to, "filled", f.filled, "error", err)
	k.end(f, detail, audit.Failed)
	k.say("waiting", detail)
	if a.failed < cardTries {
		return pause
	}
	k.giveUp(f.h, detail)
	id := k.cam.spec().ID
	k.cam.alarm(Alarm{ID: "card:" + id, Severity: "warning", What: fmt.Sprintf("What was lost of camera %s from %s to %s could not be fetched from its card: %s", id, f.h.from.Format(time.RFC3339), f.h.to.Format(time.RFC3339), detail),
		Means: "It stays a gap. The camera deletes its own recording when its card is full.", Do: "Once that is mended, fetch it: holdfast camera fill --camera " + id + ". " + hint})
	return cardSoon
}

// end tells of a filling that is over.
func (k *card) end(f *filling, why string, outcome audit.Outcome) {
	m := f.marks()
	x := web.CardFilled{Stream: f.h.stream, From: f.h.from, To: f.h.to, Cause: string(f.h.cause), Seconds: f.filled.Seconds(), Bytes: f.bytes, Ended: time.Now().UTC(), Why: why,
		Before: by(m.Before), After: by(m.After), Within: m.Within.Seconds()}
	k.mu.Lock()
	k.ended = append([]web.CardFilled{x}, k.ended[:min(len(k.ended), maxEnded-1)]...)
	k.mu.Unlock()
	if f.filled == 0 && outcome == audit.Done {
		return
	}
	after, _ := json.Marshal(map[string]any{"seconds": f.filled.Seconds(), "why": why})
	k.log(audit.Entry{Action: audit.ActionCameraFill, Kind: audit.ByProcess, Outcome: outcome, Camera: k.cam.spec().ID, Stream: f.h.stream, From: f.h.from, To: f.h.to, After: after})
	k.cam.log.Info("what was lost was fetched from the camera's card", "stream", f.h.stream, "from", f.h.from, "to", f.h.to, "filled", f.filled, "why", why)
}

func by(pictures bool) string {
	if pictures {
		return "pictures"
	}
	return "clock"
}
