package server

import (
	"fmt"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// PTZ moves a device. Positions are in the generic spaces: pan and tilt -1 to 1, zoom 0 to 1; the server reckons the others that
// the node names. Errors of the device are faults: a *tt.InvalidError, or another, which is an action that failed.
type PTZ interface {
	Node() tt.PTZNode
	Quirks() PTZQuirks
	Position() (pan, tilt, zoom float64, moving bool)
	View() (pan, tilt float64)                             // half of what is seen, as parts of the range
	Move(pan, tilt, zoom *float64, relative bool)          // nil: as it is
	Drive(pan, tilt, zoom *float64, timeout time.Duration) // velocities, -1 to 1, until it is stopped or timeout has passed
	Stop(panTilt, zoom bool)
	Presets() []tt.PTZPreset
	SavePreset(token, name string) string // "" makes a new one; gives its token, "" when there is none such
	RemovePreset(token string) bool
	GotoPreset(token string) bool
	GotoHome()
	SetHome()
	GeoMove(to tt.GeoLocation, width, height float64) error // an error when it is not known where the device is
	Tours() []tt.PresetTour
	CreateTour() string // "" when there are as many as can be
	ModifyTour(t tt.PresetTour) bool
	OperateTour(token, operation string) bool
	RemoveTour(token string) bool
	Auxiliary(command string) bool
}

// PTZQuirks are ways in which PTZ in the field departs from the specification.
type PTZQuirks struct {
	RefusesTimeout   bool // a ContinuousMove with a timeout is a fault
	InsistsOnTimeout bool // one without is a fault
	NoPosition       bool // GetStatus does not tell where it looks
	NoMoveStatus     bool // nor whether it moves
	NoStatus         bool // it has no GetStatus at all
	NoNodes          bool // it has no GetNodes, only GetNode
	UnnamedPresets   bool // presets have no names
	DegreesOnly      bool // it has no generic spaces
	IgnoredStops     int  // so many Stops are answered and not done
}

// Controllable is a Device that has more to control than its movement. Each part is nil where it has none.
type Controllable interface {
	Imaging() Imaging
	IO() IO
	Thermal() Thermal
	Auxiliary() Auxiliary
	Places() Places
}

// Imaging is how a device makes its picture.
type Imaging interface {
	Imaging() (tt.ImagingSettings, tt.ImagingOptions)
	SetImaging(tt.ImagingSettings) // that are within the options; what is nil stays
	Focus() (tt.FocusMoveOptions, tt.FocusStatus)
	MoveFocus(tt.FocusMove) // that is within the options
	StopFocus()
	ImagingPresets() (list []tt.ImagingPreset, current string)
	SetImagingPreset(token string) bool
}

// IO is a device's relays and inputs.
type IO interface {
	Old() bool // it has no DeviceIO service: the Device service's older operations only
	Relays() []tt.Relay
	RelayOptions() []tt.RelayOptions
	SetRelay(tt.Relay) bool
	SetRelayState(token string, active bool) bool
	Inputs() []tt.Input
}

// Thermal is how a device makes a picture of temperatures.
type Thermal interface {
	Source() string // token of the video source that it is of
	Thermal() (tt.Thermal, tt.ThermalOptions)
	SetThermal(tt.Thermal) // of palettes and tables that it has
	Radiometry() (tt.Radiometry, tt.RadiometryOptions, bool)
	SetRadiometry(tt.Radiometry) // that is within the options
	Measuring() []MeasuringModule
}

// Auxiliary is what else a device switches.
type Auxiliary interface {
	AuxiliaryCommands() []string
	SendAuxiliary(command string) bool
}

// Places is where a device is.
type Places interface {
	Places() []tt.Location
	SetPlaces([]tt.Location)
	DeletePlace(entity, token string) bool
}

// nothing is the controls of a Device that has none.
type nothing struct{}

func (nothing) Imaging() Imaging     { return nil }
func (nothing) IO() IO               { return nil }
func (nothing) Thermal() Thermal     { return nil }
func (nothing) Auxiliary() Auxiliary { return nil }
func (nothing) Places() Places       { return nil }

func (s *Server) controls() Controllable {
	if c, ok := s.o.Device.(Controllable); ok {
		return c
	}
	return nothing{}
}

// The faults of control.
var (
	noToken        = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoToken", "There is no such token."}
	noNode         = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoEntity", "There is no such node."}
	noSource       = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoSource", "There is no such video source."}
	noSpace        = fault{"s:Sender", "ter:InvalidArgVal", "ter:SpaceNotSupported", "The space is not supported."}
	badPosition    = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidPosition", "The position is out of bounds."}
	badTranslation = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidTranslation", "The translation is out of bounds."}
	badVelocity    = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidVelocity", "The velocity is out of bounds."}
	badTimeout     = fault{"s:Sender", "ter:InvalidArgVal", "ter:TimeoutNotSupported", "The timeout is not supported."}
	noAuxiliary    = fault{"s:Sender", "ter:InvalidArgVal", "ter:AuxiliaryDataNotSupported", "The auxiliary command is not supported."}
	badSettings    = fault{"s:Sender", "ter:InvalidArgVal", "ter:SettingsInvalid", "The settings cannot be."}
	noRelay        = fault{"s:Sender", "ter:InvalidArgVal", "ter:RelayToken", "There is no such relay."}
	badRelay       = fault{"s:Sender", "ter:InvalidArgVal", "ter:ModeError", "The relay cannot work like that."}
	noThermal      = fault{"s:Receiver", "ter:ActionNotSupported", "ter:NoThermalForSource", "The video source is not thermal."}
	badThermal     = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidConfiguration", "The configuration cannot be."}
	badTour        = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidPresetTour", "The tour cannot be."}
	manyTours      = fault{"s:Sender", "ter:InvalidArgVal", "ter:TooManyPresetTours", "There are as many tours as can be."}
	noGeoMove      = fault{"s:Sender", "ter:InvalidArgVal", "ter:GeoMoveNotSupported", "The device does not find places."}
	noPlace        = fault{"s:Sender", "ter:InvalidArgVal", "ter:GeoLocationUnknown", "It is not known where the device is."}
)

func (s *Server) controlServices() (l []service) {
	c := s.controls()
	if p := s.o.Device.PTZ(); p != nil {
		q := p.Quirks()
		l = append(l, service{soap.NSPTZ, "ptz_service", fmt.Sprintf(`<tptz:Capabilities MoveStatus="%t" StatusPosition="%t"/>`, !q.NoMoveStatus && !q.NoStatus, !q.NoPosition && !q.NoStatus)})
	}
	if i := c.Imaging(); i != nil {
		list, _ := i.ImagingPresets()
		l = append(l, service{soap.NSImaging, "imaging_service", fmt.Sprintf(`<timg:Capabilities ImageStabilization="false" Presets="%t"/>`, len(list) > 0)})
	}
	if io := c.IO(); io != nil && !io.Old() {
		l = append(l, service{soap.NSDeviceIO, "deviceio_service", fmt.Sprintf(`<tmd:Capabilities VideoSources="1" RelayOutputs="%d" DigitalInputs="%d"/>`, len(io.Relays()), len(io.Inputs()))})
	}
	if t := c.Thermal(); t != nil {
		_, _, measures := t.Radiometry()
		l = append(l, service{soap.NSThermal, "thermal_service", fmt.Sprintf(`<tth:Capabilities Radiometry="%t"/>`, measures)})
	}
	return l
}

// auxiliaryCapabilities is what GetServiceCapabilities of the Device service tells of auxiliary commands.
func (s *Server) auxiliaryCapabilities() string {
	if a := s.controls().Auxiliary(); a != nil && !s.oldAuxiliary() {
		return `<tds:Misc AuxiliaryCommands="` + soap.Escape(strings.Join(a.AuxiliaryCommands(), " ")) + `"/>`
	}
	return ""
}

// oldAuxiliary tells whether the device is one that names its commands in GetCapabilities only.
func (s *Server) oldAuxiliary() bool {
	io := s.controls().IO()
	return io != nil && io.Old()
}

// oldIO is what GetCapabilities tells of relays, inputs and auxiliary commands.
func (s *Server) oldIO() string {
	io := s.controls().IO()
	if io == nil {
		return ""
	}
	more := ""
	if a := s.controls().Auxiliary(); a != nil {
		more = "<tt:Extension><tt:Auxiliary>true</tt:Auxiliary>"
		for _, c := range a.AuxiliaryCommands() {
			more += "<tt:AuxiliaryCommands>" + soap.Escape(c) + "</tt:AuxiliaryCommands>"
		}
		more += "<tt:Extension/></tt:Extension>"
	}
	return fmt.Sprintf("<tt:IO><tt:InputConnectors>%d</tt:InputConnectors><tt:RelayOutputs>%d</tt:RelayOutputs>%s</tt:IO>", len(io.Inputs()), len(io.Relays()), more)
}

func (s *Server) oldImaging() string {
	if s.controls().Imaging() == nil {
		return ""
	}
	return "<tt:Imaging><tt:XAddr>" + s.address("imaging_service") + "</tt:XAddr></tt:Imaging>"
}

func (s *Server) oldDeviceIO() string {
	io := s.controls().IO()
	if io == nil || io.Old() {
		return ""
	}
	return fmt.Sprintf("<tt:Extension><tt:DeviceIO><tt:XAddr>%s</tt:XAddr><tt:VideoSources>1</tt:VideoSources><tt:VideoOutputs>0</tt:VideoOutputs><tt:AudioSources>0</tt:AudioSources><tt:AudioOutputs>0</tt:AudioOutputs><tt:RelayOutputs>%d</tt:RelayOutputs></tt:DeviceIO></tt:Extension>",
		s.address("deviceio_service"), len(io.Relays()))
}
