package onvif

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// Bounds of one document of a metadata stream. What is beyond them is left out.
const (
	maxFrames       = 32
	maxSceneObjects = 128 // of a frame
	maxSceneWord    = 64  // bytes, of an id, a class and a name
	maxScenePTZ     = 32  // elements of a document that may hold where a camera looks
)

// Scene is what one document of a metadata stream tells (tt:MetadataStream; Analytics specification, section 5.1).
type Scene struct {
	Frames        []SceneFrame // in the document's order
	Notifications []Notification
	Temperatures  []Temperature // kelvin: those of frames, and those of notifications
	PTZ           *PTZStatus    // the last that it tells; nil: it tells none
}

// SceneFrame is what analytics saw in one picture (tt:Frame). One without objects says that nothing is seen.
type SceneFrame struct {
	UTC     time.Time // of the picture, by the device's clock; zero when it does not say
	Source  string    // name of the analytics module; "" of most devices
	Objects []SceneObject
	Deleted []string // ids of objects that are gone for good (tt:ObjectTree)
}

// SceneObject is something that analytics saw (tt:Object).
type SceneObject struct {
	ID, Parent string
	Class      string    // the likeliest: Human, Vehicle, Face …; "" where the device does not say
	Likelihood float64   // of the class, 0 to 1; 0 where the device does not say
	Box        *SceneBox // nil: it is known to be there, and not seen
	Idle       bool      // it stands still, and will not be told again until it moves
	Removed    bool      // it is where something was taken away
}

// SceneBox is a rectangle of the picture in ONVIF's normalised coordinates: -1 is left and bottom, 1 right and top, whatever the
// picture's shape. Left is not beyond Right, Bottom not beyond Top, and all lie within the picture.
type SceneBox struct{ Left, Top, Right, Bottom float64 }

// ReadScene reads a document of a metadata stream. Names are compared without namespace. The document is bounded as every answer
// of a device is; the error says that it is no XML, or too much.
func ReadScene(document io.Reader) (Scene, error) {
	root, err := soap.Parse(document)
	if err != nil {
		return Scene{}, fmt.Errorf("read metadata: %w", err)
	}
	s := Scene{Notifications: ParseNotifications(root), Temperatures: tt.ReadTemperatures(root)}
	s.read(root, 0)
	return s, nil
}

// read finds frames and positions; they lie at most three elements deep.
func (s *Scene) read(n *soap.Node, depth int) {
	switch {
	case n.Name == "Frame":
		if f := readFrame(n); len(s.Frames) < maxFrames {
			s.Frames = append(s.Frames, f)
		}
		s.position(n.Find("PTZStatus"))
		return
	case n.Name == "PTZStatus":
		s.position(n)
		return
	case depth == 3 || n.Name == "NotificationMessage":
		return
	}
	for i, k := range n.Kids {
		if i < maxFrames+maxScenePTZ {
			s.read(k, depth+1)
		}
	}
}

func (s *Scene) position(n *soap.Node) {
	if n != nil {
		p := tt.ReadPTZStatus(n)
		s.PTZ = &p
	}
}

func readFrame(n *soap.Node) SceneFrame {
	f := SceneFrame{Source: sceneWord(attribute(n, "Source"))}
	if at, err := soap.Time(attribute(n, "UtcTime")); err == nil {
		f.UTC = at
	}
	whole := identity.within(n.Find("Transformation"))
	for _, k := range n.Kids {
		if k.Name == "Object" && len(f.Objects) < maxSceneObjects {
			f.Objects = append(f.Objects, readObject(k, whole))
		}
	}
	for _, k := range n.Find("ObjectTree").All("Delete") {
		if len(f.Deleted) < maxSceneObjects {
			f.Deleted = append(f.Deleted, objectID(k))
		}
	}
	return f
}

func objectID(n *soap.Node) string {
	if id := attribute(n, "ObjectId"); id != "" {
		return sceneWord(id)
	}
	return sceneWord(attribute(n, "UUID"))
}

func readObject(n *soap.Node, frame mapping) SceneObject {
	o := SceneObject{ID: objectID(n), Parent: sceneWord(attribute(n, "Parent"))}
	looks := n.Find("Appearance")
	o.Class, o.Likelihood = readClass(looks.Find("Class"))
	o.Box = frame.within(looks.Find("Transformation")).box(looks.Find("Shape", "BoundingBox"))
	behaves := n.Find("Behaviour")
	o.Idle, o.Removed = behaves.Find("Idle") != nil, behaves.Find("Removed") != nil
	return o
}

// readClass gives the likeliest class: of Type, which is what there is since 2018, of ClassCandidate and of what extends that. A
// candidate that is Other is named by the extension.
func readClass(n *soap.Node) (class string, likelihood float64) {
	take := func(name string, p float64) {
		if name = sceneWord(name); name != "" && (class == "" || class == "Other" || p > likelihood && name != "Other") {
			class, likelihood = name, p
		}
	}
	for _, k := range n.All("Type") {
		take(k.Text, probability(attribute(k, "Likelihood")))
	}
	for _, k := range n.All("ClassCandidate") {
		take(k.Get("Type"), probability(k.Get("Likelihood")))
	}
	for _, k := range n.Find("Extension").All("OtherTypes") {
		take(k.Get("Type"), probability(k.Get("Likelihood")))
	}
	return class, likelihood
}

// probability reads one; devices write it of 1 and of 100.
func probability(s string) float64 {
	p, ok := real(s)
	if ok && p > 1 {
		p /= 100
	}
	if !ok || p < 0 || p > 1 {
		return 0
	}
	return p
}

func real(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

func sceneWord(s string) string {
	if s = strings.TrimSpace(s); len(s) > maxSceneWord {
		s = strings.ToValidUTF8(s[:maxSceneWord], "")
	}
	return s
}

// mapping turns coordinates of an element into normalised ones: p × scale + shift, for x and y (Analytics specification, section 5.1.2.2).
type mapping struct{ scale, shift [2]float64 }

var identity = mapping{scale: [2]float64{1, 1}}

// within is the mapping of what lies inside a tt:Transformation.
func (m mapping) within(n *soap.Node) mapping {
	if n == nil {
		return m
	}
	by := identity
	for i, axis := range []string{"x", "y"} {
		if v, ok := real(n.Find("Scale").Attribute(axis)); ok && v != 0 {
			by.scale[i] = v
		}
		if v, ok := real(n.Find("Translate").Attribute(axis)); ok {
			by.shift[i] = v
		}
	}
	for i := range by.scale {
		by.shift[i] = by.shift[i]*m.scale[i] + m.shift[i]
		by.scale[i] *= m.scale[i]
	}
	return by
}

// box reads a tt:Rectangle; nil when it is none, or lies outside the picture. Devices count from either corner.
func (m mapping) box(n *soap.Node) *SceneBox {
	var v [4]float64
	for i, side := range []string{"left", "bottom", "right", "top"} {
		p, ok := real(attribute(n, side))
		if !ok {
			return nil
		}
		v[i] = p*m.scale[i%2] + m.shift[i%2]
	}
	b := SceneBox{Left: min(v[0], v[2]), Right: max(v[0], v[2]), Bottom: min(v[1], v[3]), Top: max(v[1], v[3])}
	if b.Right <= -1 || b.Left >= 1 || b.Top <= -1 || b.Bottom >= 1 {
		return nil
	}
	for _, side := range []*float64{&b.Left, &b.Right, &b.Bottom, &b.Top} {
		*side = max(-1, min(1, *side))
	}
	return &b
}
