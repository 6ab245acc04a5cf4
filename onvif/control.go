package onvif

import (
	"errors"

	"holdfast/onvif/internal/tt"
)

// The types of control, as ONVIF has them. What numbers count in is said at their fields.
type (
	InvalidError            = tt.InvalidError
	Range                   = tt.Range
	Unit                    = tt.Unit
	Space                   = tt.Space
	Spaces                  = tt.Spaces
	PTZNode                 = tt.PTZNode
	PTZConfiguration        = tt.PTZConfiguration
	PTZConfigurationOptions = tt.PTZConfigurationOptions
	PTZVector               = tt.PTZVector
	PTZStatus               = tt.PTZStatus
	PTZPreset               = tt.PTZPreset
	PresetTour              = tt.PresetTour
	TourSpot                = tt.TourSpot
	TourOptions             = tt.TourOptions
	ImagingSettings         = tt.ImagingSettings
	ImagingOptions          = tt.ImagingOptions
	ImagingPreset           = tt.ImagingPreset
	Level                   = tt.Level
	Exposure                = tt.Exposure
	Focus                   = tt.Focus
	WhiteBalance            = tt.WhiteBalance
	FocusMove               = tt.FocusMove
	FocusMoveOptions        = tt.FocusMoveOptions
	FocusStatus             = tt.FocusStatus
	Relay                   = tt.Relay
	RelayOptions            = tt.RelayOptions
	Input                   = tt.Input
	Palette                 = tt.Palette
	NUCTable                = tt.NUCTable
	Thermal                 = tt.Thermal
	ThermalOptions          = tt.ThermalOptions
	Radiometry              = tt.Radiometry
	RadiometryOptions       = tt.RadiometryOptions
	Temperature             = tt.Temperature
	GeoLocation             = tt.GeoLocation
	Location                = tt.Location
)

// The units of spaces.
const (
	OtherUnit   = tt.OtherUnit
	Generic     = tt.Generic
	Degrees     = tt.Degrees
	FieldOfView = tt.FieldOfView
)

// declined tells whether an error is the device's no, or an answer without sense: something else may be tried. Where it did
// not answer, or refused the credentials, nothing else would do better.
func declined(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Class == Refused || e.Class == Protocol)
}
