package storage

import (
	"errors"
	"fmt"
	"io"

	"holdfast/storage/internal/durable"
)

// careful is a file whose content is to be judged. What a disk could not read must not be taken for what a crash left
// behind: footage would be cut off or removed.
type careful struct {
	durable.File
	v   *volume
	err error // of the first read that failed
}

// ReadAt notes that the volume is asked, and whether it answered.
func (c *careful) ReadAt(p []byte, off int64) (int, error) {
	defer c.v.answered(c.v.asks())
	n, err := c.File.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && c.err == nil {
		c.err = fmt.Errorf("read: %w", err)
	}
	return n, err
}
