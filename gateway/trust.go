package gateway

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"go.etcd.io/bbolt"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/gateway/statedb"
	"holdfast/onvif"
)

// trust is how far a camera is trusted where it is now: whether it may be told its password in clear, and by which
// certificates it is known. What is learned is kept in state.db.
//
// The password goes out in clear (Basic) only to the very address that the operator named: an IP address, or the address
// that the host name had when the camera was first reached. It does not to a camera that was found again at another address,
// nor to one that has asked for Digest before, since whoever takes an address over may ask for what it likes. Over TLS it does
// where the camera shows the key that it showed first.
type trust struct {
	state *State                                    // constant; nil: nothing is kept
	id    string                                    // constant: of the camera
	host  string                                    // constant: where it is
	named string                                    // constant: where the operator named it; another host once it has moved
	log   *slog.Logger                              // constant
	tell  func(kind egress.Kind, where, why string) // constant; told of certificates that are refused

	mu     sync.Mutex // guards what follows
	kept   keptTrust
	owed   bool // what was learned could not be written; it is tried again when the camera asks for something
	pinned bool // the certificate of the newest RTSPS connection was known before
}

// keptTrust is what state.db keeps of a camera.
type keptTrust struct {
	Host   string            `json:"host"`             // as it was named; what follows counts for it only
	IP     netip.Addr        `json:"ip,omitzero"`      // that the host had when its password was first sent in clear
	Digest bool              `json:"digest,omitempty"` // it has asked for Digest
	Keys   map[string]string `json:"keys,omitempty"`   // scheme → SHA-256 of the public key that it showed first, hexadecimal
}

var bucketTrust = []byte("trust")

// newTrust reads what is kept of a camera. Without it the camera is new.
func (g *Gateway) newTrust(spec config.Camera, origin string) *trust {
	t := &trust{state: g.state, id: spec.ID, host: hostOf(spec), log: g.log.With("camera", spec.ID)}
	t.named = t.host
	if g.state == nil {
		return t
	}
	if a, err := g.state.adoptedOf(spec.ID); origin == originAdopted && err == nil && a.Named != "" {
		t.named = hostOf(config.Camera{ONVIF: a.Named})
	}
	kept, err := g.state.trusted(spec.ID)
	if err != nil {
		t.log.Error("read how far the camera is trusted", "error", err)
	}
	if kept.Host == t.named {
		t.kept = kept
	}
	t.kept.Host = t.named
	return t
}

// hostOf is the host that a camera is declared at.
func hostOf(spec config.Camera) string {
	if spec.ONVIF != "" {
		host, _, _ := net.SplitHostPort(onvif.HostPort(spec.ONVIF))
		return strings.ToLower(host)
	}
	u, err := url.Parse(spec.RTSP)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func (t *trust) moved() bool { return t.host != t.named }

// basic tells by an error why the password is not sent in clear to peer.
func (t *trust) basic(peer net.Addr, secure bool) error {
	tcp, ok := peer.(*net.TCPAddr)
	if !ok {
		return errors.New("it is not known who asks")
	}
	ip := tcp.AddrPort().Addr().Unmap()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.payOwed()
	switch {
	case secure && t.pinned:
		return nil
	case t.moved():
		return fmt.Errorf("it was found at a new address, %s, and the operator named %s", ip, t.named)
	case t.kept.Digest:
		return errors.New("it has asked for Digest before, so what asks for the password now may be something else")
	}
	if literal, err := netip.ParseAddr(t.host); err == nil {
		if literal.Unmap().WithZone("") == ip.WithZone("") {
			return nil
		}
		return fmt.Errorf("it is reached at %s, and the operator named %s", ip, t.host)
	}
	if !t.kept.IP.IsValid() {
		t.kept.IP = ip
		t.keep()
	}
	if t.kept.IP != ip {
		return fmt.Errorf("the name %s led to %s first and leads to %s now", t.host, t.kept.IP, ip)
	}
	return nil
}

// digest notes that the camera asks for Digest. It is not told its password in clear from then on.
func (t *trust) digest() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.payOwed()
	if !t.kept.Digest && !t.moved() {
		t.kept.Digest = true
		t.keep()
	}
}

// tls gives the settings of a TLS connection to the camera. Cameras vouch for themselves, so no authority is asked: the key that
// one shows first, where the operator named it, is the only one from then on.
//
// What is older than TLS 1.2 is refused, with words: a password goes out only as a digest, so that plain HTTP is not worse.
func (t *trust) tls(scheme string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		CipherSuites:       cameraSuites(),
		InsecureSkipVerify: true, // in favour of VerifyConnection
		VerifyConnection:   func(s tls.ConnectionState) error { return t.known(scheme, s.PeerCertificates) },
	}
}

// anyCertificate is for asking an address that nothing is known of yet. No password is sent in clear there.
func anyCertificate() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: cameraSuites(), InsecureSkipVerify: true}
}

// cameraSuites are the ciphers of TLS 1.2 for cameras: the usual ones, and AES with keys exchanged by RSA, which is all that old ones have.
func cameraSuites() (list []uint16) {
	for _, s := range tls.CipherSuites() {
		list = append(list, s.ID)
	}
	for _, s := range tls.InsecureCipherSuites() {
		if strings.HasPrefix(s.Name, "TLS_RSA_WITH_AES_") {
			list = append(list, s.ID)
		}
	}
	return list
}

// known tells by an error that a camera's key is another than at first.
func (t *trust) known(scheme string, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the camera shows no certificate")
	}
	sum := sha256.Sum256(chain[0].RawSubjectPublicKeyInfo)
	key := hex.EncodeToString(sum[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	t.payOwed()
	have := t.kept.Keys[scheme]
	switch {
	case have == key:
		t.pinned = true
		return nil
	case have != "":
		const why = "the camera shows another certificate than at first"
		t.tell(egress.TLS, t.host, why)
		return errors.New(why + "; it is not trusted")
	case t.moved():
		t.pinned = false // nobody has said that this is the camera: its key says nothing
		return nil
	}
	if t.kept.Keys == nil {
		t.kept.Keys = make(map[string]string)
	}
	t.kept.Keys[scheme] = key
	t.pinned = true
	t.keep()
	return nil
}

// payOwed writes what could not be written. Caller holds mu.
func (t *trust) payOwed() {
	if t.owed {
		t.keep()
	}
}

// keep writes what was learned. Caller holds mu. While it cannot be written the camera is new again after a restart, which is no
// reason not to record it.
func (t *trust) keep() {
	if t.state == nil {
		return
	}
	err := t.state.trust(t.id, t.kept)
	t.owed = !statedb.Counts(err)
	if err != nil {
		t.log.Error("keep how far the camera is trusted", "error", err)
	}
}

// trusted reads what is kept of a camera; nothing when there is nothing.
func (s *State) trusted(id string) (k keptTrust, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketTrust)
		if b == nil || b.Get([]byte(id)) == nil {
			return nil
		}
		return json.Unmarshal(b.Get([]byte(id)), &k)
	})
	return k, err
}

func (s *State) trust(id string, k keptTrust) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketTrust)
		if err != nil {
			return err
		}
		return b.Put([]byte(id), data)
	})
}

// refused counts what the camera wanted and did not get. What keeps it from being recorded is an alarm until it is recorded
// again.
func (c *Camera) refused(kind, address, why string) {
	c.way.Refuse(egress.Kind(kind), address, why)
	switch egress.Kind(kind) {
	case egress.Password:
		c.alarm(Alarm{ID: "password:" + c.spec().ID, Severity: "alarm", What: fmt.Sprintf("Camera %s asked for its password in clear, and it was not sent: %s.", c.spec().Name, why),
			Means: "Nothing of the camera is recorded until it takes Digest, or somebody says that it is the right one.",
			Do:    "Look whether the device at " + address + " is the camera. If so, switch on Digest authentication in it, or add it again at this address; if not, find out what it is."})
	case egress.TLS:
		c.alarm(Alarm{ID: "certificate:" + c.spec().ID, Severity: "alarm", What: fmt.Sprintf("Camera %s shows another certificate than at first.", c.spec().Name),
			Means: "It is not connected to, and nothing of it is recorded: something may have taken its place.",
			Do: "If it was reset, replaced or given a new certificate, let the old one be forgotten (holdfast camera trust --camera " + c.spec().ID + " --forget), or add it again; " +
				"if not, find out what answers at " + address + "."})
	}
}

// proven ends the alarms about a camera that is connected to.
func (c *Camera) proven() {
	c.calm("password:" + c.spec().ID)
	c.calm("certificate:" + c.spec().ID)
}
