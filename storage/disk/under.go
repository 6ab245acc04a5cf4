package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxDepth bounds how deep block devices may stand on each other: LUKS on LVM on RAID on partitions is four.
const maxDepth = 8

// Under gives the whole disks (major:minor) that a path lies on. A network mount, or what the kernel does not tell, gives
// none.
func Under(path string) ([]string, error) { return under("/sys", path) }

func under(sys, path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find disk of %s: %w", path, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errors.New("find disk: the system does not tell devices")
	}
	dev := fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	dir, err := filepath.EvalSymlinks(filepath.Join(sys, "dev", "block", dev))
	if err != nil {
		return nil, nil // no block device: a network or memory file system, or one of several devices that hides them
	}
	var list []string
	descend(dir, 0, &list)
	slices.Sort(list)
	return slices.Compact(list), nil
}

// descend follows a block device in /sys to the disks below it.
func descend(dir string, depth int, list *[]string) {
	if depth > maxDepth {
		return
	}
	if _, err := os.Stat(filepath.Join(dir, "partition")); err == nil {
		descend(filepath.Dir(dir), depth+1, list)
		return
	}
	slaves, err := os.ReadDir(filepath.Join(dir, "slaves"))
	if err == nil && len(slaves) > 0 {
		for _, s := range slaves {
			if below, err := filepath.EvalSymlinks(filepath.Join(dir, "slaves", s.Name())); err == nil {
				descend(below, depth+1, list)
			}
		}
		return
	}
	if dev, err := os.ReadFile(filepath.Join(dir, "dev")); err == nil {
		*list = append(*list, strings.TrimSpace(string(dev)))
	}
}
