package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"path/filepath"
	"time"
)

// How long certificates last, and how much is left when they are replaced.
const (
	caLife    = 10 * 365 * 24 * time.Hour
	caRenew   = 180 * 24 * time.Hour
	leafLife  = 90 * 24 * time.Hour
	leafRenew = 30 * 24 * time.Hour
	backdate  = 24 * time.Hour // a client's clock may be behind
)

// caSince is since when an authority is valid: a fixed date, so that one made while the machine's clock was ahead is not
// worthless once the clock is right.
var caSince = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// renewAuthority makes a new authority for all that the gateway is reached by now.
func (a *Authority) renewAuthority(now time.Time, here []netip.Addr) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make authority key: %w", err)
	}
	all := a.everything(here).bounded()
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: a.subject(key),
		NotBefore: minTime(caSince, now.Add(-backdate)), NotAfter: now.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: all.names, PermittedIPRanges: ranges(all.addrs),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fmt.Errorf("sign authority: %w", err)
	}
	p, err := newPair(der, key)
	if err != nil {
		return err
	}
	return a.installAuthority(p)
}

// installAuthority writes a new authority, keeping the certificate of the old one without its key.
func (a *Authority) installAuthority(p *pair) error {
	if old := a.ca.Load(); old != nil {
		sum := sha256.Sum256(old.cert.Raw)
		name := "ca-" + hex.EncodeToString(sum[:4]) + ".crt"
		if err := Replace(filepath.Join(a.dir, name), encodeCert(old.cert.Raw), 0o644); err != nil {
			return err
		}
	}
	if err := p.write(filepath.Join(a.dir, "ca.pem")); err != nil {
		return err
	}
	a.ca.Store(p)
	return Replace(a.CertFile(), a.PEM(), 0o644)
}

// subject tells authorities apart in a device's list: by the machine, and by the key.
func (a *Authority) subject(key *ecdsa.PrivateKey) pkix.Name {
	der, _ := x509.MarshalPKIXPublicKey(key.Public())
	sum := sha256.Sum256(der)
	host := a.own[len(a.own)-1]
	if len(a.own) > 1 {
		host = a.own[1]
	}
	if len(a.asked.names) > 0 {
		host = a.asked.names[0]
	}
	return pkix.Name{Organization: []string{"Holdfast"}, CommonName: fmt.Sprintf("Holdfast %.40s %s", host, hex.EncodeToString(sum[:3]))}
}

func (a *Authority) renewLeaf(now time.Time, inside wanted) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make leaf key: %w", err)
	}
	ca := a.ca.Load()
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"Holdfast"}},
		NotBefore: now.Add(-backdate), NotAfter: minTime(now.Add(leafLife), ca.cert.NotAfter),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: inside.names,
	}
	for _, ip := range inside.addrs {
		t.IPAddresses = append(t.IPAddresses, ip.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, key.Public(), ca.key)
	if err != nil {
		return fmt.Errorf("sign leaf: %w", err)
	}
	p, err := newPair(der, key)
	if err != nil {
		return err
	}
	if err := p.write(filepath.Join(a.dir, "leaf.pem")); err != nil {
		return err
	}
	a.leaf.Store(p)
	a.log.Info("certificate issued", "names", inside.names, "addresses", inside.addrs, "until", p.cert.NotAfter)
	return nil
}

// serial gives 127 random bits (RFC 5280 section 4.1.2.2).
func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	return n
}

func ranges(addrs []netip.Addr) (list []*net.IPNet) {
	for _, ip := range addrs {
		list = append(list, &net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen(), ip.BitLen())})
	}
	return list
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
