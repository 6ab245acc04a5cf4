package web

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/auth"
)

// Credentials sign somebody in.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Code     string `json:"code,omitempty" doc:"Of the authenticator, or a recovery code, where the answer without one says that it is needed."`
}

// OnceToken signs somebody in, once.
type OnceToken struct {
	Token string `json:"token" doc:"What follows #once= in a one-time link."`
}

// Setup makes the administrator.
type Setup struct {
	Token    string `json:"token" doc:"What follows #token= in the set-up link."`
	Username string `json:"username"`
	Password string `json:"password" doc:"At least 12 characters."`
}

// NewPassword changes a password.
type NewPassword struct {
	Old string `json:"old"`
	New string `json:"new" doc:"At least 12 characters."`
}

// SetupState tells whether the gateway has been set up.
type SetupState struct {
	Needed bool `json:"needed" doc:"There is no administrator yet: open the set-up link."`
}

// SessionInfo is who is signed in, and what the viewer shows around everything.
type SessionInfo struct {
	User        string   `json:"user"`
	Person      string   `json:"person" doc:"Id of the person; empty for a device, a program and the local socket."`
	Display     string   `json:"display" doc:"What the person wants to be called; empty: as user."`
	Kind        string   `json:"kind" enum:"session,token,device,process,local"`
	Permissions []string `json:"permissions" doc:"What may be done: over the site, or, of what is about cameras, with some camera. Each camera says what may be done with it."`
	Enrol       bool     `json:"enrol" doc:"The site asks for a second factor; until it is set up nothing else is allowed."`
	CSRF        string   `json:"csrf" doc:"To be sent as X-CSRF-Token with every change; empty without a session."`
	Site        string   `json:"site"`
	Version     string   `json:"version"`
	TimeZone    string   `json:"time_zone" doc:"IANA name of the site's time zone."`
}

// SessionEntry is one session in the list.
type SessionEntry struct {
	ID      string    `json:"id"`
	User    string    `json:"user" doc:"User name of the person, or name of the device."`
	Kind    string    `json:"kind" enum:"session,device"`
	Person  string    `json:"person" doc:"Id of the person; empty for a device."`
	Device  string    `json:"device" doc:"Id of the device's token; empty for a person."`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen" doc:"Last use."`
	From    string    `json:"from" doc:"Address it was begun from."`
	Agent   string    `json:"agent" doc:"What the browser called itself."`
	Own     bool      `json:"own" doc:"It is the one that asks."`
}

func (s *Server) getSession(w http.ResponseWriter, r *request) error {
	csrf := ""
	if r.secret != "" {
		csrf = s.o.Auth.CSRF(r.secret)
	}
	return reply(w, http.StatusOK, s.sessionInfo(r.who, csrf))
}

func (s *Server) sessionInfo(who auth.Identity, csrf string) SessionInfo {
	info := SessionInfo{User: who.User, Person: who.Person, Display: who.Display, Kind: string(who.Kind), Enrol: who.NeedsSecondFactor(), Permissions: []string{}, CSRF: csrf, Site: s.o.Site, Version: s.o.Version, TimeZone: s.o.TimeZone}
	for _, p := range auth.Permissions() {
		if who.May(p) {
			info.Permissions = append(info.Permissions, p.String())
		}
	}
	return info
}

func (s *Server) postSession(w http.ResponseWriter, r *request) error {
	var c Credentials
	if err := decode(r.body, &c); err != nil {
		return err
	}
	r.entry.Personal.Name, r.entry.Person = cutName(c.Username), s.o.Auth.NameOf(c.Username)
	session, err := s.o.Auth.Login(r.Context(), attempt(r), auth.Credentials{Name: c.Username, Password: c.Password, Code: c.Code})
	if err != nil {
		return err
	}
	return s.signedIn(w, r, session)
}

func (s *Server) postSessionOnce(w http.ResponseWriter, r *request) error {
	var t OnceToken
	if err := decode(r.body, &t); err != nil {
		return err
	}
	session, err := s.o.Auth.LoginOnce(attempt(r), t.Token)
	if err != nil {
		return err
	}
	return s.signedIn(w, r, session)
}

func (s *Server) getSetup(w http.ResponseWriter, _ *request) error {
	return reply(w, http.StatusOK, SetupState{Needed: s.o.Auth.NeedsSetup()})
}

func (s *Server) postSetup(w http.ResponseWriter, r *request) error {
	var c Setup
	if err := decode(r.body, &c); err != nil {
		return err
	}
	session, err := s.o.Auth.Setup(r.Context(), attempt(r), c.Token, c.Username, c.Password)
	if err != nil {
		return err
	}
	return s.signedIn(w, r, session)
}

// attempt says where a try to sign in comes from.
func attempt(r *request) auth.Attempt {
	at := auth.Attempt{Agent: r.UserAgent(), Old: r.secret, From: peerOf(r.Request)}
	if c, err := r.Cookie(deviceCookie(r.Request)); err == nil {
		at.Device = c.Value
	}
	return at
}

// peerOf is the address of who asks; not valid for the local socket.
func peerOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return parseAddr(host)
}

// cutName bounds a sign-in name that is written to the audit log. What is longer than any name may be a password in the wrong field.
func cutName(name string) string {
	if len(name) > maxAuditID {
		return ""
	}
	return name
}

func (s *Server) signedIn(w http.ResponseWriter, r *request, session auth.Session) error {
	r.about(session.Identity)
	setCookie(w, r.Request, session.Secret, session.Expires)
	if session.Device != "" {
		http.SetCookie(w, &http.Cookie{Name: deviceCookie(r.Request), Value: session.Device, Path: "/", MaxAge: int(auth.DeviceLife.Seconds()),
			Secure: r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
	return reply(w, http.StatusOK, s.sessionInfo(session.Identity, session.CSRF))
}

func (s *Server) deleteSession(w http.ResponseWriter, r *request) error {
	if r.who.Session == "" {
		return kindRequest.with("There is no session: it is a token that asks.")
	}
	if _, err := s.o.Auth.End(r.who.Session); err != nil {
		return err
	}
	setCookie(w, r.Request, "", time.Time{})
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) putPassword(w http.ResponseWriter, r *request) error {
	if r.who.Person == "" || r.who.Session == "" {
		return kindRequest.with("There is no password to change: it is a token that asks.")
	}
	var c NewPassword
	if err := decode(r.body, &c); err != nil {
		return err
	}
	if err := s.o.Auth.SetPassword(r.Context(), r.who, attempt(r), c.Old, c.New); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getSessions(w http.ResponseWriter, r *request) error {
	return reply(w, http.StatusOK, entriesOf(s.o.Auth.Sessions(), r.who))
}

func entriesOf(sessions []auth.SessionInfo, who auth.Identity) []SessionEntry {
	list := make([]SessionEntry, 0, len(sessions))
	for _, e := range sessions {
		kind := auth.BySession
		if e.Device != "" {
			kind = auth.ByDevice
		}
		list = append(list, SessionEntry{ID: e.ID, User: e.User, Kind: string(kind), Person: e.Person, Device: e.Device, Created: e.Created, Seen: e.Seen, From: e.From, Agent: e.Agent, Own: e.ID == who.Session})
	}
	return list
}

func (s *Server) deleteSessions(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	r.entry.Target = clipID(id)
	for _, x := range s.o.Auth.Sessions() {
		if x.ID == id && x.Person != "" {
			r.upon(x.Person, x.User) // whose it was says more than which it was
			r.entry.Session = id
		}
	}
	found, err := s.o.Auth.End(id)
	if err != nil {
		return err
	}
	if !found {
		return kindNotFound.with("")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// cookieName is the name of the session's cookie. Cookies do not tell ports apart, so the name does: two gateways on one
// machine do not sign each other's people out. Over HTTPS the __Host- prefix binds it to this very host.
func cookieName(r *http.Request) string {
	port := 0
	if a, ok := localAddr(r).(*net.TCPAddr); ok {
		port = a.Port
	}
	name := "holdfast-" + strconv.Itoa(port)
	if r.TLS != nil {
		return "__Host-" + name
	}
	return name
}

// deviceCookie is the name of the cookie by which a browser that somebody signed in from is known again. It gives no right: only tries of its
// own, so that an attacker at the same address cannot lock it out.
func deviceCookie(r *http.Request) string {
	name := cookieName(r)
	if plain, secure := strings.CutPrefix(name, "__Host-"); secure {
		return "__Host-" + strings.Replace(plain, "holdfast-", "holdfast-device-", 1)
	}
	return strings.Replace(name, "holdfast-", "holdfast-device-", 1)
}

// setCookie gives the browser a session's secret, or takes it away.
func setCookie(w http.ResponseWriter, r *http.Request, secret string, expires time.Time) {
	c := &http.Cookie{Name: cookieName(r), Value: secret, Path: "/", Expires: expires, Secure: r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// localZone is the IANA name of this machine's time zone, UTC when it has none.
func localZone() string {
	if tz := strings.TrimPrefix(os.Getenv("TZ"), ":"); tz != "" && !strings.HasPrefix(tz, "/") {
		return tz
	}
	link, _ := filepath.EvalSymlinks("/etc/localtime")
	_, zone, _ := strings.Cut(link, "zoneinfo/")
	return cmp.Or(zone, "UTC")
}
