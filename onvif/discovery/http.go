package discovery

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
)

const (
	maxAnswer = 64 << 10 // bytes, of an answer over HTTP
	maxHeader = 16 << 10 // bytes
)

// serviceAt is where the device service is at an address, where nothing else is known (Core specification section 5.1.1).
func serviceAt(a netip.Addr, port uint16) string {
	scheme, where := "http", fmt.Sprintf("%s:%d", hostOf(a), port)
	switch port {
	case 80:
		where = hostOf(a)
	case 443:
		scheme, where = "https", hostOf(a)
	}
	return scheme + "://" + where + "/onvif/device_service"
}

// asker asks a device over HTTP what it tells anybody. No credentials are sent, so it does not matter who answers.
type asker struct {
	client  *http.Client
	service string // address of the device service
}

func newAsker(dial func(ctx context.Context, network, address string) (net.Conn, error), service string) *asker {
	short := func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTime)
		defer cancel()
		return dial(ctx, network, address)
	}
	return &asker{service: service, client: &http.Client{
		Transport: &http.Transport{DialContext: short, TLSHandshakeTimeout: httpTime, MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// asking is the question for an operation.
func asking(operation string) string { return soap.Envelope("", "<tds:"+operation+"/>") }

func (a *asker) close() { a.client.CloseIdleConnections() }

// ask asks one operation of the device service that needs no arguments. The error is a *soap.Fault where the device refuses.
func (a *asker) ask(ctx context.Context, operation string) (*soap.Node, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.service, strings.NewReader(asking(operation)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
	res, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var data bytes.Buffer
	if _, err := data.ReadFrom(http.MaxBytesReader(nil, res.Body, maxAnswer)); err != nil {
		return nil, err
	}
	root, err := soap.Parse(&data)
	if err != nil {
		return nil, err
	}
	n, err := soap.Body(root)
	if err == nil && n.Name != operation+"Response" {
		err = fmt.Errorf("it answered %s", n.Name)
	}
	return n, err
}

// askHTTP tells whether there is a device at the address of a device service, and what it says of itself to anybody.
func askHTTP(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), service string) (Found, bool) {
	ctx, cancel := context.WithTimeout(ctx, httpTime)
	defer cancel()
	a := newAsker(dial, service)
	defer a.close()
	var refused *soap.Fault
	if _, err := a.ask(ctx, "GetSystemDateAndTime"); err != nil && !(errors.As(err, &refused) && refused.Unauthorized()) {
		return Found{}, false // some want credentials even for the time: those are devices too
	}
	f := Found{XAddrs: []string{service}, By: ByHTTP}
	f.ID, _ = a.endpoint(ctx)
	if n, err := a.ask(ctx, "GetScopes"); err == nil {
		var scopes []string
		for _, s := range n.All("Scopes") {
			scopes = append(scopes, words(s.Get("ScopeItem"), 1)...)
		}
		f.describe(scopes[:min(len(scopes), maxScopes)])
	}
	return f, true
}

// endpoint asks for the endpoint address, which is not secret (Core specification section 8.1.9).
func (a *asker) endpoint(ctx context.Context) (string, error) {
	n, err := a.ask(ctx, "GetEndpointReference")
	if err != nil {
		return "", err
	}
	id := endpoint(n.Get("GUID"))
	if id == "" {
		return "", errors.New("the device tells no endpoint address")
	}
	return id, nil
}

// Endpoint asks the device at the address of a device service for its endpoint address, as it gives it in discovery: over
// HTTP, without credentials, and where it does not say by a Probe to its host alone. "" means that it does not tell.
func Endpoint(ctx context.Context, service string, open func(network, address string) (net.PacketConn, error), dial func(ctx context.Context, network, address string) (net.Conn, error)) string {
	ctx, cancel := context.WithTimeout(ctx, httpTime)
	defer cancel()
	a := newAsker(dial, service)
	defer a.close()
	if id, err := a.endpoint(ctx); err == nil {
		return id
	}
	ip := hostIP(service)
	if !ip.IsValid() {
		return ""
	}
	list, err := Sweep{Addresses: []netip.Addr{ip}, Ports: []uint16{}, Open: open, Dial: dial}.Run(ctx)
	if err != nil {
		return ""
	}
	for _, f := range list {
		if slices.ContainsFunc(f.XAddrs, func(x string) bool { return sameService(x, service) }) {
			return f.ID // of several at one host the one that is meant
		}
	}
	return ""
}

// sameService tells whether two addresses lead to one port of one host.
func sameService(a, b string) bool {
	u, err := url.Parse(a)
	v, err2 := url.Parse(b)
	return err == nil && err2 == nil && strings.EqualFold(u.Hostname(), v.Hostname()) && u.Port() == v.Port() && u.Scheme == v.Scheme
}
