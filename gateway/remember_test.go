package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

// The index is lost, and the disk is not mounted at the next start: its empty mount point does not become a new volume, which would
// fill the system's disk and have the real one refused when it is back.
func TestMountPointIsNotTakenForTheVolumeWhenTheIndexIsLost(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	dir := t.TempDir()
	conf := fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q}\n", cam.URL("main"))
	r := startIn(t, dir, conf)
	r.recorded("door", time.Second)
	volume, away, id := r.loseVolume(dir)
	r = startIn(t, dir, conf)
	r.await("the refusal", func() bool {
		st := r.g.store.Volumes()[0]
		return st.State == storage.VolumeMissing && st.ID == id && st.Cause != ""
	})
	if list, err := os.ReadDir(volume); err != nil || len(list) > 0 {
		t.Errorf("the mount point has %v, %v", list, err)
	}
	for _, err := range []error{os.Remove(volume), os.Rename(away, volume)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.await("the volume", func() bool {
		return r.g.store.Volumes()[0].State == storage.VolumeOK && r.g.store.Volumes()[0].ID == id
	})
	r.recorded("door", time.Second)
	if l := r.spans("door"); len(l) == 0 || l[0].Kind != "recorded" {
		t.Errorf("the timeline is %+v", l)
	}
}

// loseVolume ends the gateway, takes its index and its volume away, and leaves an empty directory where the volume was, once it is known which
// volume that is.
func (r *running) loseVolume(dir string) (volume, away, id string) {
	r.t.Helper()
	volume, away, id = filepath.Join(dir, "volume"), filepath.Join(dir, "away"), r.g.store.Volumes()[0].ID
	r.await("the volume to be remembered", func() bool {
		kept, err := r.g.state.keptVolumes()
		return err == nil && kept[volume].ID == id
	})
	r.end()
	for _, err := range []error{os.Remove(filepath.Join(dir, "data", "index.db")), os.Rename(volume, away), os.Mkdir(volume, 0o700)} {
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return volume, away, id
}
