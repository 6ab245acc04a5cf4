package soap

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"time"
)

// nonceSize is what the profile asks for at least (WSS UsernameToken 1.1, section 3.1).
const nonceSize = 16

// Token is a WS-UsernameToken with password digest: Base64(SHA-1(nonce + created + password)).
type Token struct {
	Username string
	Nonce    []byte
	Created  string // as on the wire
	Digest   string
}

// NewToken makes a token of this moment by the device's clock.
func NewToken(username, password string, deviceNow time.Time) Token {
	t := Token{Username: username, Nonce: make([]byte, nonceSize), Created: deviceNow.UTC().Format("2006-01-02T15:04:05.000Z")}
	rand.Read(t.Nonce)
	t.Digest = digest(t.Nonce, t.Created, password)
	return t
}

func digest(nonce []byte, created, password string) string {
	h := sha1.New() // the profile's choice, not ours
	h.Write(nonce)
	h.Write([]byte(created))
	h.Write([]byte(password))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Header is the token as a SOAP header. The device must understand it where nothing else says who asks.
func (t Token) Header(must bool) string {
	understand := ""
	if must {
		understand = ` s:mustUnderstand="1"`
	}
	return `<wsse:Security xmlns:wsse="` + NSSecurity + `" xmlns:wsu="` + NSUtility + `"` + understand + `><wsse:UsernameToken><wsse:Username>` +
		Escape(t.Username) + `</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">` +
		t.Digest + `</wsse:Password><wsse:Nonce EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">` +
		base64.StdEncoding.EncodeToString(t.Nonce) + `</wsse:Nonce><wsu:Created>` + t.Created + `</wsu:Created></wsse:UsernameToken></wsse:Security>`
}

// ReadToken reads the token of an envelope; ok is false when it has none. One without nonce or creation time is an error:
// it could be played again for ever.
func ReadToken(root *Node) (t Token, ok bool, err error) {
	n := root.Find("Header", "Security", "UsernameToken")
	if n == nil {
		return t, false, nil
	}
	t.Username, t.Created, t.Digest = n.Get("Username"), n.Get("Created"), n.Get("Password")
	if t.Nonce, err = base64.StdEncoding.DecodeString(n.Get("Nonce")); err != nil || len(t.Nonce) == 0 || t.Created == "" {
		return t, true, fmt.Errorf("read token: nonce or creation time is missing")
	}
	return t, true, nil
}

// Matches tells whether the token was made with a password.
func (t Token) Matches(username, password string) bool {
	want := digest(t.Nonce, t.Created, password)
	return subtle.ConstantTimeCompare([]byte(t.Username), []byte(username))&subtle.ConstantTimeCompare([]byte(t.Digest), []byte(want)) == 1
}

// At is when the token says it was made.
func (t Token) At() (time.Time, error) { return time.Parse(time.RFC3339Nano, t.Created) }
