package onvif

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/icholy/digest"
	"github.com/use-go/onvif/device"

	"holdfast/onvif/internal/soap"
)

// How credentials are given.
//
// Nothing is given until the device refuses a question without, since its refusal tells how it wants them: a challenge of HTTP
// Digest, or none. They are then tried once, at a question that every account may ask, and the way that was accepted is kept. So a
// wrong password costs the account one try for each call, of which package gateway makes two and then one in five minutes, and an
// operation that is refused later is known to be one that the account lacks the right to.

// ErrForbidden says that the device knows the account, and that the account may not do what was asked.
var ErrForbidden = errors.New("the device does not let this account do that")

// maxChallenges bounds the algorithms that one answer offers.
const maxChallenges = 8

// credentials is one way of giving them. The zero value gives none.
type credentials struct {
	token  bool // WS-UsernameToken
	digest bool // HTTP Digest; together with the token in one request where the device may want either
	strong bool // SHA-256 rather than MD5
}

// login is what was learned about the credentials.
type login struct {
	how        credentials
	proven     bool                // the device accepted them, and how says in which way
	witness    *request            // a question that it refused without and answered with them; nil: none that can be asked again
	refusals   int                 // in a row
	challenges []*digest.Challenge // the newest
	nonce      string              // used last
	uses       int                 // of it
	oneTime    bool                // the device takes no nonce twice
}

func (c *Client) known() (credentials, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.login.how, c.login.proven
}

// remember keeps what the device asks for. An answer that asks for nothing leaves it.
func (c *Client) remember(list []*digest.Challenge) {
	if len(list) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.login.challenges = list
}

// tryDigest sends a request with HTTP Digest. A nonce that is used up is no refusal: the question is asked again with the new one.
func (c *Client) tryDigest(ctx context.Context, r request, how credentials) (*soap.Node, error) {
	c.mu.Lock()
	oneTime := c.login.oneTime
	c.mu.Unlock()
	if oneTime {
		if n, err := c.trySent(ctx, r, credentials{}); !refusedCredentials(err) {
			return n, err // with a challenge it is refused; an answer is an answer
		}
	}
	n, err := c.trySent(ctx, r, how)
	if !refusedCredentials(err) || !c.usedUp(err) {
		return n, err
	}
	return c.trySent(ctx, r, how)
}

// usedUp tells whether a refusal is of a nonce that was used before.
func (c *Client) usedUp(refusal error) bool {
	var s *statusError
	if !errors.As(refusal, &s) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.login
	stale := slices.ContainsFunc(s.challenges, func(ch *digest.Challenge) bool { return ch.Stale })
	other := slices.ContainsFunc(s.challenges, func(ch *digest.Challenge) bool { return ch.Nonce != l.nonce })
	l.oneTime = l.oneTime || other && !stale && l.uses == 2
	return stale || other && l.uses > 1
}

// authorize answers the newest challenge in a request.
func (c *Client) authorize(req *http.Request, strong bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.login
	i := slices.IndexFunc(l.challenges, func(ch *digest.Challenge) bool { return isStrong(ch) == strong })
	if i < 0 && len(l.challenges) > 0 {
		i = 0
	}
	if i < 0 {
		return fail(Protocol, "ask device", errors.New("the device has not said what its digest is made of"))
	}
	ch := l.challenges[i]
	if l.nonce != ch.Nonce {
		l.nonce, l.uses = ch.Nonce, 0
	}
	l.uses++
	cred, err := digest.Digest(ch, digest.Options{Method: req.Method, URI: req.URL.RequestURI(), GetBody: req.GetBody, Count: l.uses,
		Username: c.o.Username, Password: c.o.Password})
	if err != nil {
		return fail(Protocol, "ask device", err)
	}
	req.Header.Set("Authorization", cred.String())
	return nil
}

func isStrong(ch *digest.Challenge) bool {
	return strings.HasPrefix(strings.ToUpper(ch.Algorithm), "SHA-")
}

// answer asks with the credentials that were accepted before, or without until the device refuses that.
func (c *Client) answer(ctx context.Context, r request) (*soap.Node, error) {
	how, proven := c.known()
	if c.o.Username != "" && proven {
		n, err := c.try(ctx, r, how)
		if !refusedCredentials(err) {
			return n, err
		}
		err = c.within(ctx, r.apart, func() error { n, err = c.again(ctx, r, how, err); return err })
		return n, err
	}
	n, err := c.try(ctx, r, credentials{})
	if err == nil || c.o.Username == "" || isOffline(err) {
		return n, err
	}
	asked := false
	if e := c.within(ctx, r.apart, func() (e error) { n, asked, e = c.logIn(ctx, r, err); return e }); e != nil || asked {
		return n, e
	}
	how, proven = c.known()
	if !proven {
		return nil, err // it was no matter of credentials
	}
	n, err = c.try(ctx, r, how)
	if refusedCredentials(err) {
		return nil, forbidden(err)
	}
	return n, err
}

// whoQuestion is what every account may ask (READ_SYSTEM, Core specification section 5.9.4.3), and most devices answer to nobody else.
func (c *Client) whoQuestion() request {
	return request{to: c.device, doing: "ask who the device is", body: marshalled(device.GetDeviceInformation{})}
}

// logIn tries the credentials after a question without them was refused for a reason. asked tells that n and err are the answer to it.
func (c *Client) logIn(ctx context.Context, r request, cause error) (n *soap.Node, asked bool, err error) {
	if _, proven := c.known(); proven {
		return nil, false, nil // while we waited for the turn
	}
	if q := c.whoQuestion(); r.body != q.body {
		_, err := c.try(ctx, q, credentials{})
		if isOffline(err) {
			return nil, false, err
		}
		if err != nil {
			_, err = c.giveIn(ctx, q, err)
			if _, proven := c.known(); proven {
				return nil, false, nil
			}
			if isOffline(err) || refusedCredentials(err) {
				return nil, true, err
			}
		}
		// It tells everybody who it is, or nobody: only the question itself can show whether they are right.
	}
	if !refusedCredentials(cause) && !isGet(r) {
		return nil, true, cause // it is not asked twice to do something
	}
	n, err = c.giveIn(ctx, r, cause)
	return n, true, err
}

// giveIn asks a question with the credentials, in the ways that the refusal of the question without them suggests.
func (c *Client) giveIn(ctx context.Context, q request, refusal error) (n *soap.Node, err error) {
	c.mu.Lock()
	before := c.login.refusals
	c.mu.Unlock()
	ways, tries := waysAfter(refusal, before)
	err = refusal
	for _, how := range ways {
		n, err = c.try(ctx, q, how)
		var f *soap.Fault
		switch {
		case isOffline(err):
			return nil, err
		case errors.As(err, &f) && f.Misunderstood():
			continue // the password was not looked at
		case err == nil || refusedCredentials(refusal) && !refusedCredentials(err):
			c.accept(how, q, err == nil)
			c.insistedClock(ctx, how)
			return n, err
		case !refusedCredentials(err):
			return nil, err
		}
		if tries--; tries == 0 {
			break
		}
	}
	c.mu.Lock()
	c.login.refusals++
	c.mu.Unlock()
	return nil, err
}

// waysAfter gives the ways of giving credentials that a refusal suggests, the likeliest first, and how many may be tried now. Each
// log-in that was refused before begins with the next one, since each try costs the account one.
func waysAfter(refusal error, before int) (ways []credentials, tries int) {
	var s *statusError
	var strong, weak bool
	if errors.As(refusal, &s) {
		for _, ch := range s.challenges {
			strong = strong || isStrong(ch)
			weak = weak || !isStrong(ch)
		}
	}
	tries = 1
	if strong {
		ways = append(ways, credentials{digest: true, strong: true})
	}
	if weak {
		// Both at once: some devices ask for Digest at their web server and look at the token behind it.
		ways = append(ways, credentials{token: true, digest: true}, credentials{digest: true})
	}
	ways = append(ways, credentials{token: true})
	if strong && weak && before == 0 {
		tries = 2 // there are devices whose SHA-256 is not RFC 7616's
	}
	first := before % len(ways)
	return append(slices.Clone(ways[first:]), ways[:first]...), tries
}

// accept notes that the device took the credentials.
func (c *Client) accept(how credentials, q request, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.login.how, c.login.proven, c.login.refusals = how, true, 0
	c.login.witness = nil
	if answered && isGet(q) {
		q.apart = false
		c.login.witness = &q
	}
}

// again finds out why a question was refused with credentials that were accepted before: the device's clock was set, the password was
// changed, or the account may not ask it.
func (c *Client) again(ctx context.Context, r request, how credentials, cause error) (*soap.Node, error) {
	set := how.token && c.relearnClock(ctx)
	c.mu.Lock()
	witness := c.login.witness
	c.mu.Unlock()
	good := false
	if witness != nil && !sameQuestion(*witness, r) {
		if _, err := c.try(ctx, *witness, how); refusedCredentials(err) {
			return nil, c.unproven(err)
		} else if err != nil {
			return nil, err
		}
		good = true
	}
	if set {
		n, err := c.try(ctx, r, how)
		if !refusedCredentials(err) {
			return n, err
		}
		cause = err
	}
	if good {
		return nil, forbidden(cause)
	}
	return nil, c.unproven(cause)
}

// vouched tells whether the device takes the credentials, that it accepted before, still.
func (c *Client) vouched(ctx context.Context) bool {
	c.mu.Lock()
	witness, how := c.login.witness, c.login.how
	c.mu.Unlock()
	if witness == nil {
		return false
	}
	_, err := c.try(ctx, *witness, how)
	return err == nil
}

// unproven notes that the credentials are not taken any more.
func (c *Client) unproven(cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.login.proven, c.login.witness = false, nil
	c.login.refusals++
	return cause
}

// forbidden is the error of a question that a good account may not ask.
func forbidden(cause error) error {
	return failHint(Refused, hintForbidden, "ask device", fmt.Errorf("%w: %w", ErrForbidden, cause))
}

func isGet(r request) bool { return strings.HasPrefix(askedBy(r), "Get") }

// askedBy is the name of the operation that a request asks.
func askedBy(r request) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.body.(string), "<"), ">")
	name, _, _ = strings.Cut(strings.TrimSuffix(name, "/"), " ")
	return name[strings.IndexByte(name, ':')+1:]
}

func sameQuestion(a, b request) bool {
	return a.body == b.body && sameAddress(a.to, b.to) && a.action == b.action
}

func sameAddress(a, b *url.URL) bool { return a == b || a != nil && b != nil && *a == *b }

func isOffline(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == Offline || errors.Is(err, errMakeWay)
}

func refusedCredentials(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Class == Unauthorized
	}
	var f *soap.Fault
	return errors.As(err, &f) && f.Unauthorized()
}
