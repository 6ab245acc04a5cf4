package authority

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Options of an Authority.
type Options struct {
	Dir      string              // made when missing
	Names    []string            // host names and addresses that people use, from the configuration
	Required []netip.Addr        // addresses that must be certified beside Names: the ones listened on by name
	Addrs    func() []netip.Addr // addresses of this machine now; nil: of its interfaces
	Hostname string              // "": the machine's
	Log      *slog.Logger        // nil: no log
	Now      func() time.Time    // nil: time.Now
}

// Authority signs the leaf that it presents. It is safe for use by many goroutines.
type Authority struct {
	dir      string              // constant
	asked    wanted              // constant; what must be certified
	own      []string            // constant; names of the machine itself, certified beside
	addrs    func() []netip.Addr // constant
	log      *slog.Logger        // constant
	now      func() time.Time    // constant
	leaf     atomic.Pointer[pair]
	refresh  sync.Mutex // makes a look at clock and addresses, and what follows from it, one operation
	ca       atomic.Pointer[pair]
	lastSeen string // guarded by refresh; addresses left out that were logged last
}

// Change says what Refresh did.
type Change struct {
	Authority bool // a new authority was made in place of an earlier one: people must install its certificate
	Leaf      bool // a new leaf is presented
}

// Open reads or makes the authority and a leaf that is good now.
func Open(o Options) (*Authority, error) {
	a := &Authority{dir: o.Dir, addrs: o.Addrs, log: o.Log, now: o.Now}
	if a.addrs == nil {
		a.addrs = interfaceAddrs
	}
	if a.log == nil {
		a.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if a.now == nil {
		a.now = time.Now
	}
	var err error
	if a.asked, err = wantedOf(o.Names, o.Required); err != nil {
		return nil, err
	}
	a.own = hostNames(o.Hostname)
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make certificate directory: %w", err)
	}
	if err := a.read(); err != nil {
		return nil, err
	}
	if _, err := a.Refresh(); err != nil {
		return nil, err
	}
	return a, Replace(a.CertFile(), a.PEM(), 0o644)
}

// read loads what is on disk. A damaged file is treated as missing: a new one follows.
func (a *Authority) read() error {
	for file, into := range map[string]*atomic.Pointer[pair]{"ca.pem": &a.ca, "leaf.pem": &a.leaf} {
		p, err := readPair(filepath.Join(a.dir, file))
		switch {
		case err == nil:
			into.Store(p)
		case errors.Is(err, errDamaged):
			a.log.Error("certificate file is damaged; a new one is made", "file", file)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// Refresh looks at the clock and the machine's addresses and renews what must be renewed. It is cheap when nothing
// changed, and is to be called every minute.
func (a *Authority) Refresh() (Change, error) {
	a.refresh.Lock()
	defer a.refresh.Unlock()
	var c Change
	now, here := a.now().UTC(), a.addrs()
	old := a.ca.Load()
	if why := a.outgrown(now, here); why != "" {
		if err := a.renewAuthority(now, here); err != nil {
			return c, err
		}
		c.Authority = old != nil
		a.log.Info("certificate authority made", "why", why, "fingerprint", a.Fingerprint())
	}
	all := a.everything(here)
	inside := all.inside(a.ca.Load().cert)
	a.tellOutside(all, inside)
	if !a.leafFits(now, inside) {
		if err := a.renewLeaf(now, inside); err != nil {
			return c, err
		}
		c.Leaf = true
	}
	return c, nil
}

// outgrown says why the authority must be replaced, "" when it need not be.
func (a *Authority) outgrown(now time.Time, here []netip.Addr) string {
	ca := a.ca.Load()
	switch {
	case ca == nil:
		return "there is none"
	case now.After(ca.cert.NotAfter.Add(-caRenew)):
		return "it expires"
	case now.Before(ca.cert.NotBefore):
		return "it is not valid yet"
	case !a.asked.within(ca.cert):
		return "a configured name or address is outside its constraint"
	case a.asked.empty() && !anyReachable(ca.cert, here):
		return "the machine has moved to other addresses"
	}
	return ""
}

// anyReachable tells whether people on the network can still reach a certified address, or there is no network.
func anyReachable(ca *x509.Certificate, here []netip.Addr) bool {
	outward := false
	for _, ip := range here {
		if ip.IsLoopback() {
			continue
		}
		if permitsAddr(ca, ip) {
			return true
		}
		outward = true
	}
	return !outward
}

// everything is all that the gateway is reached by now.
func (a *Authority) everything(here []netip.Addr) wanted {
	all := wanted{names: append([]string(nil), a.asked.names...), addrs: append([]netip.Addr(nil), a.asked.addrs...)}
	all.add(a.own, here)
	return all
}

// tellOutside logs, once per change, which addresses the leaf leaves out.
func (a *Authority) tellOutside(all, inside wanted) {
	outside := fmt.Sprint(all.without(inside))
	if outside != a.lastSeen && len(all.without(inside)) > 0 {
		a.log.Warn("some addresses of this machine are outside the certificate; use a configured name, or remove ca.pem to make a new one", "addresses", outside)
	}
	a.lastSeen = outside
}

func (a *Authority) leafFits(now time.Time, inside wanted) bool {
	leaf, ca := a.leaf.Load(), a.ca.Load()
	return leaf != nil && leaf.cert.CheckSignatureFrom(ca.cert) == nil && !now.Before(leaf.cert.NotBefore) &&
		now.Before(leaf.cert.NotAfter.Add(-leafRenew)) && inside.coveredBy(leaf.cert)
}

// GetCertificate gives the leaf, for tls.Config. One that has expired, because the clock leapt, is renewed first.
func (a *Authority) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	leaf, now := a.leaf.Load(), a.now()
	if now.After(leaf.cert.NotAfter) || now.Before(leaf.cert.NotBefore) {
		if _, err := a.Refresh(); err != nil {
			a.log.Error("certificate could not be renewed", "error", err)
		}
		leaf = a.leaf.Load()
	}
	return &leaf.tls, nil
}

// Renew issues another leaf now, whatever is left of the present one. Connections that there are keep the one they have.
func (a *Authority) Renew() error {
	a.refresh.Lock()
	defer a.refresh.Unlock()
	return a.renewLeaf(a.now().UTC(), a.everything(a.addrs()).inside(a.ca.Load().cert))
}

// Renewal is when the leaf is replaced by itself.
func (a *Authority) Renewal() time.Time { return a.leaf.Load().cert.NotAfter.Add(-leafRenew) }

// CertFile is the file with the authority's certificate, PEM.
func (a *Authority) CertFile() string { return filepath.Join(a.dir, "ca.crt") }

// Certificate is the authority's certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.ca.Load().cert }

// PEM is the authority's certificate in PEM.
func (a *Authority) PEM() []byte { return encodeCert(a.ca.Load().cert.Raw) }

// Fingerprint is the SHA-256 of the authority's certificate, in lower-case hexadecimal.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.ca.Load().cert.Raw)
	return hex.EncodeToString(sum[:])
}

// Leaf is the certificate that is presented.
func (a *Authority) Leaf() *x509.Certificate { return a.leaf.Load().cert }
