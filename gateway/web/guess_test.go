package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// at is a client with an address of its own.
func (s *site) at(ip net.IP) *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}}
	tr := &http.Transport{DialContext: d.DialContext}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 3 * deadline}
}

// signsIn tries to sign in, and gives the answer.
func (s *site) signsIn(ctx context.Context, c *http.Client, username, password, code string, cookies ...*http.Cookie) (answered, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/v1/session", strings.NewReader(encode(Credentials{Username: username, Password: password, Code: code})))
	if err != nil {
		return answered{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	for _, k := range cookies {
		r.AddCookie(k)
	}
	res, err := c.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answered{res, string(text)}, err
}

// Passwords are guessed as fast as the machine sends, from one address and from many, at one account and at names that are nobody's. Few
// are looked at, none is right, and the owner signs in meanwhile on the browser that they use: from their own address, and even from the
// guessers'.
func TestGuessingByManyLeavesTheOwnerIn(t *testing.T) {
	const guessers, looked = 32, 300 // at most so many guesses may be looked at, of thousands
	for _, c := range []struct {
		name string
		from func(g int) net.IP
	}{
		{"one address", func(int) net.IP { return net.IPv4(127, 0, 2, 1) }},
		{"many addresses", func(g int) net.IP { return net.IPv4(127, 0, 3, byte(g+1)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			s.setUp()
			home := net.IPv4(127, 0, 4, 1)
			known, err := s.signsIn(t.Context(), s.at(home), adminName, adminPassword, "")
			if err != nil || known.StatusCode != http.StatusOK {
				t.Fatal(err, known.Status)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var sent, right, wrong, turned atomic.Int64
			var all sync.WaitGroup
			started := time.Now()
			for g := range guessers {
				client := s.at(c.from(g))
				all.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						name := adminName
						if i%4 == 3 {
							name = fmt.Sprintf("nobody%d", i)
						}
						a, err := s.signsIn(ctx, client, name, fmt.Sprintf("guess %d of %d", i, g), "")
						if err != nil {
							continue
						}
						sent.Add(1)
						switch a.StatusCode {
						case http.StatusOK:
							right.Add(1)
						case http.StatusUnauthorized:
							wrong.Add(1)
						case http.StatusTooManyRequests, http.StatusServiceUnavailable:
							turned.Add(1)
						}
					}
				})
			}
			until(t, "a thousand guesses", func() bool { return sent.Load() >= 1000 })
			for name, from := range map[string]net.IP{"at home": home, "among the guessers": c.from(0)} {
				if a, err := s.signsIn(t.Context(), s.at(from), adminName, adminPassword, "", known.Cookies()...); err != nil || a.StatusCode != http.StatusOK {
					t.Errorf("the owner, %s: %v %v", name, err, a.Response)
				}
			}
			until(t, "two thousand guesses", func() bool { return sent.Load() >= 2000 })
			took := time.Since(started)
			stop()
			all.Wait()
			t.Logf("%.0f guesses a second: %d looked at, %d turned away", float64(sent.Load())/took.Seconds(), wrong.Load(), turned.Load())
			if right.Load() != 0 || wrong.Load() > looked+int64(2*took.Seconds()) || wrong.Load()+turned.Load() != sent.Load() {
				t.Errorf("of %d guesses %d were right, %d wrong, %d turned away", sent.Load(), right.Load(), wrong.Load(), turned.Load())
			}
		})
	}
}

// totpAt is the code of RFC 6238 that an authenticator shows.
func totpAt(t *testing.T, text string, at time.Time) string {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	off := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[off:])&0x7fffffff%1_000_000)
}

// enrolled gives the administrator a second factor, and what its authenticator knows.
func (s *site) enrolled(p person) (secret string, recovery []string) {
	s.t.Helper()
	var e Enrolment
	var codes RecoveryCodes
	a := s.do("POST", "/api/v1/me/second-factor", encode(PasswordProof{adminPassword}), p.changes())
	if err := json.Unmarshal([]byte(a.text), &e); err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatal(a.Status, a.text)
	}
	a = s.do("POST", "/api/v1/me/second-factor/confirm", encode(CodeProof{totpAt(s.t, e.Text, s.clock())}), p.changes())
	if err := json.Unmarshal([]byte(a.text), &codes); err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatal(a.Status, a.text)
	}
	return e.Text, codes.Codes
}

// Whoever looked over a shoulder, or reads along, has a code that was used: it is good once, also when it is sent twice at one moment, and so
// is a recovery code.
func TestACodeIsGoodOnce(t *testing.T) {
	s := newSite(t)
	secret, recovery := s.enrolled(s.setUp())
	try := func(code string) int {
		a, err := s.signsIn(t.Context(), s.client, adminName, adminPassword, code)
		if err != nil {
			t.Fatal(err)
		}
		return a.StatusCode
	}
	enrolment := totpAt(t, secret, s.clock())
	if got := try(enrolment); got != http.StatusUnauthorized {
		t.Errorf("the code of the enrolment signs in: %d", got)
	}
	for name, code := range map[string]string{"authenticator": "", "recovery": recovery[0]} {
		s.pass(2 * time.Minute)
		if code == "" {
			code = totpAt(t, secret, s.clock())
		}
		var in, out atomic.Int64
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				a, err := s.signsIn(t.Context(), s.client, adminName, adminPassword, code)
				if err != nil {
					t.Error(err)
				} else if a.StatusCode == http.StatusOK {
					in.Add(1)
				} else {
					out.Add(1)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 || out.Load() != 3 {
			t.Errorf("%s: the code signs in %d times", name, in.Load())
		}
		if got := try(code); got == http.StatusOK {
			t.Errorf("%s: a code that was used signs in again", name)
		}
	}
	if a, err := s.signsIn(t.Context(), s.client, adminName, adminPassword, ""); err != nil || a.StatusCode != http.StatusUnauthorized || a.problem(t).Type != "/problems/second-factor" {
		t.Errorf("without a code: %v %s", err, a.text)
	}
}

// Somebody who knows the password, on the very browser that its owner uses, guesses codes: they are not looked at for long.
func TestCodesCannotBeGuessed(t *testing.T) {
	s := newSite(t)
	secret, recovery := s.enrolled(s.setUp())
	s.pass(2 * time.Minute)
	known, err := s.signsIn(t.Context(), s.client, adminName, adminPassword, totpAt(t, secret, s.clock()))
	if err != nil || known.StatusCode != http.StatusOK {
		t.Fatal(err, known.Status)
	}
	s.pass(2 * time.Minute)
	statuses := map[int]int{}
	for i := range 40 {
		a, err := s.signsIn(t.Context(), s.client, adminName, adminPassword, fmt.Sprintf("%06d", i), known.Cookies()...)
		if err != nil {
			t.Fatal(err)
		}
		statuses[a.StatusCode]++
	}
	if statuses[http.StatusUnauthorized] > 20 || statuses[http.StatusOK] > 0 {
		t.Errorf("guesses of codes: %v", statuses)
	}
	if a, err := s.signsIn(t.Context(), s.at(net.IPv4(127, 0, 5, 1)), adminName, adminPassword, recovery[0]); err != nil || a.StatusCode != http.StatusOK {
		t.Errorf("the owner has a recovery code: %v %s", err, a.text)
	}
}
