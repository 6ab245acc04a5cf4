package gateway

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/rtsp"
)

const (
	// askedAtOnce is how many devices are asked at the same time while many are added.
	askedAtOnce = 4
	// adoptTime bounds what one of them may take.
	adoptTime = 90 * time.Second
)

// adoptions adds many devices in the background, one list at a time. The zero value is ready. Passwords are held while a list is worked
// through, and nowhere after.
type adoptions struct {
	mu      sync.Mutex // guards what follows
	job     *web.AdoptionJob
	cancel  context.CancelFunc // of the one that runs
	ended   chan struct{}      // closed when it has ended
	stopped bool
}

// StartAdoption begins to add devices, in the order of the list.
func (g *Gateway) StartAdoption(req web.AdoptionRequest, told func(address string, cameras []string)) (web.AdoptionJob, error) {
	if req.Mirror && len(g.store.Volumes()) < 2 {
		return web.AdoptionJob{}, web.Rejected("mirror", errOneVolume.Error())
	}
	seen := make(map[string]bool)
	job := &web.AdoptionJob{State: "running", Started: g.now().UTC(), Of: len(req.Devices)}
	for _, d := range req.Devices {
		key := deviceKey(d.Address)
		if seen[key] {
			return web.AdoptionJob{}, web.Rejected("devices", d.Address+" is in the list twice: choose its video sources in one place, so that it is asked once.")
		}
		seen[key] = true
		job.Devices = append(job.Devices, web.AdoptionResult{Address: d.Address, State: "waiting"})
	}
	s := &g.adoption
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.job != nil && s.job.State == "running" {
		return web.AdoptionJob{}, web.Running("Cameras are being added already.")
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.job, s.cancel, s.ended = job, cancel, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		defer cancel()
		g.adoptAll(ctx, req, told)
	}(s.ended)
	return s.look(), nil
}

// deviceKey is where a device is, however its address is written.
func deviceKey(address string) string {
	if isRTSP(address) {
		return address
	}
	return strings.ToLower(onvif.HostPort(address))
}

// adoptAll works through a list.
func (g *Gateway) adoptAll(ctx context.Context, req web.AdoptionRequest, told func(string, []string)) {
	s := &g.adoption
	var asked errgroup.Group
	asked.SetLimit(askedAtOnce)
	for i := range req.Devices {
		asked.Go(func() error {
			began := time.Now()
			if ctx.Err() != nil {
				s.tell(i, web.AdoptionResult{State: "stopped"})
				return nil
			}
			s.tell(i, web.AdoptionResult{State: "asking"})
			r := g.adoptOne(ctx, req, i)
			r.Seconds = time.Since(began).Seconds()
			s.tell(i, r)
			if len(r.Cameras) > 0 {
				told(req.Devices[i].Address, r.Cameras)
			}
			return nil
		})
	}
	asked.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := g.now().UTC()
	if s.job.State, s.job.Ended = "done", &now; ctx.Err() != nil {
		s.job.State = "cancelled"
	}
}

// adoptOne adds one device of a list, and says what came of it.
func (g *Gateway) adoptOne(ctx context.Context, req web.AdoptionRequest, i int) (r web.AdoptionResult) {
	d := req.Devices[i]
	if d.Username == "" && d.Password == "" {
		d.Username, d.Password = req.Username, req.Password
	}
	timed, cancel := context.WithTimeout(ctx, adoptTime)
	defer cancel()
	first := cmp.Or(req.First, 1)
	ids, err := g.EnrolSources(timed, Adoption{Address: d.Address, Endpoint: d.Endpoint, Username: d.Username, Password: d.Password, Name: cmp.Or(d.Name, req.Name),
		Record: cmp.Or(d.Record, req.Record), Mirror: req.Mirror, Sources: d.Sources, Streams: profilesOf(d.Streams), pattern: naming{number: first + i, called: d.Called, whole: true}})
	r.Cameras = ids
	if len(ids) > 0 {
		if c, ok := g.camera(ids[0]); ok {
			r.Name = c.spec().Name
		}
	}
	switch {
	case err == nil:
		r.State = "added"
		return r
	case ctx.Err() != nil:
		r.State = "stopped"
		return r
	case classOf(err) == rtsp.Unauthorized:
		r.State = "refused"
	default:
		r.State = "failed"
	}
	r.Says, r.Do = err.Error(), ""
	var p *web.Problem
	if errors.As(adoptProblem(err), &p) {
		r.Says, r.Do = cmp.Or(p.Detail, p.Title), p.Hint
	}
	return r
}

// tell keeps what came of one device.
func (s *adoptions) tell(i int, r web.AdoptionResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Address = s.job.Devices[i].Address
	s.job.Devices[i] = r
	if r.State != "asking" {
		s.job.Done++
	}
	if r.State == "added" {
		s.job.Added++
	}
}

// look is the job as it is now. Caller holds mu.
func (s *adoptions) look() web.AdoptionJob {
	job := *s.job
	job.Devices = append([]web.AdoptionResult(nil), job.Devices...)
	return job
}

// Adoption gives the list that is worked through, or that was last.
func (g *Gateway) Adoption() (web.AdoptionJob, bool) {
	s := &g.adoption
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.job == nil {
		return web.AdoptionJob{}, false
	}
	return s.look(), true
}

// CancelAdoption ends the one that runs. What was added stays.
func (g *Gateway) CancelAdoption() (web.AdoptionJob, bool) {
	g.adoption.end()
	return g.Adoption()
}

// end ends what runs, and waits for its end.
func (s *adoptions) end() {
	s.mu.Lock()
	cancel, ended := s.cancel, s.ended
	s.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}

// stop ends what runs, for good.
func (s *adoptions) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.end()
}
