package auth

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kinds of tokens.
const (
	APIToken    = "api"    // acts for a person, within a scope
	DeviceToken = "device" // a wall or kiosk: it watches, and nothing else
)

// Bounds of tokens.
const (
	maxAPITokens    = 16 // of a person
	maxDeviceTokens = 128
	maxAPILife      = 366 * 24 * time.Hour
	maxDeviceLife   = 5 * 366 * 24 * time.Hour
)

// deviceMay is all that a device's token can be given: a wall that is taken away shows what it showed.
var deviceMay = SetOf(See, Live, Audio)

// token is one record of the tokens bucket. Only Used and From change, under Auth.mu.
type token struct {
	ID          string    `json:"-"`
	Person      string    `json:"-"` // whose it is; "" for a device's
	Kind        string    `json:"kind"`
	Name        string    `json:"name"`
	Digest      digest    `json:"digest"`
	Permissions Set       `json:"permissions"`
	Cameras     []string  `json:"cameras"`
	Created     time.Time `json:"created"`
	By          string    `json:"by"` // id of the person who made it, or what they are called
	Until       time.Time `json:"until"`
	Used        time.Time `json:"used,omitzero"`
	From        string    `json:"from,omitempty"`

	saved time.Time // Used as it is on disk
}

// Token is what may be told about a token.
type Token struct {
	ID          string
	Kind        string
	Name        string
	Person      string // whose it is; "" for a device's
	Permissions Set
	Cameras     []string
	Created     time.Time
	By          string
	Until       time.Time
	Used        time.Time // zero: never
	From        string    // where it was used last
}

// NewToken is what is said of a token that is made.
type NewToken struct {
	Name        string
	Permissions Set
	Cameras     []string // ids, groups or *
	Until       time.Time
}

func (t *token) told() Token {
	return Token{ID: t.ID, Kind: t.Kind, Name: t.Name, Person: t.Person, Permissions: t.Permissions, Cameras: slices.Clone(t.Cameras),
		Created: t.Created, By: t.By, Until: t.Until, Used: t.Used, From: t.From}
}

func (t *token) of() string { return cmp.Or(t.Person, t.ID) }

// use notes a use; the caller holds mu.
func (t *token) use(now time.Time, at Attempt) {
	t.Used = now.UTC()
	if at.From.IsValid() {
		t.From = at.From.Unmap().String()
	}
}

// TokensOf lists the tokens, a person's own or, of "", everybody's and the devices', the newest first.
func (a *Auth) TokensOf(person string) []Token {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []Token{}
	for _, t := range a.tokens {
		if person == "" || t.Person == person {
			list = append(list, t.told())
		}
	}
	slices.SortFunc(list, func(x, y Token) int { return cmp.Or(y.Created.Compare(x.Created), strings.Compare(x.ID, y.ID)) })
	return list
}

func (a *Auth) tokensOf(person string) (list []*token) {
	for _, t := range a.tokens {
		if t.Person == person {
			list = append(list, t)
		}
	}
	return list
}

// MakeAPIToken makes a token that acts for the person who asks, with no more than they have. The secret is told once.
// Errors: *RuleError.
func (a *Auth) MakeAPIToken(who Identity, n NewToken) (Token, string, error) {
	if who.Kind != BySession || who.Person == "" {
		return Token{}, "", &RuleError{"person", "A token belongs to a person who is signed in."}
	}
	return a.makeToken("hfa_", maxAPILife, n, &token{Kind: APIToken, Person: who.Person, By: who.Person}, func() int { return len(a.tokensOf(who.Person)) }, maxAPITokens)
}

// MakeDeviceToken makes the token of a wall or kiosk. Errors: *RuleError, ErrBeyond.
func (a *Auth) MakeDeviceToken(who Identity, n NewToken) (Token, string, error) {
	if n.Permissions&^deviceMay != 0 {
		return Token{}, "", &RuleError{"permissions", "A wall or kiosk may see, watch live and hear, and nothing else."}
	}
	if n.Permissions != 0 && n.Permissions&SetOf(See) == 0 { // the list of cameras would be empty to it, and so the wall
		return Token{}, "", &RuleError{"permissions", "A wall or kiosk that may not see cameras has none to show: give it see as well."}
	}
	if !who.holdsAll(n.Permissions) {
		return Token{}, "", ErrBeyond
	}
	return a.makeToken("hfd_", maxDeviceLife, n, &token{Kind: DeviceToken, By: cmp.Or(who.Person, who.User)}, a.deviceCount, maxDeviceTokens)
}

func (a *Auth) deviceCount() (n int) {
	for _, t := range a.tokens {
		if t.Kind == DeviceToken {
			n++
		}
	}
	return n
}

func (a *Auth) makeToken(prefix string, longest time.Duration, n NewToken, t *token, count func() int, most int) (told Token, secret string, err error) {
	if err := n.check(a.now(), longest); err != nil {
		return told, "", err
	}
	err = a.change(func() error {
		if count() >= most {
			return &RuleError{"token", fmt.Sprintf("There are %d, as many as can be. Revoke one first.", most)}
		}
		if err := a.checkCameras(n.Cameras); err != nil {
			return err
		}
		secret = newSecret(prefix)
		var id [6]byte
		rand.Read(id[:])
		t.ID, t.Digest, t.Created = "t-"+hex.EncodeToString(id[:]), digestOf(secret), a.now().UTC()
		t.Name, t.Permissions, t.Cameras, t.Until = n.Name, n.Permissions, slices.Clone(n.Cameras), n.Until.UTC()
		value, err := a.seal(t.of(), "token "+t.ID, t)
		if err == nil {
			err = a.applied(a.putValue(bucketTokens, t.ID, value), func() { a.tokens[t.ID], a.byDigest[t.Digest] = t, t })
		}
		if err != nil {
			return fmt.Errorf("write token: %w", err)
		}
		told = t.told()
		return nil
	})
	return told, secret, err
}

func (n NewToken) check(now time.Time, longest time.Duration) error {
	switch {
	case n.Name == "" || len(n.Name) > maxCalled || hasControl(n.Name):
		return &RuleError{"name", labelRule}
	case n.Permissions == 0:
		return &RuleError{"permissions", "It must allow something."}
	case !n.Until.After(now):
		return &RuleError{"until", "It must end in the future."}
	case n.Until.Sub(now) > longest:
		return &RuleError{"until", fmt.Sprintf("It must end within %d days.", longest/(24*time.Hour))}
	}
	return nil
}

// RevokeToken ends a token, and whatever goes on by it. person bounds it to a person's own; "" is anybody's. Errors:
// ErrNone.
func (a *Auth) RevokeToken(id, person string) (gone Token, err error) {
	err = a.change(func() error {
		t := a.tokens[id]
		if t == nil || person != "" && t.Person != person {
			return ErrNone
		}
		gone = t.told()
		sessions := a.sessionsWhere(func(s *session) bool { return s.Device == id })
		a.mu.Lock()
		delete(a.tokens, id)
		delete(a.byDigest, t.Digest)
		a.mu.Unlock()
		a.finish(sessions)
		err := a.take(append(owedSessions(sessions), owed{string(bucketTokens), id})...)
		if t.Kind == DeviceToken { // without its key it cannot come back, whatever the database does
			if e := a.keys.Forget(stateKey(id)); e != nil {
				err = errors.Join(err, e, a.putValue(bucketForgotten, id, nil)) // tried again with each Sweep
			}
		}
		if err != nil {
			return fmt.Errorf("remove token: %w", err)
		}
		return nil
	})
	return gone, err
}

// identifyToken gives the identity of a token, and whether it is still good; the caller holds mu.
func (a *Auth) identifyToken(t *token) (Identity, bool) {
	if !a.now().Before(t.Until) {
		return Identity{}, false
	}
	all, cameras := a.resolve(t.Cameras)
	if t.Kind == DeviceToken {
		r := &rights{now: a.now, zone: a.zone, given: []given{{set: t.Permissions & deviceMay, all: all, cameras: cameras}}}
		return Identity{User: t.Name, Kind: ByDevice, Token: t.ID, rights: r}, true
	}
	p := a.people[t.Person]
	if p == nil || p.state() != Active {
		return Identity{}, false
	}
	return Identity{Person: p.ID, User: p.Name, Display: p.Display, Kind: ByToken, Token: t.ID, needs: !p.Factor.confirmed() && a.asksFactor(p),
		rights: a.compiled(p).narrow(t.Permissions, all, cameras)}, true
}

// LoginDevice begins the session of a wall or kiosk, which lasts as long as its token. ErrToken when that is not good.
func (a *Auth) LoginDevice(at Attempt, secret string) (x Session, err error) {
	err = a.change(func() error {
		t := a.deviceOf(secret)
		if t == nil {
			return ErrToken
		}
		s, cookie := a.newSession(at, "", t.ID)
		gone := a.makeRoom(t.ID, at.Old)
		if err := a.writeSession(s, nil, gone); err != nil {
			return err
		}
		a.mu.Lock()
		t.use(a.now(), at)
		who, _ := a.identify(s)
		a.mu.Unlock()
		x = Session{Identity: who, Secret: cookie, CSRF: csrfOf(cookie), Expires: t.Until}
		return nil
	})
	return x, err
}

func (a *Auth) deviceOf(secret string) *token {
	if len(secret) > maxSecret {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.byDigest[digestOf(secret)]
	if t == nil || t.Kind != DeviceToken || !a.now().Before(t.Until) {
		return nil
	}
	return t
}

// saveUsed writes the times of last use of tokens that lag on disk.
func (a *Auth) saveUsed() error {
	a.writing.Lock()
	defer a.writing.Unlock()
	var lagging []token
	a.mu.Lock()
	for _, t := range a.tokens {
		if t.Used.Sub(t.saved) >= saveSeen {
			lagging = append(lagging, *t)
		}
	}
	a.mu.Unlock()
	for _, t := range lagging {
		value, err := a.seal(t.of(), "token "+t.ID, &t)
		if err == nil {
			err = a.applied(a.putValue(bucketTokens, t.ID, value), func() {
				if now := a.tokens[t.ID]; now != nil {
					now.saved = t.Used
				}
			})
		}
		if err != nil {
			return fmt.Errorf("write token: %w", err)
		}
	}
	return nil
}
