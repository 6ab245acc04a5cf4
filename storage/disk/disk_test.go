package disk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What smartctl 7.3 prints of three disks, shortened to what is read and some that is not.
const (
	smartSATA = `{"json_format_version":[1,0],"model_name":"WDC WD40PURX","smart_status":{"passed":true},"ata_smart_attributes":{"revision":16,"table":[
		{"id":5,"name":"Reallocated_Sector_Ct","value":200,"worst":200,"thresh":140,"raw":{"value":3,"string":"3"}},
		{"id":197,"name":"Current_Pending_Sector","value":200,"worst":200,"thresh":0,"raw":{"value":8,"string":"8"}}]},
		"power_on_time":{"hours":31337},"temperature":{"current":38}}`
	smartSSD = `{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[
		{"id":177,"name":"Wear_Leveling_Count","value":7,"worst":7,"thresh":5,"raw":{"value":930,"string":"930"}}]},"temperature":{"current":41}}`
	smartNVMe = `{"smart_status":{"passed":false},"nvme_smart_health_information_log":{"critical_warning":4,"temperature":55,"percentage_used":104,"media_errors":2},
		"power_on_time":{"hours":20},"temperature":{"current":55}}`
)

func TestReportTellsWhatDisksSay(t *testing.T) {
	text := fmt.Sprintf(`{"format":1,"at":"2026-10-25T00:59:50Z","disks":[
		{"device":"8:0","name":"sda","model":"WDC WD40PURX","rotational":true,"state":"running","smart":%s},
		{"device":"8:16","name":"sdb","model":"","rotational":false,"state":"running","smart":%s},
		{"device":"259:0","name":"nvme0n1","model":"Tin\u0007y\n","rotational":false,"state":"live","smart":%s},
		{"device":"8:32","name":"sdc","model":"","rotational":true,"state":"offline","smart":null},
		{"device":"8:48","name":"sdd","model":"","rotational":true,"state":"","smart":null}]}`, smartSATA, smartSSD, smartNVMe)
	r, err := ParseReport([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Health{
		{Device: "8:0", Name: "sda", Model: "WDC WD40PURX", Rotational: true, State: Passed, Wear: -1, Temperature: 38, Hours: 31337, Pending: 8, Reallocated: 3},
		{Device: "8:16", Name: "sdb", State: Passed, Wear: 93, Temperature: 41},
		{Device: "259:0", Name: "nvme0n1", Model: "Tiny", State: Failing, Why: "it warns of itself (critical warning 0x4)", Wear: 104, Temperature: 55, Hours: 20, Pending: 2},
		{Device: "8:32", Name: "sdc", Rotational: true, State: Failing, Why: "the kernel says that it is offline", Wear: -1},
		{Device: "8:48", Name: "sdd", Rotational: true, State: Unknown, Wear: -1},
	}
	if !slices.Equal(r.Disks, want) {
		t.Errorf("got\n%+v\nwant\n%+v", r.Disks, want)
	}
	if worn := r.Disks[0].Worn() || !r.Disks[1].Worn() || !r.Disks[2].Worn(); worn {
		t.Error("the wrong disks are worn")
	}
	if !r.At.Equal(time.Date(2026, 10, 25, 0, 59, 50, 0, time.UTC)) {
		t.Errorf("made at %v", r.At)
	}
}

func TestReportThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"", "{", `{"format":2,"at":"2026-10-25T00:59:50Z"}`, `{"format":1}`, `{"format":1,"at":"yesterday"}`,
		`{"format":1,"at":"2026-10-25T00:59:50Z","disks":[{"device":"../../etc"}]}`,
		`{"format":1,"at":"2026-10-25T00:59:50Z","disks":[` + strings.Repeat(`{"device":"8:0"},`, maxDisks) + `{"device":"8:0"}]}`,
		strings.Repeat(" ", MaxReport+1)} {
		if r, err := ParseReport([]byte(text)); err == nil {
			t.Errorf("%.60q gave %+v", text, r)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"format":1,"at":"2026-10-25T00:59:50Z","disks":[{"device":"8:0","smart":` + smartSATA + `},{"device":"8:1","smart":` + smartNVMe + `}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReport(data)
		if err != nil {
			return
		}
		if len(r.Disks) > maxDisks {
			t.Fatalf("%d disks", len(r.Disks))
		}
		for _, d := range r.Disks {
			if len(d.Name) > maxText || len(d.Model) > maxText || strings.ContainsAny(d.Model+d.Name+d.Why, "\n\r\x1b") || d.Wear < -1 || d.Pending < 0 {
				t.Fatalf("%+v", d)
			}
		}
	})
}

// tree makes a /sys in which dev (a partition, or a mapped device) stands on disks.
func tree(t *testing.T, dev string) string {
	t.Helper()
	sys := t.TempDir()
	make := func(dir, dev string, also ...string) {
		if err := os.MkdirAll(filepath.Join(sys, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"dev": dev + "\n"} {
			if err := os.WriteFile(filepath.Join(sys, dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range also {
			if err := os.WriteFile(filepath.Join(sys, dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(to, name string) {
		name = filepath.Join(sys, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(sys, to), name); err != nil {
			t.Fatal(err)
		}
	}
	make("devices/sda", "8:0")
	make("devices/sda/sda1", "8:1", "partition")
	make("devices/sdb", "8:16")
	make("devices/sdb/sdb1", "8:17", "partition")
	make("devices/md0", dev)
	link("devices/sda/sda1", "devices/md0/slaves/sda1")
	link("devices/sdb/sdb1", "devices/md0/slaves/sdb1")
	link("devices/md0", "dev/block/"+dev)
	return sys
}

func TestDisksUnderAMirrorAreFound(t *testing.T) {
	dir := t.TempDir()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	sys := tree(t, fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev)))
	list, err := under(sys, dir)
	if err != nil || !slices.Equal(list, []string{"8:0", "8:16"}) {
		t.Errorf("found %v, %v", list, err)
	}
	if list, err := under(t.TempDir(), dir); err != nil || len(list) > 0 {
		t.Errorf("a file system without a block device is on %v, %v", list, err)
	}
	if _, err := Under(filepath.Join(dir, "gone")); err == nil {
		t.Error("a directory that is not there lies on disks")
	}
}

// TestHelperWritesWhatIsRead runs root's helper on a /sys of three devices with a smartctl that answers, hangs up or is silent.
func TestHelperWritesWhatIsRead(t *testing.T) {
	sys, bin, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "made", "disks.json")
	for path, text := range map[string]string{
		"block/sda/dev": "8:0\n", "block/sda/device/model": "WDC \"WD40PURX\"   \n", "block/sda/device/state": "running\n", "block/sda/queue/rotational": "1\n",
		"block/sdb/dev": "8:16\n", "block/sdb/device/state": "running\n", "block/sdb/queue/rotational": "0\n",
		"block/loop0/dev": "7:0\n"} {
		path = filepath.Join(sys, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fake := "#!/bin/sh\ncase \"$*\" in *sda) printf '%s' '" + smartSATA + "'; exit 64;; *) echo 'no such disk' >&2; exit 2;; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "smartctl"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("bash", "../../scripts/disk-health", file)
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOLDFAST_SYS="+sys)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r, err := ReadReport(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []Health{
		{Device: "8:0", Name: "sda", Model: "WDC WD40PURX", Rotational: true, State: Passed, Wear: -1, Temperature: 38, Hours: 31337, Pending: 8, Reallocated: 3},
		{Device: "8:16", Name: "sdb", State: Unknown, Wear: -1},
	}
	if !slices.Equal(r.Disks, want) {
		t.Errorf("got\n%+v\nwant\n%+v", r.Disks, want)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the report lies something: %v, %v", left, err)
	}
}
