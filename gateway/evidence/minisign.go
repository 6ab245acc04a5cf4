package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// Signer signs packages. The files that it makes are minisign's: an Ed25519 key, and a signature over BLAKE2b-512 of what is signed.
type Signer struct{ private ed25519.PrivateKey }

// NewSigner makes the signer of a seed.
func NewSigner(seed [32]byte) *Signer { return &Signer{ed25519.NewKeyFromSeed(seed[:])} }

// PublicKey is a key that packages are signed by.
type PublicKey struct{ key ed25519.PublicKey }

// Public is the key that checks what the signer signed.
func (s *Signer) Public() PublicKey { return PublicKey{s.private.Public().(ed25519.PublicKey)} }

// Fingerprint names the key: SHA-256 of its 32 bytes in hexadecimal, in groups of four.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256(k.key)
	text := hex.EncodeToString(sum[:])
	var groups []string
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:i+4])
	}
	return strings.Join(groups, " ")
}

// id is minisign's key number.
func (k PublicKey) id() [8]byte {
	sum := sha256.Sum256(k.key)
	return [8]byte(sum[:8])
}

// Is tells whether a word that somebody gave names the key: its fingerprint, with or without spaces and colons, or its minisign form.
func (k PublicKey) Is(word string) bool {
	if strings.TrimSpace(word) == k.text() {
		return true
	}
	plain := strings.NewReplacer(" ", "", ":", "", "-", "").Replace(strings.ToLower(word))
	return plain == strings.ReplaceAll(k.Fingerprint(), " ", "")
}

// CheckFingerprint tells whether a word has the form of a fingerprint or of a minisign key.
func CheckFingerprint(word string) error {
	plain := strings.NewReplacer(" ", "", ":", "", "-", "").Replace(strings.ToLower(word))
	if b, err := hex.DecodeString(plain); err == nil && len(b) == sha256.Size {
		return nil
	}
	if _, err := parseKeyText(strings.TrimSpace(word)); err == nil {
		return nil
	}
	return fmt.Errorf("%q is no fingerprint: 64 hexadecimal digits, or the key as minisign has it", word)
}

func (k PublicKey) text() string {
	id := k.id()
	return base64.StdEncoding.EncodeToString(append(append([]byte("Ed"), id[:]...), k.key...))
}

// File is the key as minisign reads it.
func (k PublicKey) File() []byte {
	id := k.id()
	return fmt.Appendf(nil, "untrusted comment: minisign public key %016X\n%s\n", binary.LittleEndian.Uint64(id[:]), k.text())
}

// ParseKeyFile reads a key file.
func ParseKeyFile(data []byte) (PublicKey, error) {
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "untrusted comment: ") {
		return PublicKey{}, errors.New("it is no key file of minisign")
	}
	return parseKeyText(lines[1])
}

func parseKeyText(text string) (PublicKey, error) {
	b, err := unbase64(text)
	if err != nil || len(b) != 2+8+ed25519.PublicKeySize || string(b[:2]) != "Ed" {
		return PublicKey{}, errors.New("it is no key of minisign")
	}
	k := PublicKey{ed25519.PublicKey(b[10:])}
	if k.id() != [8]byte(b[2:10]) {
		return PublicKey{}, errors.New("the key does not have its number")
	}
	return k, nil
}

// unbase64 reads base64 that is written in the one way there is: the library passes over line ends in its middle.
func unbase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("it has line ends within")
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}

const (
	untrusted = "untrusted comment: signature by Holdfast\n"
	trusted   = "trusted comment: "
)

// Sign signs a file. comment, one line, is signed as well.
func (s *Signer) Sign(data []byte, comment string) []byte {
	id := s.Public().id()
	digest := blake2b.Sum512(data)
	sig := ed25519.Sign(s.private, digest[:])
	global := ed25519.Sign(s.private, append(bytes.Clone(sig), comment...))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, "%s%s\n%s%s\n%s\n", untrusted, b64(append(append([]byte("ED"), id[:]...), sig...)), trusted, comment, b64(global))
}

// Check tells whether the key signed a file.
func (k PublicKey) Check(data, signature []byte) error {
	lines := strings.Split(strings.TrimSuffix(string(signature), "\n"), "\n")
	if len(lines) != 4 || lines[0]+"\n" != untrusted || !strings.HasPrefix(lines[2], trusted) {
		return errors.New("the signature file is not one of minisign")
	}
	sig, err := unbase64(lines[1])
	if err != nil || len(sig) != 2+8+ed25519.SignatureSize || string(sig[:2]) != "ED" {
		return errors.New("the signature file is not one of minisign")
	}
	if [8]byte(sig[2:10]) != k.id() {
		return errors.New("it is signed by another key than the one beside it")
	}
	digest := blake2b.Sum512(data)
	if !ed25519.Verify(k.key, digest[:], sig[10:]) {
		return errors.New("it is not what was signed")
	}
	global, err := unbase64(lines[3])
	comment := strings.TrimPrefix(lines[2], trusted)
	if err != nil || len(global) != ed25519.SignatureSize || !ed25519.Verify(k.key, append(bytes.Clone(sig[10:]), comment...), global) {
		return errors.New("the comment of the signature is not what was signed")
	}
	return nil
}
