package soap

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func sixteen(order binary.AppendByteOrder, mark bool, s string) string {
	if mark {
		s = "\ufeff" + s
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestTextOfDevicesComesOutAsUTF8(t *testing.T) {
	for name, c := range map[string]struct{ message, want string }{
		"UTF-8":                               {`<?xml version="1.0" encoding="UTF-8"?><a>Tür 门</a>`, "Tür 门"},
		"UTF-8 with a mark":                   {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><a>Tür</a>", "Tür"},
		"white space before the declaration":  {"\r\n \n<?xml version=\"1.0\" encoding=\"utf-8\"?><a>Tür</a>", "Tür"},
		"UTF-16, little endian":               {sixteen(binary.LittleEndian, true, `<?xml version="1.0" encoding="UTF-16"?><a>门</a>`), "门"},
		"UTF-16, big endian":                  {sixteen(binary.BigEndian, true, `<?xml version="1.0" encoding="UTF-16"?><a>门</a>`), "门"},
		"UTF-16 without a mark":               {sixteen(binary.LittleEndian, false, `<?xml version="1.0"?><a>门</a>`), "门"},
		"UTF-8 that says it is UTF-16":        {`<?xml version="1.0" encoding="utf-16"?><a>Tür</a>`, "Tür"},
		"ISO-8859-1":                          {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>T\xfcr</a>", "Tür"},
		"ISO-8859-1 that says it is UTF-8":    {"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>T\xfcr und Caf\xe9</a>", "Tür und Café"},
		"ISO-8859-1 without a declaration":    {"<a>T\xfcr</a>", "Tür"},
		"GBK":                                 {"<?xml version=\"1.0\" encoding=\"GBK\"?><a>\xb4\xf3\xc3\xc5</a>", "大门"},
		"GB2312":                              {"<?xml version=\"1.0\" encoding=\"gb2312\"?><a>\xb4\xf3\xc3\xc5</a>", "大门"},
		"GBK that says it is UTF-8":           {"<?xml version=\"1.0\" encoding=\"utf-8\"?><a>\xb4\xf3\xc3\xc51</a>", "大门1"},
		"both in one message":                 {"<a>门\xb4\xf3\xc3\xc5</a>", "门大门"},
		"an address that was not escaped":     {"<a>rtsp://h/x?a=1&channel=2&amp;b=3&#38;c</a>", "rtsp://h/x?a=1&channel=2&b=3&c"},
		"an ampersand of a section":           {"<a><![CDATA[x&y]]>&z</a>", "x&y&z"},
		"control characters":                  {"<a>Gate\x00\x011</a>", "Gate  1"},
		"zeros behind the end":                {"<a>x</a>\x00\x00", "x"},
		"a lone ampersand at the end of text": {"<a>x &</a>", "x &"},
	} {
		root, err := Parse(strings.NewReader(c.message))
		if err != nil || root.Text != c.want || !utf8.ValidString(root.Text) {
			t.Errorf("%s: %+v, %v", name, root, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("<a>\xb4\xf3&x</a>"))
	f.Add([]byte("\xff\xfe<\x00a\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := decode(b); err == nil && !utf8.Valid(text) {
			t.Errorf("%q", text)
		}
	})
}
