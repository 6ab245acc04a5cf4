package server

// What a Device may have beside what every device has. The server looks whether it implements these; an operation of what it does
// not have gives the fault ter:ActionNotSupported.
type (
	// Sourced has several video sources. A device that does not say has one, as large as its largest profile.
	Sourced interface{ VideoSources() []VideoSource }

	// Encoding lets its encoders be set.
	Encoding interface {
		EncoderOptions(profile string) []EncoderOptions
		// SetEncoder takes of a profile what its encoder is to do, as far as the device can: it may round. It tells whether
		// it took anything.
		SetEncoder(profile string, p Profile) bool
		// Instances is how many encoders run at once.
		Instances() int
	}

	// Overlaid puts text into its pictures. ok is false where it does not.
	Overlaid interface {
		OSDs() (list []OSD, most int, ok bool)
		PutOSD(o OSD) (token string, ok bool) // no token: a new one
		DeleteOSD(token string) bool
	}

	// Masked paints privacy masks. ok is false where it does not.
	Masked interface {
		Masks() (list []Mask, most int, ok bool)
		PutMask(m Mask) (token string, ok bool)
		DeleteMask(token string) bool
	}

	// Switched has video source modes.
	Switched interface {
		Modes(source string) []Mode
		SetMode(source, mode string) (reboots, ok bool)
	}

	// Pictured makes single pictures, JPEG; nil for a profile that is not there.
	Pictured interface{ Picture(profile string) []byte }

	// Sounding has sound.
	Sounding interface{ Sound() Sound }

	// Annotated sends metadata beside its pictures. ok is false where it does not.
	Annotated interface {
		Metadata() (m Metadata, ok bool)
		SetMetadata(m Metadata)
	}
)

// VideoSource is a lens or an input.
type VideoSource struct {
	Token, Name        string
	Width, Height, FPS int
}

// EncoderOptions is what an encoder offers with a codec.
type EncoderOptions struct {
	Codec            string
	Profiles         []string
	Sizes            [][2]int
	Rates            []int // pictures per second, the highest first
	MinKbps, MaxKbps int
	MinGOP, MaxGOP   int
	Constant         bool // constant bit rate
}

// OSD is text in the pictures of a video source.
type OSD struct {
	Token, Configuration, Position, X, Y string
	Show, Text, DateFormat, TimeFormat   string
}

// Mask is a privacy mask.
type Mask struct {
	Token, Configuration, Type string
	Points                     [][2]string
	Enabled                    bool
}

// Mode is a video source mode.
type Mode struct {
	Token, Description string
	Width, Height, FPS int
	Codecs             []string
	Enabled, Reboot    bool
}

// Sound is what a device does with sound; "" or nil where it does nothing.
type Sound struct {
	Sends []string // codecs, as Media2 spells them
	Plays []string
}

// Metadata is what a device's metadata stream carries.
type Metadata struct{ Analytics, Events, Status, Position bool }
