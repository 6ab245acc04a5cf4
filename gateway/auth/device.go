package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// DeviceLife is how long a browser is known after somebody signed in on it.
const DeviceLife = 90 * 24 * time.Hour

const (
	maxDevices  = 8 // people known on one browser: those of a shift at one desk
	deviceNonce = 12
	deviceTime  = 4 // seconds since 1970, unsigned: until 2106
	deviceMAC   = 16
	deviceBytes = deviceNonce + deviceTime + deviceMAC
)

// devices signs and reads device cookies (OWASP, "Slow down online guessing attacks with device cookies"). Such a cookie
// gives no right. It says that a person signed in on this browser before, so that their tries there are counted apart
// from those of strangers: somebody who guesses from the same address, or at the same account from everywhere, does not
// keep them out. A stolen one is worth a few tries of its own.
//
// The cookie's value is up to maxDevices entries with a dot between them, the latest first. An entry is, in base64url,
// 12 random bytes, the time and 16 bytes of HMAC-SHA-256 over both, the person and when their password was changed: it
// tells nobody whose it is, and a new password makes it void.
type devices struct {
	key [32]byte
}

// issue gives the value for a browser on which the person has just signed in, with both factors. old is the value that it
// had: what is there of other people stays.
func (d devices) issue(old, person string, changed, now time.Time) string {
	var b [deviceBytes]byte
	rand.Read(b[:deviceNonce])
	binary.BigEndian.PutUint32(b[deviceNonce:], uint32(now.Unix()))
	copy(b[deviceNonce+deviceTime:], d.mac(b[:deviceNonce+deviceTime], person, changed))
	value := base64.RawURLEncoding.EncodeToString(b[:])
	n := 1
	for entry := range deviceEntries(old) {
		if n < maxDevices && d.entry(entry, person, changed, now) == "" && !entry.expired(now) {
			value += "." + base64.RawURLEncoding.EncodeToString(entry[:])
			n++
		}
	}
	return value
}

// read gives an id of the browser, as which it is counted, when the person signed in on it before; "" when not.
func (d devices) read(value, person string, changed, now time.Time) (id string) {
	for entry := range deviceEntries(value) {
		if found := d.entry(entry, person, changed, now); found != "" {
			id = found
		}
	}
	return id
}

type deviceEntry [deviceBytes]byte

// deviceEntries gives what looks like an entry, maxDevices at most.
func deviceEntries(value string) func(yield func(deviceEntry) bool) {
	const length = (deviceBytes*8 + 5) / 6
	return func(yield func(deviceEntry) bool) {
		for range maxDevices {
			if value == "" {
				return
			}
			var text string
			text, value, _ = strings.Cut(value, ".")
			var entry deviceEntry
			if len(text) != length {
				continue
			}
			if _, err := base64.RawURLEncoding.Strict().Decode(entry[:], []byte(text)); err != nil {
				continue
			}
			if !yield(entry) {
				return
			}
		}
	}
}

// entry gives the id of an entry that is the person's, or "".
func (d devices) entry(e deviceEntry, person string, changed, now time.Time) string {
	signed, mac := e[:deviceNonce+deviceTime], e[deviceNonce+deviceTime:]
	if !hmac.Equal(mac, d.mac(signed, person, changed)) || e.expired(now) {
		return ""
	}
	return hex.EncodeToString(e[:deviceNonce])
}

// expired tells whether the entry is too old. One from the future was made before the clock was set back.
func (e deviceEntry) expired(now time.Time) bool {
	made := time.Unix(int64(binary.BigEndian.Uint32(e[deviceNonce:])), 0)
	return now.Sub(made) >= DeviceLife
}

func (d devices) mac(signed []byte, person string, changed time.Time) []byte {
	mac := hmac.New(sha256.New, d.key[:])
	mac.Write([]byte("holdfast device 1 "))
	mac.Write(signed) // of fixed length, as is what follows; the person comes last
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(changed.UnixMilli())))
	mac.Write([]byte(person))
	return mac.Sum(nil)[:deviceMAC]
}
