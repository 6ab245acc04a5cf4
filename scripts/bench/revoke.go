package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"holdfast/scripts/rig"
)

const (
	revoked     = 20              // viewers of each kind
	revokeLimit = 2 * time.Second // within which everything has ended
	quietFor    = 4 * time.Second // how long is looked whether anything comes after all
)

// watcher is a person who watches, as the headers of their requests.
type watcher struct {
	id, session string
	headers     map[string]string
}

// ways of taking a right away. Each gives the moment when it was gone.
var ways = []struct {
	name string
	take func(ctx context.Context, d *rig.Daemon, w *watcher) (time.Time, error)
}{
	{"person disabled", func(ctx context.Context, d *rig.Daemon, w *watcher) (time.Time, error) {
		return now(call(ctx, d, "PATCH", "/api/v1/people/"+w.id, map[string]any{"disabled": true}, nil))
	}},
	{"grant removed", func(ctx context.Context, d *rig.Daemon, w *watcher) (time.Time, error) {
		return now(call(ctx, d, "PATCH", "/api/v1/people/"+w.id, map[string]any{"grants": []any{}}, nil))
	}},
	{"session ended", func(ctx context.Context, d *rig.Daemon, w *watcher) (time.Time, error) {
		return now(call(ctx, d, "DELETE", "/api/v1/sessions/"+w.session, nil, nil))
	}},
	{"hours over", func(ctx context.Context, d *rig.Daemon, w *watcher) (time.Time, error) {
		end := time.Now().Truncate(time.Minute).Add(time.Minute)
		if time.Until(end) < 2*time.Second {
			end = end.Add(time.Minute)
		}
		grant := operator()
		grant["hours"] = []any{map[string]any{"days": []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, "from": end.Add(-2 * time.Hour).Format("15:04"), "to": end.Format("15:04")}}
		if err := call(ctx, d, "PATCH", "/api/v1/people/"+w.id, map[string]any{"grants": []any{grant}}, nil); err != nil {
			return end, err
		}
		return end, pause(ctx, time.Until(end))
	}},
}

// now is the moment at which an order was given: half of the ends lie before its answer.
func now(err error) (time.Time, error) { return time.Time{}, err }

func operator() map[string]any {
	return map[string]any{"role": "operator", "cameras": []string{"cam-1"}}
}

// call asks the API with JSON as the local program.
func call(ctx context.Context, d *rig.Daemon, method, path string, body, into any) error {
	var send io.Reader
	mime := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send, mime = bytes.NewReader(b), "application/json"
	}
	res, err := d.Open(ctx, method, path, mime, send)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if into == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// revoke has each right taken away while it is used, and prints how long what runs by it goes on.
func revoke(ctx context.Context, b *rig.Bench, _ options) error {
	if err := b.Build(ctx, "scripts/bench/viewers"); err != nil {
		return err
	}
	d, end, err := oneCamera(ctx, b, "revoke", 2*time.Second)
	if err != nil {
		return err
	}
	defer end()
	fmt.Printf("%d of each kind run; milliseconds from the order until\n%-18s %-34s %-34s %s\n", revoked, "", "the last RTP packet", "the end of live.mp4", "the end of events")
	for i, way := range ways {
		w, err := newWatcher(ctx, d, fmt.Sprintf("watcher-%d", i))
		if err != nil {
			return err
		}
		packets, movies, events, err := revokeOne(ctx, b, d, w, way.take)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		fmt.Printf("%-18s %-34s %-34s %s\n", way.name, packets, movies, events)
		for _, s := range []series{packets, movies, events} {
			if v := s.sorted(); len(v) != revoked || v[len(v)-1] > float64(revokeLimit.Milliseconds()) {
				return fmt.Errorf("%s: not all has ended within %s", way.name, revokeLimit)
			}
		}
	}
	return nil
}

// newWatcher makes a person who has signed in.
func newWatcher(ctx context.Context, d *rig.Daemon, name string) (*watcher, error) {
	var made struct {
		Person     struct{ ID string }
		Invitation struct{ Link string }
	}
	if err := call(ctx, d, "POST", "/api/v1/people", map[string]any{"username": name, "grants": []any{operator()}}, &made); err != nil {
		return nil, err
	}
	_, secret, _ := strings.Cut(made.Invitation.Link, "#invite=")
	body, err := json.Marshal(map[string]string{"token": secret, "password": "a herd of green umbrellas"})
	if err != nil {
		return nil, err
	}
	res, err := d.Open(ctx, "POST", "/api/v1/join", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var info struct{ CSRF string }
	if err := json.NewDecoder(res.Body).Decode(&info); err != nil {
		return nil, err
	}
	w := &watcher{id: made.Person.ID, headers: map[string]string{"X-CSRF-Token": info.CSRF}}
	for _, c := range res.Cookies() {
		w.headers["Cookie"] += c.Name + "=" + c.Value + "; "
	}
	var sessions []struct{ ID string }
	if err := call(ctx, d, "GET", "/api/v1/people/"+url.PathEscape(w.id)+"/sessions", nil, &sessions); err != nil {
		return nil, err
	}
	if len(sessions) != 1 {
		return nil, fmt.Errorf("%s has %d sessions", name, len(sessions))
	}
	w.session = sessions[0].ID
	return w, nil
}

// stream is one answer that goes on.
type stream struct {
	ended time.Time // set before done is closed
	done  chan struct{}
}

func revokeOne(ctx context.Context, b *rig.Bench, d *rig.Daemon, w *watcher, take func(context.Context, *rig.Daemon, *watcher) (time.Time, error)) (packets, movies, events series, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	crowd, err := crowdOf(b, d, revoked, w.headers)
	if err != nil {
		return nil, nil, nil, err
	}
	defer crowd.end()
	var films, lists []*stream
	for range revoked {
		film, err := open(ctx, d, w, "/api/v1/cameras/cam-1/live.mp4")
		if err != nil {
			return nil, nil, nil, err
		}
		list, err := open(ctx, d, w, "/api/v1/events/stream")
		if err != nil {
			return nil, nil, nil, err
		}
		films, lists = append(films, film), append(lists, list)
	}
	if err := pause(ctx, 2*time.Second); err != nil {
		return nil, nil, nil, err
	}
	at := time.Now()
	if boundary, err := take(ctx, d, w); err != nil {
		return nil, nil, nil, err
	} else if !boundary.IsZero() {
		at = boundary
	}
	if movies, err = endsOf(ctx, films, at); err != nil {
		return nil, nil, nil, fmt.Errorf("live.mp4: %w", err)
	}
	if events, err = endsOf(ctx, lists, at); err != nil {
		return nil, nil, nil, fmt.Errorf("events: %w", err)
	}
	if err := pause(ctx, quietFor); err != nil {
		return nil, nil, nil, err
	}
	_, last, err := crowd.ask()
	for _, l := range last {
		packets = append(packets, max(0, float64(l.Sub(at).Microseconds())/1000))
	}
	return packets, movies, events, err
}

// open begins an answer as the watcher, and reads it until it ends.
func open(ctx context.Context, d *rig.Daemon, w *watcher, path string) (*stream, error) {
	address, _, _ := d.Endpoint()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+path, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range w.headers {
		r.Header.Set(name, value)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("%s: %s", path, res.Status)
	}
	s := &stream{done: make(chan struct{})}
	began := make(chan struct{})
	go func() {
		defer close(s.done)
		defer res.Body.Close()
		once := sync.OnceFunc(func() { close(began) })
		buffer := make([]byte, 64<<10)
		for {
			_, err := res.Body.Read(buffer)
			once()
			if err != nil {
				s.ended = time.Now()
				return
			}
		}
	}()
	<-began
	return s, nil
}

// endsOf waits for the ends of answers, and gives them in milliseconds after a moment.
func endsOf(ctx context.Context, list []*stream, at time.Time) (s series, err error) {
	limit := time.After(time.Until(at.Add(revokeLimit)) + quietFor)
	for _, one := range list {
		select {
		case <-one.done:
			if one.ended.Before(at) {
				return nil, errors.New("it ended before the right did")
			}
			s = append(s, float64(one.ended.Sub(at).Microseconds())/1000)
		case <-limit:
			return nil, errors.New("it goes on")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s, nil
}
