package vault

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/storage/keyfile"
)

// Bounds of the keys of people.
const (
	maxPeople = 100_000
	maxID     = 64
)

var (
	peopleMagic = []byte("HFVP\x01\x00\x00\x00")
	errDamaged  = errors.New("it is damaged")
)

// peoplePurpose is what the file of people is sealed for; it is bound to the id of its key.
const peoplePurpose = "people"

func peopleName(id [4]byte) string { return fmt.Sprintf("people-%x", id) }

// readPeople reads the people of every key that is open and was not read yet. Caller holds writing, or is Open.
func (v *Vault) readPeople() error {
	taken := map[[4]byte]bool{}
	for _, m := range slices.Backward(v.keys) { // a file tells whose files it replaced
		if !m.open || v.chests[m.id] != nil {
			continue
		}
		chest, data, err := keyfile.Open(v.fs, v.dir, peopleName(m.id))
		if err != nil {
			return err
		}
		if data != nil && !taken[m.id] {
			if err := errors.Join(v.own(chest.Path()), v.takeIn(m, data, taken)); err != nil {
				return fmt.Errorf("read %s: %w; restore the data directory from its backup, or move this file away: then the names in the audit log cannot be read any more", chest.Path(), err)
			}
		}
		v.chests[m.id] = chest
	}
	return nil
}

// takeIn adds the people of a file to those that are known, and the keys whose files it replaced to taken.
func (v *Vault) takeIn(m *master, data []byte, taken map[[4]byte]bool) error {
	f, err := decodePeople(m, data)
	if err != nil {
		return err
	}
	for _, id := range f.replaced {
		taken[id] = true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, keys := range f.people {
		v.count += len(keys)
		v.people[id] = append(keys, v.people[id]...)
	}
	return nil
}

// peopleFile is what a file of people holds.
type peopleFile struct {
	replaced [][4]byte // keys whose files it replaced: what is left of them counts no more
	people   map[string][][32]byte
}

func (f peopleFile) encode(m *master) []byte {
	plain := bytes.NewBuffer([]byte{byte(len(f.replaced))})
	for _, id := range f.replaced {
		plain.Write(id[:])
	}
	for _, id := range slices.Sorted(maps.Keys(f.people)) {
		for _, key := range f.people[id] {
			plain.WriteByte(byte(len(id)))
			plain.WriteString(id)
			plain.Write(key[:])
		}
	}
	return append(slices.Clone(peopleMagic), m.seal(peoplePurpose, plain.Bytes(), m.id[:])...)
}

func decodePeople(m *master, data []byte) (f peopleFile, err error) {
	sealed, ok := bytes.CutPrefix(data, peopleMagic)
	if !ok || len(sealed) < sealedHead || sealed[0] != format || [4]byte(sealed[1:]) != m.id {
		return f, errDamaged
	}
	plain, err := gcm(m.derive("seal", peoplePurpose)).Open(nil, nil, sealed[sealedHead:], m.id[:])
	if err != nil || len(plain) == 0 {
		return f, errDamaged
	}
	return parsePeople(plain)
}

// parsePeople reads what is sealed in a file of people.
func parsePeople(plain []byte) (f peopleFile, err error) {
	if len(plain) == 0 || len(plain) < 1+4*int(plain[0]) {
		return f, errDamaged
	}
	f.people = map[string][][32]byte{}
	n, plain := int(plain[0]), plain[1:]
	for ; n > 0; n-- {
		f.replaced, plain = append(f.replaced, [4]byte(plain)), plain[4:]
	}
	for len(plain) > 0 {
		n := 1 + int(plain[0])
		if n == 1 || n > 1+maxID || len(plain) < n+32 {
			return f, errDamaged
		}
		id := string(plain[1:n])
		f.people[id] = append(f.people[id], [32]byte(plain[n:]))
		plain = plain[n+32:]
	}
	return f, nil
}

// settlePeople has the people lie in one file, under the present key. Caller holds writing.
func (v *Vault) settlePeople() error {
	people := v.known()
	v.mu.RLock()
	m := v.present()
	v.mu.RUnlock()
	older := false
	for id, c := range v.chests {
		older = older || id != m.id && c.Path() != ""
	}
	if older && len(people) > 0 {
		if err := v.tell(v.writePeople(m, people)); err != nil {
			return err
		}
	}
	return v.dropOlder(m)
}

// known gives a copy of who is known.
func (v *Vault) known() map[string][][32]byte {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return maps.Clone(v.people)
}

// writePeople puts the file of people in place. Caller holds writing.
func (v *Vault) writePeople(m *master, people map[string][][32]byte) error {
	chest := v.chests[m.id]
	if chest == nil {
		var err error
		if chest, _, err = keyfile.Open(v.fs, v.dir, peopleName(m.id)); err != nil {
			return err
		}
		v.chests[m.id] = chest
	}
	f := peopleFile{people: people}
	for id := range v.chests {
		if id != m.id {
			f.replaced = append(f.replaced, id)
		}
	}
	return chest.Replace(f.encode(m))
}

// dropOlder destroys the files of people under other keys, all of whom are in the present one, and what is left of former
// ones. An error is ErrResidue. Caller holds writing.
func (v *Vault) dropOlder(present *master) error {
	var err error
	for id, c := range v.chests {
		if id == present.id {
			err = errors.Join(err, c.Clean())
		} else {
			err = errors.Join(err, c.Drop())
		}
	}
	return err
}

// change writes other people and takes them for known. Caller holds writing.
func (v *Vault) change(people map[string][][32]byte) error {
	v.mu.RLock()
	m := v.present()
	v.mu.RUnlock()
	err := v.writePeople(m, people)
	if err != nil && !errors.Is(err, keyfile.ErrResidue) {
		return err
	}
	count := 0
	for _, keys := range people {
		count += len(keys)
	}
	v.mu.Lock()
	v.people, v.count = people, count
	for id := range v.pending {
		if people[id] != nil {
			delete(v.pending, id)
		}
	}
	v.mu.Unlock()
	return errors.Join(err, v.dropOlder(m))
}

// PersonKey gives the key of a person, made and durable when there was none.
func (v *Vault) PersonKey(id string) ([32]byte, error) {
	if id == "" || len(id) > maxID {
		return [32]byte{}, fmt.Errorf("key of person %q: an id has 1 to %d bytes", id, maxID)
	}
	if key, ok := v.Person(id); ok {
		return key, nil
	}
	if err := v.ask(id); err != nil {
		return [32]byte{}, fmt.Errorf("key of person %s: %w", id, err)
	}
	v.writing.Lock() // whoever comes first writes the keys of all who wait
	defer v.writing.Unlock()
	if key, ok := v.Person(id); ok {
		return key, nil
	}
	if err := v.ask(id); err != nil { // who came first failed, or forgot the person again
		return [32]byte{}, fmt.Errorf("key of person %s: %w", id, err)
	}
	if err := v.tell(v.flush()); err != nil {
		return [32]byte{}, fmt.Errorf("keep key of person %s: %w", id, err)
	}
	key, _ := v.Person(id)
	return key, nil
}

// ask makes a key, to be written with the next flush.
func (v *Vault) ask(id string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.people[id] != nil {
		return nil
	}
	if _, asked := v.pending[id]; asked {
		return nil
	}
	if v.count+len(v.pending) >= maxPeople {
		return ErrFull
	}
	var key [32]byte
	rand.Read(key[:])
	v.pending[id] = key
	return nil
}

// flush makes all pending keys durable; after an error they are given up. Caller holds writing.
func (v *Vault) flush() error {
	people := v.known()
	v.mu.RLock()
	batch := maps.Clone(v.pending)
	v.mu.RUnlock()
	for id, key := range batch {
		people[id] = [][32]byte{key}
	}
	err := v.change(people)
	if err == nil || errors.Is(err, keyfile.ErrResidue) {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for id := range batch {
		delete(v.pending, id)
	}
	return err
}

// Person gives the key of a person; false of one who is forgotten or was never known.
func (v *Vault) Person(id string) ([32]byte, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	keys := v.people[id]
	if len(keys) == 0 {
		return [32]byte{}, false
	}
	return keys[0], true
}

// PersonKeys gives all keys of a person, the one that PersonKey gives first: several of who got one while the vault was locked.
func (v *Vault) PersonKeys(id string) [][32]byte {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return slices.Clone(v.people[id])
}

// Forget destroys the keys of a person. After it returned nil they are in no file of the vault. Of somebody who is not known it is nil too; while
// the vault is locked it is ErrLocked, although the keys that can be reached are destroyed: it must be called again.
func (v *Vault) Forget(id string) error {
	_, err := v.forget(func(known string) bool { return known == id })
	if err != nil {
		return fmt.Errorf("forget person %s: %w", id, err)
	}
	return nil
}

// dayPrefix is what the ids of days have before the date: keys of the personal values of nobody in particular.
const dayPrefix = "day-"

// ForgetDaysBefore destroys the keys of the days ("day-2026-11-27") before a day, and tells how many. Errors are those of Forget.
func (v *Vault) ForgetDaysBefore(day time.Time) (n int, err error) {
	first := day.UTC().Format(time.DateOnly)
	n, err = v.forget(func(id string) bool {
		date, ok := strings.CutPrefix(id, dayPrefix)
		_, wrong := time.Parse(time.DateOnly, date)
		return ok && wrong == nil && date < first
	})
	if err != nil {
		err = fmt.Errorf("forget days before %s: %w", first, err)
	}
	return n, err
}

// forget destroys the keys of whom is picked. Whoever is asking for one at this moment may get another afterwards.
func (v *Vault) forget(picked func(id string) bool) (n int, err error) {
	v.writing.Lock()
	defer v.writing.Unlock()
	people := v.known()
	for id := range people {
		if picked(id) {
			delete(people, id)
			n++
		}
	}
	if n > 0 {
		err = v.change(people)
	} else {
		v.mu.RLock()
		m := v.present()
		v.mu.RUnlock()
		err = v.dropOlder(m) // of a Forget before, that did not get that far
	}
	if len(v.Locked()) > 0 {
		err = errors.Join(err, ErrLocked)
	}
	return n, err
}
