package auth

import (
	"strings"
	"testing"
	"time"
)

const personA, personB = "p-0123456789abcdef", "p-fedcba9876543210"

func TestABrowserIsKnownToWhomSignedInOnIt(t *testing.T) {
	d := devices{key: [32]byte{1}}
	value := d.issue("", personA, noon, noon)
	id := d.read(value, personA, noon, noon.Add(DeviceLife-time.Second))
	if id == "" {
		t.Fatal("the browser is not known")
	}
	for what, got := range map[string]string{
		"to another person":                    d.read(value, personB, noon, noon),
		"to nobody":                            d.read(value, "", noon, noon),
		"after the password was changed":       d.read(value, personA, noon.Add(time.Second), noon),
		"for ever":                             d.read(value, personA, noon, noon.Add(DeviceLife+time.Second)),
		"to a gateway with another key":        devices{key: [32]byte{2}}.read(value, personA, noon, noon),
		"with a character changed":             d.read(flip(value), personA, noon, noon),
		"without its end":                      d.read(value[1:], personA, noon, noon),
		"behind more than are looked at":       d.read(strings.Repeat("x.", maxDevices)+value, personA, noon, noon),
		"when it is somebody's id and nothing": d.read(id, personA, noon, noon),
	} {
		if got != "" {
			t.Errorf("the browser is known %s", what)
		}
	}
	if d.read(value, personA, noon, noon.Add(-365*24*time.Hour)) != id {
		t.Error("the browser is not known after the clock was set back")
	}
	if strings.Contains(value, personA[2:]) {
		t.Error("the cookie names the person")
	}
}

// flip changes one bit of the first character.
func flip(s string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, s[0])^1]) + s[1:]
}

func TestABrowserIsKnownToAWholeShiftAndNotToMore(t *testing.T) {
	d := devices{key: [32]byte{1}}
	value := ""
	for i := range maxDevices + 1 {
		value = d.issue(value, member(i), noon, noon)
	}
	for i := range maxDevices + 1 {
		if known := d.read(value, member(i), noon, noon) != ""; known != (i > 0) {
			t.Errorf("person %d: %v", i, known)
		}
	}
	if len(value) > 400 {
		t.Errorf("a cookie of %d bytes", len(value))
	}
	again := d.issue(value, member(maxDevices), noon, noon)
	if strings.Count(again, ".") != maxDevices-1 || d.read(again, member(1), noon, noon) == "" {
		t.Error("signing in twice takes two places")
	}
	if d.read(again, member(maxDevices), noon, noon) == d.read(value, member(maxDevices), noon, noon) {
		t.Error("a new sign-in gives no new tries")
	}
	if late := d.issue(again, personB, noon, noon.Add(DeviceLife)); strings.Contains(late, ".") {
		t.Error("entries too old to be of use are kept")
	}
}

func member(i int) string { return "p-" + strings.Repeat(string(rune('a'+i)), 16) }

func FuzzDeviceCookie(f *testing.F) {
	d := devices{key: [32]byte{1}}
	f.Add(d.issue("", personA, noon, noon))
	f.Add(d.issue(d.issue("", personA, noon, noon), personB, noon, noon))
	f.Add("....")
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, value string) {
		id := d.read(value, personA, noon, noon)
		next := d.issue(value, personB, noon, noon)
		if len(next) > maxDevices*44 || d.read(next, personB, noon, noon) == "" {
			t.Errorf("%q becomes %q", value, next)
		}
		if strings.Trim(next, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			t.Errorf("%q becomes %q, which no cookie may hold", value, next)
		}
		if id != "" && d.read(next, personA, noon, noon) == "" && strings.Count(value, ".") < maxDevices-1 {
			t.Errorf("%q: signing in took another person's place", value)
		}
	})
}
