package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// lockTime is how long another process may hold the index before it counts as running.
const lockTime = 2 * time.Second

// openDB opens index.db. One that is torn is moved aside, and a new one begun, which is then rebuilt from the volumes: an
// index is a view, and a recorder must come back from a power cut without a person.
func openDB(path string) (db *bbolt.DB, aside string, err error) {
	options := &bbolt.Options{Timeout: lockTime, FreelistType: bbolt.FreelistMapType}
	torn := tornIndex(path)
	if torn == nil {
		db, err = bbolt.Open(path, 0o600, options)
		switch {
		case err == nil:
			return db, "", nil
		case errors.Is(err, bbolterrors.ErrTimeout):
			return nil, "", fmt.Errorf("open %s: another holdfast process uses it", path)
		case !errors.Is(err, bbolterrors.ErrInvalid) && !errors.Is(err, bbolterrors.ErrChecksum):
			return nil, "", fmt.Errorf("open %s: %w", path, err)
		}
	}
	aside = path + ".torn-" + time.Now().UTC().Format("20060102T150405Z")
	if err := os.Rename(path, aside); err != nil {
		return nil, "", fmt.Errorf("move torn index aside: %w", err)
	}
	db, err = bbolt.Open(path, 0o600, options)
	if err != nil {
		return nil, "", fmt.Errorf("open %s: %w", path, err)
	}
	return db, aside, nil
}

// The layout of bbolt's first two pages, each a header and what the database is: magic, version, page size, flags, root
// bucket, free list, number of pages, transaction, checksum.
const (
	metaAt    = 16 // bytes into the page
	metaSize  = 64
	metaMagic = 0xED0CDAED
)

var errTorn = errors.New("the index is shorter than it says, or says nothing")

// tornIndex tells whether an index is too short for what it says. bbolt maps the file, and a page beyond its end kills
// the process.
func tornIndex(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return nil // opening it says what is wrong
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil // bbolt begins an empty file anew
	}
	return checkMetas(f, info.Size())
}

// checkMetas looks at both metas of a database of size bytes.
func checkMetas(f io.ReaderAt, size int64) error {
	order := binary.NativeEndian
	page := int64(os.Getpagesize())
	var newest, pages uint64
	some := false
	for i := range int64(2) {
		b := make([]byte, metaSize)
		if _, err := f.ReadAt(b, i*page+metaAt); err != nil {
			return errTorn
		}
		if order.Uint32(b) != metaMagic {
			continue
		}
		sum := fnv.New64a()
		sum.Write(b[:metaSize-8])
		if sum.Sum64() != order.Uint64(b[metaSize-8:]) {
			continue
		}
		if p := int64(order.Uint32(b[8:])); p != page { // made on a machine of other pages: bbolt looks for it itself
			return nil
		}
		if txid := order.Uint64(b[48:]); !some || txid > newest {
			some, newest, pages = true, txid, order.Uint64(b[40:])
		}
	}
	if !some || pages > uint64(size/page) {
		return errTorn
	}
	return nil
}
