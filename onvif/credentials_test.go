package onvif_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
)

const year = 366 * 24 * time.Hour

func client(t *testing.T, address, password string) *onvif.Client {
	t.Helper()
	c, err := onvif.New(onvif.Options{Address: address, Username: "u", Password: password, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func page(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprint(w, "<html><body>log in first<br></body>")
	}
}

// Every way of giving credentials that devices have, and every way of refusing them, ends in a probed device with the right password,
// and in the class of wrong credentials with a wrong one: after a single try of the account, or two where the device offers two
// algorithms.
func TestCredentialsInEveryWayOfTheField(t *testing.T) {
	md5, sha := []string{"MD5"}, []string{"SHA-256"}
	for name, c := range map[string]struct {
		lock  *lock
		skew  time.Duration
		tries int // with a wrong password
	}{
		"token only":                            {&lock{token: true}, 0, 1},
		"token only, 400 and a fault":           {&lock{token: true, refuse: notAuthorized(400)}, 0, 1},
		"token only, 403 and a fault":           {&lock{token: true, refuse: notAuthorized(403)}, 0, 1},
		"token only, 500 and a fault":           {&lock{token: true, refuse: notAuthorized(500)}, 0, 1},
		"token only, 200 and a fault":           {&lock{token: true, refuse: notAuthorized(200)}, 0, 1},
		"token only, 401 without a word":        {&lock{token: true, refuse: status(401)}, 0, 1},
		"token only, 403 without a word":        {&lock{token: true, refuse: status(403)}, 0, 1},
		"token only, 401 and a page":            {&lock{token: true, refuse: page(401)}, 0, 1},
		"token only, clock a year ahead":        {&lock{token: true}, year, 1},
		"token only, clock a year behind":       {&lock{token: true}, -year, 1},
		"token only, clock for members only":    {&lock{token: true, insists: true}, year, 1},
		"digest only, clock for members only":   {&lock{algorithms: md5, insists: true, dateless: true}, -year, 1},
		"digest by MD5 only":                    {&lock{algorithms: md5}, year, 1},
		"digest by SHA-256 only":                {&lock{algorithms: sha}, 0, 1},
		"digest by either":                      {&lock{algorithms: []string{"MD5", "SHA-256"}}, 0, 2},
		"digest with nonces for one use":        {&lock{algorithms: md5, oneTime: true}, 0, 1},
		"digest only, and no header it ignores": {&lock{algorithms: md5, strict: true}, 0, 1},
		"digest or token":                       {&lock{token: true, algorithms: md5}, -year, 1},
		"digest and token":                      {&lock{token: true, algorithms: md5, both: true}, year, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := c.lock
			address := l.open(t)
			l.set("right", c.skew)
			right := client(t, address, "right")
			d, err := right.Probe(t.Context())
			seen, wrong := l.asked()
			if err != nil || wrong > 0 {
				t.Fatalf("%v after %d wrong credentials, %q", err, wrong, seen)
			}
			if main, sub := d.Stream("", onvif.Main), d.Stream("", onvif.Sub); main == nil || sub == nil {
				t.Errorf("%+v", d)
			}
			if seen[0] != "GetSystemDateAndTime" || l.insists != (count(seen, "GetSystemDateAndTime*") > 0) {
				t.Errorf("the clock was not asked for as it should: %q", seen)
			}
			if off := (d.Skew - c.skew).Abs(); off > 3*time.Second {
				t.Errorf("skew %v, want %v", d.Skew, c.skew)
			}
			if _, err = right.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if seen, _ := l.asked(); !l.oneTime && count(seen, "") != count(seen, "*") {
				t.Errorf("what the device takes was not remembered: %q", seen)
			}
			_, err = client(t, address, "guess").Probe(t.Context())
			var e *onvif.Error
			if !errors.As(err, &e) || e.Class != onvif.Unauthorized || !strings.Contains(e.Hint, "user name or password") || strings.Contains(err.Error(), "guess") {
				t.Errorf("wrong password: %v", err)
			}
			if seen, wrong := l.asked(); wrong != c.tries {
				t.Errorf("%d wrong credentials were seen, want %d: %q", wrong, c.tries, seen)
			}
		})
	}
}

// A client that is asked again and again although its password is wrong costs the account one try each time, in turn by each way that
// the device offers. (That it is not asked again and again is the business of package gateway.)
func TestAWrongPasswordCostsOneTryForEachQuestion(t *testing.T) {
	l := &lock{token: true, algorithms: []string{"MD5"}}
	c := client(t, l.open(t), "guess")
	for i := range 5 {
		if _, err := c.Probe(t.Context()); err == nil {
			t.Fatal("admitted")
		}
		if _, wrong := l.asked(); wrong != i+1 {
			t.Fatalf("%d wrong credentials after %d questions", wrong, i+1)
		}
	}
	l.set("guess", 0)
	if _, err := c.Probe(t.Context()); err != nil {
		t.Errorf("now that it is right: %v", err)
	}
}

func TestADeviceThatWantsNoCredentialsGetsNone(t *testing.T) {
	l := &lock{}
	if _, err := client(t, l.open(t), "right").Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seen, _ := l.asked(); count(seen, "*") > 0 {
		t.Errorf("%q", seen)
	}
}

func TestAClockThatIsSetMeanwhileIsLearnedAgain(t *testing.T) {
	l := &lock{token: true}
	c := client(t, l.open(t), "right")
	if _, err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.set("right", -year)
	l.asked()
	d, err := c.Probe(t.Context())
	if err != nil || (d.Skew+year).Abs() > 3*time.Second {
		t.Fatalf("%+v, %v", d, err)
	}
	if seen, wrong := l.asked(); wrong != 1 || count(seen, "GetSystemDateAndTime") != 1 {
		t.Errorf("%d, %q", wrong, seen)
	}
}

// Our own clock may be set while we run: it does not move the device's.
func TestOurOwnClockBeingSetBreaksNoToken(t *testing.T) {
	l := &lock{token: true}
	var ahead time.Duration
	c, err := onvif.New(onvif.Options{Address: l.open(t), Username: "u", Password: "right", Dial: dial,
		Now: func() time.Time { return time.Now().Add(ahead) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.asked()
	ahead = 3 * time.Hour
	if _, err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seen, wrong := l.asked(); wrong > 0 || slices.Contains(seen, "GetSystemDateAndTime") {
		t.Errorf("%d, %q", wrong, seen)
	}
}

// A password that is changed at the device is found out by at most two tries, and an operation that the account may not do is told
// apart from it.
func TestAnAccountThatMayNotIsNoWrongPassword(t *testing.T) {
	for name, l := range map[string]*lock{
		"token": {token: true}, "digest": {algorithms: []string{"MD5"}}, "digest, nonces for one use": {algorithms: []string{"MD5"}, oneTime: true},
		"either": {token: true, algorithms: []string{"SHA-256"}}, "403": {token: true, refuse: status(403)}, "400": {token: true, refuse: notAuthorized(400)},
	} {
		t.Run(name, func(t *testing.T) {
			l.forbidden = []string{"GetPresets", "GetProfiles"}
			c := client(t, l.open(t), "right")
			for range 3 {
				_, err := c.Probe(t.Context())
				var e *onvif.Error
				if !errors.Is(err, onvif.ErrForbidden) || !errors.As(err, &e) || e.Class != onvif.Refused || !strings.Contains(e.Hint, "operator") {
					t.Fatalf("%v", err)
				}
			}
			seen, wrong := l.asked()
			if wrong > 0 {
				t.Errorf("%d wrong credentials: %q", wrong, seen)
			}
			l.set("changed", 0)
			_, err := c.Probe(t.Context())
			var e *onvif.Error
			if !errors.As(err, &e) || e.Class != onvif.Unauthorized {
				t.Errorf("%v", err)
			}
			if seen, wrong := l.asked(); wrong > 2 {
				t.Errorf("%d wrong credentials: %q", wrong, seen)
			}
		})
	}
}
