package auth

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// Breached is a list of leaked passwords that the operator keeps: the file that the downloader of Pwned Passwords makes,
// "pwned-passwords-sha1-ordered-by-hash": one line HASH:COUNT for each, HASH the SHA-1 in 40 hexadecimal digits, sorted.
// It may have any size, 40 GB say, since it is searched on disk and never loaded, and any prefix of the hash of at least
// minPrefix digits is as good as the whole. Nothing about a password leaves the machine.
//
// The file is opened at each use, so that it may be replaced at any time by renaming another into its place.
type Breached struct {
	path string      // constant
	tell func(error) // constant
}

const (
	minPrefix = 12 // hexadecimal digits: 1 in 280,000 good passwords would be refused with a list of a billion
	hashBegin = 40 // hexadecimal digits of a whole hash
	maxLine   = 80 // bytes of a line, its end included
)

var errBreached = errors.New("it is not a list of SHA-1 hashes in order, one in a line as HASH:COUNT")

// OpenBreached takes the file of that name, whether or not it is there. tell is called now, and whenever a password was
// looked up: with what kept the file from being read, or nil.
func OpenBreached(path string, tell func(error)) *Breached {
	b := &Breached{path: path, tell: tell}
	_, err := b.Has("")
	tell(err)
	return b
}

// Has tells whether the list holds a password. It reads some 40 lines.
func (b *Breached) Has(password string) (bool, error) {
	sum := sha1.Sum([]byte(password))
	return b.has(bytes.ToUpper([]byte(hex.EncodeToString(sum[:]))))
}

// leaked is Has for who cannot wait for the operator: when the file cannot be read, a password is judged without it, so
// that nobody has to keep one that somebody else knows.
func (b *Breached) leaked(password string) bool {
	found, err := b.Has(password)
	b.tell(err)
	return found
}

func (b *Breached) has(hash []byte) (bool, error) {
	file, err := os.Open(b.path)
	if err != nil {
		return false, fmt.Errorf("open list of leaked passwords: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("open list of leaked passwords: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return false, fmt.Errorf("read list of leaked passwords %s: %w", b.path, errBreached)
	}
	found, err := searchLines(file, info.Size(), hash)
	if err != nil {
		return false, fmt.Errorf("read list of leaked passwords %s: %w", b.path, err)
	}
	return found, nil
}

// searchLines looks for a hash among sorted lines of which it knows no more than the size of the whole. All lines that
// begin at or after low and before high are still to be looked at.
func searchLines(r io.ReaderAt, size int64, hash []byte) (bool, error) {
	for low, high := int64(0), size; low < high; {
		middle := low + (high-low)/2
		start, line, err := lineAt(r, low, middle)
		if err != nil {
			return false, err
		}
		prefix, err := prefixOf(line)
		if err != nil {
			return false, err
		}
		switch order := bytes.Compare(prefix, hash[:len(prefix)]); {
		case order == 0:
			return true, nil
		case order < 0:
			low = start + int64(len(line))
		default:
			high = start
		}
	}
	return false, nil
}

// lineAt gives the line, its end included, in which the byte at middle is. One begins at low.
func lineAt(r io.ReaderAt, low, middle int64) (start int64, line []byte, err error) {
	from := max(low, middle-maxLine)
	var buffer [2 * maxLine]byte
	n, err := r.ReadAt(buffer[:], from)
	if err != nil && err != io.EOF {
		return 0, nil, err
	}
	text, at := buffer[:n], int(middle-from)
	if at >= n {
		return 0, nil, errBreached // the file was cut meanwhile
	}
	begin := bytes.LastIndexByte(text[:at], '\n') + 1
	if begin == 0 && from > low {
		return 0, nil, errBreached
	}
	length := bytes.IndexByte(text[begin:], '\n') + 1
	if length == 0 {
		length = n - begin // the last line has no end
	}
	if length > maxLine {
		return 0, nil, errBreached
	}
	return from + int64(begin), text[begin : begin+length], nil
}

// prefixOf gives the hash that a line begins with, in capital digits.
func prefixOf(line []byte) ([]byte, error) {
	digits, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
	digits = bytes.ToUpper(digits)
	if len(digits) < minPrefix || len(digits) > hashBegin || len(bytes.Trim(digits, "0123456789ABCDEF")) > 0 {
		return nil, errBreached
	}
	return digits, nil
}
