package fmp4

import (
	"bytes"
	"testing"
	"time"
)

// FuzzFindFragment puts anything before a sealed fragment: it is found where it is, or something that is one before it, and
// nothing panics.
func FuzzFindFragment(f *testing.F) {
	tracks := []Track{{ID: 1, Codec: H264, Timescale: 90000}}
	table, err := NewTable(tracks, 0)
	if err != nil {
		f.Fatal(err)
	}
	whole, err := table.AppendSealed(nil, 1, time.Unix(1, 0), []Sample{{Track: 1, DTS: 0, Dur: 3600, Sync: true, Data: [][]byte{{0x65, 1, 2, 3}}}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("rubbish moof rubbish"), []byte{})
	f.Add([]byte("moofmoofmoo"), []byte("f"))
	f.Add(whole[:len(whole)-1], whole)
	f.Fuzz(func(t *testing.T, before, after []byte) {
		data := append(append(bytes.Clone(before), whole...), after...)
		at, err := FindFragment(bytes.NewReader(data), 0, int64(len(data)))
		if err != nil || at < 0 || at > int64(len(before)) {
			t.Errorf("found at %d of %d: %v", at, len(before), err)
		}
		if at, err := FindFragment(bytes.NewReader(before), 0, int64(len(before))); err != nil || at >= int64(len(before)) {
			t.Errorf("found at %d of %d: %v", at, len(before), err)
		}
	})
}
