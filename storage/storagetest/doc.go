// Package storagetest is disks that fail, fill, vanish, hang and lose power, for tests of the recording engine.
//
// A Disk keeps apart what a program sees and what would survive a power cut: written data survives once its file was
// synced, names once their directory was. It is stricter than any real file system: nothing is durable that POSIX does
// not promise. After a sync that failed, the data it was to write is gone for good although it can still be read, and the
// next sync succeeds over the loss, as Linux does since 2018.
//
// Every call is one numbered operation. Inject makes the n-th fail, fail after it took effect, or be the last before the
// power goes; After gives the disk as it is found then, under a Survival that says what became of what was not synced. Under
// Mixed each directory and each file draws for itself: a name may be there while the data of its file, or the name beside it
// that was made before, is not.
//
// Befall, or Inject from an operation on, has a disk be dead, read-only, full, unmounted or without an answer, until Mend or
// Return make it well again.
//
// Mounts is the file system of a machine with several disks. What befalls one leaves the others alone; when the power of the
// machine goes, each draws for itself. Before gives what a crash at each operation leaves, from one run.
//
// Disks are safe for concurrent use. They hold everything in memory and are meant for some megabytes.
package storagetest
