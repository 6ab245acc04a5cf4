package onvif

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Bounds of what is kept of a notification. Notification.Cut says when they cut something.
const (
	maxTopic   = 256     // bytes
	maxItems   = 64      // of source, key and data each
	maxItem    = 1 << 10 // bytes, of a name and of a value
	maxElement = 8 << 10 // bytes of XML
)

// Operation is what happened to a property (Core specification, section 9.3.1).
type Operation string

// The operations. A message that is none about a property has none.
const (
	Initialized Operation = "Initialized" // the property is there and has this value
	Changed     Operation = "Changed"
	Deleted     Operation = "Deleted"
)

// Item is a name with a value, as the device spells both.
type Item struct{ Name, Value string }

// Element is a name with a value that is XML of its own.
type Element struct{ Name, XML string }

// Notification is one message of a device about something that happened, or that is so.
type Notification struct {
	Topic     string    // path of local names, such as RuleEngine/CellMotionDetector/Motion: prefixes are not told apart. "" when it has none
	Operation Operation // "" for what is no property
	UTC       time.Time // as the device says, by its own clock; zero when it says nothing that is a time
	At        time.Time // when it was by our clock; when it arrived where the device does not say, or says what cannot be. Set by Client.Events

	Source, Key, Data []Item    // in the device's order, duplicates kept
	Elements          []Element // of data
	Cut               bool      // something was longer than the bounds above

	Streamed bool // it came in the metadata track of a stream. Set by whoever reads that
}

// ReadNotifications reads a document and gives the notifications in it: the answer to PullMessages, a Notify, or a piece of the
// RTSP metadata stream (tt:MetadataStream). Namespaces and prefixes are not looked at.
func ReadNotifications(r io.Reader) ([]Notification, error) {
	root, err := soap.Parse(r)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	return ParseNotifications(root), nil
}

// ParseNotifications gives every notification in a message, at whatever depth. Each NotificationMessage gives exactly one,
// however little of it is understood.
func ParseNotifications(n *soap.Node) (list []Notification) {
	if n == nil {
		return nil
	}
	if n.Name == "NotificationMessage" {
		return []Notification{parseNotification(n)}
	}
	for _, k := range n.Kids {
		list = append(list, ParseNotifications(k)...)
	}
	return list
}

func parseNotification(n *soap.Node) (v Notification) {
	v.Topic = v.short(normalTopic(n.Get("Topic")), maxTopic)
	m := message(n)
	v.Operation = operationOf(attribute(m, "PropertyOperation"))
	if at, err := soap.Time(attribute(m, "UtcTime")); err == nil {
		v.UTC = at
	}
	v.Source, v.Key, v.Data = v.items(m.Find("Source")), v.items(m.Find("Key")), v.items(m.Find("Data"))
	for _, part := range []string{"Data", "Source", "Key"} {
		v.addElements(m.Find(part))
	}
	return v
}

// message finds the element that holds source and data: tt:Message in wsnt:Message by the specification, either of the two
// alone by some devices, and the notification itself by others.
func message(n *soap.Node) *soap.Node {
	at := n
	for depth := 0; depth < 4; depth++ {
		if at.Find("Data") != nil || at.Find("Source") != nil || at.Find("Key") != nil || attribute(at, "UtcTime") != "" {
			return at
		}
		next := at.Find("Message")
		if next == nil {
			return at
		}
		at = next
	}
	return at
}

// attribute is an attribute by its name in any case: UtcTime is also spelled UTCTime and utcTime.
func attribute(n *soap.Node, name string) string {
	if v := n.Attribute(name); v != "" || n == nil {
		return v
	}
	for k, v := range n.Attr {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

func operationOf(s string) Operation {
	for _, o := range []Operation{Initialized, Changed, Deleted} {
		if strings.EqualFold(string(o), strings.TrimSpace(s)) {
			return o
		}
	}
	return ""
}

// normalTopic takes prefixes, white space and the marks of topic expressions off a topic.
func normalTopic(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '/' })
	kept := parts[:0]
	for _, p := range parts {
		if i := strings.LastIndexByte(p, ':'); i >= 0 {
			p = p[i+1:]
		}
		if p = strings.TrimSpace(p); p != "" && p != "." && p != "*" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "/")
}

// short cuts s at a bound, and notes that it did.
func (v *Notification) short(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	v.Cut = true
	return strings.ToValidUTF8(s[:limit], "")
}

// items reads what has a name and a value. An item whose value is its text, as some devices have it, is one too.
func (v *Notification) items(n *soap.Node) (list []Item) {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Name == "ElementItem" || len(k.Kids) > 0 {
			continue
		}
		name := attribute(k, "Name")
		if name == "" {
			continue
		}
		if len(list) == maxItems {
			v.Cut = true
			break
		}
		value, there := k.Attr["Value"]
		if !there {
			if value = attribute(k, "Value"); value == "" {
				value = k.Text
			}
		}
		list = append(list, Item{v.short(strings.TrimSpace(name), maxItem), v.short(strings.TrimSpace(value), maxItem)})
	}
	return list
}

func (v *Notification) addElements(n *soap.Node) {
	if n == nil {
		return
	}
	for _, k := range n.Kids {
		if k.Name != "ElementItem" && len(k.Kids) == 0 {
			continue
		}
		if len(v.Elements) == maxItems {
			v.Cut = true
			return
		}
		var b strings.Builder
		for _, e := range k.Kids {
			b.WriteString(e.XML(""))
			if b.Len() > maxElement {
				break
			}
		}
		name := attribute(k, "Name")
		if name == "" {
			name = k.Name
		}
		e := Element{v.short(name, maxItem), b.String()}
		if len(e.XML) > maxElement {
			e.XML, v.Cut = "", true // half of it would be no XML
		}
		v.Elements = append(v.Elements, e)
	}
}

// Get is the value of the first item of a name in data, source or key; "" when there is none.
func (v *Notification) Get(name string) string {
	for _, list := range [][]Item{v.Data, v.Source, v.Key} {
		if i := slices.IndexFunc(list, func(i Item) bool { return strings.EqualFold(i.Name, name) }); i >= 0 {
			return list[i].Value
		}
	}
	return ""
}

// sourceNames are the items that name which picture something was seen in, not which rule, input or field saw it.
var sourceNames = []string{"VideoSource", "VideoSourceToken", "VideoSourceConfigurationToken", "VideoSourceConfiguration"}

// VideoSource is the token of the video source, or of its configuration, that the notification is about; "" when it names none.
func (v *Notification) VideoSource() string {
	for _, name := range sourceNames {
		for _, i := range v.Source {
			if strings.EqualFold(i.Name, name) {
				return i.Value
			}
		}
	}
	if strings.HasPrefix(v.Topic, "VideoSource/") && len(v.Source) > 0 && strings.EqualFold(v.Source[0].Name, "Source") {
		return v.Source[0].Value
	}
	return ""
}

// From says in short what saw it: the rule, the input or the field, else the picture; "" when the device names nothing.
func (v *Notification) From() string {
	for _, name := range []string{"Rule", "RuleName", "InputToken", "RelayToken", "AlarmInToken", "port", "Token", "Source", "disk_id"} {
		for _, i := range v.Source {
			if strings.EqualFold(i.Name, name) && i.Value != "" {
				return i.Value
			}
		}
	}
	for _, list := range [][]Item{v.Source, v.Key} {
		for _, i := range list {
			if i.Value != "" {
				return i.Value
			}
		}
	}
	return ""
}

// active finds the item of data that says whether something is so, and what it says. ok is false for what is a moment and not a
// state: a line crossed, a plate read.
func (v *Notification) active() (name string, on, ok bool) {
	for _, i := range v.Data {
		if on, ok = truth(i); ok {
			return i.Name, on, true
		}
	}
	for _, i := range v.Data {
		if strings.EqualFold(i.Name, "ClassTypes") { // what is there; nothing when all have left
			return i.Name, i.Value != "", true
		}
	}
	return "", false, false
}

// truth reads an item that says whether something is so. Numbers say so only in items whose name asks it: an ObjectId of 1 is
// no state.
func truth(i Item) (on, ok bool) {
	switch strings.ToLower(i.Value) {
	case "true", "on", "active", "yes":
		return true, true
	case "false", "off", "inactive", "no":
		return false, true
	case "1", "0":
		return i.Value == "1", asks(i.Name)
	}
	return false, false
}

// stateNames are items that say whether something is so, beside those that begin with Is.
var stateNames = map[string]bool{"state": true, "logicalstate": true, "active": true, "triggered": true, "motion": true, "alert": true, "disruption": true,
	"lost": true, "open": true, "sensor_level": true, "failed": true, "failure": true, "fan_failure": true, "detected": true, "tampering": true,
	"tampered": true, "alarm": true, "alarmed": true, "status": true, "on": true, "running": true, "recording": true, "day": true, "ready": true,
	"on_preset": true, "inside": true, "occupied": true, "accessed": true, "limit_exceeded": true, "is_moving": true, "value_exceeded": true}

func asks(name string) bool {
	n := strings.ToLower(name)
	return stateNames[n] || strings.HasPrefix(n, "is") && len(n) > 3
}
