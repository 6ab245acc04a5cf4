package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc/PID/stat: USER_HZ, which Linux fixes at 100 for user space.
const tick = 10 * time.Millisecond

// usage is what processes have used so far.
type usage struct {
	at      time.Time
	cpu     time.Duration // user and system
	memory  int64         // bytes, shared pages counted in proportion (PSS)
	written int64         // bytes handed to the disk
}

// use adds up what the processes have used.
func use(pids []int) (u usage, err error) {
	u.at = time.Now()
	for _, pid := range pids {
		cpu, err := cpuOf(pid)
		if err != nil {
			return u, err
		}
		memory, err := field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
		if err != nil {
			return u, err
		}
		written, err := field(fmt.Sprintf("/proc/%d/io", pid), "write_bytes:")
		if err != nil {
			return u, err
		}
		u.cpu, u.memory, u.written = u.cpu+cpu, u.memory+memory<<10, u.written+written
	}
	return u, nil
}

// cpuOf reads fields 14 and 15 of /proc/PID/stat; the name in field 2 may hold spaces.
func cpuOf(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(f) < 13 {
		return 0, fmt.Errorf("read cpu time of %d: %d fields", pid, len(f))
	}
	user, err := strconv.ParseInt(f[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// field reads the number behind a name in a file of /proc.
func field(path, name string) (int64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == name {
			return strconv.ParseInt(f[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, name)
}
