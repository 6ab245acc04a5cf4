package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/config"
	"holdfast/gateway"
	"holdfast/gateway/simcam"
)

const (
	demoListen  = "127.0.0.1:8080"
	demoCameras = 3
	maxDemo     = 32 // simulated cameras of one demo; each costs about as much as recording one
	findTime    = 20 * time.Second
)

// demo runs the gateway with simulated cameras, which are real ONVIF and RTSP servers on loopback: it finds them by
// discovery, adopts and records them, and prints a one-time link to the viewer.
func demo(ctx context.Context, t terminal, args []string) error {
	fs := options(t, "demo", "demo [--data DIR] [--listen ADDR] [--cameras N]")
	data := fs.String("data", "", "keep footage and settings in `DIR` (default: a new directory, removed at the end)")
	listen := fs.String("listen", "", "viewer `ADDR` (default "+demoListen+", or a free port when that is taken)")
	count := fs.Int("cameras", demoCameras, "how many simulated cameras, 1 to 32")
	level := fs.String("log", "warn", "least `LEVEL` to log: debug, info, warn, error")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *count < 1 || *count > maxDemo {
		return fmt.Errorf("--cameras %d: allowed are 1 to %d", *count, maxDemo)
	}
	log, err := newLog(t.err, *level)
	if err != nil {
		return err
	}
	dir, cleanup, err := demoDir(*data)
	if err != nil {
		return err
	}
	defer cleanup()
	d := demonstration{t: t, log: log, dir: dir, kept: *data != "", listen: demoAddress(*listen), count: *count}
	return d.run(ctx)
}

// demoDir makes the demo's directory; without a name it is a new one that the cleanup removes with its footage.
func demoDir(name string) (dir string, cleanup func(), err error) {
	if name != "" {
		dir, err = filepath.Abs(name)
		return dir, func() {}, err
	}
	dir, err = os.MkdirTemp("", "holdfast-demo-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// demoAddress falls back to a free port when the usual one is taken and none was asked for.
func demoAddress(asked string) string {
	if asked != "" {
		return asked
	}
	l, err := net.Listen("tcp", demoListen)
	if err != nil {
		return "127.0.0.1:0"
	}
	l.Close()
	return demoListen
}

// demonstration is one run of the demo.
type demonstration struct {
	t      terminal
	log    *slog.Logger
	dir    string
	kept   bool
	listen string
	count  int
}

// run ends in the reverse order of the data flow: first the gateway, so that its segments are closed without a gap
// that says the cameras went away, then the cameras.
func (d *demonstration) run(ctx context.Context) error {
	cams, err := simcam.Demo(d.count, d.dir, d.log)
	if err != nil {
		return err
	}
	world, endWorld := context.WithCancel(context.WithoutCancel(ctx))
	defer endWorld()
	var streets errgroup.Group
	for _, c := range cams {
		streets.Go(func() error { return c.Run(world) })
	}
	err = d.runGateway(ctx, cams)
	endWorld()
	if werr := streets.Wait(); err == nil && !errors.Is(werr, context.Canceled) {
		err = werr
	}
	return err
}

func (d *demonstration) runGateway(ctx context.Context, cams []*simcam.Camera) error {
	conf, err := d.config()
	if err != nil {
		return err
	}
	g := gateway.New(gateway.Options{Config: conf, Version: release, Log: d.log, Demo: true})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var both errgroup.Group
	both.Go(func() error {
		defer cancel()
		return g.Run(ctx)
	})
	both.Go(func() error {
		err := d.guide(ctx, g, cams)
		if err != nil && ctx.Err() == nil {
			cancel()
			return err
		}
		return nil
	})
	return both.Wait()
}

// config is the demo's configuration: what a file of four lines would say.
func (d *demonstration) config() (*config.Config, error) {
	yaml := fmt.Sprintf("listen: %q\ndata: %q\nvolumes:\n  - path: %q\nretention:\n  max_age: 24h\nwebrtc: {udp: \":0\", tcp: \":0\"}\n",
		d.listen, d.dir, filepath.Join(d.dir, "volume"))
	return config.Parse("demo", []byte(yaml))
}

// guide finds and adopts the simulated cameras and tells the person where to look.
func (d *demonstration) guide(ctx context.Context, g *gateway.Gateway, cams []*simcam.Camera) error {
	select {
	case <-g.Ready():
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := d.adopt(ctx, g, cams); err != nil {
		return err
	}
	link, err := g.LoginLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.t.out, "\nViewer   %s\n         (this link signs you in once; make another with a restart)\n", link)
	if d.kept {
		fmt.Fprintf(d.t.out, "Footage  %s\n", d.dir)
	} else {
		fmt.Fprintf(d.t.out, "Footage  %s (removed when the demo ends)\n", d.dir)
	}
	fmt.Fprintf(d.t.out, "Keys     footage is encrypted; holdfast keys recovery --data %s prints what opens it elsewhere\nEnd      Ctrl-C\n\n", d.dir)
	return nil
}

// adopt probes until every simulated camera has answered, and adopts them in their order, which is that of the wall: each as soon as it and
// those before it have.
func (d *demonstration) adopt(ctx context.Context, g *gateway.Gateway, cams []*simcam.Camera) error {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	known := make(map[string]gateway.Discovery)
	for len(cams) > 0 {
		f, ok := known[cams[0].Endpoint()]
		if !ok {
			found, err := g.Find(ctx)
			if err != nil {
				return fmt.Errorf("discover cameras: %w", err)
			}
			for _, f := range found {
				known[f.ID] = f
			}
			continue
		}
		if err := d.adoptOne(ctx, g, f, cams[0]); err != nil {
			return err
		}
		cams = cams[1:]
	}
	return nil
}

func (d *demonstration) adoptOne(ctx context.Context, g *gateway.Gateway, f gateway.Discovery, c *simcam.Camera) error {
	id, err := g.Enrol(ctx, gateway.Adoption{Address: f.Address(), Endpoint: f.ID, Name: c.Name(),
		Username: c.Username(), Password: c.Password(), Audio: true})
	if err != nil {
		return fmt.Errorf("adopt %s: %w", c.Name(), err)
	}
	fmt.Fprintf(d.t.out, "Found %-12s %-8s at %s, recording as %q\n", c.Name(), c.Kind(), f.Address(), id)
	return nil
}
