package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast/onvif"
)

// enrolment is a camera that is to be kept.
type enrolment struct {
	Adopted
	first bool // it is its device's first video source
}

// shows tells whether the camera is the video source of a token, as another says it of itself: "" is the first.
func (e *enrolment) shows(token string) bool {
	return e.Source == token || e.first && (e.Source == "" || token == "")
}

// maxSourceName bounds what of a source's name goes into a camera's, bytes.
const maxSourceName = 40

// sourceName is what the camera of one of several video sources is called.
func sourceName(device string, s *onvif.Source, i int) string {
	what := fmt.Sprint(i + 1)
	if s.Kind == onvif.ThermalSource {
		what = "thermal"
		if i > 1 {
			what = fmt.Sprintf("thermal %d", i+1)
		}
	}
	return strings.ToValidUTF8(device[:min(len(device), maxText-maxSourceName)], "") + " " + what
}

// rolesOf are the streams that a video source has, if they are others than those that are supposed.
func rolesOf(s *onvif.Source) (ids []string) {
	for _, r := range []onvif.Role{onvif.Main, onvif.Sub, onvif.Third} {
		if s.Stream(r) != nil {
			ids = append(ids, string(r))
		}
	}
	if slices.Equal(ids, []string{"main", "sub"}) {
		return nil
	}
	return ids
}

var errNoSources = errors.New("a camera that is reached by RTSP has one picture: video sources are chosen of ONVIF devices")

// chosen are the indexes of the video sources that are asked for by tokens. One that cannot be recorded is refused by name, and
// left out of all.
func chosen(dev *onvif.Device, tokens []string) (list []int, err error) {
	cannot := func(i int) error {
		return fmt.Errorf("video source %q of the device has no profile that can be recorded: %s", dev.Sources[i].Token, cmp.Or(strings.Join(dev.Warnings, " "), "add one at the device"))
	}
	if len(dev.Sources) == 0 {
		return nil, fmt.Errorf("the device has no picture: %s", strings.Join(dev.Warnings, " "))
	}
	if len(tokens) == 1 && tokens[0] == AllSources {
		for i := range dev.Sources {
			if dev.Sources[i].Stream(onvif.Main) != nil {
				list = append(list, i)
			}
		}
		if len(list) == 0 {
			return nil, cannot(0)
		}
		return list, nil
	}
	if len(tokens) == 0 {
		tokens = []string{dev.Sources[0].Token}
	}
	for _, token := range tokens {
		i := slices.IndexFunc(dev.Sources, func(s onvif.Source) bool { return s.Token == token })
		switch {
		case i < 0:
			return nil, fmt.Errorf("the device has no video source %q", token)
		case dev.Sources[i].Stream(onvif.Main) == nil:
			return nil, cannot(i)
		case !slices.Contains(list, i):
			list = append(list, i)
		}
	}
	return list, nil
}
