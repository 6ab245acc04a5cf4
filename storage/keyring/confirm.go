package keyring

import (
	"fmt"
	"path/filepath"
	"strings"

	"holdfast/storage/internal/durable"
)

// confirmedFile is in the primary copy: the fingerprint of the root whose recovery key somebody typed.
const confirmedFile = "confirmed"

// Confirm takes the recovery key as a person typed it, as proof that somebody has it: ErrMistyped, or ErrRoot when it is of
// another root.
func (r *Ring) Confirm(text string) error {
	typed, err := ParseRecovery(text)
	if err != nil {
		return err
	}
	r.mu.Lock()
	root, h := r.root, r.holders[""]
	r.mu.Unlock()
	if !typed.Equal(root) {
		return ErrRoot
	}
	err = r.on(h, func() error {
		return durable.WriteFile(r.fs, filepath.Join(h.dir, confirmedFile), []byte(root.Fingerprint()+"\n"))
	})
	if err != nil {
		return fmt.Errorf("note that the recovery key is confirmed: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.confirmed = root.Fingerprint()
	return nil
}

// readConfirmed reads what Confirm noted. What cannot be read is asked for again.
func (r *Ring) readConfirmed() {
	r.mu.Lock()
	h := r.holders[""]
	r.mu.Unlock()
	data, err := durable.ReadFile(r.fs, filepath.Join(h.dir, confirmedFile), 64)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.confirmed = strings.TrimSpace(string(data))
}

// Recovery is the recovery key of the present root. It opens all footage: it is shown to the administrator alone, on this machine.
func (r *Ring) Recovery() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.root.Recovery()
}

// keptFile is in the primary copy: strength and fingerprint of the present root, so that a program that does not see the
// root's place does not take another for it.
const keptFile = "kept"

// Kept tells where the root of the ring with its primary copy in dir was kept when it was last opened or changed, and which it was. ok is
// false when that is not known: there was no ring.
func Kept(dir string) (strength Strength, fingerprint string, ok bool) {
	data, err := durable.ReadFile(durable.OS, filepath.Join(dir, keptFile), 64)
	if err != nil {
		return "", "", false
	}
	s, f, ok := strings.Cut(strings.TrimSpace(string(data)), " ")
	return Strength(s), f, ok
}

// noteKept writes what Kept reads, when it changed. It is a hint: a failure is told and no more.
func (r *Ring) noteKept() {
	r.mu.Lock()
	h, text := r.holders[""], fmt.Sprintf("%s %s\n", r.root.strength, r.root.Fingerprint())
	r.mu.Unlock()
	path := filepath.Join(h.dir, keptFile)
	if data, err := durable.ReadFile(r.fs, path, 64); err == nil && string(data) == text {
		return
	}
	if err := r.on(h, func() error { return durable.WriteFile(r.fs, path, []byte(text)) }); err != nil {
		r.log.Warn("the place of the root key is not noted", "error", err)
	}
}
