package tt

import "holdfast/onvif/internal/soap"

// FocusMove moves the focus (tt:FocusMove): exactly one of the three is set. Units are the device's own.
type FocusMove struct {
	Position *float64 // where to
	Distance *float64 // how far; positive is away from the camera
	Velocity *float64 // how fast, until it is stopped
	Speed    *float64 // of the first two; nil: the device's
}

// FocusMoveOptions are how the focus can be moved (tt:MoveOptions20). What is nil cannot be done.
type FocusMoveOptions struct {
	Position, Distance, Velocity *Range
	PositionSpeed, DistanceSpeed *Range
}

// ReadFocusMove reads tt:FocusMove.
func ReadFocusMove(n *soap.Node) (m FocusMove) {
	if a := n.Find("Absolute"); a != nil {
		m.Position, m.Speed = optional(a, "Position"), optional(a, "Speed")
	}
	if r := n.Find("Relative"); r != nil {
		m.Distance, m.Speed = optional(r, "Distance"), optional(r, "Speed")
	}
	m.Velocity = optional(n, "Continuous", "Speed")
	return m
}

// XML is the move as an element.
func (m FocusMove) XML(element string) string {
	b := "<" + element + ">"
	switch {
	case m.Position != nil:
		b += "<tt:Absolute>" + writeFloat("tt:Position", m.Position) + writeFloat("tt:Speed", m.Speed) + "</tt:Absolute>"
	case m.Distance != nil:
		b += "<tt:Relative>" + writeFloat("tt:Distance", m.Distance) + writeFloat("tt:Speed", m.Speed) + "</tt:Relative>"
	case m.Velocity != nil:
		b += "<tt:Continuous>" + writeFloat("tt:Speed", m.Velocity) + "</tt:Continuous>"
	}
	return b + "</" + element + ">"
}

// ReadFocusMoveOptions reads tt:MoveOptions20, and tt:MoveOptions of older devices.
func ReadFocusMoveOptions(n *soap.Node) FocusMoveOptions {
	return FocusMoveOptions{
		Position: optionalRange(n.Find("Absolute", "Position")), PositionSpeed: optionalRange(n.Find("Absolute", "Speed")),
		Distance: optionalRange(n.Find("Relative", "Distance")), DistanceSpeed: optionalRange(n.Find("Relative", "Speed")),
		Velocity: optionalRange(n.Find("Continuous", "Speed")),
	}
}

// XML is the options as an element.
func (o *FocusMoveOptions) XML(element string) string {
	b := "<" + element + ">"
	if o.Position != nil {
		b += "<tt:Absolute>" + writeRange("tt:Position", o.Position) + writeRange("tt:Speed", o.PositionSpeed) + "</tt:Absolute>"
	}
	if o.Distance != nil {
		b += "<tt:Relative>" + writeRange("tt:Distance", o.Distance) + writeRange("tt:Speed", o.DistanceSpeed) + "</tt:Relative>"
	}
	if o.Velocity != nil {
		b += "<tt:Continuous>" + writeRange("tt:Speed", o.Velocity) + "</tt:Continuous>"
	}
	return b + "</" + element + ">"
}

// Check tells whether a move can be. The error is an *InvalidError.
func (o *FocusMoveOptions) Check(m FocusMove) error {
	set := 0
	for _, v := range []*float64{m.Position, m.Distance, m.Velocity} {
		if v != nil {
			set++
		}
	}
	if set != 1 {
		return invalid("position", "Give one of position, distance and velocity.")
	}
	speed := o.PositionSpeed
	if m.Distance != nil {
		speed = o.DistanceSpeed
	}
	if m.Velocity != nil && m.Speed != nil {
		return invalid("speed", "It goes with position and distance.")
	}
	return first(inRange("position", m.Position, o.Position), inRange("distance", m.Distance, o.Distance),
		inRange("velocity", m.Velocity, o.Velocity), inRange("speed", m.Speed, speed))
}

// FocusStatus is where the focus is (tt:FocusStatus20).
type FocusStatus struct {
	Position *float64 // nil where the device does not tell
	Move     string   // IDLE, MOVING, UNKNOWN
	Error    string
}

// ReadFocusStatus reads tt:ImagingStatus20, and tt:ImagingStatus of older devices.
func ReadFocusStatus(n *soap.Node) FocusStatus {
	f := n.Find("FocusStatus20")
	if f == nil {
		f = n.Find("FocusStatus")
	}
	return FocusStatus{optional(f, "Position"), moveStatus(f.Get("MoveStatus")), text(f.Get("Error"))}
}

// XML is the status as an element of the imaging service.
func (f FocusStatus) XML(element string) string {
	return "<" + element + "><tt:FocusStatus20>" + writeFloat("tt:Position", f.Position) + writeText("tt:MoveStatus", f.Move) + writeText("tt:Error", f.Error) + "</tt:FocusStatus20></" + element + ">"
}
