package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// secretBytes is the length of every random secret before encoding.
const secretBytes = 32

// maxSecret bounds a presented secret, bytes; longer ones are not looked at.
const maxSecret = 128

// digest is the SHA-256 of a secret. Secrets are random, so a plain hash suffices to keep them out of the database.
type digest [sha256.Size]byte

// newSecret makes a secret with a prefix that says what it is to whoever finds it.
func newSecret(prefix string) string {
	var b [secretBytes]byte
	rand.Read(b[:]) // never fails, since Go 1.24
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// is compares in constant time.
func (d digest) is(other digest) bool { return subtle.ConstantTimeCompare(d[:], other[:]) == 1 }

// publicID names a session without helping to guess its secret.
func (d digest) publicID() string {
	sum := sha256.Sum256(append([]byte("session id "), d[:]...))
	return hex.EncodeToString(sum[:8])
}

// csrfOf derives the token against request forgery from a session's secret.
func csrfOf(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("holdfast csrf 1"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// ValidCSRF tells whether token belongs to the session whose secret is given. The comparison takes constant time.
func ValidCSRF(secret, token string) bool {
	return len(token) <= maxSecret && hmac.Equal([]byte(csrfOf(secret)), []byte(token))
}

// ProcessToken is the bearer token of this process, for endpoint.json; "" when the policy does without. It is not written
// anywhere by this package.
func (a *Auth) ProcessToken() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.policy.NoProcessToken {
		return ""
	}
	return a.process
}

// Bearer gives the identity behind a bearer token: the process token, an API token or a device's. from is where it is used, and
// counts as its last use.
func (a *Auth) Bearer(secret string, at Attempt) (Identity, error) {
	if len(secret) > maxSecret {
		return Identity{}, ErrCredentials
	}
	d := digestOf(secret)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.processDigest.is(d) && !a.policy.NoProcessToken {
		return Identity{User: "process", Kind: ByProcess, rights: a.all}, nil
	}
	t := a.byDigest[d]
	if t == nil {
		return Identity{}, ErrCredentials
	}
	who, ok := a.identifyToken(t)
	if !ok {
		return Identity{}, ErrCredentials
	}
	t.use(a.now(), at)
	return who, nil
}
