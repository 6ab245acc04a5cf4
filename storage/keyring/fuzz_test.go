package keyring

import (
	"bytes"
	"testing"
)

var fuzzKey, fuzzRing = secret{1}, [16]byte{2}

func FuzzRecovery(f *testing.F) {
	f.Add(NewRoot().Recovery())
	f.Add("0000-0000")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRecovery(text)
		if err != nil {
			return
		}
		if again, err := ParseRecovery(r.Recovery()); err != nil || !again.Equal(r) {
			t.Fatalf("%q is read but not again as written: %v", text, err)
		}
	})
}

func FuzzGeneration(f *testing.F) {
	h := head{ring: fuzzRing, number: 7}
	root := NewRoot()
	h.wrapUnder(0, root, fuzzKey)
	p := place{"cam", 20000}
	data := appendDay(h.encode(), gcm(fuzzKey), fuzzRing, p, &shard{number: 3, key: secret{4}})
	data = appendCopy(data, "volume", 6)
	data = appendRoot(data, gcm(fuzzKey), fuzzRing, root)
	f.Add(data)
	f.Add(data[:len(data)-5])
	f.Fuzz(func(t *testing.T, data []byte) {
		hd, err := parseHead(data)
		if err != nil {
			return
		}
		if !bytes.Equal(hd.encode()[8:192], data[8:192]) {
			t.Fatal("a head is not written as it was read")
		}
		fo := &found{head: hd, key: fuzzKey, days: map[place]*shard{}, known: map[string]uint32{}}
		fo.parse(data)
		if fo.size < headSize || fo.size > int64(len(data)) {
			t.Fatalf("%d whole bytes of %d", fo.size, len(data))
		}
		for p := range fo.days {
			if !validCamera(p.camera) {
				t.Fatalf("camera %q", p.camera)
			}
		}
	})
}

func FuzzForgotten(f *testing.F) {
	data := appendFrame(nil, 'H', append([]byte{format}, fuzzRing[:]...))
	data = appendGrave(data, grave{place: place{"cam", 20000}, id: ID{5}, when: someDay, generation: 3})
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		frames(data, func(kind byte, body []byte) {
			if g, ok := parseGrave(body); kind == 'T' && ok {
				again := appendGrave(nil, g)
				if !bytes.Equal(again[3:len(again)-4], body) {
					t.Fatal("a tombstone is not written as it was read")
				}
			}
		})
	})
}

func FuzzShard(f *testing.F) {
	p, sh := place{"cam", 20000}, &shard{number: 3, key: secret{4}}
	data := encodeKeys(encodeShardHead(fuzzRing, sh.number), fuzzRing, p, sh, map[ID]Key{{1}: {2}, {3}: {4}})
	f.Add(data)
	f.Add(data[:len(data)-9])
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, whole, _ := parseShard(data, fuzzRing, p, sh)
		if whole > len(data) || len(keys) > len(data)/shardEntry {
			t.Fatalf("%d keys in %d of %d bytes", len(keys), whole, len(data))
		}
	})
}
