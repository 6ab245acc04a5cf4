package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

const (
	format      = 1
	headSize    = 256    // bytes of the head of a generation file
	shardHead   = 64     // bytes of the head of a shard
	shardEntry  = 64     // bytes of one key in a shard
	sealedKey   = 60     // nonce, 32 bytes, tag
	wrapSize    = 8 + 60 // fingerprint of a root, sealed key
	frameExtra  = 7      // length, type, checksum of an entry
	maxCamera   = 64     // bytes of a camera's id
	maxFileSize = 64 << 20

	// MaxKeys is how many keys one camera-day may have.
	MaxKeys = 1 << 18
)

var (
	genMagic   = [4]byte{'H', 'F', 'K', 'G'}
	shardMagic = [4]byte{'H', 'F', 'K', 'S'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	errTorn   = errors.New("the file is damaged")
	errFormat = errors.New("the file is of a newer program")
)

type secret [32]byte

func newSecret() (k secret) { rand.Read(k[:]); return k }

func gcm(key secret) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// seal gives a random nonce (12), the sealed plaintext and its tag (16).
func seal(aead cipher.AEAD, plain, bound []byte) []byte {
	nonce := make([]byte, 12, 12+len(plain)+16)
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, bound)
}

func unseal(aead cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < 28 {
		return nil, errTorn
	}
	return aead.Open(nil, sealed[:12], sealed[12:], bound)
}

// wrap is a generation's key under a root.
type wrap struct {
	root   [8]byte // fingerprint; zero: none
	sealed [sealedKey]byte
}

// head is the head of a generation file.
type head struct {
	ring, gid     [16]byte
	number, floor uint32
	created       time.Time
	wraps         [2]wrap
}

func (h *head) bound() []byte {
	b := append([]byte("holdfast generation\x00"), h.ring[:]...)
	b = append(b, h.gid[:]...)
	return binary.BigEndian.AppendUint32(b, h.number)
}

func (h *head) wrapUnder(slot int, root Root, key secret) {
	w := &h.wraps[slot]
	w.root = root.fingerprint()
	copy(w.sealed[:], seal(gcm(root.secret), key[:], h.bound()))
}

// open gives the generation's key, false when root is not one of its roots.
func (h *head) open(root Root) (secret, bool) {
	f := root.fingerprint()
	for _, w := range h.wraps {
		if root.IsZero() || w.root != f {
			continue
		}
		if plain, err := unseal(gcm(root.secret), w.sealed[:], h.bound()); err == nil && len(plain) == 32 {
			return secret(plain), true
		}
	}
	return secret{}, false
}

func (h *head) encode() []byte {
	b := make([]byte, headSize)
	copy(b, genMagic[:])
	b[4] = format
	copy(b[8:], h.ring[:])
	copy(b[24:], h.gid[:])
	binary.BigEndian.PutUint32(b[40:], h.number)
	binary.BigEndian.PutUint32(b[44:], h.floor)
	binary.BigEndian.PutUint64(b[48:], uint64(h.created.UnixNano()))
	for i, w := range h.wraps {
		copy(b[56+i*wrapSize:], w.root[:])
		copy(b[64+i*wrapSize:], w.sealed[:])
	}
	binary.BigEndian.PutUint32(b[headSize-4:], crc32.Checksum(b[:headSize-4], castagnoli))
	return b
}

func parseHead(b []byte) (h head, err error) {
	if len(b) < headSize || !bytes.Equal(b[:4], genMagic[:]) {
		return h, errTorn
	}
	if crc32.Checksum(b[:headSize-4], castagnoli) != binary.BigEndian.Uint32(b[headSize-4:]) {
		return h, errTorn
	}
	if b[4] != format {
		return h, fmt.Errorf("format %d: %w", b[4], errFormat)
	}
	copy(h.ring[:], b[8:])
	copy(h.gid[:], b[24:])
	h.number = binary.BigEndian.Uint32(b[40:])
	h.floor = binary.BigEndian.Uint32(b[44:])
	h.created = time.Unix(0, int64(binary.BigEndian.Uint64(b[48:]))).UTC()
	for i := range h.wraps {
		copy(h.wraps[i].root[:], b[56+i*wrapSize:])
		copy(h.wraps[i].sealed[:], b[64+i*wrapSize:])
	}
	return h, nil
}

// appendFrame adds an entry: length of the body (2), type (1), body, checksum over all of it (4).
func appendFrame(b []byte, kind byte, body []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	b = append(b, kind)
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

// frames calls f for each whole entry. whole is where they end; damaged tells that one before the end is bad, as no crash
// leaves it.
func frames(b []byte, f func(kind byte, body []byte)) (whole int, damaged bool) {
	at, bad := 0, false
	for at+frameExtra <= len(b) {
		size := int(binary.BigEndian.Uint16(b[at:])) + frameExtra
		if at+size > len(b) {
			break
		}
		if crc32.Checksum(b[at:at+size-4], castagnoli) != binary.BigEndian.Uint32(b[at+size-4:]) {
			bad = true // if whole entries follow, this is rot; else a torn tail
			at += size
			continue
		}
		damaged = damaged || bad
		f(b[at+2], b[at+3:at+size-4])
		at += size
		whole = at
	}
	return whole, damaged
}

// place is a camera-day; day counts from 1970-01-01.
type place struct {
	camera string
	day    int32
}

func dayNumber(t time.Time) int32 { return int32(floorDiv(t.Unix(), 86400)) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (p place) date() string { return time.Unix(int64(p.day)*86400, 0).UTC().Format(time.DateOnly) }

// put writes a place: length of the camera's id (1), id, day (4).
func (p place) put(b []byte) []byte {
	b = append(b, byte(len(p.camera)))
	b = append(b, p.camera...)
	return binary.BigEndian.AppendUint32(b, uint32(p.day))
}

func takePlace(b []byte) (p place, rest []byte, ok bool) {
	if len(b) < 1 || len(b) < 5+int(b[0]) {
		return p, nil, false
	}
	n := int(b[0])
	p = place{camera: string(b[1 : 1+n]), day: int32(binary.BigEndian.Uint32(b[1+n:]))}
	return p, b[5+n:], validCamera(p.camera)
}

// shard is the key of a camera-day and the number of its file. It is never changed.
type shard struct {
	number uint32
	key    secret
}

func dayBound(ring [16]byte, p place, number uint32) []byte {
	b := p.put(append([]byte("holdfast day\x00"), ring[:]...))
	return binary.BigEndian.AppendUint32(b, number)
}

func appendDay(b []byte, aead cipher.AEAD, ring [16]byte, p place, sh *shard) []byte {
	body := binary.BigEndian.AppendUint32(p.put(nil), sh.number)
	body = append(body, seal(aead, sh.key[:], dayBound(ring, p, sh.number))...)
	return appendFrame(b, 'D', body)
}

func parseDay(body []byte, aead cipher.AEAD, ring [16]byte) (place, *shard, bool) {
	p, rest, ok := takePlace(body)
	if !ok || len(rest) != 4+sealedKey {
		return p, nil, false
	}
	sh := &shard{number: binary.BigEndian.Uint32(rest)}
	plain, err := unseal(aead, rest[4:], dayBound(ring, p, sh.number))
	if err != nil {
		return p, nil, false
	}
	copy(sh.key[:], plain)
	return p, sh, true
}

func appendRoot(b []byte, aead cipher.AEAD, ring [16]byte, r Root) []byte {
	f := r.fingerprint()
	bound := append(append([]byte("holdfast former root\x00"), ring[:]...), f[:]...)
	return appendFrame(b, 'R', append(f[:], seal(aead, r.secret[:], bound)...))
}

func parseRoot(body []byte, aead cipher.AEAD, ring [16]byte) (Root, bool) {
	if len(body) != wrapSize {
		return Root{}, false
	}
	bound := append(append([]byte("holdfast former root\x00"), ring[:]...), body[:8]...)
	plain, err := unseal(aead, body[8:], bound)
	if err != nil {
		return Root{}, false
	}
	r, err := RootFromBytes(plain, File)
	return r, err == nil
}

// appendCopy notes a volume that has a copy, and the generation that it has.
func appendCopy(b []byte, name string, number uint32) []byte {
	return appendFrame(b, 'V', append(binary.BigEndian.AppendUint32(nil, number), name...))
}

// grave is a tombstone: a key that is forgotten.
type grave struct {
	place
	id         ID
	when       time.Time
	generation uint32 // in which the key was to be destroyed: it is due as long as that is the present one
}

func appendGrave(b []byte, g grave) []byte {
	body := append([]byte(nil), g.id[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(g.when.UnixNano()))
	body = binary.BigEndian.AppendUint32(body, g.generation)
	return appendFrame(b, 'T', g.put(body))
}

func parseGrave(body []byte) (g grave, ok bool) {
	if len(body) < 28 {
		return g, false
	}
	copy(g.id[:], body)
	g.when = time.Unix(0, int64(binary.BigEndian.Uint64(body[16:]))).UTC()
	g.generation = binary.BigEndian.Uint32(body[24:])
	var rest []byte
	g.place, rest, ok = takePlace(body[28:])
	return g, ok && len(rest) == 0
}

func encodeShardHead(ring [16]byte, number uint32) []byte {
	b := make([]byte, shardHead)
	copy(b, shardMagic[:])
	b[4] = format
	copy(b[8:], ring[:])
	binary.BigEndian.PutUint32(b[24:], number)
	binary.BigEndian.PutUint32(b[shardHead-4:], crc32.Checksum(b[:shardHead-4], castagnoli))
	return b
}

func keyBound(ring [16]byte, p place, number uint32, id ID) []byte {
	return append(dayBound(ring, p, number), id[:]...)
}

// appendKey adds an entry of a shard: id (16), nonce (12), sealed key (16), tag (16), checksum (4).
func appendKey(b []byte, aead cipher.AEAD, ring [16]byte, p place, number uint32, id ID, key Key) []byte {
	at := len(b)
	b = append(b, id[:]...)
	b = append(b, seal(aead, key[:], keyBound(ring, p, number, id))...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

// parseShard reads what is whole of a shard. whole is where its entries end; damaged tells that one before the end, or
// the head, is bad.
func parseShard(b []byte, ring [16]byte, p place, sh *shard) (keys map[ID]Key, whole int, damaged bool) {
	keys = make(map[ID]Key)
	if len(b) < shardHead || !bytes.Equal(b[:shardHead], encodeShardHead(ring, sh.number)) {
		return keys, 0, len(b) > shardHead
	}
	aead, bad := gcm(sh.key), false
	whole = shardHead
	for at := shardHead; at+shardEntry <= len(b); at += shardEntry {
		e := b[at : at+shardEntry]
		id := ID(e[:16])
		plain, err := unseal(aead, e[16:60], keyBound(ring, p, sh.number, id))
		if crc32.Checksum(e[:60], castagnoli) != binary.BigEndian.Uint32(e[60:]) || err != nil {
			bad = true
			continue
		}
		damaged = damaged || bad
		keys[id] = Key(plain)
		whole = at + shardEntry
	}
	return keys, whole, damaged
}
