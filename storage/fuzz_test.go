package storage

import (
	"bytes"
	"testing"
	"time"
)

func FuzzJournal(f *testing.F) {
	start, end := began, began.Add(time.Minute)
	good, err := encode([]record{
		{Type: "gap", At: began, Camera: "door", Stream: "main", Cause: CauseOffline},
		{Type: "closed", At: end, Camera: "door", Stream: "main", Path: "door/main/2026-10-25/x.mp4", Start: &start, End: &end, Run: 7, Size: 4711, Digest: "00ff", CRC: 1},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-9])
	f.Add(append(good[5:], good...))
	f.Add([]byte("\n\n00000000 {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Count(data, []byte{'\n'}) + 1
		n := 0
		bad, whole := parseJournal(data, func(r record) {
			n++
			again, err := encode([]record{r})
			if err != nil {
				t.Fatalf("a record that was read cannot be written: %v", err)
			}
			if len(again) > 2*maxRecord {
				t.Fatalf("a record of %d bytes was let in", len(again))
			}
		})
		if n+bad > lines {
			t.Fatalf("%d records and %d bad lines of %d lines", n, bad, lines)
		}
		if again, all := parseJournal(data[:whole], func(record) {}); all != whole || again != bad {
			t.Fatalf("cut at %d of %d it has %d bad lines, not %d, and %d good bytes", whole, len(data), again, bad, all)
		}
	})
}

func FuzzVolumeIdentity(f *testing.F) {
	f.Add([]byte(`{"format":1,"site":"a","volume":"b","created":"2026-10-25T00:59:50Z"}`))
	f.Add([]byte(`{"format":2,"site":"a","volume":"b"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := parseIdentity(data)
		if err == nil && (id.Site == "" || id.Volume == "" || id.Format != 1) {
			t.Fatalf("%+v was let in", id)
		}
	})
}

func FuzzIndexRecords(f *testing.F) {
	seg := Segment{Start: began, End: began.Add(time.Minute), Run: 7, Size: 4711, Open: true, Joined: true, crc: 3, place: place{volume: 9, number: 2}}
	f.Add(seg.key(), seg.marshal())
	seg.Protected, seg.KeyID, seg.mirror = true, [16]byte{7}, place{volume: 3, number: 1}
	f.Add(seg.key(), seg.marshal())
	f.Add([]byte{1}, []byte{2})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if s, err := unmarshalSegment(key, value); err == nil {
			again, err := unmarshalSegment(s.key(), s.marshal())
			if err != nil || again.Run != s.Run || !again.Start.Equal(s.Start) || !again.End.Equal(s.End) || again.Size != s.Size || again.Open != s.Open ||
				again.KeyID != s.KeyID || again.place != s.place || again.mirror != s.mirror {
				t.Fatalf("%+v came back as %+v (%v)", s, again, err)
			}
			s.Camera, s.Stream = "c", "s"
			if s.relative() == "" {
				t.Fatal("no path")
			}
		}
		if g, err := readGap(key, value); err == nil && g.start.IsZero() {
			t.Fatal("a gap without a start")
		}
	})
}

// FuzzTornIndex gives the check of a database's first pages any bytes: it must refuse or accept, never more.
func FuzzTornIndex(f *testing.F) {
	f.Add([]byte{}, int64(65536))
	f.Add(bytes.Repeat([]byte{0xED, 0xDA, 0x0C, 0xED}, 4096), int64(1))
	f.Fuzz(func(t *testing.T, data []byte, size int64) {
		checkMetas(bytes.NewReader(data), size)
	})
}

func FuzzEventAndLockRecords(f *testing.F) {
	e := Event{ID: newEventID(began), Camera: "door", Start: began, End: began.Add(time.Second), Kind: "motion", Source: "camera", Pre: time.Second}
	l := Lock{ID: newLockID(), Camera: "door", From: began, To: began.Add(time.Hour), Until: began.Add(time.Hour), Created: began}
	r := l.record()
	r.Type = "unlock"
	for _, r := range []record{e.record(began), l.record(), r} {
		line, err := encode([]record{r})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line, []byte(e.ID), []byte("0123456789abcdefg\x06motioncamera"))
	}
	f.Fuzz(func(t *testing.T, line, k, v []byte) {
		parseJournal(line, func(r record) {
			if e, ok := eventFrom(&r); ok {
				again, ok := eventFrom(&record{ID: e.ID, Camera: e.Camera, Kind: e.Kind, Source: e.Source, Pre: e.Pre, Post: e.Post, End: r.End})
				if e.check() != nil || !ok || again != e {
					t.Fatalf("event %+v was let in, again %+v", e, again)
				}
			}
			if e, ok := lockFrom(&r); ok && (!e.From.Before(e.To) || !validName(e.Camera) || !validLockID(e.ID)) {
				t.Fatalf("lock %+v was let in", e)
			}
		})
		if e, err := readEvent("door", k, v); err == nil && len(e.Kind)+len(e.Source) > len(v) {
			t.Fatalf("%+v was read of %d bytes", e, len(v))
		}
		if e, err := readLock(k, v); err == nil && e.state > lockEnded {
			t.Fatalf("%+v was read", e)
		}
	})
}
