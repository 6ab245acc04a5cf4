package onvif

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/onvif/internal/soap"
)

const (
	callTime    = 8 * time.Second  // of one call, with all its tries
	slowTime    = 40 * time.Second // of one try with a device that was found to be slow; some take half a minute
	slowTries   = 3                // of one call, of them
	patience    = 3 * time.Second
	maxProfiles = 256
	maxHeader   = 64 << 10 // bytes, of an answer
	devicePath  = "/onvif/device_service"
)

// Options of a client.
type Options struct {
	Address            string // host, host:port, or the address of the device service
	Username, Password string
	Dial               func(ctx context.Context, network, address string) (net.Conn, error) // required
	TLS                *tls.Config                                                          // of https addresses; nil: certificates of public authorities
	Now                func() time.Time                                                     // nil: time.Now
	Log                *slog.Logger                                                         // nil: silent

	// Refused is told what the device wanted and did not get: "redirect", "answer" (an address that leads to another host;
	// the device's own was used), "password" (it asks for the password in clear, which is never sent); where, and why not.
	// nil: nobody is told.
	Refused func(kind, address, why string)
}

// Client speaks to one device. It may be used by several goroutines; the device is asked one thing at a time, since some
// have a single worker.
type Client struct {
	o      Options
	device *url.URL // constant
	http   *http.Client

	turns  chan struct{} // holds one while something is asked
	wanted atomic.Bool   // the device asks for a certificate of ours, which it does not get

	mu       sync.Mutex // guards what follows
	limits   limits
	clock    clock
	login    login
	answered address             // where the device sent us, and how it wants to be written to
	pace     pace                // how many it serves at a time, and how soon
	named    *url.URL            // what the device calls the address of its device service; nil: it did not say
	services map[string]*url.URL // by namespace; nil until asked for
}

// limits are how long things may take.
type limits struct {
	call     time.Duration // one call, with all its tries
	slow     time.Duration // one try with a device that was found to be slow
	patience time.Duration // after which a question that waits at the device makes way for one that is not answered
}

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
	c := &Client{o: o, device: u, turns: make(chan struct{}, 1), limits: limits{call: callTime, slow: slowTime, patience: patience}}
	c.pace.waiting = make(map[*waiter]struct{})
	if o.TLS != nil && o.TLS.GetClientCertificate == nil {
		o.TLS = o.TLS.Clone()
		o.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c.wanted.Store(true)
			return &tls.Certificate{}, nil
		}
	}
	// A connection that is kept open takes the only worker that some devices have: each question has its own.
	c.http = &http.Client{Transport: &http.Transport{DialContext: o.Dial, TLSClientConfig: o.TLS, DisableKeepAlives: true,
		MaxResponseHeaderBytes: maxHeader, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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

// ServiceAddress gives the address of the device service of what a person or a discovery answer says; "" when it is none.
func ServiceAddress(address string) string {
	u, err := deviceURL(address)
	if err != nil {
		return ""
	}
	return u.String()
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

// maxWhere bounds what is repeated of an address that a device named, bytes.
const maxWhere = 255

func (c *Client) refused(kind, address, why string) {
	if c.o.Refused != nil {
		c.o.Refused(kind, address[:min(len(address), maxWhere)], why)
	}
}

// request is one question to a device.
type request struct {
	to     *url.URL      // of the service, or of a subscription
	doing  string        // for errors: "ask for profiles"
	action string        // of WS-Addressing, which the event service asks for; "" where none is needed
	header string        // further header blocks, as they go out
	body   any           // XML as a string, or one of use-go/onvif's request types
	limit  time.Duration // of the answer, with all tries; 0: callTime
	apart  bool          // it waits at the device, beside other questions, and may be asked again: PullMessages
}

// ask asks one thing of the service of a namespace.
func (c *Client) ask(ctx context.Context, namespace, doing string, body any) (*soap.Node, error) {
	at, err := c.service(ctx, namespace)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, request{to: at, doing: doing, body: body})
}

// do asks one thing, with credentials in the way that the device takes them. Its clock is asked for before anything else.
func (c *Client) do(ctx context.Context, r request) (*soap.Node, error) {
	body, ok := r.body.(string)
	if !ok {
		data, err := xml.Marshal(r.body)
		if err != nil {
			return nil, fail(Protocol, r.doing, err)
		}
		body = string(data)
	}
	r.body = body
	n, err := c.timed(ctx, r)
	if err != nil {
		return nil, classify(r.doing, err)
	}
	return n, nil
}

func (c *Client) timed(ctx context.Context, r request) (*soap.Node, error) {
	if r.apart {
		return c.wait(ctx, r)
	}
	limited, cancel := context.WithTimeout(ctx, c.limitOf(r))
	defer cancel()
	if err := c.turn(limited); err != nil {
		return nil, err
	}
	defer func() { <-c.turns }()
	n, err := c.alone(limited, r, func() (*soap.Node, error) { return c.settled(limited, r) })
	if errors.Is(err, errSlow) && ctx.Err() == nil && r.limit == 0 {
		c.noteSilence()
	}
	return n, err
}

// settled asks once the device's clock is known.
func (c *Client) settled(ctx context.Context, r request) (*soap.Node, error) {
	if err := c.firstClock(ctx, r.apart); err != nil {
		return nil, err
	}
	return c.answer(ctx, r)
}

// turn waits until nothing else is asked. Some devices have a single worker.
func (c *Client) turn(ctx context.Context) error {
	select {
	case c.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), errMakeWay) {
			return errMakeWay
		}
		return fail(Offline, "ask device", fmt.Errorf("the device was busy with another question: %w", ctx.Err()))
	}
}

// within runs what must be done in turn for a question that may wait beside it.
func (c *Client) within(ctx context.Context, apart bool, what func() error) error {
	if !apart {
		return what() // its turn it is
	}
	if err := c.turn(ctx); err != nil {
		return err
	}
	defer func() { <-c.turns }()
	return what()
}
