package audit

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// forest is the complete subtrees over a run of leaves, by level: forest[l][n] is the root over the leaves [n<<l, (n+1)<<l).
// It only grows at the ends, so that a copy of its slices stays what it was.
type forest [][]tlog.Hash

// add appends a leaf and the subtrees that it completes.
func (f *forest) add(h tlog.Hash) {
	for level := 0; ; level++ {
		if level == len(*f) {
			*f = append(*f, nil)
		}
		row := append((*f)[level], h)
		(*f)[level] = row
		if len(row)%2 != 0 {
			return
		}
		h = tlog.NodeHash(row[len(row)-2], h)
	}
}

func (f forest) get(level int, n int64) (tlog.Hash, bool) {
	if level >= len(f) || n < 0 || n >= int64(len(f[level])) {
		return tlog.Hash{}, false
	}
	return f[level][n], true
}

// leaves are the hashes of the bottom row.
func (f forest) leaves() []tlog.Hash {
	if len(f) == 0 {
		return nil
	}
	return f[0]
}

// tree is the hash tree over all entries. Its leaves lie in chunks of 1<<level; of a full chunk only the root is in memory, and
// its leaves are loaded when they are asked for. It only grows: a clone stays what it was.
type tree struct {
	level int // constant
	size  int64
	upper forest // over the roots of full chunks
	last  forest // the chunk that is being filled
	load  func(chunk int64) ([]tlog.Hash, error)
}

// add appends the hash of an entry, and gives the leaves of its chunk so far. With the last the chunk is full.
func (t *tree) add(h tlog.Hash) (leaves []tlog.Hash) {
	t.last.add(h)
	t.size++
	leaves = t.last.leaves()
	if root, full := t.last.get(t.level, 0); full {
		t.upper.add(root)
		t.last = nil
	}
	return leaves
}

// addChunk appends a full chunk by its root.
func (t *tree) addChunk(root tlog.Hash) {
	t.upper.add(root)
	t.size += 1 << t.level
}

// clone is the tree as it is now.
func (t *tree) clone() *tree {
	c := *t
	c.upper, c.last = slices.Clone(t.upper), slices.Clone(t.last)
	return &c
}

// root is the tree's hash over the first n entries, n at most the size.
func (t *tree) root(n int64) (tlog.Hash, error) {
	if n > t.size {
		return tlog.Hash{}, fmt.Errorf("the log has %d entries, not %d", t.size, n)
	}
	return tlog.TreeHash(n, t.reader())
}

// reader is a tlog.HashReader that loads each chunk at most once.
func (t *tree) reader() tlog.HashReader {
	loaded := map[int64]forest{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			h, err := t.node(index, loaded)
			if err != nil {
				return nil, err
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}

func (t *tree) node(index int64, loaded map[int64]forest) (tlog.Hash, error) {
	level, n := tlog.SplitStoredHashIndex(index)
	if level >= t.level {
		if h, ok := t.upper.get(level-t.level, n); ok {
			return h, nil
		}
		return tlog.Hash{}, fmt.Errorf("the tree has no node %d at level %d", n, level)
	}
	chunk, within := n>>(t.level-level), n&(1<<(t.level-level)-1)
	f, err := t.chunk(chunk, loaded)
	if err != nil {
		return tlog.Hash{}, err
	}
	if h, ok := f.get(level, within); ok {
		return h, nil
	}
	return tlog.Hash{}, fmt.Errorf("the tree has no node %d at level %d", n, level)
}

// chunk gives the subtrees of a chunk.
func (t *tree) chunk(chunk int64, loaded map[int64]forest) (forest, error) {
	if chunk == t.size>>t.level {
		return t.last, nil
	}
	if f, ok := loaded[chunk]; ok {
		return f, nil
	}
	leaves, err := t.load(chunk)
	if err != nil {
		return nil, err
	}
	var f forest
	for _, h := range leaves {
		f.add(h)
	}
	root, _ := f.get(t.level, 0)
	if known, ok := t.upper.get(0, chunk); !ok || root != known {
		return nil, fmt.Errorf("the hashes of the entries from %d on are damaged", chunk<<t.level)
	}
	loaded[chunk] = f
	return f, nil
}

// leaf is the hash of an entry.
func (t *tree) leaf(seq int64) (tlog.Hash, error) {
	return t.node(tlog.StoredHashIndex(0, seq), map[int64]forest{})
}
