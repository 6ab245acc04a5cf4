package exports

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/gateway/evidence"
)

func hash(data []byte) string { sum := sha256.Sum256(data); return hex.EncodeToString(sum[:]) }

func change(t *testing.T, dir, file string, do func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, file, do(data))
}

func put(t *testing.T, dir, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func drop(t *testing.T, dir, file string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
}

func swap(t *testing.T, dir, a, b string) {
	t.Helper()
	x, err := os.ReadFile(filepath.Join(dir, a))
	if err != nil {
		t.Fatal(err)
	}
	change(t, dir, b, func(y []byte) []byte { put(t, dir, a, y); return x })
}

// swapFragments exchanges the sample bytes of two fragments of a clip as far as they go.
func swapFragments(b []byte) []byte {
	var data [][]byte
	for at := 0; at+8 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if string(b[at+4:at+8]) == "mdat" {
			data = append(data, b[at+8:at+n])
		}
		at += n
	}
	x, y := data[1], data[2]
	for i := range min(len(x), len(y)) {
		x[i], y[i] = y[i], x[i]
	}
	return b
}

// log writes what a package says to the rig's audit log, as a gateway would that hides something, and puts the proof into it.
func log(t *testing.T, r *rig, dir string, m *evidence.Manifest) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, evidence.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	rec := &record{Export: Export{ID: m.ID, Order: Order{Reason: "r", Clips: []ClipOrder{{Camera: "door", From: begin, To: begin.Add(time.Second)}}}}}
	w := &work{e: r.e, r: rec, ctx: t.Context()}
	proof, err := w.log(m, hash(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range proof {
		put(t, dir, name, data)
	}
}
