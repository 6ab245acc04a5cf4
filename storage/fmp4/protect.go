package fmp4

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/mp4"
)

const (
	schemeVersion = 0x00010000 // of cenc (ISO/IEC 23001-7, 4.1)
	useSubsamples = 0x000002   // senc's flag
)

// protectEntry turns a sample entry into the protected one of the same content (ISO/IEC 14496-12, 8.12): its type
// becomes encv, enca or encm, and a sinf says what it was and which key is needed.
func protectEntry(entry mp4.Box, kid [16]byte) mp4.Box {
	sinf := &mp4.SinfBox{}
	sinf.AddChild(&mp4.FrmaBox{DataFormat: entry.Type()})
	sinf.AddChild(&mp4.SchmBox{SchemeType: "cenc", SchemeVersion: schemeVersion})
	schi := &mp4.SchiBox{}
	schi.AddChild(&mp4.TencBox{DefaultIsProtected: 1, DefaultPerSampleIVSize: ivBytes, DefaultKID: kid[:]})
	sinf.AddChild(schi)
	switch e := entry.(type) {
	case *mp4.VisualSampleEntryBox:
		e.SetType("encv")
		e.AddChild(sinf)
	case *mp4.AudioSampleEntryBox:
		e.SetType("enca")
		e.Children = append(e.Children, sinf)
	default:
		b := appendBox(nil, entry)[boxHeader:]
		b = appendBox(b, sinf)
		return mp4.CreateUnknownBox("encm", uint64(boxHeader+len(b)), b)
	}
	return entry
}

// original gives the type that a protected sample entry had; that of any other is its own.
func original(x box) (string, error) {
	fixed := map[string]int{"encv": visualEntryBytes, "enca": audioEntryBytes, "encm": metaEntryBytes}
	n, protected := fixed[x.kind]
	if !protected {
		return x.kind, nil
	}
	if len(x.body) < n {
		return "", fmt.Errorf("parse %s: cut off", x.kind)
	}
	frma := child(x.body[n:], "sinf", "frma")
	if len(frma) != 4 {
		return "", fmt.Errorf("parse %s: no sinf that says what it was", x.kind)
	}
	return string(frma), nil
}

// appendAuxiliary appends saiz, saio and senc of one track's samples (ISO/IEC 14496-12, 8.7.8, 8.7.9; ISO/IEC 23001-7,
// 7.2). moof is where the box begins from which offsets count.
func (r *run) appendAuxiliary(dst []byte, moof int, samples []Sample) []byte {
	dst, saiz := openFull(dst, "saiz", 0, 0)
	sizes := len(dst) + 1 + 4
	dst = append(dst, 0)
	dst = be.AppendUint32(dst, uint32(r.n))
	if r.video {
		dst = append(dst, make([]byte, r.n)...)
	} else {
		dst[sizes-5] = ivBytes
	}
	closeBox(dst, saiz)
	dst, saio := openFull(dst, "saio", 0, 0)
	dst = be.AppendUint32(dst, 1)
	offset := len(dst)
	dst = be.AppendUint32(dst, 0)
	closeBox(dst, saio)
	flags := uint32(0)
	if r.video {
		flags = useSubsamples
	}
	dst, senc := openFull(dst, "senc", 0, flags)
	dst = be.AppendUint32(dst, uint32(r.n))
	be.PutUint32(dst[offset:], uint32(len(dst)-moof))
	n := 0
	for i := r.first; i <= r.last; i++ {
		if samples[i].Track != r.id {
			continue
		}
		at := len(dst)
		dst = be.AppendUint64(dst, sampleIV(r.index, r.number+uint64(n)))
		if r.video {
			dst = appendSubsamples(dst, r.codec, &samples[i])
			dst[sizes+n] = byte(len(dst) - at)
		}
		n++
	}
	closeBox(dst, senc)
	return dst
}

// appendSubsamples appends the stretches of a picture; none when it is protected whole.
func appendSubsamples(dst []byte, codec Codec, s *Sample) []byte {
	var room [maxSubsamples + 1]subsample
	list := subsamples(room[:0], codec, s)
	if len(list) > maxSubsamples {
		list = nil
	}
	dst = be.AppendUint16(dst, uint16(len(list)))
	for _, x := range list {
		dst = be.AppendUint16(dst, x.clear)
		dst = be.AppendUint32(dst, x.protected)
	}
	return dst
}

// encrypt encrypts the samples of the run, which lie in b one after another, and gives what follows them.
func (r *run) encrypt(c *Cipher, b []byte, samples []Sample) []byte {
	n := r.number
	for i := r.first; i <= r.last; i++ {
		s := &samples[i]
		if s.Track != r.id {
			continue
		}
		size := s.size(r.video)
		c.crypt(b[:size], sampleIV(r.index, n), r.codec, isWhole(r.codec, s))
		b, n = b[size:], n+1
	}
	return b
}

// parseAuxiliary reads the senc that appendAuxiliary writes for n samples from number on, and gives which of them are protected
// whole.
func parseAuxiliary(senc []byte, track, n int, number uint64, video bool) (whole []bool, err error) {
	flags := uint32(0)
	if video {
		flags = useSubsamples
		whole = make([]bool, n)
	}
	if len(senc) < 8 || be.Uint32(senc) != flags || be.Uint32(senc[4:]) != uint32(n) {
		return nil, errors.New("senc is missing, or of other samples")
	}
	b := senc[8:]
	for k := range n {
		if len(b) < ivBytes || be.Uint64(b) != sampleIV(track, number+uint64(k)) {
			return nil, errors.New("senc is cut off, or has another initialization vector")
		}
		if b = b[ivBytes:]; !video {
			continue
		}
		if len(b) < 2 || int(be.Uint16(b)) > maxSubsamples || len(b)-2 < subsampleBytes*int(be.Uint16(b)) {
			return nil, errors.New("senc is cut off")
		}
		whole[k] = be.Uint16(b) == 0
		b = b[2+subsampleBytes*int(be.Uint16(b)):]
	}
	if len(b) != 0 {
		return nil, errors.New("senc has bytes left over")
	}
	return whole, nil
}

// Protect makes t the table of a protected segment, before anything is appended to it.
func (t *Table) Protect(c *Cipher) { t.protected, t.cipher = true, c }

// Protected tells whether the segment's samples are encrypted.
func (t *Table) Protected() bool { return t.protected }

// Unlock gives a table that was read the segment's cipher, which opens the salts. It is ErrKey when the key is another's. Not
// to be called once others may read the table.
func (t *Table) Unlock(c *Cipher) error {
	if !t.protected {
		return nil
	}
	if len(t.sealed) == 0 && len(t.frags) > 0 {
		return errors.New("open salts: they were not known when the table was written")
	}
	if len(t.sealed) > 0 {
		if err := c.openSalts(t.frags, t.sealed); err != nil {
			return err
		}
	}
	t.cipher = c
	return nil
}

// appendSealedSalts appends the salts: sealed anew when the cipher is known, else as they were read.
func (t *Table) sealedSalts() []byte {
	if t.cipher == nil {
		return bytes.Clone(t.sealed)
	}
	return t.cipher.sealSalts(nil, t.frags)
}
