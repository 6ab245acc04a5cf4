package tt

import (
	"math"
	"strconv"

	"holdfast/onvif/internal/soap"
)

// GeoLocation is a place on the earth (tt:GeoLocation): degrees by WGS 84, metres above it.
type GeoLocation struct {
	Lon, Lat  float64
	Elevation *float64
}

// Location is where an entity of a device is, and where it looks (tt:LocationEntity). What is nil is not known.
type Location struct {
	Entity   string // what it is of, such as VideoSource; "": the device
	Token    string // of the entity
	Fixed    bool   // by construction: it cannot be set
	AutoGeo  bool   // the device finds it by itself
	Location *GeoLocation
	// Orientation in degrees: roll about the view's axis, pitch above the horizon, yaw from north to the east.
	Roll, Pitch, Yaw *float64
	X, Y, Z          *float64 // in a plan of the site's own, metres
	Pan, Tilt, Bank  *float64 // in it, degrees; Bank is the schema's roll of LocalOrientation
}

// ReadLocation reads tt:LocationEntity.
func ReadLocation(n *soap.Node) Location {
	l := Location{Entity: text(n.Attribute("Entity")), Token: text(n.Attribute("Token")), Fixed: Bool(n.Attribute("Fixed")), AutoGeo: Bool(n.Attribute("AutoGeo"))}
	l.Location = ReadGeoLocation(n.Find("GeoLocation"))
	o := n.Find("GeoOrientation")
	l.Roll, l.Pitch, l.Yaw = optionalAttribute(o, "roll"), optionalAttribute(o, "pitch"), optionalAttribute(o, "yaw")
	p := n.Find("LocalLocation")
	l.X, l.Y, l.Z = optionalAttribute(p, "x"), optionalAttribute(p, "y"), optionalAttribute(p, "z")
	v := n.Find("LocalOrientation")
	l.Pan, l.Tilt, l.Bank = optionalAttribute(v, "pan"), optionalAttribute(v, "tilt"), optionalAttribute(v, "roll")
	return l
}

// ReadGeoLocation reads tt:GeoLocation; nil when it has no place.
func ReadGeoLocation(n *soap.Node) *GeoLocation {
	lon, lat := optionalAttribute(n, "lon"), optionalAttribute(n, "lat")
	if lon == nil || lat == nil {
		return nil
	}
	return &GeoLocation{*lon, *lat, optionalAttribute(n, "elevation")}
}

// Check tells whether it is a place. The error is an *InvalidError.
func (g *GeoLocation) Check() error {
	switch {
	case math.IsNaN(g.Lat) || g.Lat < -90 || g.Lat > 90:
		return invalid("lat", "A latitude is from -90 to 90 degrees.")
	case math.IsNaN(g.Lon) || g.Lon < -180 || g.Lon > 180:
		return invalid("lon", "A longitude is from -180 to 180 degrees.")
	}
	return nil
}

// XML is the place as an element. A degree is written to a centimetre.
func (g *GeoLocation) XML(element string) string {
	return "<" + element + ` lon="` + strconv.FormatFloat(g.Lon, 'f', 7, 64) + `" lat="` + strconv.FormatFloat(g.Lat, 'f', 7, 64) + `"` + attribute("elevation", g.Elevation) + "/>"
}

// XML is the location as an element.
func (l *Location) XML(element string) string {
	b := "<" + element + textAttribute("Entity", l.Entity) + textAttribute("Token", l.Token)
	if l.Fixed {
		b += ` Fixed="true"`
	}
	if l.AutoGeo {
		b += ` AutoGeo="true"`
	}
	b += ">"
	if l.Location != nil {
		b += l.Location.XML("tt:GeoLocation")
	}
	for _, x := range []struct{ element, attributes string }{
		{"tt:GeoOrientation", attribute("roll", l.Roll) + attribute("pitch", l.Pitch) + attribute("yaw", l.Yaw)},
		{"tt:LocalLocation", attribute("x", l.X) + attribute("y", l.Y) + attribute("z", l.Z)},
		{"tt:LocalOrientation", attribute("pan", l.Pan) + attribute("tilt", l.Tilt) + attribute("roll", l.Bank)},
	} {
		if x.attributes != "" {
			b += "<" + x.element + x.attributes + "/>"
		}
	}
	return b + "</" + element + ">"
}
