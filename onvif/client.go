package onvif

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"

	"holdfast/onvif/internal/soap"
)

const (
	callTime    = 8 * time.Second // of one call, with all its tries
	maxProfiles = 256
	devicePath  = "/onvif/device_service"
)

// Options of a client.
type Options struct {
	Address            string // host, host:port, or the address of the device service
	Username, Password string
	Dial               func(ctx context.Context, network, address string) (net.Conn, error) // required
	Now                func() time.Time                                                     // nil: time.Now
	Log                *slog.Logger                                                         // nil: silent
}

// Client speaks to one device. It may be used by several goroutines; the device is asked one thing at a time, since some
// have a single worker.
type Client struct {
	o      Options
	device *url.URL // constant
	http   *http.Client

	mu     sync.Mutex // makes a call one act; guards what follows
	skew   time.Duration
	method method
}

// method is how the device takes credentials.
type method uint8

const (
	unknown  method = iota
	token           // WS-UsernameToken
	httpAuth        // HTTP Digest
)

// New makes a client. Nothing is sent yet.
func New(o Options) (*Client, error) {
	u, err := deviceURL(o.Address)
	if err != nil {
		return nil, fail(Protocol, "read address", err)
	}
	if o.Dial == nil {
		return nil, errors.New("onvif client needs a dial function")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o, device: u}
	c.http = &http.Client{Transport: &http.Transport{DialContext: o.Dial, DisableKeepAlives: true, ResponseHeaderTimeout: callTime},
		CheckRedirect: c.stay}
	return c, nil
}

// deviceURL makes the address of the device service of what a person or a discovery answer says.
func deviceURL(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("it is neither a host nor the address of a device")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s is not how ONVIF is spoken", u.Scheme)
	}
	if u.User != nil {
		return nil, errors.New("it holds a user name: give user name and password in fields of their own")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = devicePath
	}
	return u, nil
}

// HostPort gives host:port of a device's address, for comparing and for people; "" when it is none.
func HostPort(address string) string {
	u, err := deviceURL(address)
	if err != nil {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// stay refuses redirections to other hosts: credentials would follow.
func (c *Client) stay(req *http.Request, via []*http.Request) error {
	if len(via) >= 3 || !strings.EqualFold(req.URL.Hostname(), c.device.Hostname()) {
		return errors.New("the device sent us to another host, which is not followed")
	}
	return nil
}

// call asks one thing of a service. request is one of use-go/onvif's request types.
func (c *Client) call(ctx context.Context, service *url.URL, doing string, request any) (*soap.Node, error) {
	body, err := xml.Marshal(request)
	if err != nil {
		return nil, fail(Protocol, doing, err)
	}
	return c.send(ctx, service, doing, string(body))
}

// send asks one thing, with credentials in the way that the device takes them.
func (c *Client) send(ctx context.Context, service *url.URL, doing, body string) (*soap.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.try(ctx, service, body, c.method)
	if err == nil {
		return n, nil
	}
	next, other := c.other(err)
	if !other {
		return nil, classify(doing, err)
	}
	n, err = c.try(ctx, service, body, next)
	if err != nil {
		return nil, classify(doing, err)
	}
	c.method = next
	return n, nil
}

// other tells which way of giving credentials to try after a refusal: at most one, so that no account is locked.
func (c *Client) other(err error) (method, bool) {
	if c.o.Username == "" || !refusedCredentials(err) {
		return unknown, false
	}
	var s *statusError
	asksDigest := errors.As(err, &s) && s.digest
	switch {
	case c.method != httpAuth && asksDigest:
		return httpAuth, true
	case c.method == httpAuth && !asksDigest:
		return token, true
	}
	return unknown, false
}

func refusedCredentials(err error) bool {
	var s *statusError
	var f *soap.Fault
	return errors.As(err, &s) && (s.status == 401 || s.status == 403) || errors.As(err, &f) && f.Unauthorized()
}

// statusError is an HTTP answer without a SOAP body that would say more.
type statusError struct {
	status int
	digest bool // it asks for HTTP Digest
	fault  error
}

func (e *statusError) Error() string {
	if e.fault != nil {
		return e.fault.Error()
	}
	return fmt.Sprintf("device answered HTTP status %d", e.status)
}

func (e *statusError) Unwrap() error { return e.fault }

// try sends a request once. The zero method is the token, which most devices take.
func (c *Client) try(ctx context.Context, service *url.URL, body string, m method) (*soap.Node, error) {
	header := ""
	if c.o.Username != "" && m != httpAuth {
		header = soap.NewToken(c.o.Username, c.o.Password, c.o.Now().Add(c.skew)).Header()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, service.String(), bytes.NewReader([]byte(soap.Envelope(header, body))))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
	client := c.http
	if m == httpAuth {
		client = &http.Client{Transport: &digest.Transport{Username: c.o.Username, Password: c.o.Password, Transport: c.http.Transport}, CheckRedirect: c.stay}
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fail(Offline, "ask device", plain(err))
	}
	defer res.Body.Close()
	return read(res)
}

// plain takes the address off an error of net/http: it is long and says nothing to people.
func plain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// read turns an HTTP answer into a body, a fault, or a status.
func read(res *http.Response) (*soap.Node, error) {
	asks := strings.HasPrefix(strings.ToLower(res.Header.Get("WWW-Authenticate")), "digest")
	root, err := soap.Parse(res.Body)
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if err != nil {
		if res.StatusCode == http.StatusOK {
			return nil, fail(Protocol, "read answer", err)
		}
		return nil, statusClass(res.StatusCode, &statusError{status: res.StatusCode, digest: asks})
	}
	n, err := soap.Body(root)
	if res.StatusCode == 401 || res.StatusCode == 403 {
		return nil, fail(Unauthorized, "ask device", &statusError{status: res.StatusCode, digest: asks, fault: err})
	}
	return n, err
}

func statusClass(status int, err error) error {
	switch {
	case status == 401 || status == 403:
		return fail(Unauthorized, "ask device", err)
	case status == 404 || status == 405:
		return fail(Protocol, "ask device", err)
	}
	return fail(Refused, "ask device", err)
}

// learnClock asks for the device's clock, which needs no credentials by the specification. Tokens are made by it. A
// device that does not tell is taken to be right.
func (c *Client) learnClock(ctx context.Context, request any) {
	body, err := xml.Marshal(request)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = 0
	user := c.o.Username
	c.o.Username = ""
	n, err := c.try(ctx, c.device, string(body), unknown)
	c.o.Username = user
	if err != nil {
		return
	}
	if at, ok := utc(n.Find("SystemDateAndTime", "UTCDateTime")); ok {
		c.skew = at.Sub(c.o.Now())
	}
}

func utc(n *soap.Node) (time.Time, bool) {
	var v [6]int
	for i, path := range [][]string{{"Date", "Year"}, {"Date", "Month"}, {"Date", "Day"}, {"Time", "Hour"}, {"Time", "Minute"}, {"Time", "Second"}} {
		if _, err := fmt.Sscanf(n.Get(path...), "%d", &v[i]); err != nil {
			return time.Time{}, false
		}
	}
	return time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.UTC), true
}
