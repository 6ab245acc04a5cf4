package keyring

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"holdfast/storage/internal/durable"
)

// Strength says where the root key comes from, and so what an erasure is worth on this machine.
type Strength string

// The strengths, the best first.
const (
	TPM  Strength = "tpm"  // sealed by the machine's TPM
	Host Strength = "host" // a credential of the host's systemd
	File Strength = "file" // a key file
)

// Says is one sentence for people on what an erasure of this strength means.
func (s Strength) Says() string {
	switch s {
	case TPM:
		return "The root key is sealed by this machine's TPM: what a drive may still hold of overwritten key files opens nothing away from this machine, or without its recovery key."
	case Host:
		return "The root key is a credential of this host: overwritten key files, which a solid-state drive may keep for a while, open only for who also has this host's system disk or the recovery key."
	}
	return "The root key is a file: a solid-state drive may keep overwritten key files for a while, and who takes this machine's disks with the key file, or has the recovery key, could read what is left of them."
}

// Root is the key that opens a ring: 32 secret bytes. It does not show itself in print, logs or JSON.
type Root struct {
	secret   [32]byte
	strength Strength
	set      bool
}

const hidden = "[root key]"

// NewRoot makes a root key, of strength File.
func NewRoot() Root {
	r := Root{strength: File, set: true}
	rand.Read(r.secret[:])
	return r
}

// RootFromBytes takes 32 bytes, as a credential holds them, or the text of a recovery key.
func RootFromBytes(data []byte, strength Strength) (Root, error) {
	if len(data) == 32 {
		r := Root{strength: strength, set: true}
		copy(r.secret[:], data)
		return r, nil
	}
	r, err := ParseRecovery(string(data))
	r.strength = strength
	return r, err
}

// From gives the same key with another strength.
func (r Root) From(s Strength) Root { r.strength = s; return r }

// Strength is where the key came from.
func (r Root) Strength() Strength { return r.strength }

// IsZero tells whether there is no key.
func (r Root) IsZero() bool { return !r.set }

// Equal tells whether two roots are the same key.
func (r Root) Equal(o Root) bool { return r.set == o.set && r.secret == o.secret }

// Format shows no secret under any verb.
func (r Root) Format(f fmt.State, _ rune)   { io.WriteString(f, hidden) }
func (r Root) String() string               { return hidden }
func (r Root) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (r Root) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
func (r Root) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Fingerprint names the key without telling it: 16 hex digits.
func (r Root) Fingerprint() string { f := r.fingerprint(); return hex.EncodeToString(f[:]) }

func (r Root) fingerprint() (f [8]byte) {
	sum := sha256.Sum256(append([]byte("holdfast root key fingerprint\x00"), r.secret[:]...))
	copy(f[:], sum[:])
	return f
}

// Derive makes a key for a purpose of its own from the root, by HKDF-SHA256 (RFC 5869) with the label as info: whoever has it learns
// nothing of the root, nor of the key of another label.
func (r Root) Derive(label string) (key [32]byte) {
	k, err := hkdf.Key(sha256.New, r.secret[:], nil, "holdfast derived key\x00"+label, len(key))
	if err != nil {
		panic(err) // 32 bytes can be derived
	}
	copy(key[:], k)
	return key
}

// alphabet is Crockford's base32: no I, L, O, U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// checkBytes of a hash follow the secret, so that a mistyped recovery key is told from the key of another machine.
const checkBytes = 3

// ErrMistyped says that a text is no recovery key as it stands.
var ErrMistyped = errors.New("this is not a recovery key as it was given out: it is mistyped or not complete; a recovery key has 14 groups of four letters and digits")

// Recovery writes the key for people: 14 groups of four letters and digits, with a checksum.
func (r Root) Recovery() string {
	data := append(r.secret[:len(r.secret):len(r.secret)], recoveryCheck(r.secret)...)
	var b strings.Builder
	for i, n := 0, 0; i < len(data)*8; i, n = i+5, n+1 {
		if n > 0 && n%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[bitsAt(data, i)])
	}
	return b.String()
}

// bitsAt gives five bits from bit i on.
func bitsAt(data []byte, i int) int {
	v := int(data[i/8]) << 8
	if i/8+1 < len(data) {
		v |= int(data[i/8+1])
	}
	return v >> (11 - i%8) & 31
}

func recoveryCheck(secret [32]byte) []byte {
	sum := sha256.Sum256(append([]byte("holdfast recovery key\x00"), secret[:]...))
	return sum[:checkBytes]
}

// ParseRecovery reads what Recovery wrote. Case, spaces and hyphens do not matter, nor O for 0, I and L for 1. What is
// mistyped is ErrMistyped.
func ParseRecovery(text string) (Root, error) {
	const size = 32 + checkBytes
	var data [size]byte
	bit := 0
	for _, c := range strings.ToUpper(text) {
		switch c {
		case ' ', '-', '\t', '\n', '\r':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		v := strings.IndexRune(alphabet, c)
		if v < 0 || bit+5 > size*8 {
			return Root{}, ErrMistyped
		}
		for k := 4; k >= 0; k-- {
			data[bit/8] |= byte(v>>k&1) << (7 - bit%8)
			bit++
		}
	}
	r := Root{strength: File, set: true}
	copy(r.secret[:], data[:])
	if bit != size*8 || string(data[32:]) != string(recoveryCheck(r.secret)) {
		return Root{}, ErrMistyped
	}
	return r, nil
}

// ReadRootFile reads a root key from a file that WriteRootFile wrote. No file is fs.ErrNotExist. A nil FS is the operating
// system's.
func ReadRootFile(f durable.FS, path string) (Root, error) {
	if f == nil {
		f = durable.OS
	}
	data, err := durable.ReadFile(f, path, 4096)
	if err != nil {
		return Root{}, fmt.Errorf("read root key: %w", err)
	}
	r, err := RootFromBytes(data, File)
	if err != nil {
		return Root{}, fmt.Errorf("read root key %s: %w", path, err)
	}
	return r, nil
}

// WriteRootFile writes the root key as the text of its recovery key, mode 0600, durably and in one step.
func WriteRootFile(f durable.FS, path string, r Root) error {
	if f == nil {
		f = durable.OS
	}
	if err := durable.WriteFile(f, path, []byte(r.Recovery()+"\n")); err != nil {
		return fmt.Errorf("write root key: %w", err)
	}
	return nil
}

// ReplaceRootFile puts another root key in the place of the former one, whose blocks are overwritten, as far as the drive does that. After an error
// the former one is there, unless it could not be put back either: then the file is one of the two.
func ReplaceRootFile(f durable.FS, path string, former, next Root) error {
	if f == nil {
		f = durable.OS
	}
	old, err := f.Open(path)
	if err != nil {
		return fmt.Errorf("replace root key: %w", err)
	}
	err = WriteRootFile(f, path, next)
	if err != nil { // the next one may be there all the same, and is not known to last
		return errors.Join(err, WriteRootFile(f, path, former), old.Close())
	}
	if size, err := old.Size(); err == nil {
		if _, err = old.WriteAt(make([]byte, size), 0); err == nil {
			old.Sync() // the change holds, whatever becomes of this
		}
	}
	old.Close()
	return nil
}
