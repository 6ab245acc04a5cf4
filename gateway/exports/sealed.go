package exports

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// nonceBytes begin a sealed file; what follows is AES-256 in counter mode, counted from there. What it holds is checked by its hash in the
// manifest: the encryption is there so that it cannot be read once its key is gone.
const nonceBytes = aes.BlockSize

// sealedWriter writes a file that only its job's key opens.
type sealedWriter struct {
	f      *os.File
	stream cipher.Stream
	buf    []byte
	n      int64
}

func createSealed(path string, key []byte) (*sealedWriter, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	var nonce [nonceBytes]byte
	rand.Read(nonce[:])
	clear(nonce[8:]) // 2^64 blocks before the count could reach another file's nonce
	if _, err := f.Write(nonce[:]); err != nil {
		f.Close()
		return nil, err
	}
	stream, err := counter(key, nonce, 0)
	return &sealedWriter{f: f, stream: stream}, err
}

// counter is the key stream of a file from a block on.
func counter(key []byte, nonce [nonceBytes]byte, block uint64) (cipher.Stream, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint64(nonce[8:], block)
	return cipher.NewCTR(b, nonce[:]), nil
}

func (w *sealedWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf[:0], p...)
	w.stream.XORKeyStream(w.buf, w.buf)
	n, err := w.f.Write(w.buf)
	w.n += int64(n)
	return n, err
}

// close makes the file durable.
func (w *sealedWriter) close() error { return errors.Join(w.f.Sync(), w.f.Close()) }

// sealedFile reads one.
type sealedFile struct {
	f     *os.File
	key   []byte
	nonce [nonceBytes]byte
	size  int64
}

func openSealed(path string, key []byte) (*sealedFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &sealedFile{f: f, key: key}
	info, err := f.Stat()
	if err == nil {
		s.size = info.Size() - nonceBytes
		_, err = f.ReadAt(s.nonce[:], 0)
	}
	if err != nil || s.size < 0 {
		f.Close()
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), errors.Join(err, io.ErrUnexpectedEOF))
	}
	return s, nil
}

// ReadAt reads in clear (io.ReaderAt).
func (s *sealedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off+nonceBytes)
	stream, fault := counter(s.key, s.nonce, uint64(off)/aes.BlockSize)
	if fault != nil {
		return 0, fault
	}
	var skip [aes.BlockSize]byte
	stream.XORKeyStream(skip[:off%aes.BlockSize], skip[:off%aes.BlockSize])
	stream.XORKeyStream(p[:n], p[:n])
	return n, err
}

func (s *sealedFile) Close() error { return s.f.Close() }

// replaceFile puts a file in place of another: written, synced, renamed, the directory synced.
func replaceFile(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
