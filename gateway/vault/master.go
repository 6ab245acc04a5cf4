package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"

	"holdfast/storage/keyring"
)

// Bounds and sizes of the file of keys.
const (
	maxKeys   = 250
	headSize  = 8
	wrapSize  = 8 + 12 + 32 + 16
	entrySize = 4 + 2*wrapSize
	sumSize   = 4

	format = 1
)

var (
	keysMagic = []byte("HFVK")
	castagne  = crc32.MakeTable(crc32.Castagnoli)
)

// wrapLabel is what the key that wraps vault keys is derived from a root for.
const wrapLabel = "vault"

// wrap is a vault key under a root.
type wrap struct {
	root   [8]byte // fingerprint; zeros: none
	sealed [wrapSize - 8]byte
}

// master is one vault key.
type master struct {
	id    [4]byte
	wraps [2]wrap
	open  bool // key is known
	key   [32]byte
}

func newMaster() *master {
	m := &master{open: true}
	for m.id == ([4]byte{}) {
		rand.Read(m.id[:])
	}
	rand.Read(m.key[:])
	return m
}

// fingerprint names a root.
func fingerprint(root keyring.Root) (f [8]byte) {
	hex.Decode(f[:], []byte(root.Fingerprint()))
	return f
}

// wrapped gives the key with wraps under one or two roots.
func (m *master) wrapped(roots ...keyring.Root) *master {
	n := &master{id: m.id, open: true, key: m.key}
	for i, root := range roots {
		n.wraps[i].root = fingerprint(root)
		copy(n.wraps[i].sealed[:], gcm(root.Derive(wrapLabel)).Seal(nil, nil, m.key[:], m.bound(n.wraps[i].root)))
	}
	return n
}

// bound is what a wrap is bound to.
func (m *master) bound(root [8]byte) []byte {
	return append(append([]byte("holdfast vault key\x00"), m.id[:]...), root[:]...)
}

// unwrap opens the key with a root, and tells whether that is one of its roots.
func (m *master) unwrap(root keyring.Root) bool {
	f := fingerprint(root)
	for _, w := range m.wraps {
		if w.root != f {
			continue
		}
		if key, err := gcm(root.Derive(wrapLabel)).Open(nil, nil, w.sealed[:], m.bound(f)); err == nil {
			copy(m.key[:], key)
			m.open = true
		}
	}
	return m.open
}

// only tells whether a root is the one root of a key.
func (m *master) only(root [8]byte) bool { return m.wraps[0].root == root && m.wraps[1] == wrap{} }

// derive makes the key of a purpose.
func (m *master) derive(use, purpose string) (key [32]byte) {
	k, err := hkdf.Key(sha256.New, m.key[:], nil, "holdfast vault "+use+"\x00"+purpose, len(key))
	if err != nil {
		panic(err) // 32 bytes can be derived
	}
	copy(key[:], k)
	return key
}

// gcm is AES-256-GCM with a random nonce before the ciphertext.
func gcm(key [32]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// encodeKeys gives the file of keys.
func encodeKeys(list []*master) []byte {
	data := append([]byte(nil), keysMagic...)
	data = append(data, format, 0)
	data = binary.BigEndian.AppendUint16(data, uint16(len(list)))
	for _, m := range list {
		data = append(data, m.id[:]...)
		for _, w := range m.wraps {
			data = append(append(data, w.root[:]...), w.sealed[:]...)
		}
	}
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagne))
}

// decodeKeys reads the file of keys. None of them is open.
func decodeKeys(data []byte) ([]*master, error) {
	if len(data) < headSize+sumSize || string(data[:4]) != string(keysMagic) {
		return nil, errors.New("it is no file of keys")
	}
	if data[4] != format {
		return nil, fmt.Errorf("its format %d is not known: run the newer holdfast that wrote it", data[4])
	}
	body, sum := data[:len(data)-sumSize], data[len(data)-sumSize:]
	n := int(binary.BigEndian.Uint16(data[6:]))
	if n > maxKeys || len(body) != headSize+n*entrySize || crc32.Checksum(body, castagne) != binary.BigEndian.Uint32(sum) {
		return nil, errors.New("it is damaged")
	}
	list := make([]*master, n)
	for i := range list {
		e := body[headSize+i*entrySize:]
		m := &master{id: [4]byte(e)}
		for k := range m.wraps {
			w := e[4+k*wrapSize:]
			m.wraps[k] = wrap{root: [8]byte(w), sealed: [wrapSize - 8]byte(w[8:])}
		}
		list[i] = m
	}
	return list, nil
}
