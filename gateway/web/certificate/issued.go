package certificate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"time"

	"holdfast/config"
	"holdfast/gateway/web/authority"
)

// Waiting after an order that did not come about.
const (
	firstWait = time.Minute
	maxWait   = 6 * time.Hour
)

// keepIssued presents the certificate that an ACME authority issued, and orders the next one when it is time. Caller
// holds keeping.
func (h *Holder) keepIssued(ctx context.Context, a config.ACME, e effort) {
	h.presentStored(a)
	g := h.given.Load()
	due := e == force || g == nil || len(g.missing(h.ordered(a))) > 0 || !h.now().Before(renewal(g.pair))
	if e == look || !due || e != force && h.now().Before(h.nextTry()) {
		return
	}
	p, err := h.obtain(ctx, a)
	if err == nil {
		err = h.store(a, p)
	}
	switch {
	case !reflect.DeepEqual(h.configured().ACME, &a): // there are other settings meanwhile
	case err == nil:
		h.present(p, Issued, a.Directory)
		h.succeeded()
		h.endAlarm(true, alarmACME)
	case ctx.Err() != nil: // nobody waits for it any more
	default:
		h.refused(err)
	}
}

// refused notes an order that did not come about, says so, and when it is tried again.
func (h *Holder) refused(err error) {
	h.failed(err)
	h.mu.Lock()
	wait := min(firstWait<<min(h.tries.failed-1, 10), maxWait)
	wait += time.Duration(rand.Int64N(int64(wait / 10))) // so that the gateways of a site do not all come at once
	h.tries.next = h.now().Add(wait)
	h.mu.Unlock()
	h.alarm(alarmACME, fmt.Sprintf("No certificate could be had from the authority under tls.acme: %v.", err), h.standing(),
		hint(err)+" It is tried again by itself; holdfast certificate renew tries at once.")
}

func (h *Holder) nextTry() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tries.next
}

// renewal is when an issued certificate is renewed: after two thirds of its life.
func renewal(p *pair) time.Time {
	return p.leaf.NotBefore.Add(p.leaf.NotAfter.Sub(p.leaf.NotBefore) / 3 * 2)
}

// ordered are the names that a certificate is ordered for.
func (h *Holder) ordered(a config.ACME) []string {
	if len(a.Names) > 0 {
		return a.Names
	}
	return h.o.Names
}

// storedAt is where the certificate, or the account, of an ACME directory is kept.
func (h *Holder) storedAt(a config.ACME, kind string) string {
	sum := sha256.Sum256([]byte(a.Directory))
	return filepath.Join(h.o.Dir, "acme-"+hex.EncodeToString(sum[:4])+kind)
}

// presentStored presents what that authority issued before, unless it is presented already.
func (h *Holder) presentStored(a config.ACME) {
	if g := h.given.Load(); g != nil && g.source == Issued && g.from == a.Directory {
		return
	}
	path := h.storedAt(a, ".pem")
	p, err := readPair(path, path)
	if err == nil {
		h.present(p, Issued, a.Directory)
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		h.log.Error("the certificate that was issued last cannot be read; another is ordered", "error", err)
	}
	h.withdraw()
}

// store keeps what was issued: certificates and key in one file, so that they can never disagree.
func (h *Holder) store(a config.ACME, p *pair) error {
	text, err := encodePair(p)
	if err != nil {
		return err
	}
	return authority.Replace(h.storedAt(a, ".pem"), text, 0o600)
}
