package audit

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Keys are the keys under which what is personal is sealed, one a person. Its methods may be called from any goroutine.
type Keys interface {
	// PersonKey gives the key of a person, or of a day ("day-2026-11-27"), and makes one on first use.
	PersonKey(id string) ([32]byte, error)
	// Person gives a key that is there; false: forgotten, or never known.
	Person(id string) ([32]byte, bool)
}

// severalKeys are Keys of which one id may have more than one: who got keys at two times.
type severalKeys interface {
	PersonKeys(id string) [][32]byte // the one that PersonKey gives first
}

// keysOf are the keys under which something of an id may lie.
func keysOf(keys Keys, id string) [][32]byte {
	if several, ok := keys.(severalKeys); ok {
		return several.PersonKeys(id)
	}
	if key, ok := keys.Person(id); ok {
		return [][32]byte{key}
	}
	return nil
}

// personPrefix begins the id of a person.
const personPrefix = "p-"

// dayKey names the key of a UTC day, under which lies what is personal in entries of nobody.
func dayKey(t time.Time) string { return "day-" + t.UTC().Format(time.DateOnly) }

// The places of what is sealed; part of what it is bound to.
const (
	placeWho  = "who"
	placeWhom = "whom"
)

// sealPersonal puts what is personal in an entry into its line: who acts under their own key, and the name of the person
// acted on under theirs, so that either can be forgotten alone. Without a key it is dropped: it is never written in clear.
func sealPersonal(keys Keys, p Personal, l *line) (err error) {
	who := l.Person
	if who == "" {
		who = dayKey(l.Time.time())
	}
	whom := who
	if strings.HasPrefix(l.Target, personPrefix) {
		whom = l.Target
	}
	subject := Personal{Subject: clip(p.Subject, 256)}
	actor := Personal{Name: clip(p.Name, 256), Address: clip(p.Address, 64), Agent: clip(p.Agent, 256)}
	var errWho, errWhom error
	l.Who, errWho = sealUnder(keys, who, placeWho, l.Seq, actor)
	l.Whom, errWhom = sealUnder(keys, whom, placeWhom, l.Seq, subject)
	err = errors.Join(errWho, errWhom)
	l.Unsealed = err != nil
	return err
}

func sealUnder(keys Keys, id, place string, seq int64, p Personal) (string, error) {
	if p == (Personal{}) {
		return "", nil
	}
	if keys == nil {
		return "", errors.New("there are no keys for what is personal")
	}
	key, err := keys.PersonKey(id)
	if err != nil {
		return "", fmt.Errorf("key of %s: %w", id, err)
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	aead, err := gcm(key)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce)
	sealed := aead.Seal(nonce, nonce, plain, bound(id, place, seq))
	return id + " " + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// openPersonal reads what is personal of a line. forgotten tells that some of it is there whose key is not.
func openPersonal(keys Keys, l *line) (p Personal, forgotten bool) {
	who, a := openUnder(keys, l.Who, placeWho, l.Seq)
	whom, b := openUnder(keys, l.Whom, placeWhom, l.Seq)
	who.Subject = whom.Subject
	return who, a || b
}

func openUnder(keys Keys, sealed, place string, seq int64) (p Personal, forgotten bool) {
	if sealed == "" {
		return p, false
	}
	cut := strings.LastIndexByte(sealed, ' ')
	if cut < 0 || keys == nil {
		return p, true
	}
	id := sealed[:cut]
	data, err := base64.RawStdEncoding.DecodeString(sealed[cut+1:])
	if err != nil {
		return p, true
	}
	for _, key := range keysOf(keys, id) {
		aead, err := gcm(key)
		if err != nil || len(data) < aead.NonceSize() {
			continue
		}
		n := aead.NonceSize()
		plain, err := aead.Open(nil, data[:n], data[n:], bound(id, place, seq))
		if err == nil && json.Unmarshal(plain, &p) == nil {
			return p, false
		}
	}
	return Personal{}, true
}

// bound is what a sealed value cannot be taken away from: the entry, its place there, and whose it is.
func bound(id, place string, seq int64) []byte {
	return fmt.Appendf(nil, "holdfast audit 1\n%s\n%d\n%s", place, seq, id)
}

func gcm(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
