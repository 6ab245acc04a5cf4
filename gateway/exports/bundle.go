package exports

import (
	"archive/zip"
	"fmt"
	"io"
	"sort"
	"time"
)

// Bundle is a package as one zip file, stored and not compressed, that exists only as it is read. Same package, same bytes.
type Bundle struct {
	*io.SectionReader
	pieces []piece
	open   []io.Closer
	Name   string    // of the file
	Made   time.Time // of the package
	SHA256 string    // of its manifest: two packages of the same one are the same bytes
}

// piece is a stretch of the zip file: bytes of the zip's own, or a file of the package.
type piece struct {
	at   int64
	size int64
	r    io.ReaderAt
}

// Close closes the files.
func (b *Bundle) Close() error {
	for _, c := range b.open {
		c.Close()
	}
	return nil
}

// bundling lays a zip file out: archive/zip writes its headers to it, and is told of the files' bytes without them.
type bundling struct {
	pieces []piece
	own    []byte // headers since the last file
	at     int64
	skip   bool
}

func (b *bundling) Write(p []byte) (int, error) {
	if !b.skip {
		b.own = append(b.own, p...)
	}
	return len(p), nil
}

// flush ends a stretch of headers.
func (b *bundling) flush() {
	if len(b.own) > 0 {
		b.add(readerAt(b.own), int64(len(b.own)))
		b.own = nil
	}
}

func (b *bundling) add(r io.ReaderAt, size int64) {
	b.pieces = append(b.pieces, piece{b.at, size, r})
	b.at += size
}

type readerAt []byte

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(r)) {
		return 0, io.EOF
	}
	n := copy(p, r[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// stored is one file as the zip file has it.
type stored struct {
	path string
	size int64
	crc  uint32
	r    io.ReaderAt
}

const largeFile = 1<<32 - 1

// layOut makes the zip file of files.
func layOut(dir string, made time.Time, files []stored) (*Bundle, error) {
	b := &bundling{}
	z := zip.NewWriter(b)
	nothing := make([]byte, 1<<20)
	for _, f := range files {
		h := &zip.FileHeader{Name: dir + "/" + f.path, Method: zip.Store, Modified: made.UTC(), CRC32: f.crc, CompressedSize64: uint64(f.size), UncompressedSize64: uint64(f.size)}
		h.SetMode(0o644)
		if f.size >= largeFile {
			h.Flags |= 8 // the sizes stand behind the file, where they have room
		}
		w, err := z.CreateRaw(h)
		if err == nil {
			err = z.Flush()
		}
		if err != nil {
			return nil, fmt.Errorf("lay out package: %w", err)
		}
		b.flush()
		b.skip = true
		for left := f.size; left > 0; left -= int64(len(nothing)) {
			if _, err := w.Write(nothing[:min(left, int64(len(nothing)))]); err != nil {
				return nil, fmt.Errorf("lay out package: %w", err)
			}
		}
		if err := z.Flush(); err != nil {
			return nil, fmt.Errorf("lay out package: %w", err)
		}
		b.skip = false
		b.add(f.r, f.size)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("lay out package: %w", err)
	}
	b.flush()
	out := &Bundle{pieces: b.pieces, Name: dir + ".zip", Made: made}
	out.SectionReader = io.NewSectionReader(pieces(b.pieces), 0, b.at)
	return out, nil
}

// pieces reads them as one.
type pieces []piece

func (list pieces) ReadAt(p []byte, off int64) (n int, err error) {
	i := sort.Search(len(list), func(i int) bool { return list[i].at+list[i].size > off })
	for ; i < len(list) && n < len(p); i++ {
		x := list[i]
		from := off + int64(n) - x.at
		part := p[n:min(int64(len(p)), int64(n)+x.size-from)]
		k, err := x.r.ReadAt(part, from)
		n += k
		if k < len(part) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
