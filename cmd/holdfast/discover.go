package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"holdfast/gateway/egress"
	"holdfast/gateway/web"
	"holdfast/onvif/discovery"
)

// searching is what the command line of discover says.
type searching struct {
	target
	t                  terminal
	timeout            time.Duration
	ranges, interfaces several
}

// several is an option that may be given several times.
type several []string

func (w *several) String() string { return strings.Join(*w, " ") }

func (w *several) Set(s string) error {
	*w = append(*w, s)
	return nil
}

// discover asks the networks of this machine, or given addresses, for ONVIF cameras, and lists who answers: through the gateway
// while it runs, which knows what is adopted, and by itself when it does not.
func discover(ctx context.Context, t terminal, args []string) error {
	s := &searching{t: t}
	s.fs = options(t, "discover", "discover [--timeout 3s] [--interface NAME]… | [--range 192.168.1.0/24]… [--address 192.168.1.7]… [--json]")
	s.file = s.fs.String("config", "", "ask through the gateway of this configuration `FILE`; the installed one when left out")
	s.data = s.fs.String("data", "", "ask through the gateway of this data `DIR`, of a demo")
	s.asJSON = s.fs.Bool("json", false, "print each camera as it is found, one JSON object a line; one with the same key replaces an earlier line")
	s.fs.DurationVar(&s.timeout, "timeout", discovery.DefaultTimeout, "how long to listen for answers, at most a minute")
	s.fs.Var(&s.interfaces, "interface", "ask by the network interface of this `NAME` only; may be given again")
	s.fs.Var(&s.ranges, "range", "ask each address of a `RANGE`, for networks that drop multicast: 192.168.1.0/24 or 192.168.1.10-50; may be given again")
	s.fs.Var(&s.ranges, "address", "ask one `ADDRESS`; may be given again")
	if err := parse(s.fs, args); err != nil {
		return err
	}
	if _, err := discovery.ParseRanges(s.ranges); err != nil {
		return err
	}
	if s.timeout < 0 || s.timeout > time.Minute {
		return errors.New("--timeout is at most a minute")
	}
	l, err := s.gateway(ctx)
	if err != nil {
		return err
	}
	out := &findings{t: t, asJSON: *s.asJSON, known: l != nil, shows: isTerminal(t.err)}
	if l != nil {
		err = s.through(ctx, l, out.take)
	} else {
		err = s.alone(ctx, out.take)
	}
	if err != nil && ctx.Err() == nil {
		out.clear()
		return err
	}
	return out.end(len(s.ranges) > 0)
}

// gateway gives the running gateway, nil where none is meant or none runs.
func (s *searching) gateway(ctx context.Context) (*local, error) {
	l, err := s.running(ctx)
	named := false
	s.fs.Visit(func(f *flag.Flag) { named = named || f.Name == "config" || f.Name == "data" })
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, errNoDaemon), !named: // nothing is installed, or its files are not for who asks: the network is there all the same
		return nil, ctx.Err()
	}
	return nil, err
}

// through has the gateway search.
func (s *searching) through(ctx context.Context, l *local, take func(web.SearchLine)) error {
	body, err := json.Marshal(web.SearchRequest{Ranges: s.ranges, Interfaces: s.interfaces, Seconds: int((s.timeout + time.Second - 1) / time.Second)})
	if err != nil {
		return err
	}
	res, err := l.do(ctx, "POST", "/api/v1/discover", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for d := json.NewDecoder(res.Body); ; {
		var f web.SearchLine
		if err := d.Decode(&f); err != nil {
			return fmt.Errorf("the gateway ended the search before it was complete: %w", err)
		}
		switch {
		case f.Error != "":
			return errors.New(f.Error)
		case f.Done:
			return nil
		}
		take(f)
	}
}

// alone searches without a gateway. What is adopted is not known then.
func (s *searching) alone(ctx context.Context, take func(web.SearchLine)) error {
	guard := egress.New(egress.Options{})
	way := guard.For(egress.Discovery, egress.Use{})
	found := func(f discovery.Found) {
		take(web.SearchLine{Found: &web.Discovered{Key: f.Key, ID: f.ID, Shared: f.Shared, Name: f.Name, Maker: f.Maker, Model: f.Hardware, Hardware: f.Hardware,
			Location: f.Location, Profiles: f.Profiles, Address: f.Address(), XAddrs: f.XAddrs, By: f.By}})
	}
	if len(s.ranges) == 0 {
		_, err := discovery.Probe(ctx, discovery.Options{Timeout: s.timeout, Interfaces: s.interfaces, Open: way.ListenPacket, Found: found})
		return err
	}
	addresses, err := discovery.ParseRanges(s.ranges)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if !guard.Allowed(a) {
			return fmt.Errorf("%s is outside the premises: only private addresses are searched without a gateway; one with its prefix under egress.allow searches it", a)
		}
	}
	_, err = discovery.Sweep{Addresses: addresses, Open: way.ListenPacket, Dial: way.DialContext, Found: found, Progress: func(done, of int) {
		take(web.SearchLine{Progress: &web.SearchProgress{Done: done, Of: of, Unit: "addresses"}})
	}}.Run(ctx)
	return err
}

// findings is what was found so far.
type findings struct {
	t      terminal
	asJSON bool
	known  bool // a gateway says what is adopted
	shows  bool // how far the search is, on a terminal

	mu    sync.Mutex // guards what follows: progress and devices come from goroutines of their own
	list  []*web.Discovered
	shown time.Time
}

// printed is a device as --json prints it.
type printed struct {
	*web.Discovered
	Adopted *bool `json:"adopted"` // null: it is not known
}

// take keeps what was found, and shows it as it comes.
func (f *findings) take(one web.SearchLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := one.Found; d != nil {
		f.keep(d)
		if f.asJSON {
			p := printed{Discovered: d}
			if f.known {
				p.Adopted = &d.Adopted
			}
			json.NewEncoder(f.t.out).Encode(p)
		}
	}
	if p := one.Progress; f.shows && p != nil && (p.Done == p.Of || time.Since(f.shown) > 100*time.Millisecond) {
		f.shown = time.Now()
		fmt.Fprintf(f.t.err, "\r\x1b[K%d found; %d of %d %s. Ctrl-C ends with what was found.", len(f.list), p.Done, p.Of, p.Unit)
	}
}

func (f *findings) keep(d *web.Discovered) {
	for i, have := range f.list {
		if have.Key == d.Key {
			f.list[i] = d
			return
		}
	}
	f.list = append(f.list, d)
}

// clear takes the line of progress away.
func (f *findings) clear() {
	if f.shows {
		fmt.Fprint(f.t.err, "\r\x1b[K")
	}
}

// end prints the list.
func (f *findings) end(ranged bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clear()
	if f.asJSON {
		return nil
	}
	if len(f.list) == 0 {
		_, err := fmt.Fprintln(f.t.out, nobody(ranged))
		return err
	}
	if err := printFound(f.t.out, f.list, f.known); err != nil {
		return err
	}
	if !f.known {
		fmt.Fprintln(f.t.err, "No gateway was asked, so it is not known which of them are adopted (--config or --data names one that runs).")
	}
	return nil
}

func nobody(ranged bool) string {
	if ranged {
		return "No camera answered at these addresses, neither WS-Discovery nor ONVIF over HTTP."
	}
	return "No camera answered. Cameras answer only on their own network segment, and only when discovery is enabled in them; --range asks addresses one by one, and a camera can also be named by its address in the configuration."
}

func printFound(w io.Writer, list []*web.Discovered, known bool) error {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "ADDRESS\tMAKER\tMODEL\tNAME\tLOCATION\tPROFILES\tADOPTED\tID")
	for _, d := range list {
		adopted := "unknown"
		if known {
			adopted = cmp.Or(d.Camera, "no")
		}
		fmt.Fprintln(tw, strings.Join([]string{d.Address, cmp.Or(d.Maker, "-"), cmp.Or(d.Model, "-"), cmp.Or(d.Name, "-"), cmp.Or(d.Location, "-"), cmp.Or(strings.Join(d.Profiles, ","), "-"), adopted, cmp.Or(d.ID, "-")}, "\t"))
	}
	return tw.Flush()
}
