// Package soap is the envelope that ONVIF travels in: SOAP 1.2 over HTTP, read by local name and within bounds, since
// cameras spell namespaces and prefixes as they like and anybody on the network may pretend to be one.
//
// It owns reading (Parse, Node; text that is not UTF-8 is made so), writing (Envelope), faults, and WS-UsernameToken (Token). It does not dial and knows no
// operation.
//
// Bounds: a message has at most MaxMessage bytes, maxDepth levels, maxNodes elements and maxAttributes attributes, and a tag or
// a piece of text has at most maxToken bytes. Entities other than the five of XML and document types are refused, so nothing
// expands. Reading takes time and memory in proportion to the message, however it is cut into pieces.
package soap

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

const (
	// MaxMessage bounds a message, bytes. Profile lists of large encoders take 300 KiB.
	MaxMessage    = 4 << 20
	maxDepth      = 48
	maxNodes      = 100_000
	maxAttributes = 100_000
	maxToken      = 64 << 10 // bytes: the decoder holds a whole tag, and each of its attributes costs it a hundred
)

// The namespaces that are sent. What is received is not compared with them.
const (
	NSEnvelope     = "http://www.w3.org/2003/05/soap-envelope"
	NSSecurity     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	NSUtility      = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	NSDevice       = "http://www.onvif.org/ver10/device/wsdl"
	NSMedia        = "http://www.onvif.org/ver10/media/wsdl"
	NSMedia2       = "http://www.onvif.org/ver20/media/wsdl"
	NSPTZ          = "http://www.onvif.org/ver20/ptz/wsdl"
	NSEvents       = "http://www.onvif.org/ver10/events/wsdl"
	NSThermal      = "http://www.onvif.org/ver10/thermal/wsdl"
	NSImaging      = "http://www.onvif.org/ver20/imaging/wsdl"
	NSDeviceIO     = "http://www.onvif.org/ver10/deviceIO/wsdl"
	NSAnalytics    = "http://www.onvif.org/ver20/analytics/wsdl"
	NSRecording    = "http://www.onvif.org/ver10/recording/wsdl"
	NSSearch       = "http://www.onvif.org/ver10/search/wsdl"
	NSReplay       = "http://www.onvif.org/ver10/replay/wsdl"
	NSNotification = "http://docs.oasis-open.org/wsn/b-2"
	NSAddressing   = "http://www.w3.org/2005/08/addressing"
	NSTopics       = "http://www.onvif.org/ver10/topics"
	NSSchema       = "http://www.onvif.org/ver10/schema"
	NSError        = "http://www.onvif.org/ver10/error"
)

// Node is an element: its local name, text, attributes by local name, and children.
type Node struct {
	Name  string
	Space string
	Text  string
	Attr  map[string]string
	Kids  []*Node

	spaces map[string]string // namespaces of attributes that have one, by local name; nil for most elements
}

// Parse reads a document. Text comes out as UTF-8, whatever the device wrote (see decode).
func Parse(r io.Reader) (*Node, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxMessage+1))
	if len(data) > MaxMessage {
		return nil, fmt.Errorf("read message: longer than %d bytes", MaxMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	text, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	m := &meter{Reader: bufio.NewReader(bytes.NewReader(text))}
	p := parser{d: xml.NewDecoder(m), meter: m}
	p.d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it was decoded
	root, err := p.run()
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	return root, nil
}

// meter ends the reading of a token that is too long. The decoder asks it byte by byte.
type meter struct {
	*bufio.Reader
	left int // bytes, of the present token
}

var errToken = fmt.Errorf("a tag or text of more than %d bytes", maxToken)

func (m *meter) ReadByte() (byte, error) {
	if m.left--; m.left < 0 {
		return 0, errToken
	}
	return m.Reader.ReadByte()
}

type parser struct {
	d          *xml.Decoder
	meter      *meter
	stack      []*open
	root       *Node
	nodes      int
	attributes int
}

// open is an element whose end has not come. Its text is gathered here: pieces added to a string are copied each time.
type open struct {
	*Node
	text []byte
}

func (p *parser) run() (*Node, error) {
	for {
		p.meter.left = maxToken
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
		return p.enter(t)
	case xml.EndElement:
		n := p.stack[len(p.stack)-1]
		n.Text = strings.TrimSpace(string(n.text))
		p.stack = p.stack[:len(p.stack)-1]
	case xml.CharData:
		if len(p.stack) > 0 {
			n := p.stack[len(p.stack)-1]
			n.text = append(n.text, t...)
		}
	case xml.Directive:
		return errors.New("document types are not read")
	}
	return nil
}

func (p *parser) enter(t xml.StartElement) error {
	p.nodes++
	p.attributes += len(t.Attr)
	if p.nodes > maxNodes || len(p.stack) >= maxDepth || p.attributes > maxAttributes {
		return errors.New("more elements or attributes, or deeper ones, than any device sends")
	}
	n := &Node{Name: t.Name.Local, Space: t.Name.Space}
	for _, a := range t.Attr {
		n.attribute(a)
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
	p.stack = append(p.stack, &open{Node: n})
	return nil
}

// attribute notes an attribute. Declarations of namespaces are none: xmlns:Name="…" must not stand for a Name.
func (n *Node) attribute(a xml.Attr) {
	if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
		return
	}
	if n.Attr == nil {
		n.Attr = make(map[string]string)
	}
	n.Attr[a.Name.Local] = a.Value
	if a.Name.Space != "" {
		if n.spaces == nil {
			n.spaces = make(map[string]string)
		}
		n.spaces[a.Name.Local] = a.Name.Space
	}
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

// ErrNoBody says that an envelope has nothing in its body.
var ErrNoBody = errors.New("the envelope has no body")

// Body gives the first element of an envelope's body. A fault is an error.
func Body(root *Node) (*Node, error) {
	if root.Name != "Envelope" {
		return nil, fmt.Errorf("the answer is %q, not a SOAP envelope", clip(root.Name))
	}
	body := root.Find("Body")
	if body == nil || len(body.Kids) == 0 {
		return nil, ErrNoBody
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
	Detail string // local name of the first detail, such as ResourceUnknownFault; "" when there is none
	node   *Node
}

// Find looks for an element of a name among the details, at any depth; nil when there is none.
func (f *Fault) Find(name string) *Node {
	if f.node == nil {
		return nil
	}
	return f.node.within(name)
}

func (n *Node) within(name string) *Node {
	for _, k := range n.Kids {
		if k.Name == name {
			return k
		}
		if found := k.within(name); found != nil {
			return found
		}
	}
	return nil
}

func (f *Fault) Error() string {
	words := cmp.Or(f.Reason, f.Detail, "it did not say why")
	return fmt.Sprintf("device refused: %s (%s)", words, strings.Join(f.Codes, "/"))
}

// Unauthorized tells whether the fault is about credentials, or about what their owner may do: devices say either for both.
func (f *Fault) Unauthorized() bool {
	for i, c := range f.Codes {
		switch c {
		case "OperationProhibited": // with a subcode it says what is wrong: the name is taken, the password is too weak
			if i == len(f.Codes)-1 {
				return true
			}
		case "NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "MessageExpired", "FailedCheck":
			return true
		}
	}
	r := strings.ToLower(f.Reason)
	for _, words := range [...]string{"not authorized", "unauthorized", "authority failure", "not authenticated", "authentication fail", "operation is not permitted"} {
		if strings.Contains(r, words) {
			return true
		}
	}
	return false
}

// Misunderstood tells whether the device does not know a header block that it was told to understand: that of the token, where it
// takes HTTP Digest alone.
func (f *Fault) Misunderstood() bool { return slices.Contains(f.Codes, "MustUnderstand") }

func faultOf(n *Node) *Fault {
	f := &Fault{Reason: clip(n.Get("Reason", "Text"))}
	for c := n.Find("Code"); c != nil; c = c.Find("Subcode") {
		f.Codes = append(f.Codes, local(c.Get("Value")))
	}
	if len(f.Codes) == 0 { // SOAP 1.1, as old devices speak
		f.Codes, f.Reason = []string{local(n.Get("faultcode"))}, clip(n.Get("faultstring"))
	}
	if f.node = n.Find("Detail"); f.node == nil {
		f.node = n.Find("detail")
	}
	if f.node != nil && len(f.node.Kids) > 0 {
		f.Detail = clip(f.node.Kids[0].Name)
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

// prefixes are those that bodies are written with. tt and onvif are one: use-go/onvif writes the latter.
var prefixes = []struct{ prefix, namespace string }{
	{"tds", NSDevice}, {"trt", NSMedia}, {"tr2", NSMedia2}, {"tptz", NSPTZ}, {"timg", NSImaging}, {"tev", NSEvents}, {"tth", NSThermal},
	{"tmd", NSDeviceIO}, {"tan", NSAnalytics}, {"trc", NSRecording}, {"tse", NSSearch}, {"trp", NSReplay},
	{"wsnt", NSNotification}, {"wsa", NSAddressing}, {"tns1", NSTopics}, {"tt", NSSchema}, {"onvif", NSSchema}, {"ter", NSError},
}

var opening = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="` + NSEnvelope + `"`)
	for _, p := range prefixes {
		b.WriteString(" xmlns:" + p.prefix + `="` + p.namespace + `"`)
	}
	return b.String() + ">"
})

// Envelope wraps a body. header is empty, or the header's blocks: a Token's, Addressing, what a subscription asks for.
func Envelope(header, body string) string {
	if header != "" {
		header = "<s:Header>" + header + "</s:Header>"
	}
	return opening() + header + "<s:Body>" + body + "</s:Body></s:Envelope>"
}

// Addressing gives the header blocks that say to whom a message goes and what it asks (WS-Addressing 1.0).
func Addressing(to, action string) string {
	return `<wsa:Action s:mustUnderstand="1">` + Escape(action) + `</wsa:Action><wsa:MessageID>urn:uuid:` + uuid.NewString() +
		`</wsa:MessageID><wsa:ReplyTo><wsa:Address>` + NSAddressing + `/anonymous</wsa:Address></wsa:ReplyTo><wsa:To s:mustUnderstand="1">` + Escape(to) + `</wsa:To>`
}

// Escape makes text safe between tags and in attributes.
func Escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
