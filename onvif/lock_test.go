package onvif_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// lock stands before a simulated camera and admits as cameras in the field do. It counts what it sees.
type lock struct {
	token      bool     // it takes WS-UsernameToken
	algorithms []string // of HTTP Digest, in the order of its challenges
	oneTime    bool     // no nonce is taken twice
	both       bool     // it wants both
	insists    bool     // on credentials for its clock too
	dateless   bool     // its answers do not say what time it is
	refuse     func(w http.ResponseWriter)
	forbidden  []string // operations that the account may not do
	strict     bool     // it does not know the header of the token, and says so

	mu       sync.Mutex
	password string
	skew     time.Duration
	nonce    int
	used     map[string]bool
	seen     []string // operations, in order; with a star where credentials came along
	wrong    int      // credentials that were refused as wrong
}

var publicOperations = []string{"GetSystemDateAndTime", "GetServices", "GetCapabilities"}

func notAuthorized(status int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		io.WriteString(w, soap.Envelope("", `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>`))
	}
}

// open starts the camera behind the lock.
func (l *lock) open(t *testing.T) (address string) {
	t.Helper()
	l.password = "right"
	l.used = make(map[string]bool)
	if l.refuse == nil {
		l.refuse = notAuthorized(http.StatusUnauthorized)
	}
	behind := device(t, onviftest.PTZ, 0, server.Options{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.serve(w, r, behind) }))
	t.Cleanup(s.Close)
	return s.URL + "/onvif/device_service"
}

func (l *lock) serve(w http.ResponseWriter, r *http.Request, behind http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	root, err := soap.Parse(bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	req, _ := soap.Body(root)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now().Add(l.skew)
	if w.Header()["Date"] = nil; !l.dateless {
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	}
	_, withToken, _ := soap.ReadToken(root)
	with := withToken || r.Header.Get("Authorization") != ""
	l.seen = append(l.seen, req.Name+map[bool]string{true: "*"}[with])
	if l.strict && withToken && bytes.Contains(body, []byte("Security xmlns")) && bytes.Contains(body, []byte(`mustUnderstand="1"><wsse:UsernameToken`)) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, soap.Envelope("", `<s:Fault><s:Code><s:Value>s:MustUnderstand</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no such header</s:Text></s:Reason></s:Fault>`))
		return
	}
	public := slices.Contains(publicOperations, req.Name) && !(l.insists && req.Name == "GetSystemDateAndTime")
	if admitted, stale := l.admits(r, root, now); !public && !admitted {
		if with && !stale {
			l.wrong++
		}
		l.challenge(w)
		return
	}
	if slices.Contains(l.forbidden, req.Name) {
		l.challenge(w)
		return
	}
	if req.Name == "GetSystemDateAndTime" {
		u := now.UTC()
		io.WriteString(w, soap.Envelope("", fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
			u.Hour(), u.Minute(), u.Second(), u.Year(), u.Month(), u.Day())))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	behind.ServeHTTP(w, r)
}

func (l *lock) challenge(w http.ResponseWriter) {
	l.nonce++
	for _, a := range l.algorithms {
		w.Header().Add("WWW-Authenticate", (&digest.Challenge{Realm: "cam", Nonce: fmt.Sprint("n", l.nonce), QOP: []string{"auth"}, Algorithm: a}).String())
	}
	l.refuse(w)
}

func (l *lock) admits(r *http.Request, root *soap.Node, now time.Time) (admitted, stale bool) {
	if !l.token && len(l.algorithms) == 0 {
		return true, false
	}
	t, ok, err := soap.ReadToken(root)
	at, _ := t.At()
	token := ok && err == nil && t.Matches("u", l.password) && now.Sub(at).Abs() < 5*time.Second
	digested, stale := l.digest(r)
	if l.both {
		return token && digested, stale
	}
	return l.token && token || digested, stale
}

func (l *lock) digest(r *http.Request) (ok, stale bool) {
	c, err := digest.ParseCredentials(r.Header.Get("Authorization"))
	if err != nil || !slices.Contains(l.algorithms, c.Algorithm) {
		return false, false
	}
	use := c.Nonce + " " + fmt.Sprint(c.Nc)
	if l.oneTime {
		use = c.Nonce
	}
	if l.used[use] {
		return false, true
	}
	l.used[use] = true
	want, err := digest.Digest(&digest.Challenge{Realm: "cam", Nonce: c.Nonce, QOP: []string{"auth"}, Algorithm: c.Algorithm},
		digest.Options{Method: r.Method, URI: r.URL.RequestURI(), Username: "u", Password: l.password, Cnonce: c.Cnonce, Count: c.Nc})
	return err == nil && want.Response == c.Response && c.URI == r.URL.RequestURI(), false
}

func (l *lock) set(password string, skew time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.password, l.skew = password, skew
}

// asked gives what it saw since it was asked last, and how many credentials were wrong in all.
func (l *lock) asked() (seen []string, wrong int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, l.seen = l.seen, nil
	return seen, l.wrong
}

func count(list []string, what string) (n int) {
	for _, s := range list {
		if strings.Contains(s, what) {
			n++
		}
	}
	return n
}
