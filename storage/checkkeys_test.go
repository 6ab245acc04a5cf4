package storage

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/storage/keyring"
)

// protectedClosed is closed encrypted footage.
func protectedClosed(t *testing.T) *rig {
	t.Helper()
	r := protectedRecording(t)
	r.record(3)
	r.must(r.w.Close(CauseStopped))
	r.tend()
	return r
}

// lose removes what lies below a directory, as somebody would.
func (r *rig) lose(dir string) {
	r.tb.Helper()
	for _, f := range r.disk.Files() {
		if strings.HasPrefix(f, dir+"/") {
			r.must(errors.Join(r.disk.Remove(f), r.disk.SyncDir(filepath.Dir(f))))
		}
	}
}

// TestCheckFindsFootageWhoseKeyIsLost takes one copy of the keyring away, and then the other.
func TestCheckFindsFootageWhoseKeyIsLost(t *testing.T) {
	r := protectedClosed(t)
	for _, dir := range []string{"", ringDir} {
		r.close()
		if dir != "" {
			r.lose(dir)
		}
		r.must(r.open())
		if report := r.check(LevelIndex, nil); len(report.Findings) > 0 || len(report.Notes) > 0 {
			t.Errorf("without %q: %+v %+v", dir, report.Findings, report.Notes)
		}
	}
	r.close()
	r.lose(ringDir)
	r.lose(filepath.Join(mount, keysDir))
	r.must(r.open())
	for _, level := range []Level{LevelIndex, LevelFiles} {
		report := r.check(level, &CheckOptions{Repair: true})
		if len(report.Findings) != 1 || report.Left() != 1 || len(report.Notes) > 0 {
			t.Fatalf("level %s: %+v %+v", level, report.Findings, report.Notes)
		}
		if f := report.Findings[0]; f.Kind != KindKey || f.Path != "door/main/2026-10-25" || !strings.Contains(f.What, "1 segments") || !strings.Contains(f.Do, "holdfast keys restore") {
			t.Errorf("level %s: %+v", level, f)
		}
	}
}

// TestCheckDoesNotJudgeKeysWhileTheyAreLocked has footage of another root, and encryption switched off.
func TestCheckDoesNotJudgeKeysWhileTheyAreLocked(t *testing.T) {
	r := protectedClosed(t)
	for _, root := range []keyring.Root{keyring.NewRoot(), {}} {
		r.close()
		r.root = root
		r.must(r.open())
		report := r.check(LevelFiles, nil)
		if len(report.Findings) > 0 || report.KeysLocked != 1 || len(report.Notes) != 1 || !strings.Contains(report.Notes[0].What, "not looked at") {
			t.Errorf("%+v %+v", report.Findings, report.Notes)
		}
	}
}

// TestCheckNamesFootageThatWasErasedAndIsOnTheTimeline has a key destroyed of a segment that an older index brought back.
func TestCheckNamesFootageThatWasErasedAndIsOnTheTimeline(t *testing.T) {
	r := protectedClosed(t)
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	r.must(r.store.o.Keys.Forget("door", segments[0].Start, segments[0].KeyID))
	if report := r.check(LevelIndex, nil); len(report.Findings) != 1 || report.Findings[0].Kind != KindKey || !strings.Contains(report.Findings[0].What, "destroyed") {
		t.Errorf("%+v", report.Findings)
	}
}

// TestARepairLeavesLockedFootageAsItIs damages the table of a segment whose key is not here: nothing is touched until it is.
func TestARepairLeavesLockedFootageAsItIs(t *testing.T) {
	r := protectedClosed(t)
	path := r.mp4s()[0]
	r.rewrite(path, func(b []byte) []byte { return b[:len(b)-100] })
	right, cut := r.root, bytes.Clone(r.disk.Content(path))
	r.close()
	r.root = keyring.NewRoot()
	r.must(r.open())
	report := r.check(LevelFiles, &CheckOptions{Repair: true})
	if len(report.Findings) != 1 || report.Findings[0].Done || !strings.Contains(report.Findings[0].Error, "without its key") {
		t.Errorf("%+v", report.Findings)
	}
	r.tend()
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	if len(segments) != 1 || segments[0].Open || !bytes.Equal(r.disk.Content(path), cut) {
		t.Errorf("after a repair without the key: %+v, %d bytes of %d", segments, len(r.disk.Content(path)), len(cut))
	}
	r.close()
	r.root = right
	r.must(r.open())
	if report := r.check(LevelFiles, &CheckOptions{Repair: true}); report.Left() > 0 {
		t.Errorf("with the key: %+v", report.Findings)
	}
	r.must(r.whole(never))
}
