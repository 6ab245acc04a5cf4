package vault

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"

	"holdfast/storage/keyfile"
	"holdfast/storage/keyring"
)

// What Open, Unlock and Forget say. They are told with errors.Is.
var (
	ErrLocked  = errors.New("it is sealed under a root key that is not here; run holdfast keys unlock with the recovery key of that time")
	ErrForeign = errors.New("it was sealed by another vault, or is damaged: restore the vault directory and what it seals from the same backup")
	ErrFull    = fmt.Errorf("the vault has as many keys as it may have (%d of people, %d of its own)", maxPeople, maxKeys)
)

// Options of a vault.
type Options struct {
	FS   keyfile.FS   // nil: the operating system
	Dir  string       // made when missing, its parent must be there
	Root keyring.Root // what the vault's keys are wrapped under; it must be durable where the machine keeps it
	Log  *slog.Logger // nil: none
}

// Vault seals values, and keeps the keys of people. Open makes it.
type Vault struct {
	fs  keyfile.FS // constant
	dir string     // constant
	log *slog.Logger

	writing sync.Mutex // makes each change of the files one act; guards what follows up to mu. Taken before mu
	file    *keyfile.Chest
	root    keyring.Root
	spare   bool                       // the newest key was made for a change of the root that failed
	chests  map[[4]byte]*keyfile.Chest // the people of each key that is open

	mu      sync.RWMutex // guards what follows; never held over a call to a disk
	keys    []*master    // in the order of their making; replaced as a whole
	people  map[string][][32]byte
	pending map[string][32]byte // made, not durable yet
	count   int                 // keys in people
}

// Open opens the vault in a directory, or makes an empty one. Keys that the root does not open are no error: they are locked, and
// what is sealed from now on is sealed under a new one.
func Open(o Options) (*Vault, error) {
	if o.Root.IsZero() {
		return nil, errors.New("open vault: no root key")
	}
	v := &Vault{fs: o.FS, dir: o.Dir, log: o.Log, root: o.Root, chests: map[[4]byte]*keyfile.Chest{}, people: map[string][][32]byte{}, pending: map[string][32]byte{}}
	if v.fs == nil {
		v.fs = keyfile.OS()
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	if err := v.open(); err != nil {
		return nil, fmt.Errorf("open vault %s: %w", o.Dir, err)
	}
	return v, nil
}

func (v *Vault) open() error {
	if err := v.makeDir(); err != nil {
		return err
	}
	if err := v.readKeys(); err != nil {
		return err
	}
	if err := v.readPeople(); err != nil {
		return err
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	if err := v.settlePeople(); err != nil { // the vault is whole all the same
		v.log.Warn("the people of the vault are not sealed anew", "error", err)
	}
	return nil
}

// makeDir makes the directory, and makes its name durable also when whoever made it crashed before that.
func (v *Vault) makeDir() error {
	if err := v.fs.Mkdir(v.dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return v.fs.SyncDir(filepath.Dir(v.dir))
}

// readKeys reads the vault's keys and sees to it that there is one that is open, and that the root alone opens those.
func (v *Vault) readKeys() error {
	file, data, err := keyfile.Open(v.fs, v.dir, "keys")
	if err != nil {
		return err
	}
	v.file = file
	if data != nil {
		if err := v.own(file.Path()); err != nil {
			return err
		}
		if v.keys, err = decodeKeys(data); err != nil {
			return fmt.Errorf("read %s: %w; restore the data directory from its backup, or move %s away: then the cameras that were adopted and the people must be entered again", file.Path(), err, v.dir)
		}
	}
	list, opened := make([]*master, len(v.keys)), false
	for i, m := range v.keys {
		if list[i] = m; m.unwrap(v.root) {
			list[i], opened = m.alone(v.root), true
		}
	}
	switch {
	case !opened && len(list) >= maxKeys:
		return ErrFull
	case !opened:
		return v.writeKeys(append(list, newMaster().wrapped(v.root)))
	case slices.Equal(list, v.keys):
		return v.tell(v.file.Clean())
	}
	if err := v.writeKeys(list); err != nil { // they are open all the same
		v.log.Warn("a former root key still opens the vault; it is tried again at the next start", "error", err)
	}
	return nil
}

// alone gives a key that is wrapped under one root only: itself when it is.
func (m *master) alone(root keyring.Root) *master {
	if m.only(fingerprint(root)) {
		return m
	}
	return m.wrapped(root)
}

// own sees to it that a file is its owner's alone, where the file system knows of owners.
func (v *Vault) own(path string) error {
	if v.fs != keyfile.OS() {
		return nil
	}
	tightened, err := keyfile.Own(path)
	if tightened {
		v.log.Warn("a key file could be read by others, and cannot any more; whoever may have read it needs the root key besides", "file", path)
	}
	return err
}

// writeKeys puts another list of keys in place. Caller holds writing, or is Open.
func (v *Vault) writeKeys(list []*master) error {
	if err := v.tell(v.file.Replace(encodeKeys(list))); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = list
	return nil
}

// tell logs that something old is not destroyed yet, which is tried again with the next change; any other error it gives back.
func (v *Vault) tell(err error) error {
	if errors.Is(err, keyfile.ErrResidue) {
		v.log.Warn("a former file of the vault is not destroyed yet", "error", err)
		return nil
	}
	return err
}

// present is the key that seals: the newest that is open. Caller holds mu.
func (v *Vault) present() *master {
	for _, m := range slices.Backward(v.keys) {
		if m.open {
			return m
		}
	}
	panic("vault: no key is open") // Open made one
}

// first is the oldest key that is open. Caller holds mu.
func (v *Vault) first() *master {
	return v.keys[slices.IndexFunc(v.keys, func(m *master) bool { return m.open })]
}

// Locked gives the fingerprints of the roots that would open what the present root does not; none when all is open.
func (v *Vault) Locked() (roots []string) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, m := range v.keys {
		if m.open {
			continue
		}
		for _, w := range m.wraps {
			if name := hex.EncodeToString(w.root[:]); w != (wrap{}) && !slices.Contains(roots, name) {
				roots = append(roots, name)
			}
		}
	}
	return roots
}

// Rotate has the vault follow a change of the root key. store puts the next root where this machine keeps it; while it runs, either
// root opens the vault. After an error the former root goes on, and either opens it at the next start. What is sealed from now on
// is sealed under a new key.
func (v *Vault) Rotate(next keyring.Root, store func() error) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	if next.IsZero() {
		return errors.New("rotate vault: no key")
	}
	list := slices.Clone(v.keys)
	if !v.spare {
		if len(list) >= maxKeys {
			return fmt.Errorf("rotate vault: %w", ErrFull)
		}
		list = append(list, newMaster())
	}
	list = wrapAll(list, v.root, next)
	if err := v.writeKeys(list); err != nil {
		return fmt.Errorf("rotate vault: %w", err)
	}
	v.spare = true
	if err := store(); err != nil {
		return err
	}
	v.root, v.spare = next, false
	if err := v.writeKeys(wrapAll(list, next)); err != nil {
		v.log.Warn("the former root key opens the vault until the next start", "error", err)
	}
	if err := v.settlePeople(); err != nil {
		v.log.Warn("the people of the vault are not sealed anew everywhere yet", "error", err)
	}
	return nil
}

// wrapAll wraps the keys that are open under other roots.
func wrapAll(list []*master, roots ...keyring.Root) []*master {
	list = slices.Clone(list)
	for i, m := range list {
		if m.open {
			list[i] = m.wrapped(roots...)
		}
	}
	return list
}

// Unlock opens what a former root opens, and keeps it open. Without anything locked it is keyring.ErrNothingLocked, with a root that
// opens nothing keyring.ErrRoot.
func (v *Vault) Unlock(root keyring.Root) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	if len(v.Locked()) == 0 {
		return fmt.Errorf("unlock vault: %w", keyring.ErrNothingLocked)
	}
	list, opened := make([]*master, len(v.keys)), 0
	for i, m := range v.keys {
		list[i] = m
		if m.open {
			continue
		}
		if try := *m; try.unwrap(root) {
			list[i] = try.wrapped(v.root)
			opened++
		}
	}
	if opened == 0 {
		return fmt.Errorf("unlock vault: %w", keyring.ErrRoot)
	}
	former := v.keys
	err := v.writeKeys(list)
	if err == nil {
		err = v.readPeople()
	}
	if err != nil {
		v.mu.Lock()
		v.keys = former
		v.mu.Unlock()
		return fmt.Errorf("unlock vault: %w", err)
	}
	if err := v.settlePeople(); err != nil {
		v.log.Warn("the people of the vault are not joined yet", "error", err)
	}
	return nil
}
