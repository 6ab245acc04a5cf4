package fmp4

import (
	"fmt"
	"io"

	"github.com/Eyevinn/mp4ff/mp4"
)

const (
	mfroBytes = 16
	// tailRead is read from a segment's end first: it holds the trailer of five minutes of 25
	// pictures a second with sound, so that a table costs one read.
	tailRead = 96 << 10
)

// AppendTrailer appends the table box and mfra, which are the end of a closed segment. They are to be
// written at t.Next().
func AppendTrailer(dst []byte, t *Table) []byte {
	return appendMFRA(t.appendBox(dst), t)
}

// appendMFRA appends the boxes that list where decoding can start.
func appendMFRA(dst []byte, t *Table) []byte {
	mfra := &mp4.MfraBox{}
	if v := t.Video(); v >= 0 {
		_ = mfra.AddChild(t.randomAccess(v))
	}
	mfro := &mp4.MfroBox{}
	_ = mfra.AddChild(mfro)
	mfro.ParentSize = uint32(mfra.Size())
	return appendBox(dst, mfra)
}

// randomAccess lists the sync samples of track i (ISO/IEC 14496-12, 8.8.10): their presentation time
// in the media, the moof, and where in it.
func (t *Table) randomAccess(i int) *mp4.TfraBox {
	b := &mp4.TfraBox{Version: 1, TrackID: t.tracks[i].ID, LengthSizeOfTrafNum: 0, LengthSizeOfTrunNum: 0, LengthSizeOfSampleNum: 3}
	for n, m := range t.Samples(i, 0) {
		if !m.Sync {
			continue
		}
		from, _ := t.samplesOf(m.Fragment, i)
		b.Entries = append(b.Entries, mp4.TfraEntry{
			Time: uint64(max(m.PTS(), 0)), MoofOffset: uint64(t.frags[m.Fragment].Offset),
			TrafNumber: t.trafNumber(m.Fragment, i), TrunNumber: 1, SampleNumber: uint32(n-from) + 1,
		})
	}
	return b
}

// trafNumber is the position of track i's traf in fragment f, from 1.
func (t *Table) trafNumber(f, i int) uint32 {
	n := uint32(1)
	for k := range i {
		if from, to := t.samplesOf(f, k); from < to {
			n++
		}
	}
	return n
}

// ReadTable reads the table of a closed segment of size bytes from its end: one read, two when the
// trailer is larger than tailRead. An open or torn segment gives an error; ScanFragments reads those.
func ReadTable(r io.ReaderAt, size int64) (*Table, error) {
	at := max(0, size-tailRead)
	tail, err := readAtMost(r, at, size-at)
	if err != nil {
		return nil, fmt.Errorf("read sample table: %w", err)
	}
	end, length, err := findTable(tail, size)
	if err != nil {
		return nil, err
	}
	start := end - length
	if start < at {
		if tail, err = readAtMost(r, start, length); err != nil {
			return nil, fmt.Errorf("read sample table: %w", err)
		}
		at = start
	}
	if end-at > int64(len(tail)) {
		return nil, fmt.Errorf("read sample table: cut off")
	}
	t, err := ParseTable(tail[start-at : end-at])
	if err != nil {
		return nil, err
	}
	if t.next != start {
		return nil, fmt.Errorf("read sample table: the fragments end at %d, the table begins at %d", t.next, start)
	}
	return t, nil
}

// findTable finds the end and length of the table box from the last bytes of a file of size bytes.
func findTable(tail []byte, size int64) (end, length int64, err error) {
	n := int64(len(tail))
	if n < mfroBytes || string(tail[n-mfroBytes+4:n-mfroBytes+8]) != "mfro" {
		return 0, 0, fmt.Errorf("read sample table: no mfro at the end")
	}
	mfra := int64(be.Uint32(tail[n-4:]))
	if mfra < boxHeader+mfroBytes || mfra+8 > n {
		return 0, 0, fmt.Errorf("read sample table: mfra of %d bytes", mfra)
	}
	end = size - mfra
	stated := be.Uint64(tail[n-mfra-8:])
	if stated < uuidBytes || stated > maxTable || int64(stated) > end {
		return 0, 0, fmt.Errorf("read sample table: table of %d bytes", stated)
	}
	return end, int64(stated), nil
}
