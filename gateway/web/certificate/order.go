package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/acme"

	"holdfast/config"
	"holdfast/gateway/web/authority"
)

// Bounds of an order.
const (
	orderTime = 3 * time.Minute
	maxNames  = 64
)

// obtain orders a certificate, proves the names, and fetches it.
func (h *Holder) obtain(ctx context.Context, a config.ACME) (*pair, error) {
	ctx, done := h.ordering(ctx)
	defer done()
	names := h.ordered(a)
	if len(names) == 0 || len(names) > maxNames {
		return nil, fmt.Errorf("a certificate is for 1 to %d names, and there are %d", maxNames, len(names))
	}
	client, err := h.client(a)
	if err != nil {
		return nil, err
	}
	defer client.HTTPClient.CloseIdleConnections()
	if err := register(ctx, client, a); err != nil {
		return nil, fmt.Errorf("account at %s: %w", client.DirectoryURL, err)
	}
	o, err := client.AuthorizeOrder(ctx, identifiers(names))
	if err != nil {
		return nil, fmt.Errorf("order a certificate: %w", err)
	}
	for _, url := range o.AuthzURLs {
		if err := h.prove(ctx, client, a, url); err != nil {
			return nil, err
		}
	}
	if o, err = client.WaitOrder(ctx, o.URI); err != nil {
		return nil, fmt.Errorf("wait for the order: %w", err)
	}
	return h.fetch(ctx, client, o, names)
}

// ordering bounds an order, and lets other settings end it.
func (h *Holder) ordering(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(ctx, orderTime)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancel = cancel
	return ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.cancel = nil
		cancel()
	}
}

// identifiers are names as an order has them (RFC 8555 section 9.7.7, RFC 8738).
func identifiers(names []string) (ids []acme.AuthzID) {
	for _, n := range names {
		if ip, err := netip.ParseAddr(n); err == nil {
			ids = append(ids, acme.AuthzID{Type: "ip", Value: ip.Unmap().WithZone("").String()})
			continue
		}
		ids = append(ids, acme.AuthzID{Type: "dns", Value: strings.ToLower(strings.TrimSuffix(n, "."))})
	}
	return ids
}

// errTerms says that the operator has not accepted what the authority wants accepted.
var errTerms = errors.New("it has terms of service, and nobody has accepted them")

// register finds the account of the key, or makes it.
func register(ctx context.Context, client *acme.Client, a config.ACME) error {
	dir, err := client.Discover(ctx)
	if err != nil {
		return err
	}
	if _, err := client.GetReg(ctx, ""); !errors.Is(err, acme.ErrNoAccount) {
		return err
	}
	if dir.Terms != "" && !a.AcceptTerms {
		return fmt.Errorf("%w: %s", errTerms, dir.Terms)
	}
	account := &acme.Account{}
	if a.Email != "" {
		account.Contact = []string{"mailto:" + a.Email}
	}
	if a.AccountID != "" {
		key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(a.AccountKey.Reveal(), "="))
		if err != nil {
			return errors.New("the key under tls.acme.account_key_file is not base64url, as authorities hand it out")
		}
		account.ExternalAccountBinding = &acme.ExternalAccountBinding{KID: a.AccountID, Key: key}
	}
	_, err = client.Register(ctx, account, acme.AcceptTOS)
	if errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil
	}
	return err
}

// prove shows the authority that one name is ours.
func (h *Holder) prove(ctx context.Context, client *acme.Client, a config.ACME, url string) error {
	z, err := client.GetAuthorization(ctx, url)
	if err != nil {
		return fmt.Errorf("ask what is to be proved: %w", err)
	}
	name := z.Identifier.Value
	if z.Status == acme.StatusValid {
		return nil // it was proved not long ago
	}
	c := challenge(z, a.Challenge)
	if c == nil {
		return fmt.Errorf("prove %s: the authority does not offer %s for it", name, a.Challenge)
	}
	end, err := h.answer(client, a, c, name)
	if err != nil {
		return fmt.Errorf("prove %s: %w", name, err)
	}
	defer end()
	if _, err := client.Accept(ctx, c); err != nil {
		return fmt.Errorf("prove %s: %w", name, err)
	}
	if _, err := client.WaitAuthorization(ctx, z.URI); err != nil {
		return fmt.Errorf("prove %s by %s: %w", name, a.Challenge, plainAuthorization(err))
	}
	return nil
}

func challenge(z *acme.Authorization, kind string) *acme.Challenge {
	for _, c := range z.Challenges {
		if c.Type == kind {
			return c
		}
	}
	return nil
}

// fetch sends the request for the certificate of a new key, and takes the certificate only if it is what was asked for.
func (h *Holder) fetch(ctx context.Context, client *acme.Client, o *acme.Order, names []string) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	csr, err := request(key, names)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	chain, _, err := client.CreateCertFromOrder(ctx, o, csr, true)
	if err != nil {
		return nil, fmt.Errorf("fetch the certificate: %w", err)
	}
	text, err := encodePair(&pair{tls: tls.Certificate{Certificate: chain, PrivateKey: key}})
	if err != nil {
		return nil, err
	}
	p, err := parsePair(text, text)
	if err != nil {
		return nil, fmt.Errorf("the authority issued what cannot be used: %w", err)
	}
	if missing := p.missing(names); len(missing) > 0 {
		return nil, fmt.Errorf("the authority issued a certificate that is not good for %s", strings.Join(missing, ", "))
	}
	if !p.goodAt(h.now()) {
		return nil, fmt.Errorf("the authority issued a certificate for the time from %s to %s; this machine's clock, or the authority's, is wrong", p.leaf.NotBefore.UTC().Format(time.RFC3339), p.leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return p, nil
}

func request(key *ecdsa.PrivateKey, names []string) ([]byte, error) {
	t := &x509.CertificateRequest{}
	for _, id := range identifiers(names) {
		if id.Type == "ip" {
			t.IPAddresses = append(t.IPAddresses, net.ParseIP(id.Value))
		} else {
			t.DNSNames = append(t.DNSNames, id.Value)
		}
	}
	return x509.CreateCertificateRequest(rand.Reader, t, key)
}

// encodePair writes the chain and then the key.
func encodePair(p *pair) (text []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.tls.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	for _, c := range p.tls.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), nil
}

// accountKey reads the key of the account at a directory, or makes one.
func (h *Holder) accountKey(a config.ACME) (*ecdsa.PrivateKey, error) {
	path := h.storedAt(a, ".key")
	text, err := readKeyFile(path)
	if err == nil {
		if block, _ := pem.Decode(text); block != nil {
			if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				if key, ok := k.(*ecdsa.PrivateKey); ok {
					return key, nil
				}
			}
		}
		h.log.Error("the key of the account is damaged; a new account is made", "file", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key of the account %s: %w", path, err)
	}
	return h.makeAccountKey(path)
}

func (h *Holder) makeAccountKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of the account: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key of the account: %w", err)
	}
	return key, authority.Replace(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
