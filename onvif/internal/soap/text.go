package soap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// decode gives a message as UTF-8 that the decoder reads. Cameras declare one encoding and write another, put names into messages
// as somebody typed them, and addresses without escaping; XML itself would have each of them refused.
//
//   - UTF-16 with or without a mark is converted; a message that only says that it is UTF-16 is taken as it is.
//   - What is valid UTF-8 is UTF-8, whatever it says.
//   - Otherwise it is GBK or ISO-8859-1 (as Windows has it) where it says so, and byte by byte the likelier of them where it does not.
//   - Control characters become spaces, and an ampersand that begins no reference stands for itself.
func decode(b []byte) ([]byte, error) {
	b = fromUTF16(b)
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	charset := declared(b)
	single, known := charsets[charset]
	switch {
	case !known:
		return nil, fmt.Errorf("encoding %q is not read", clip(charset))
	case utf8.Valid(b):
	case single != nil:
		text, err := single.NewDecoder().Bytes(b)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", charset, err)
		}
		b = text
	default:
		b = guess(b)
	}
	return loosen(b), nil
}

// charsets are the encodings that are read; nil: that of the bytes themselves.
var charsets = map[string]encoding.Encoding{
	"": nil, "utf-8": nil, "utf8": nil, "us-ascii": nil, "ascii": nil, "utf-16": nil, "utf-16le": nil, "utf-16be": nil,
	"iso-8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "windows-1252": charmap.Windows1252, "iso-8859-15": charmap.ISO8859_15,
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030,
}

var declaration = regexp.MustCompile(`^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{0,40})["']`)

// declared is the encoding that a message says it has, in small letters.
func declared(b []byte) string {
	m := declaration.FindSubmatch(b[:min(len(b), 512)])
	if m == nil {
		return ""
	}
	return strings.ToLower(string(m[1]))
}

// fromUTF16 converts a message that is UTF-16 by its mark or by the zeros of its first sign.
func fromUTF16(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case len(b) < 2:
		return b
	case b[0] == 0xfe && b[1] == 0xff, b[0] == 0 && b[1] == '<':
		order = binary.BigEndian
	case b[0] == 0xff && b[1] == 0xfe, b[0] == '<' && b[1] == 0:
		order = binary.LittleEndian
	default:
		return b
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, order.Uint16(b[i:]))
	}
	return []byte(strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"))
}

// guess makes UTF-8 of a message that is partly something else: pairs of high bytes as GB 2312 has them are Chinese, others are
// signs of Windows-1252.
func guess(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for i := 0; i < len(b); {
		if r, n := utf8.DecodeRune(b[i:]); r != utf8.RuneError || n > 1 {
			out = append(out, b[i:i+n]...)
			i += n
			continue
		}
		end := i
		for end < len(b) && b[end] >= 0x80 {
			end++
		}
		out = append(out, fromRun(b[i:end])...)
		i = end
	}
	return out
}

// fromRun makes UTF-8 of a run of high bytes.
func fromRun(run []byte) []byte {
	pairs := len(run)%2 == 0
	for i := 0; pairs && i < len(run); i += 2 {
		pairs = run[i] >= 0xa1 && run[i] <= 0xf7 && run[i+1] >= 0xa1 && run[i+1] <= 0xfe
	}
	single := encoding.Encoding(charmap.Windows1252)
	if pairs {
		single = simplifiedchinese.GBK
	}
	text, err := single.NewDecoder().Bytes(run)
	if err != nil {
		return []byte("\ufffd")
	}
	return text
}

// maxReference is how long a reference to a character or entity may be: &#x10FFFF; has ten bytes.
const maxReference = 32

// loosen replaces what XML does not allow and cameras send.
func loosen(b []byte) []byte {
	if bytes.IndexFunc(b, forbidden) < 0 && bytes.IndexByte(b, '&') < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	raw := false // inside a CDATA section, in which an ampersand is one
	for i, c := range b {
		switch {
		case c == '<' && bytes.HasPrefix(b[i:], []byte("<![CDATA[")):
			raw = true
		case c == '>' && bytes.HasSuffix(b[:i], []byte("]]")):
			raw = false
		}
		switch {
		case forbidden(rune(c)):
			out = append(out, ' ')
		case c == '&' && !raw && !reference(b[i:min(len(b), i+maxReference)]):
			out = append(out, "&amp;"...)
		default:
			out = append(out, c)
		}
	}
	return out
}

func forbidden(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }

// reference tells whether text begins with a reference.
func reference(b []byte) bool {
	name, _, ended := bytes.Cut(b[1:], []byte(";"))
	return ended && len(name) > 0 && bytes.IndexFunc(name, func(r rune) bool {
		return !(r == '#' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}) < 0
}
