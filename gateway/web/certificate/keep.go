package certificate

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"holdfast/config"
	"holdfast/gateway/web/authority"
)

// effort is how far a look may go.
type effort int

const (
	look  effort = iota // read what is there
	order               // and order a certificate when one is due
	force               // and also when none is
)

// soon is how long before its end a certificate's is an alarm, at most; of one that lasts weeks it is a sixth of its life.
const soon = 14 * 24 * time.Hour

// The alarms of this package.
const (
	alarmOwn       = "certificate"
	alarmAuthority = "authority"
	alarmFiles     = "certificate:files"
	alarmACME      = "certificate:acme"
	alarmExpiry    = "certificate:expiry"
	alarmNames     = "certificate:names"
)

// Look reads what changed and orders nothing. It takes no longer than reading some small files.
func (h *Holder) Look() {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	h.keep(context.Background(), look)
}

// Keep looks at the clock, the machine's addresses and the operator's files, and orders a certificate when one is due. It
// is cheap when nothing is, and is to be called every half minute.
func (h *Holder) Keep(ctx context.Context) {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	h.keep(ctx, order)
}

// Renew has what is presented renewed now: the own leaf is issued anew, files are read again, an ACME certificate is ordered.
// Its error is a sentence.
func (h *Holder) Renew(ctx context.Context) error {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	h.seen = seen{}
	s := h.configured()
	if s.Certificate == "" && s.ACME == nil {
		err := h.own.Renew()
		h.keep(ctx, look)
		return err
	}
	h.keep(ctx, force)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tries.err
}

// keep is one round. Caller holds keeping.
func (h *Holder) keep(ctx context.Context, e effort) {
	h.keepOwn()
	s := h.configured()
	switch {
	case s.Certificate != "":
		h.keepFiles(s)
	case s.ACME != nil:
		h.keepIssued(ctx, *s.ACME, e)
	default:
		h.withdraw()
	}
	h.endAlarm(s.Certificate == "", alarmFiles)
	h.endAlarm(s.ACME == nil, alarmACME)
	h.judge(s)
	h.writeTrust()
}

// keepOwn renews what the own authority has to renew.
func (h *Holder) keepOwn() {
	change, err := h.own.Refresh()
	switch {
	case err != nil:
		h.alarm(alarmOwn, "The certificate could not be renewed: "+err.Error(), "Footage is not touched; browsers will warn once it expires.", "Look at the tls directory in the data directory.")
	case change.Authority:
		h.alarm(alarmAuthority, "The gateway's address has changed, so it made a new certificate authority.", "Footage is not touched; browsers warn until the new certificate is installed.",
			"Install the certificate again (/install-certificate), or give the gateway a name in the configuration.")
	default:
		h.endAlarm(true, alarmOwn)
	}
}

// judge says when what is presented ends soon, or is not good for a name that people use.
func (h *Holder) judge(s config.TLS) {
	g := h.given.Load()
	ends := g != nil && h.endsSoon(g.leaf)
	h.endAlarm(!ends, alarmExpiry)
	if ends {
		means := "Footage is not touched. From then on browsers get the certificate of the gateway's own authority, and warn where that is not installed."
		do := "Put a new certificate and its key into the files under tls.certificate and tls.key; they are read by themselves."
		if g.source == Issued {
			do = "It should have been renewed by now; the other alarm says why it was not. holdfast certificate renew tries at once."
		}
		h.alarm(alarmExpiry, fmt.Sprintf("The certificate %s on %s.", ended(h.now(), g.leaf), g.leaf.NotAfter.UTC().Format("2006-01-02 15:04 UTC")), means, do)
	}
	var missing []string
	if g != nil && g.source == Files {
		missing = g.missing(h.o.Names)
	}
	h.endAlarm(len(missing) == 0, alarmNames)
	if len(missing) > 0 {
		h.alarm(alarmNames, fmt.Sprintf("The certificate under tls.certificate is not good for %s.", strings.Join(missing, ", ")),
			"Whoever comes by that name gets the certificate of the gateway's own authority, and a warning where that is not installed.", "Have a certificate issued that names it too, or take the name out of names in the configuration.")
	}
}

// endsSoon tells whether it is time to say that a certificate ends.
func (h *Holder) endsSoon(leaf *x509.Certificate) bool {
	before := min(soon, leaf.NotAfter.Sub(leaf.NotBefore)/6)
	return !h.now().Before(leaf.NotAfter.Add(-before))
}

func ended(now time.Time, leaf *x509.Certificate) string {
	if now.Before(leaf.NotAfter) {
		return "expires"
	}
	return "expired"
}

// standing says what browsers get while something is wrong.
func (h *Holder) standing() string {
	if g := h.given.Load(); g != nil && g.goodAt(h.now()) {
		return fmt.Sprintf("Footage is not touched. Browsers keep getting the certificate of before, good until %s.", g.leaf.NotAfter.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return "Footage is not touched. Browsers get the certificate of the gateway's own authority meanwhile, and warn where that is not installed."
}

func (h *Holder) alarm(id, what, means, do string) {
	h.alarmed[id] = true
	if h.o.Alarm != nil {
		h.o.Alarm(id, what, means, do)
	}
}

// endAlarm ends an alarm that was raised, if it is over.
func (h *Holder) endAlarm(over bool, id string) {
	if !over || !h.alarmed[id] {
		return
	}
	delete(h.alarmed, id)
	if h.o.Clear != nil {
		h.o.Clear(id)
	}
}

// TrustFile is the file with the certificates that a program has to trust to be sure of this gateway by whatever name
// or address it comes.
func (h *Holder) TrustFile() string { return filepath.Join(h.o.Dir, "trust.crt") }

// writeTrust keeps trust.crt as it should be.
func (h *Holder) writeTrust() {
	text := h.own.PEM()
	if g := h.given.Load(); g != nil {
		for _, der := range g.tls.Certificate {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
	}
	if bytes.Equal(text, h.trusted) {
		return
	}
	if err := authority.Replace(h.TrustFile(), text, 0o644); err != nil {
		h.log.Error("certificates to trust are not written", "error", err)
		return
	}
	h.trusted = text
}
