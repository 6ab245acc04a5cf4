package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A line that is read is written the same, so that an entry has one hash.
func FuzzLine(f *testing.F) {
	l := lineOf(entryN(3))
	l.Before, l.After = json.RawMessage(`{"a":[1,2.50,null]}`), json.RawMessage(`"<x> \u2028"`)
	if err := sealPersonal(newPurse(), entryN(3).Personal, &l); err != nil {
		f.Fatal(err)
	}
	text, err := l.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(text, newline))
	f.Add([]byte(`{"seq":0,"time":"2026-03-01T12:00:00.000Z","action":"start","outcome":"done"}`))
	f.Add([]byte(`{"seq":0,"SEQ":1,"time":"2026-03-01T12:00:00.000Z","action":"","outcome":"","before":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLine(text)
		if err != nil {
			return
		}
		again, err := l.encode()
		if err != nil || !bytes.Equal(again, append(bytes.Clone(text), '\n')) {
			t.Errorf("%q became %q, %v", text, again, err)
		}
		openPersonal(newPurse(), &l)
	})
}

// Whatever is handed over becomes a line that is read back, within the bound of a line.
func FuzzEntry(f *testing.F) {
	f.Add("live.start", "p-1", "cam", "reason", `{"a":1}`, "name", int64(1e12))
	f.Add("\n\x00\xff", "p-1 x", "\u2028", strings.Repeat("\u0085", 600), `nul`, "\"", int64(-1))
	f.Fuzz(func(t *testing.T, action, person, camera, reason, setting, name string, ms int64) {
		at := time.UnixMilli(ms)
		e := Entry{Time: at, Action: action, Person: person, Camera: camera, Stream: camera, Reason: reason, Target: person, Session: reason, Via: name, From: at, To: at,
			Before: json.RawMessage(setting), After: json.RawMessage(setting), Personal: Personal{name, name, name, name}}
		l := lineOf(e)
		keys := newPurse()
		if err := sealPersonal(keys, e.Personal, &l); err != nil {
			t.Fatal(err)
		}
		text, err := l.encode()
		if err != nil || len(text) > maxLine || bytes.Count(text, newline) != 1 {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		back, err := parseLine(bytes.TrimSuffix(text, newline))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if p, forgotten := openPersonal(keys, &back); forgotten || p.Name != clip(name, 256) {
			t.Errorf("personal %+v, forgotten %v", p, forgotten)
		}
	})
}

// Notes that are found are whole, and lie one behind the other from the beginning.
func FuzzNotes(f *testing.F) {
	k, err := newKey([32]byte{1}, "")
	if err != nil {
		f.Fatal(err)
	}
	c := Checkpoint{Origin: k.Name(), Size: 7, Time: someTime}
	if err := c.sign(k); err != nil {
		f.Fatal(err)
	}
	one := append(bytes.Clone(c.Note), '\n')
	f.Add(bytes.Repeat(one, 3))
	f.Add(append(bytes.Repeat(one, 2), one[:40]...))
	f.Add(append(bytes.Clone(one), make([]byte, 100)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		notes, good := splitNotes(data)
		at := 0
		for _, n := range notes {
			if !bytes.HasPrefix(data[at:], n) || !whole(n) {
				t.Fatalf("a note that is none, or not there: %q", n)
			}
			at += len(n) + 1
		}
		if at != good || good > len(data) {
			t.Errorf("notes end at %d, and %d bytes are good of %d", at, good, len(data))
		}
	})
}

func FuzzKeys(f *testing.F) {
	k, err := newKey([32]byte{1}, "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(k.public + "\n"))
	f.Add([]byte(k.public + "\n" + k.public))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data)
		if err == nil && len(keys) > maxKeys {
			t.Errorf("%d keys", len(keys))
		}
	})
}

func FuzzExtent(f *testing.F) {
	x := newExtent(5)
	l := lineOf(entryN(1))
	x.add(&l, 100)
	data, err := json.Marshal(x)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"first":5,"persons":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, ok := parseExtent(data, 5)
		if !ok {
			return
		}
		if x.First != 5 || x.Count < 0 || x.Bytes < 0 {
			t.Errorf("%+v", x)
		}
		newMatch(Query{Person: "p-1", Camera: "c", Action: "live", From: someTime}).mayBeIn(x)
	})
}

// What a file of entries holds is found up to the first line that is not the one that belongs there.
func FuzzScan(f *testing.F) {
	var data []byte
	for n := range 3 {
		e := entryN(n)
		e.Seq = int64(n)
		l := lineOf(e)
		text, err := l.encode()
		if err != nil {
			f.Fatal(err)
		}
		data = append(data, text...)
	}
	f.Add(data, int64(0))
	f.Add(append(data[:len(data)-9:len(data)-9], make([]byte, 50)...), int64(2))
	f.Fuzz(func(t *testing.T, data []byte, sound int64) {
		x, damaged := scan(data, 0, sound, 1<<40)
		if x.Bytes > int64(len(data)) || x.Count-damaged < 0 || x.Bytes > 0 && data[x.Bytes-1] != '\n' {
			t.Fatalf("%+v of %d bytes", x, len(data))
		}
		n := 0
		eachLine(data[:x.Bytes], 0, true, func(int64, []byte) bool { n++; return true })
		if n != x.Count {
			t.Errorf("%d lines, %d entries", n, x.Count)
		}
	})
}
