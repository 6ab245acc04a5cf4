package onviftest

import (
	"fmt"

	"holdfast/onvif/server"
)

// traits are what a kind has.
type traits struct {
	model, hardware string
	ptz             bool // it moves
	thermal         bool // it has the Thermal service
	legacy          bool // Profile S alone
	h265            bool
	osd, masks      bool
	modes           bool
	plays           bool // it has a loudspeaker
	sources         []server.VideoSource
}

var kinds = map[Kind]traits{
	Fixed:    {model: "HF-Fixed 2MP", hardware: "hf-fixed", osd: true, plays: true},
	PTZ:      {model: "HF-PTZ 1MP", hardware: "hf-ptz", ptz: true, osd: true},
	Thermal:  {model: "HF-Thermal VGA", hardware: "hf-thermal", thermal: true},
	ProfileS: {model: "HF-Legacy", hardware: "hf-s", legacy: true},
	ProfileG: {model: "HF-Edge 2MP", hardware: "hf-g", osd: true},
	ProfileT: {model: "HF-T 4MP", hardware: "hf-t", h265: true, osd: true, masks: true, modes: true, plays: true},
	Encoder: {model: "HF-Encoder 4CH", hardware: "hf-encoder", osd: true, sources: []server.VideoSource{
		{Token: "input-1", Name: "Input 1"}, {Token: "input-2", Name: "Input 2"}, {Token: "input-3", Name: "Input 3"}, {Token: "input-4", Name: "Input 4"}}},
	BiSpectrum: {model: "HF-BiSpectrum", hardware: "hf-bi", thermal: true, sources: []server.VideoSource{
		{Token: "visible", Name: "Visible"}, {Token: "thermal", Name: "Thermal"}}},
}

// Each spreads profiles over the sources of a kind that has several: each source gets a copy of its own, whose token is
// source-token and that shows what of makes of it.
func Each(k Kind, profiles []server.Profile, of func(source int, p server.Profile) server.Profile) []server.Profile {
	sources := kinds[k].sources
	if len(sources) == 0 {
		return profiles
	}
	var list []server.Profile
	for i, v := range sources {
		for _, p := range profiles {
			p = of(i, p)
			p.Token, p.Name, p.Source = fmt.Sprintf("%s-%s", v.Token, p.Token), v.Name+" "+p.Name, v.Token
			list = append(list, p)
		}
	}
	return list
}

// VideoSources are those of the kind, as large as the largest of their profiles was when it was made.
func (d *Device) VideoSources() []server.VideoSource {
	list := append([]server.VideoSource(nil), kinds[d.o.Kind].sources...)
	if len(list) == 0 {
		list = []server.VideoSource{{Token: "source", Name: "source"}}
	}
	for i := range list {
		v := &list[i]
		for _, p := range d.o.Profiles { // as it was made: a sensor does not change with its encoders
			if p.Source == v.Token || p.Source == "" && i == 0 {
				v.Width, v.Height, v.FPS = max(v.Width, p.Width), max(v.Height, p.Height), max(v.FPS, p.FPS)
			}
		}
	}
	return list
}
