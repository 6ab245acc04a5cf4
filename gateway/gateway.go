package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/config"
	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/egress"
	"holdfast/gateway/exports"
	"holdfast/gateway/live"
	"holdfast/gateway/playback"
	"holdfast/gateway/vault"
	"holdfast/gateway/web"
	"holdfast/storage"
	"holdfast/storage/keyring"
)

// Options of a gateway.
type Options struct {
	Config  *config.Config   // required, valid
	Version string           // shown to people and in the API
	Log     *slog.Logger     // required
	Now     func() time.Time // wall clock; nil: time.Now
	Demo    bool             // make a user without a known password, for LoginLink

	Load func() (*config.Config, error) // reads the configuration again, for Reload; nil: it cannot be

	idle time.Duration // 0: idleStream
	miss time.Duration // 0: missTime

	cardSpeed float64 // 0: cardSpeed
}

// Gateway is the daemon. New makes it, Run is its life.
type Gateway struct {
	conf      *config.Config                 // constant: as it was started with
	load      func() (*config.Config, error) // constant; nil: the configuration cannot be read again
	version   string                         // constant
	demo      bool                           // constant
	log       *slog.Logger                   // constant
	now       func() time.Time               // constant
	idle      time.Duration                  // constant
	miss      time.Duration                  // constant
	cardSpeed float64                        // constant: 0 is cardSpeed
	fetching  chan struct{}                  // holds a token for each camera that fetches from its card
	guard     *egress.Guard                  // constant
	ways                                     // constant
	alarms    *alarms                        // constant
	changes   *changes                       // constant
	ready     chan struct{}                  // closed once every part runs
	trying    chan struct{}                  // holds a token for each stream of a device that is tried before it is added
	look      chan struct{}                  // holds one wish that the health be looked at
	beats     beats
	texts     time.Time // when texts of events that are no more were last looked for: open, then watchHealth
	lag       *lag      // constant

	// Set by Run before ready is closed, constant after.
	state    *State
	store    *storage.Store
	auth     *auth.Auth
	live     *live.Server
	playback *playback.Playback
	exports  *exports.Exports // nil: its directory could not be opened
	checks   *checks
	adoption adoptions
	weeks    weeks
	audits   *auditReader
	web      *web.Server

	keys     *keyring.Ring // of encrypted footage; nil of a program that has no root key; constant after open
	vault    *vault.Vault  // of what is secret of cameras and people; the same
	audit    *audit.Log    // of who did and saw what; the same
	lagSince time.Time     // since when a copy of the keyring has been behind; owned by the health stage, and by open before it
	told     string        // the address in endpoint.json; owned by Run, then by the stage that announces late
	linked   atomic.Bool   // there is a set-up link

	raised      allowance
	reported    allowance
	seeking     seeks
	owedVolumes owedVolumes
	units       units
	talking     talks
	drawing     sync.Mutex // one picture of a plan is decoded at a time
	enrolling   sync.Mutex // makes choosing an id and taking it one act, as every other change of what cameras there are

	mu       sync.Mutex // guards what follows: the set of cameras and who runs them
	cameras  []*Camera  // in the order of the file, then of adoption
	group    *cameraGroup
	declared []config.Camera  // of the file, as it was read last; replaced as a whole
	site     config.Retention // the same
}

// New makes a gateway. Nothing is opened before Run.
func New(o Options) *Gateway {
	g := &Gateway{conf: o.Config, load: o.Load, version: o.Version, demo: o.Demo, log: o.Log, now: o.Now, idle: cmp.Or(o.idle, idleStream), miss: cmp.Or(o.miss, missTime), ready: make(chan struct{}), look: make(chan struct{}, 1), cardSpeed: o.cardSpeed, fetching: make(chan struct{}, siteCards), trying: make(chan struct{}, testsAtOnce), beats: beats{start: time.Now()}}
	if g.now == nil {
		g.now = time.Now
	}
	g.guard = egress.New(egress.Options{Allow: o.Config.Egress.Allow, Log: o.Log})
	g.ways = newWays(g.guard)
	g.alarms = newAlarms(g.now)
	g.changes = newChanges()
	g.lag = newLag()
	return g
}

// Ready is closed once recording runs and the faces that can be bound are bound.
func (g *Gateway) Ready() <-chan struct{} { return g.ready }

// Run runs the gateway until ctx ends; then it closes what is open and returns nil. An error means that a part without
// which nothing can be kept (data directory, state, index) did not open or failed.
func (g *Gateway) Run(ctx context.Context) error {
	lock, err := lockData(g.conf.Data)
	if err != nil {
		return err
	}
	defer lock.Close()
	retract(g.conf.Data) // of a gateway that was killed: its token is dead
	if err := g.open(); err != nil {
		return err
	}
	err = g.runParts(ctx)
	return errors.Join(err, g.close())
}

// open opens state and storage, and makes the parts that show them.
func (g *Gateway) open() (err error) {
	if err = g.openKeys(); err != nil {
		return err
	}
	if err = g.openAudit(); err != nil {
		return err
	}
	if g.state, err = openState(g.conf.Data, g.vault); err != nil {
		return errors.Join(err, g.audit.Close())
	}
	if g.store, err = storage.Open(g.storageOptions()); err != nil {
		return errors.Join(err, g.state.Close(), g.audit.Close())
	}
	g.keyAlarms()
	g.auditAlarms()
	g.checks = newChecks(g.store, g.decoding.Run, g.log)
	if err = errors.Join(g.restoreLocks(), g.dropLooseTexts(false), g.makeFaces()); err != nil {
		return errors.Join(err, g.close())
	}
	return nil
}

func (g *Gateway) close() error {
	if g.playback != nil {
		g.playback.Close()
	}
	return errors.Join(g.store.Close(), g.state.Close(), g.audit.Close()) // what the others did last is logged
}

// runParts starts what records first and what shows last, waits, and stops them in reverse.
func (g *Gateway) runParts(ctx context.Context) error {
	failed := make(chan error, 1)
	logging := begin(ctx, "audit log", failed, g.audit.Run)
	g.auditStarted()
	storing := begin(ctx, "storage", failed, g.store.Run)
	recording := begin(ctx, "cameras", failed, g.runCameras)
	greeting := begin(ctx, "announcements", failed, g.hear)
	watching := begin(ctx, "live view", failed, g.live.Run)
	steering := begin(ctx, "steering", failed, g.steer)
	exporting := begin(ctx, "exports", failed, g.export)
	facing := begin(ctx, "web faces", failed, g.web.Run)
	local := begin(ctx, "local socket", failed, g.localFace())
	hearing := begin(ctx, "health", failed, g.watchHealth)

	err := g.announce(ctx)
	announcing := begin(ctx, "endpoint", failed, g.announceLate)
	if err == nil {
		close(g.ready)
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	g.log.Info("stopping")
	g.adoption.stop()
	g.checks.stop()
	g.audits.stop()
	announcing.end()
	retract(g.conf.Data)
	for _, s := range []*stage{hearing, local, facing, exporting, steering, watching, greeting, recording, storing} {
		s.end()
	}
	g.audit.Add(audit.Entry{Action: audit.ActionStop, Kind: audit.ByProcess})
	logging.end()
	return err
}

// announceTime bounds the wait for the first face. A port that is taken is an alarm and keeps being tried; the gateway
// is ready without it.
const announceTime = 5 * time.Second

// announce writes endpoint.json once a face is bound, or says that none is.
func (g *Gateway) announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, announceTime)
	defer cancel()
	url, err := g.web.URL(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		g.log.Error("no web face could be bound; recording goes on", "listen", g.conf.Listen)
	}
	return g.tell(url)
}

// announceLate writes endpoint.json anew when a face is bound after all.
func (g *Gateway) announceLate(ctx context.Context) error {
	if g.told == "" {
		if url, err := g.web.URL(ctx); err == nil {
			if err := g.tell(url); err != nil {
				g.log.Error("the address of the viewer is not announced", "error", err)
			}
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// tell writes how programs and the first person reach the gateway; "" is not at all yet, but by the local socket.
func (g *Gateway) tell(url string) error {
	g.told = url
	e := Endpoint{URL: url, Token: g.auth.ProcessToken(), CA: g.web.CAFile()}
	if err := e.write(g.conf.Data); err != nil {
		return err
	}
	if url == "" {
		return nil
	}
	return g.writeSetupLink(url)
}

// setupFile holds the one-time set-up link while there is no administrator. It is a file, not a log line: whoever may
// read the log must not become the administrator by it.
const setupFile = "setup-link"

// SetupLinkPath is where the one-time set-up link of the gateway with this data directory lies.
func SetupLinkPath(dir string) string { return filepath.Join(dir, setupFile) }

func (g *Gateway) writeSetupLink(url string) error {
	path := SetupLinkPath(g.conf.Data)
	if !g.auth.NeedsSetup() {
		return nil
	}
	token, err := g.auth.SetupToken()
	if err != nil {
		return fmt.Errorf("make set-up link: %w", err)
	}
	if err := os.WriteFile(path, []byte(url+"/setup#token="+token+"\n"), 0o600); err != nil {
		return fmt.Errorf("write set-up link: %w", err)
	}
	g.linked.Store(true)
	g.log.Warn("no administrator yet; `holdfast setup` prints the one-time link that makes one", "file", path)
	return nil
}

// dropSetupLink removes the link once it has been used.
func (g *Gateway) dropSetupLink() {
	if g.linked.Load() && !g.auth.NeedsSetup() {
		os.Remove(SetupLinkPath(g.conf.Data))
		g.linked.Store(false)
	}
}

// retract removes what tells how a gateway is reached.
func retract(dir string) {
	os.Remove(endpointPath(dir))
	os.Remove(SetupLinkPath(dir))
}
