package soap

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// counted writes what makes of 0, 1, 2 …, up to about the longest message.
func counted(what string) string {
	var b strings.Builder
	for i := 0; b.Len() < MaxMessage-1000; i++ {
		fmt.Fprintf(&b, what, i)
	}
	return b.String()
}

func repeated(what string) string { return strings.Repeat(what, (MaxMessage-1000)/len(what)) }

// bombs are messages that are small on the wire and dear to whoever reads them. Those that are only long are read.
var bombs = []struct {
	name, text string
	read       bool
}{
	{name: "billion laughs", text: `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>`},
	{name: "entity of a file", text: `<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><l>&f;</l>`},
	{name: "document type elsewhere", text: `<!DOCTYPE l SYSTEM "http://198.51.100.1/l.dtd"><l/>`},
	{name: "entity that nobody declared", text: `<l>&ha;</l>`},
	{name: "depth", text: repeated("<a>")},
	{name: "elements", text: "<a>" + repeated("<b/>") + "</a>"},
	{name: "attributes of one element", text: "<a" + counted(` a%d=""`) + "/>"},
	{name: "the same attribute", text: "<a" + repeated(` a=""`) + "/>"},
	{name: "namespaces", text: "<a" + counted(` xmlns:a%d=""`) + "/>"},
	{name: "attributes of many elements", text: "<a>" + repeated("<b"+strings.Repeat(` a=""`, 1000)+"/>") + "</a>"},
	{name: "a long name", text: "<" + repeated("a") + "/>"},
	{name: "a long value", text: `<a a="` + repeated("a") + `"/>`},
	{name: "a long text", text: "<a>" + repeated("a") + "</a>"},
	{name: "a long comment", text: "<a><!--" + repeated("a") + "--></a>"},
	{name: "a processing instruction", text: "<?a " + repeated("a") + "?><a/>"},
	{name: "another encoding", text: `<?xml version="1.0" encoding="utf-7"?><a/>`},
	{name: "text in pieces", text: "<a>" + repeated("x<!---->") + "</a>", read: true},
	{name: "text in sections", text: "<a>" + repeated("<![CDATA[x]]>") + "</a>", read: true},
}

// Each bomb is read or refused with memory of a few times its size: what grows with the square of a length, as adding to a string
// does, takes thousands of times as much.
func TestXMLBombsCostNoMoreThanTheirSize(t *testing.T) {
	for _, b := range bombs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		root, err := Parse(strings.NewReader(b.text))
		runtime.ReadMemStats(&after)
		if (err == nil) != b.read {
			t.Errorf("%s: read %v, %v", b.name, err == nil, err)
		}
		if root != nil && strings.Contains(root.Text, "root:") {
			t.Errorf("%s: a file was read", b.name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 32*MaxMessage {
			t.Errorf("%s: %d MiB were allocated for %d KiB", b.name, used>>20, len(b.text)>>10)
		}
	}
}

// A message that never ends is given up, and what was not asked for is not read.
func TestAnEndlessMessageIsGivenUp(t *testing.T) {
	for name, unit := range map[string]string{"elements": "<b></b>", "text": "x", "comments": "<!-- -->", "spaces": " "} {
		endless := &repeating{start: "<a>", unit: unit}
		if _, err := Parse(endless); err == nil {
			t.Errorf("%s: read", name)
		}
		if endless.given > MaxMessage+64<<10 {
			t.Errorf("%s: %d bytes were taken", name, endless.given)
		}
	}
}

// repeating gives its start and then its unit for ever.
type repeating struct {
	start, unit string
	given       int
}

func (r *repeating) Read(p []byte) (n int, err error) {
	n = copy(p, r.start)
	r.start = r.start[n:]
	for len(p)-n >= len(r.unit) {
		n += copy(p[n:], r.unit)
	}
	r.given += n
	if n == 0 {
		return 0, io.ErrShortBuffer
	}
	return n, nil
}

func TestTextInPiecesIsWhole(t *testing.T) {
	root, err := Parse(strings.NewReader("<a> one <b>in</b>two<!-- not --><![CDATA[ <three>]]> </a>"))
	if err != nil || root.Text != "one two <three>" || root.Get("b") != "in" {
		t.Errorf("%+v, %v", root, err)
	}
}
