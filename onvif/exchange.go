package onvif

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/icholy/digest"

	"holdfast/onvif/internal/soap"
)

const (
	maxRedirects = 3
	contentSOAP  = "application/soap+xml; charset=utf-8"
	contentText  = "text/xml; charset=utf-8" // of SOAP 1.1, which some devices want about a message of SOAP 1.2
	discardLimit = 64 << 10                  // bytes that are read behind an answer, so that the device ends it in peace
)

// address is where a device's answers came from, as far as it is not where we asked.
type address struct {
	from, to *url.URL // scheme and host; nil: it never sent us anywhere
	content  string   // "": contentSOAP
}

// try asks with credentials in one way.
func (c *Client) try(ctx context.Context, r request, how credentials) (*soap.Node, error) {
	if how.digest {
		return c.tryDigest(ctx, r, how)
	}
	return c.trySent(ctx, r, how)
}

// trySent sends a request, and again where the device sends us on.
func (c *Client) trySent(ctx context.Context, r request, how credentials) (*soap.Node, error) {
	if limit := c.tryLimit(r); limit > 0 {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = limited
	}
	c.mu.Lock()
	at, content := c.answered.at(r.to), c.answered.content
	c.mu.Unlock()
	for hops := 0; ; {
		res, err := c.post(ctx, at, content, r, how)
		if err != nil {
			return nil, err
		}
		next, err := c.redirected(res)
		switch {
		case err != nil:
			res.Body.Close()
			return nil, err
		case next != nil && hops < maxRedirects:
			res.Body.Close()
			c.moveTo(at, next)
			at = next
			hops++
			continue
		case next != nil:
			res.Body.Close()
			return nil, fail(Protocol, "ask device", errors.New("the device sends us round and round"))
		case res.StatusCode == http.StatusUnsupportedMediaType && content == "":
			res.Body.Close()
			content = contentText
			continue
		}
		n, err := c.read(res)
		if errors.Is(err, soap.ErrNoBody) && res.StatusCode == http.StatusOK && !isGet(r) {
			return &soap.Node{}, nil // it was told to do something, and says that it did by saying nothing
		}
		if err == nil && content != "" {
			c.mu.Lock()
			c.answered.content = content
			c.mu.Unlock()
		}
		return n, err
	}
}

// at is where to ask what is at an address.
func (a *address) at(u *url.URL) *url.URL {
	if a.from == nil || u.Scheme != a.from.Scheme || u.Host != a.from.Host {
		return u
	}
	moved := *u
	moved.Scheme, moved.Host = a.to.Scheme, a.to.Host
	return &moved
}

// moveTo notes that a device sent us on, so that it need not do so each time. Only another scheme or port is kept: the path belongs to
// the service.
func (c *Client) moveTo(from, to *url.URL) {
	if from.Path != to.Path || from.Scheme == to.Scheme && from.Host == to.Host {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered.from, c.answered.to = &url.URL{Scheme: from.Scheme, Host: from.Host}, &url.URL{Scheme: to.Scheme, Host: to.Host}
}

// redirected gives where the device sends us; nil when it does not. Other hosts are refused, as credentials would follow, and ways
// from TLS to none.
func (c *Client) redirected(res *http.Response) (*url.URL, error) {
	switch res.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	from := res.Request.URL
	to, err := from.Parse(res.Header.Get("Location"))
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil, fail(Protocol, "ask device", errors.New("the device sends us to an address that is none"))
	}
	if err := c.follow(from, to); err != nil {
		return nil, err
	}
	to.User, to.Fragment = nil, ""
	return to, nil
}

// follow tells by an error that a redirection is not followed.
func (c *Client) follow(from, to *url.URL) error {
	switch {
	case !strings.EqualFold(to.Hostname(), c.device.Hostname()):
		c.refused("redirect", to.Host, "another host than the device's")
		return fail(Protocol, "ask device", errors.New("the device sent us to another host, which is not followed"))
	case from.Scheme == "https" && to.Scheme != "https":
		c.refused("redirect", to.Host, "from TLS to plain HTTP")
		return fail(Protocol, "ask device", errors.New("the device sent us from TLS to plain HTTP, which is not followed"))
	}
	return nil
}

// stay is follow for what is fetched by net/http's own means.
func (c *Client) stay(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("the device sends us round and round")
	}
	return c.follow(via[len(via)-1].URL, req.URL)
}

// post sends a request to an address.
func (c *Client) post(ctx context.Context, at *url.URL, content string, r request, how credentials) (*http.Response, error) {
	header := r.header
	if r.action != "" {
		header = soap.Addressing(r.to.String(), r.action) + header
	}
	if how.token {
		header = soap.NewToken(c.o.Username, c.o.Password, c.deviceNow()).Header(!how.digest) + header
	}
	var sent atomic.Bool
	trace := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) { sent.Store(i.Err == nil) }})
	req, err := http.NewRequestWithContext(trace, http.MethodPost, at.String(), strings.NewReader(soap.Envelope(header, r.body.(string))))
	if err != nil {
		return nil, fail(Protocol, "ask device", err)
	}
	if content == "" {
		content = contentSOAP
	}
	req.Header.Set("Content-Type", content)
	if how.digest {
		if err := c.authorize(req, how.strong); err != nil {
			return nil, err
		}
	}
	started := time.Now()
	res, err := c.http.Do(req)
	took := time.Since(started)
	if err != nil {
		return nil, c.unanswered(ctx, err, sent.Load(), took)
	}
	if !r.apart && r.limit == 0 {
		c.noteSpeed(took)
	}
	return res, nil
}

// unanswered says why there is no answer.
func (c *Client) unanswered(ctx context.Context, err error, sent bool, took time.Duration) error {
	if cause := context.Cause(ctx); errors.Is(cause, errMakeWay) {
		return cause
	}
	err = plain(err)
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case sent && errors.Is(err, context.DeadlineExceeded):
		return failHint(Offline, hintSlow, "ask device", fmt.Errorf("the device took the question and did not answer within %s: %w", took.Round(time.Second/10), errSlow))
	}
	if hint := hintTLS(err, c.wanted.Load()); hint != "" {
		return failHint(Offline, hint, "ask device", err)
	}
	return fail(Offline, "ask device", err)
}

// plain takes the address off an error of net/http: it is long and says nothing to people.
func plain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// statusError is an HTTP answer without a SOAP body that would say more, or a refusal of credentials.
type statusError struct {
	status     int
	challenges []*digest.Challenge // of HTTP Digest
	clear      bool                // it asks for the password in clear, and for nothing else
	at         time.Time           // when it was answered, by the device's clock; zero: it does not say
	fault      error
}

func (e *statusError) Error() string {
	said := fmt.Sprintf("device answered HTTP status %d", e.status)
	if e.fault != nil {
		said = e.fault.Error()
	}
	if e.clear {
		said += "; it asked for the password in clear, which is not sent"
	}
	return said
}

func (e *statusError) Unwrap() error { return e.fault }

// read turns an HTTP answer into a body, a fault, or a status.
func (c *Client) read(res *http.Response) (*soap.Node, error) {
	defer res.Body.Close()
	s := &statusError{status: res.StatusCode}
	s.challenges, s.clear = challenges(res)
	s.at, _ = http.ParseTime(res.Header.Get("Date"))
	if s.clear && c.o.Username != "" {
		c.refused("password", res.Request.URL.Host, "ONVIF takes a digest; the password is never sent in clear")
	}
	c.remember(s.challenges)
	root, err := parse(res)
	io.Copy(io.Discard, io.LimitReader(res.Body, discardLimit))
	if ctx := res.Request.Context(); err != nil && ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errMakeWay) {
			return nil, cause
		}
		return nil, failHint(Offline, hintSlow, "read answer", fmt.Errorf("the answer did not end in time: %w", errSlow))
	}
	if err != nil {
		return nil, s.without(res, err)
	}
	n, err := soap.Body(root)
	var f *soap.Fault
	switch {
	case res.StatusCode == 401 || res.StatusCode == 403 || errors.As(err, &f) && f.Unauthorized():
		s.fault = err
		return nil, fail(Unauthorized, "ask device", s)
	case err != nil && f == nil && res.StatusCode == http.StatusOK:
		return nil, fail(Protocol, "read answer", err)
	case err != nil && f == nil:
		return nil, s.without(res, err)
	}
	return n, err
}

// without says what an answer without a SOAP message means.
func (e *statusError) without(res *http.Response, err error) error {
	page := strings.Contains(res.Header.Get("Content-Type"), "html")
	switch {
	case e.status == http.StatusOK && page:
		return fail(Protocol, "read answer", fmt.Errorf("the device answered with a web page: %w", err))
	case e.status == http.StatusOK:
		return fail(Protocol, "read answer", err)
	}
	return e.classified()
}

// classified gives a status its class.
func (e *statusError) classified() error {
	switch {
	case e.status == 401 || e.status == 403:
		return fail(Unauthorized, "ask device", e)
	case e.status == 404 || e.status == 405 || e.status == 415:
		return fail(Protocol, "ask device", e)
	case e.status == 429 || e.status == 503:
		return failHint(Refused, hintBusy, "ask device", e)
	}
	return fail(Refused, "ask device", e)
}

// parse reads the message of an answer: of a multipart one the first part, of a compressed one what it holds. Nobody asked for either.
func parse(res *http.Response) (*soap.Node, error) {
	var body io.Reader = res.Body
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("read compressed answer: %w", err)
		}
		body = z
	}
	if kind, with, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") && with["boundary"] != "" {
		part, err := multipart.NewReader(io.LimitReader(body, soap.MaxMessage+discardLimit), with["boundary"]).NextRawPart()
		if err != nil {
			return nil, fmt.Errorf("read answer of several parts: %w", err)
		}
		body = part
	}
	return soap.Parse(body)
}

// challenges gives what an answer asks for of HTTP Digest that we can do, and whether it asks for Basic and for nothing else.
func challenges(res *http.Response) (list []*digest.Challenge, clear bool) {
	for _, v := range res.Header.Values("WWW-Authenticate") {
		v = strings.TrimSpace(v)
		if ch, err := digest.ParseChallenge(v); err == nil && digest.CanDigest(ch) && len(list) < maxChallenges {
			list = append(list, ch)
		}
		scheme, _, _ := strings.Cut(strings.ToLower(v), " ")
		clear = clear || scheme == "basic"
	}
	return list, clear && len(list) == 0
}
