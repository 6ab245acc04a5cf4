package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/storage/disk"
)

// TestDyingDiskIsAnAlarm gives a volume on a real directory a report on the disks under it.
func TestDyingDiskIsAnAlarm(t *testing.T) {
	dir, err := os.MkdirTemp(".", "volume-*") // on a disk, where /tmp may be memory
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	under, err := disk.Under(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(under) == 0 {
		t.Skip("the working directory lies on no block device")
	}
	now := time.Now()
	for _, c := range []struct {
		name, report, alarm string
		disks               int
	}{
		{"no helper", "", "", 0},
		{"sound", `"smart":{"smart_status":{"passed":true}}`, "", 1},
		{"failing", `"smart":{"smart_status":{"passed":false}}`, "is failing: it predicts its own failure", 1},
		{"worn", `"smart":{"smart_status":{"passed":true},"nvme_smart_health_information_log":{"percentage_used":91}}`, "is worn: 91 %", 1},
		{"pending", `"smart":{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[{"id":197,"raw":{"value":2}}]}}`, "has 2 sectors", 1},
		{"nonsense", `"smart":7`, "cannot be read", 0},
		{"old", "old", "Nobody has asked", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "disks.json")
			at := now
			if c.report == "old" {
				at, c.report = now.Add(-diskStale-time.Minute), `"smart":null`
			}
			if c.report != "" {
				text := fmt.Sprintf(`{"format":1,"at":%q,"disks":[{"device":%q,"name":"sda",%s},{"device":"999:999","name":"other","state":"offline"}]}`, at.UTC().Format(time.RFC3339), under[0], c.report)
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err := Open(Options{Index: filepath.Join(t.TempDir(), "index.db"), Volumes: []VolumeOptions{{Path: filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-")), MinFree: 1}}, Disks: file})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.tend(t.Context(), s.vols[0])
			if n := len(s.Volumes()[0].Disks); n != c.disks {
				t.Errorf("%d disks are known", n)
			}
			var said string
			for _, a := range s.Alarms() {
				if strings.HasPrefix(a.ID, "disk") {
					said += a.What
				}
			}
			if (said == "") != (c.alarm == "") || !strings.Contains(said, c.alarm) {
				t.Errorf("said %q, want %q", said, c.alarm)
			}
		})
	}
}
