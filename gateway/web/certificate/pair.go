package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"holdfast/config"
)

// Bounds of a certificate that somebody else made.
const (
	maxFile  = 256 << 10 // bytes
	maxChain = 16        // certificates
	minRSA   = 2048      // bits; browsers refuse shorter keys
)

// pair is a certificate with its chain and its key. It is constant.
type pair struct {
	tls  tls.Certificate
	leaf *x509.Certificate
}

// parsePair takes certificates, the leaf first, and a key apart, and refuses what no browser would take. Its errors are
// sentences without a full stop, and quote no key.
func parsePair(certs, key []byte) (*pair, error) {
	if err := readableKey(key); err != nil {
		return nil, err
	}
	t, err := tls.X509KeyPair(certs, key)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not match"):
		return nil, errors.New("the key is not that of the first certificate; the file has to begin with the certificate of this machine, then come those that issued it")
	case err != nil:
		return nil, fmt.Errorf("certificate and key cannot be read: %s", strings.TrimPrefix(err.Error(), "tls: "))
	case len(t.Certificate) > maxChain:
		return nil, fmt.Errorf("there are %d certificates in the file; at most %d", len(t.Certificate), maxChain)
	}
	leaf, err := x509.ParseCertificate(t.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("the certificate cannot be read: %w", err)
	}
	t.Leaf = leaf
	return &pair{tls: t, leaf: leaf}, acceptable(leaf)
}

// readableKey tells a key that is encrypted from one that is none.
func readableKey(text []byte) error {
	for rest := text; ; {
		block, more := pem.Decode(rest)
		switch {
		case block == nil:
			return errors.New("the key file holds no key in PEM form")
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return errors.New("the key is encrypted, and nobody is there to type its password when the gateway starts: write it without one (openssl pkey -in KEY -out NEW) and let only the gateway read the file")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil
		}
		rest = more
	}
}

// acceptable refuses a leaf that browsers refuse whoever issued it.
func acceptable(leaf *x509.Certificate) error {
	switch pub := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if pub.N.BitLen() < minRSA {
			return fmt.Errorf("its key has %d bits; browsers take RSA keys of %d bits and more", pub.N.BitLen(), minRSA)
		}
	case *ecdsa.PublicKey:
	default:
		return errors.New("browsers take certificates with RSA and ECDSA keys only")
	}
	server := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
	switch {
	case leaf.IsCA && !bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		return errors.New("it is the certificate of an authority, not of a server; the file has to begin with the server's")
	case !server:
		return errors.New("it was not issued for servers (extended key usage)")
	case leaf.SignatureAlgorithm == x509.SHA1WithRSA || leaf.SignatureAlgorithm == x509.ECDSAWithSHA1:
		return errors.New("it is signed with SHA-1, which browsers refuse")
	case len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return errors.New("it names no host (subject alternative name); browsers do not look at its subject")
	}
	return nil
}

// goodAt tells whether the certificate is within its time.
func (p *pair) goodAt(now time.Time) bool {
	return !now.Before(p.leaf.NotBefore) && now.Before(p.leaf.NotAfter)
}

// covers tells whether the certificate is good for a host name or address.
func (p *pair) covers(host string) bool { return covers(p.leaf, host) }

func covers(leaf *x509.Certificate, host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().WithZone("").String()
	}
	return leaf.VerifyHostname(host) == nil
}

// missing lists the names that the certificate is not good for.
func (p *pair) missing(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), p.covers)
}

// readPair reads a certificate file and its key file, which may be the same.
func readPair(certFile, keyFile string) (*pair, error) {
	key, err := readKeyFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", keyFile, err)
	}
	certs, err := config.ReadFile(certFile, maxFile)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", certFile, err)
	}
	p, err := parsePair(certs, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", certFile, err)
	}
	return p, nil
}

// readKeyFile reads a file that only the gateway, or root, may be able to read or change.
func readKeyFile(path string) ([]byte, error) {
	text, err := config.ReadPrivateFile(path, maxFile)
	if errors.Is(err, config.ErrShared) {
		err = fmt.Errorf("%w. Whoever has it can pretend to be this gateway: consider a new key", err)
	}
	return text, err
}
