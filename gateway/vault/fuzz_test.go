package vault

import (
	"bytes"
	"testing"

	"holdfast/storage/keyring"
)

func FuzzDecodeKeys(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(encodeKeys(nil))
	f.Add(encodeKeys([]*master{newMaster().wrapped(keyring.NewRoot()), newMaster().wrapped(keyring.NewRoot(), keyring.NewRoot())}))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := decodeKeys(data)
		if err == nil && !bytes.Equal(encodeKeys(list)[6:], data[6:]) && data[5] == 0 {
			t.Errorf("%x is read as %d keys", data, len(list))
		}
	})
}

func FuzzParsePeople(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{0})
	f.Add(append([]byte{1, 1, 2, 3, 4, 3, 'p', '-', '1'}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePeople(data)
		if err != nil {
			return
		}
		size := 1 + 4*len(p.replaced)
		for id, keys := range p.people {
			size += len(keys) * (1 + len(id) + 32)
		}
		if size != len(data) {
			t.Errorf("of %d bytes %d are read", len(data), size)
		}
	})
}

// FuzzOpen gives Open what somebody put into a database.
func FuzzOpen(f *testing.F) {
	v := &Vault{keys: []*master{newMaster()}}
	good := v.Seal("camera", []byte("secret"), nil)
	f.Add(good)
	f.Add(good[:5])
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, err := v.Open("camera", data, nil); err == nil && !bytes.Equal(data, good) {
			t.Errorf("%x opens as %q", data, plain)
		}
	})
}
