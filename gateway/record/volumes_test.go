package record

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
	"holdfast/storage"
	"holdfast/storage/storagetest"
)

// Two volumes of three hang, one after the other, while a fragment is written to each. Both calls take effect in the end.
func TestRecordingLeavesVolumesThatDoNotAnswer(t *testing.T) {
	for name, begins := range map[string]bool{"in a segment": false, "between segments": true} {
		t.Run(name, func(t *testing.T) { leaveHangingVolumes(t, begins) })
	}
}

func leaveHangingVolumes(t *testing.T, begins bool) {
	index := filepath.Join(t.TempDir(), "index.db")
	paths := []string{"/a/volume", "/b/volume", "/c/volume"}
	synctest.Test(t, func(t *testing.T) {
		disk := storagetest.NewMounts(1<<30, paths...)
		k := &kit{t: t, began: time.Now().UTC()}
		var list []storage.VolumeOptions
		for _, p := range paths {
			list = append(list, storage.VolumeOptions{Path: p, MinFree: 1})
		}
		var err error
		if k.store, err = storage.Open(storage.Options{Index: index, FS: disk, Synchronised: func() bool { return true }, Volumes: list}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		k.stream = stream.New(stream.Options{Mono: func() rtsp.Mono { return rtsp.Mono(time.Since(start)) }})
		k.rec = New(Options{Camera: "door", Stream: "main", From: k.stream, Store: k.store})
		k.live(func(k *kit) {
			k.begin(1, "")
			k.play(10 * time.Second)
			first := k.volume()
			releaseFirst := disk.Hang(first)
			if begins {
				k.track = track(anotherSPS)
			}
			k.play(12 * time.Second)
			second := k.volume()
			releaseSecond := disk.Hang(second)
			k.play(12 * time.Second)
			third := k.volume()
			if first == second || second == third || third == first || k.rec.Status().State != Recording {
				t.Errorf("recording went from %s to %s to %s; it is %+v", first, second, third, k.rec.Status())
			}
			releaseFirst()
			k.play(5 * time.Second)
			releaseSecond()
			k.play(10 * time.Second)
			for _, v := range k.store.Volumes() {
				if v.State != storage.VolumeOK {
					t.Errorf("%s is %s: %s", v.Path, v.State, v.Cause)
				}
			}
			k.end()
			k.expect("0.00-49.00 recorded")
			k.once()
		})
	})
}

// volume is where the newest segment is.
func (k *kit) volume() string {
	segments, err := k.store.Segments("door", "main", k.began, time.Now())
	if err != nil || len(segments) == 0 {
		k.t.Fatal(err, len(segments))
	}
	dir := segments[len(segments)-1].Path
	for range 4 {
		dir = filepath.Dir(dir)
	}
	return dir
}
