// Package soap is the envelope that ONVIF travels in: SOAP 1.2 over HTTP, read by local name and within bounds, since
// cameras spell namespaces and prefixes as they like and anybody on the network may pretend to be one.
//
// It owns reading (Parse, Node), writing (Envelope), faults, and WS-UsernameToken (Token). It does not dial and knows no
// operation.
//
// Bounds: a message has at most MaxMessage bytes, maxDepth levels and maxNodes elements. Entities other than the five of
// XML and document types are refused, so nothing expands.
package soap

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// MaxMessage bounds a message, bytes. Profile lists of large encoders take 300 KiB.
	MaxMessage = 4 << 20
	maxDepth   = 48
	maxNodes   = 100_000
)

// The namespaces that are sent. What is received is not compared with them.
const (
	NSEnvelope = "http://www.w3.org/2003/05/soap-envelope"
	NSSecurity = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	NSUtility  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	NSDevice   = "http://www.onvif.org/ver10/device/wsdl"
	NSMedia    = "http://www.onvif.org/ver10/media/wsdl"
	NSMedia2   = "http://www.onvif.org/ver20/media/wsdl"
	NSPTZ      = "http://www.onvif.org/ver20/ptz/wsdl"
	NSEvents   = "http://www.onvif.org/ver10/events/wsdl"
	NSThermal  = "http://www.onvif.org/ver10/thermal/wsdl"
	NSImaging  = "http://www.onvif.org/ver20/imaging/wsdl"
	NSSchema   = "http://www.onvif.org/ver10/schema"
	NSError    = "http://www.onvif.org/ver10/error"
)

// Node is an element: its local name, text, attributes by local name, and children.
type Node struct {
	Name  string
	Space string
	Text  string
	Attr  map[string]string
	Kids  []*Node
}

// Parse reads a document.
func Parse(r io.Reader) (*Node, error) {
	limited := &io.LimitedReader{R: r, N: MaxMessage + 1}
	p := parser{d: xml.NewDecoder(limited)}
	p.d.CharsetReader = passCharset
	root, err := p.run()
	if limited.N <= 0 {
		return nil, fmt.Errorf("read message: longer than %d bytes", MaxMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	return root, nil
}

// passCharset takes the encodings that cameras declare and whose ASCII part is the same.
func passCharset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "utf-8", "us-ascii", "iso-8859-1", "gb2312", "gbk":
		return r, nil
	}
	return nil, fmt.Errorf("encoding %q is not read", name)
}

type parser struct {
	d     *xml.Decoder
	stack []*Node
	root  *Node
	nodes int
}

func (p *parser) run() (*Node, error) {
	for {
		t, err := p.d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := p.token(t); err != nil {
			return nil, err
		}
	}
	if p.root == nil || len(p.stack) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return p.root, nil
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.open(t)
	case xml.EndElement:
		n := p.stack[len(p.stack)-1]
		n.Text = strings.TrimSpace(n.Text)
		p.stack = p.stack[:len(p.stack)-1]
	case xml.CharData:
		if len(p.stack) > 0 {
			p.stack[len(p.stack)-1].Text += string(t)
		}
	case xml.Directive:
		return errors.New("document types are not read")
	}
	return nil
}

func (p *parser) open(t xml.StartElement) error {
	if p.nodes++; p.nodes > maxNodes || len(p.stack) >= maxDepth {
		return errors.New("more elements, or deeper ones, than any device sends")
	}
	n := &Node{Name: t.Name.Local, Space: t.Name.Space}
	for _, a := range t.Attr {
		if n.Attr == nil {
			n.Attr = make(map[string]string)
		}
		n.Attr[a.Name.Local] = a.Value
	}
	switch {
	case len(p.stack) > 0:
		top := p.stack[len(p.stack)-1]
		top.Kids = append(top.Kids, n)
	case p.root != nil:
		return errors.New("more than one root")
	default:
		p.root = n
	}
	p.stack = append(p.stack, n)
	return nil
}

// Find goes down by local names and gives the first match; nil when there is none. A nil node finds nothing.
func (n *Node) Find(path ...string) *Node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		n = n.first(name)
	}
	return n
}

func (n *Node) first(name string) *Node {
	for _, k := range n.Kids {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// Get is the text at a path, "" when there is nothing.
func (n *Node) Get(path ...string) string {
	if f := n.Find(path...); f != nil {
		return f.Text
	}
	return ""
}

// All gives the children of a name.
func (n *Node) All(name string) (list []*Node) {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Name == name {
			list = append(list, k)
		}
	}
	return list
}

// Attribute is an attribute's value, "" when there is none.
func (n *Node) Attribute(name string) string {
	if n == nil {
		return ""
	}
	return n.Attr[name]
}

// Body gives the first element of an envelope's body. A fault is an error.
func Body(root *Node) (*Node, error) {
	if root.Name != "Envelope" {
		return nil, fmt.Errorf("the answer is %q, not a SOAP envelope", clip(root.Name))
	}
	body := root.Find("Body")
	if body == nil || len(body.Kids) == 0 {
		return nil, errors.New("the envelope has no body")
	}
	if first := body.Kids[0]; first.Name == "Fault" {
		return nil, faultOf(first)
	}
	return body.Kids[0], nil
}

// Fault is what a device refused, and why.
type Fault struct {
	Codes  []string // code, subcodes: local parts
	Reason string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("device refused: %s (%s)", f.Reason, strings.Join(f.Codes, "/"))
}

// Unauthorized tells whether the fault is about credentials.
func (f *Fault) Unauthorized() bool {
	for _, c := range f.Codes {
		switch c {
		case "NotAuthorized", "FailedAuthentication", "InvalidSecurity", "OperationProhibited", "InvalidSecurityToken":
			return true
		}
	}
	r := strings.ToLower(f.Reason)
	return strings.Contains(r, "not authorized") || strings.Contains(r, "unauthorized") || strings.Contains(r, "authority failure")
}

func faultOf(n *Node) *Fault {
	f := &Fault{Reason: clip(n.Get("Reason", "Text"))}
	for c := n.Find("Code"); c != nil; c = c.Find("Subcode") {
		f.Codes = append(f.Codes, local(c.Get("Value")))
	}
	if len(f.Codes) == 0 { // SOAP 1.1, as old devices speak
		f.Codes, f.Reason = []string{local(n.Get("faultcode"))}, clip(n.Get("faultstring"))
	}
	return f
}

func local(s string) string {
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	return clip(s)
}

// maxWords bounds what of a device's words goes into errors.
const maxWords = 200

func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxWords {
		return s[:maxWords] + "…"
	}
	return s
}

// Envelope wraps a body. header is empty or a Token's header. extra declares further namespaces, "tt" → URI.
func Envelope(header, body string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="` + NSEnvelope + `" xmlns:tds="` + NSDevice +
		`" xmlns:trt="` + NSMedia + `" xmlns:tr2="` + NSMedia2 + `" xmlns:tptz="` + NSPTZ + `" xmlns:tth="` + NSThermal +
		`" xmlns:tt="` + NSSchema + `" xmlns:onvif="` + NSSchema + `" xmlns:ter="` + NSError + `">`)
	if header != "" {
		b.WriteString("<s:Header>" + header + "</s:Header>")
	}
	b.WriteString("<s:Body>" + body + "</s:Body></s:Envelope>")
	return b.String()
}

// Escape makes text safe between tags and in attributes.
func Escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
