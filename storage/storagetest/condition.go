package storagetest

import (
	"math/rand/v2"
	"syscall"
)

// Befall has the disk be in a condition, Dies to Hangs, from now on.
func (d *Disk) Befall(m Mode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.befall(m)
}

// befall is Befall. Caller holds mu.
func (d *Disk) befall(m Mode) {
	d.condition = m
	if m == Fills {
		d.total = d.used()
	}
}

// Mend makes the disk well again as it is: what was written and not synced may be read and synced still. It also ends Break.
func (d *Disk) Mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mend()
}

// mend is Mend. Caller holds mu.
func (d *Disk) mend() {
	d.broken, d.condition, d.total = nil, Fails, d.size
	d.well.Broadcast()
}

// Return makes the disk well again as it comes back after it lost its power alone, or was mounted anew: of what was not synced
// is there what survived. Files that were open are stale.
func (d *Disk) Return(s Survival, random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.top = d.top.after(s, random, map[*inode]*inode{}, fates{})
	d.epoch++
	d.mend()
}

// refuses is the error that an operation returns for the disk's condition, nil when it is well. Caller holds mu.
func (d *Disk) refuses(op string) error {
	switch {
	case d.broken != nil:
		return d.broken
	case d.condition == Dies, d.condition == Vanishes:
		return syscall.EIO
	case d.condition == Protects && (changes(op) || op == "open"):
		return syscall.EROFS
	}
	return nil
}

// await waits while the disk hangs. Caller holds mu, which is not held meanwhile.
func (d *Disk) await() {
	d.well.L = d.mu
	for d.condition == Hangs {
		d.well.Wait()
	}
}

// unmounted tells whether the disk's place is empty.
func (d *Disk) unmounted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.condition == Vanishes
}
