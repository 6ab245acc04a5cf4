package storagetest

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
)

// Changes tells whether the n-th operation changes what is on the disk. One that does not, fails after it took effect as it
// fails before; a disk that is full does not refuse it; and a crash at it leaves what a crash at the next leaves.
func (d *Disk) Changes(n int) bool {
	op, _, _ := strings.Cut(d.Op(n), " ")
	return changes(op)
}

func changes(op string) bool {
	return !slices.Contains([]string{"open", "openread", "read", "readdir", "stat", "fstat", "statfs", "samefile", "close", "none"}, op)
}

// copy is a disk of its own with what this one has, what is not synced included. Caller holds mu.
func (d *Disk) copy() *Disk {
	seen := map[*inode]*inode{}
	c := New(d.total)
	c.ops = d.ops
	c.top = d.top.copy(seen, map[*naming]*naming{})
	if d.inFlight != nil {
		d.inFlight(seen)
	}
	return c
}

// copy gives the copy of a node, one of each.
func (n *inode) copy(seen map[*inode]*inode, namings map[*naming]*naming) *inode {
	if n == nil || seen[n] != nil {
		return seen[n]
	}
	c := &inode{dir: n.dir, data: slices.Clone(n.data), synced: slices.Clone(n.synced), pending: slices.Clone(n.pending), room: n.room}
	seen[n] = c
	if !n.dir {
		return c
	}
	c.children, c.kept = copyEntries(n.children, seen, namings), copyEntries(n.kept, seen, namings)
	for _, change := range n.unsynced {
		c.unsynced = append(c.unsynced, change.copy(seen, namings))
	}
	return c
}

func copyEntries(entries map[string]*inode, seen map[*inode]*inode, namings map[*naming]*naming) map[string]*inode {
	c := make(map[string]*inode, len(entries))
	for name, n := range entries {
		c[name] = n.copy(seen, namings)
	}
	return c
}

// copy keeps a change of names that two directories share one change.
func (c *naming) copy(seen map[*inode]*inode, namings map[*naming]*naming) *naming {
	if have := namings[c]; have != nil {
		return have
	}
	n := &naming{synced: c.synced}
	namings[c] = n
	for _, s := range c.sets {
		n.sets = append(n.sets, nameChange{s.dir.copy(seen, namings), s.name, s.node.copy(seen, namings)})
	}
	return n
}

// Sum is a digest of every name and every byte that a program would read: two disks of the same sum, on which all is synced,
// are the same disk.
func (d *Disk) Sum() [sha256.Size]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.top.sum()
}

func (n *inode) sum() [sha256.Size]byte {
	if !n.dir {
		return sha256.Sum256(n.data)
	}
	list := []byte{'/'}
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		c := n.children[name]
		sum := c.sum()
		list = binary.BigEndian.AppendUint32(list, uint32(len(name)))
		list = append(append(list, name...), sum[:]...)
		if c.dir {
			list = append(list, '/')
		}
	}
	return sha256.Sum256(list)
}
