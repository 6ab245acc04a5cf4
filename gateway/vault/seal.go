package vault

import (
	"fmt"
	"slices"
)

// sealedHead is the format and the id of the key before what Seal gives.
const sealedHead = 1 + 4

// maxPurpose bounds a purpose, bytes.
const maxPurpose = 64

// Seal encrypts a value for a purpose, which is a constant of the program, not of its data. What it is bound to (the key of its record, say) must
// be given again to open it, so that one record cannot stand for another. It panics for a purpose of no or more than 64 bytes.
func (v *Vault) Seal(purpose string, plain, bound []byte) []byte {
	v.mu.RLock()
	m := v.present()
	v.mu.RUnlock()
	return m.seal(purpose, plain, bound)
}

func (m *master) seal(purpose string, plain, bound []byte) []byte {
	if purpose == "" || len(purpose) > maxPurpose {
		panic("vault: purpose " + purpose)
	}
	head := append(make([]byte, 0, sealedHead+12+len(plain)+16), format)
	head = append(head, m.id[:]...)
	return gcm(m.derive("seal", purpose)).Seal(head, nil, plain, bound)
}

// Open gives what Seal was given. ErrLocked says that the root key of that time is missing, ErrForeign that this vault did not seal it so.
func (v *Vault) Open(purpose string, sealed, bound []byte) ([]byte, error) {
	m := v.sealer(sealed)
	if m == nil {
		return nil, ErrForeign
	}
	if !m.open {
		return nil, ErrLocked
	}
	plain, err := gcm(m.derive("seal", purpose)).Open(nil, nil, sealed[sealedHead:], bound)
	if err != nil {
		return nil, ErrForeign
	}
	return plain, nil
}

// sealer finds the key of a sealed value; nil when there is none.
func (v *Vault) sealer(sealed []byte) *master {
	if len(sealed) < sealedHead || sealed[0] != format {
		return nil
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	i := slices.IndexFunc(v.keys, func(m *master) bool { return m.id == [4]byte(sealed[1:]) })
	if i < 0 {
		return nil
	}
	return v.keys[i]
}

// Fresh tells whether a value is sealed under the present key. One that is not, and opens, should be sealed anew after the root has changed:
// whoever had the former root and a copy of the vault can open it.
func (v *Vault) Fresh(sealed []byte) bool {
	m := v.sealer(sealed)
	v.mu.RLock()
	defer v.mu.RUnlock()
	return m != nil && m.id == v.present().id
}

// Key derives a key for a purpose, the same one for the life of the vault, also over changes of the root. Only while the vault's first key is locked is
// it another one (see Locked).
func (v *Vault) Key(purpose string) [32]byte {
	if purpose == "" || len(purpose) > maxPurpose {
		panic(fmt.Sprintf("vault: purpose %q", purpose))
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.first().derive("key", purpose)
}
