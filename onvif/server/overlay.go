package server

import (
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

func (s *Server) overlaid() (Overlaid, []OSD, int, *fault) {
	d, has := s.o.Device.(Overlaid)
	if !has {
		return nil, nil, 0, &notSupported
	}
	list, most, ok := d.OSDs()
	if !ok {
		return nil, nil, 0, &notSupported
	}
	return d, list, most, nil
}

func (s *Server) getOSDs(req *soap.Node) (string, *fault) {
	_, list, _, f := s.overlaid()
	if f != nil {
		return "", f
	}
	var b strings.Builder
	p := prefixes[req.Space]
	for _, o := range list {
		if t := req.Get("OSDToken"); t != "" && t != o.Token {
			continue
		}
		if t := req.Get("ConfigurationToken"); t != "" && t != o.Configuration {
			continue
		}
		b.WriteString(o.xml(p))
	}
	return answer(req, b.String())
}

func (o OSD) xml(prefix string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<%s:OSDs token="%s"><tt:VideoSourceConfigurationToken>%s</tt:VideoSourceConfigurationToken><tt:Type>Text</tt:Type><tt:Position><tt:Type>%s</tt:Type>`,
		prefix, soap.Escape(o.Token), soap.Escape(o.Configuration), soap.Escape(o.Position))
	if o.Position == "Custom" {
		fmt.Fprintf(&b, `<tt:Pos x="%s" y="%s"/>`, soap.Escape(o.X), soap.Escape(o.Y))
	}
	b.WriteString("</tt:Position><tt:TextString><tt:Type>" + soap.Escape(o.Show) + "</tt:Type>")
	for _, x := range []struct{ element, text string }{{"DateFormat", o.DateFormat}, {"TimeFormat", o.TimeFormat}, {"PlainText", o.Text}} {
		if x.text != "" {
			b.WriteString("<tt:" + x.element + ">" + soap.Escape(x.text) + "</tt:" + x.element + ">")
		}
	}
	return b.String() + "</tt:TextString></" + prefix + ":OSDs>"
}

func (s *Server) getOSDOptions(req *soap.Node) (string, *fault) {
	_, _, most, f := s.overlaid()
	if f != nil {
		return "", f
	}
	p := prefixes[req.Space]
	return answer(req, fmt.Sprintf(`<%s:OSDOptions><tt:MaximumNumberOfOSDs Total="%d" PlainText="%d" DateAndTime="1"/><tt:Type>Text</tt:Type><tt:PositionOption>UpperLeft</tt:PositionOption><tt:PositionOption>UpperRight</tt:PositionOption><tt:PositionOption>LowerLeft</tt:PositionOption><tt:PositionOption>LowerRight</tt:PositionOption><tt:PositionOption>Custom</tt:PositionOption><tt:TextOption><tt:Type>Plain</tt:Type><tt:Type>Date</tt:Type><tt:Type>Time</tt:Type><tt:Type>DateAndTime</tt:Type><tt:DateFormat>yyyy-MM-dd</tt:DateFormat><tt:DateFormat>dd/MM/yyyy</tt:DateFormat><tt:TimeFormat>HH:mm:ss</tt:TimeFormat></tt:TextOption></%s:OSDOptions>`,
		p, most, most-1, p))
}

// putOSD makes or changes an OSD.
func (s *Server) putOSD(req *soap.Node) (string, *fault) {
	d, list, most, f := s.overlaid()
	if f != nil {
		return "", f
	}
	n := req.Find("OSD")
	o := OSD{Configuration: n.Get("VideoSourceConfigurationToken"), Position: n.Get("Position", "Type"), X: n.Find("Position", "Pos").Attribute("x"), Y: n.Find("Position", "Pos").Attribute("y"),
		Show: n.Get("TextString", "Type"), Text: n.Get("TextString", "PlainText"), DateFormat: n.Get("TextString", "DateFormat"), TimeFormat: n.Get("TextString", "TimeFormat")}
	if _, ok := s.configured(o.Configuration); !ok {
		return "", &noConfig
	}
	making := req.Name == "CreateOSD"
	switch {
	case n.Get("Type") != "Text" || o.Show == "":
		return "", &configModify
	case making && len(list) >= most:
		return "", &maxOSDs
	case !making:
		o.Token = n.Attribute("token")
	}
	token, ok := d.PutOSD(o)
	if !ok {
		return "", &noConfig
	}
	if making {
		p := prefixes[req.Space]
		return answer(req, "<"+p+":OSDToken>"+soap.Escape(token)+"</"+p+":OSDToken>")
	}
	return answer(req, "")
}

func (s *Server) deleteOSD(req *soap.Node) (string, *fault) {
	d, _, _, f := s.overlaid()
	if f != nil {
		return "", f
	}
	if !d.DeleteOSD(req.Get("OSDToken")) {
		return "", &noConfig
	}
	return answer(req, "")
}

func (s *Server) masked() (Masked, []Mask, int, *fault) {
	d, has := s.o.Device.(Masked)
	if !has {
		return nil, nil, 0, &notSupported
	}
	list, most, ok := d.Masks()
	if !ok {
		return nil, nil, 0, &notSupported
	}
	return d, list, most, nil
}

func (s *Server) getMasks(req *soap.Node) (string, *fault) {
	_, list, _, f := s.masked()
	if f != nil {
		return "", f
	}
	var b strings.Builder
	for _, m := range list {
		if t := req.Get("ConfigurationToken"); t != "" && t != m.Configuration {
			continue
		}
		fmt.Fprintf(&b, `<tr2:Masks token="%s"><tr2:ConfigurationToken>%s</tr2:ConfigurationToken><tr2:Polygon>`, soap.Escape(m.Token), soap.Escape(m.Configuration))
		for _, p := range m.Points {
			fmt.Fprintf(&b, `<tt:Point x="%s" y="%s"/>`, soap.Escape(p[0]), soap.Escape(p[1]))
		}
		fmt.Fprintf(&b, `</tr2:Polygon><tr2:Type>%s</tr2:Type><tr2:Enabled>%t</tr2:Enabled></tr2:Masks>`, soap.Escape(m.Type), m.Enabled)
	}
	return answer(req, b.String())
}

func (s *Server) getMaskOptions(req *soap.Node) (string, *fault) {
	_, _, most, f := s.masked()
	if f != nil {
		return "", f
	}
	return answer(req, fmt.Sprintf(`<tr2:Options RectangleOnly="false" SingleColorOnly="true"><tr2:MaxMasks>%d</tr2:MaxMasks><tr2:MaxPoints>8</tr2:MaxPoints><tr2:Types>Color</tr2:Types><tr2:Types>Pixelated</tr2:Types><tr2:Color><tt:ColorList X="0" Y="128" Z="128" Colorspace="http://www.onvif.org/ver10/colorspace/YCbCr"/></tr2:Color></tr2:Options>`, most))
}

// putMask makes or changes a mask.
func (s *Server) putMask(req *soap.Node) (string, *fault) {
	d, list, most, f := s.masked()
	if f != nil {
		return "", f
	}
	n := req.Find("Mask")
	m := Mask{Configuration: n.Get("ConfigurationToken"), Type: n.Get("Type"), Enabled: n.Get("Enabled") == "true"}
	for _, p := range n.Find("Polygon").All("Point") {
		m.Points = append(m.Points, [2]string{p.Attribute("x"), p.Attribute("y")})
	}
	if _, ok := s.configured(m.Configuration); !ok {
		return "", &noConfig
	}
	making := req.Name == "CreateMask"
	switch {
	case len(m.Points) < 3 || len(m.Points) > 8:
		return "", &invalidPolygon
	case making && len(list) >= most:
		return "", &maxMasks
	case !making:
		m.Token = n.Attribute("token")
	}
	token, ok := d.PutMask(m)
	if !ok {
		return "", &noConfig
	}
	if making {
		return answer(req, "<tr2:Token>"+soap.Escape(token)+"</tr2:Token>")
	}
	return answer(req, "")
}

func (s *Server) deleteMask(req *soap.Node) (string, *fault) {
	d, _, _, f := s.masked()
	if f != nil {
		return "", f
	}
	if !d.DeleteMask(req.Get("Token")) {
		return "", &noConfig
	}
	return answer(req, "")
}
