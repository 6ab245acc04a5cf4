// Package disk tells how the disks under a volume are.
//
// # Contract
//
// Asking a disk for its health needs rights that a recorder must not have. So a helper of root's (scripts/disk-health, run
// by a timer) asks, and leaves a report in a directory of its own; this package reads it and finds out which of the disks
// in it a directory lies on. Without a report nothing is known, which is no error.
//
// # The report
//
// One JSON object of at most MaxReport bytes, put in place whole:
//
//	{"format": 1, "at": "2026-10-25T00:59:50Z", "disks": [
//	  {"device": "8:0", "name": "sda", "model": "…", "rotational": true, "state": "running", "smart": {…}}]}
//
// device is major:minor as the kernel has them, smart what `smartctl --json` says of the disk, or null where that is not
// installed or the disk does not answer it. It may be older than the disk's last trouble: At tells.
//
// # What it does not do
//
// It judges nothing but what disks say of themselves, and it cannot see through a network mount or a RAID controller.
package disk
