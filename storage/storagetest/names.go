package storagetest

import (
	"maps"
	"math/rand/v2"
)

// naming is a change of names: a creation, a removal or a rename. Whatever is written back of it is written in one piece, as
// every file system with a journal does.
type naming struct {
	sets   []nameChange
	synced bool // one of its directories was synced since: all of it is on the disk
}

// nameChange is what a change does to one directory: a name gets a node, or goes when the node is nil.
type nameChange struct {
	dir  *inode
	name string
	node *inode
}

// rename changes names at once and remembers that it is not synced.
func rename(sets ...nameChange) {
	change := &naming{sets: sets}
	for i, s := range sets {
		s.apply(s.dir.children)
		if i == 0 || s.dir != sets[0].dir {
			s.dir.unsynced = append(s.dir.unsynced, change)
		}
	}
}

func (s nameChange) apply(entries map[string]*inode) {
	if s.node == nil {
		delete(entries, s.name)
		return
	}
	entries[s.name] = s.node
}

// syncNames makes the names of a directory durable.
func (n *inode) syncNames() {
	for _, c := range n.unsynced {
		c.synced = true
	}
	n.kept, n.unsynced = maps.Clone(n.children), nil
}

// fates are what became of each change of names: a rename from one directory to another is in both or in neither.
type fates map[*naming]bool

// names are the entries of a directory that survive. Under Mixed, each directory draws for itself, whatever becomes of the
// data of the files in it and of other directories: none of its changes, all, those up to a moment, as a journal that is
// written in order leaves them, or any, as file systems do that write a directory's blocks by themselves.
func (n *inode) names(s Survival, random *rand.Rand, made fates) map[string]*inode {
	switch s {
	case All:
		return n.children
	case Synced:
		return n.kept
	}
	entries, draw, end := maps.Clone(n.kept), random.IntN(4), random.IntN(len(n.unsynced)+1)
	for i, c := range n.unsynced {
		survives, known := made[c]
		if !known {
			survives = c.synced || [...]bool{false, true, i < end, random.IntN(2) == 0}[draw]
			made[c] = survives
		}
		if !survives {
			continue
		}
		for _, s := range c.sets {
			if s.dir == n {
				s.apply(entries)
			}
		}
	}
	return entries
}
