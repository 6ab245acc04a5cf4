package soap

import (
	"slices"
	"strings"
)

// XML writes an element as it was read: local names in their namespaces, text escaped. Prefixes are new ones, since those of
// the document that it comes from are not kept, so that names inside text are not understood any more. extra is put among the
// attributes as it is.
func (n *Node) XML(extra string) string {
	var b strings.Builder
	n.write(&b, extra)
	return b.String()
}

// maxEcho bounds an element that is written again, bytes; deeper levels are left out beyond it.
const maxEcho = 64 << 10

func (n *Node) write(b *strings.Builder, extra string) {
	name := n.Name
	space := ` xmlns=""` // an element in no namespace stays in none, whatever it is put into
	if n.Space != "" {
		name = "p:" + name
		space = ` xmlns:p="` + Escape(n.Space) + `"`
	}
	b.WriteString("<" + name + space)
	if extra != "" {
		b.WriteString(" " + extra)
	}
	for i, key := range n.attributes() {
		in, at := n.spaces[key], key
		if in != "" {
			prefix := "a" + string(rune('a'+i%26))
			b.WriteString(" xmlns:" + prefix + `="` + Escape(in) + `"`)
			at = prefix + ":" + key
		}
		b.WriteString(" " + at + `="` + Escape(n.Attr[key]) + `"`)
	}
	b.WriteString(">" + Escape(n.Text))
	for _, k := range n.Kids {
		if b.Len() > maxEcho {
			break
		}
		k.write(b, "")
	}
	b.WriteString("</" + name + ">")
}

// attributes names those that are written: of a namespace in the order of their names, at most as many as there are prefixes
// for.
func (n *Node) attributes() []string {
	keys := make([]string, 0, len(n.Attr))
	for k := range n.Attr {
		if n.spaces[k] == NSAddressing || n.spaces[k] == NSEnvelope { // IsReferenceParameter, mustUnderstand: ours to say
			continue
		}
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys[:min(len(keys), 26)]
}
