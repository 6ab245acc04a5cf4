package durable

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What is reserved is taken, in whichever pieces the file system is asked for it, and nobody sees it in the file's size.
func TestAllocateTakesSpaceBeyondTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	file, err := OS.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const first, all = 5 << 20, 77<<20 + 12<<10
	for _, part := range [][2]int64{{0, first}, {first, all}} {
		if err := file.Allocate(part[0], part[1]); err != nil {
			t.Skipf("this file system reserves no space: %v", err)
		}
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil {
			t.Fatal(err)
		}
		if got := st.Blocks * 512; got < part[1] || got > part[1]+1<<20 {
			t.Errorf("up to %d bytes were asked for, %d are reserved", part[1], got)
		}
		if size, err := file.Size(); err != nil || size != 0 {
			t.Errorf("size %d, %v", size, err)
		}
	}
}
