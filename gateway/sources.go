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

// streamsOf are the streams of a video source, and the media profiles that somebody chose for them: those of choices that are of this
// source. Where none is, what the profiles carry decides.
func streamsOf(s *onvif.Source, choices []profileOf) (ids []string, profiles []profileOf, err error) {
	for _, c := range choices {
		i := slices.IndexFunc(s.Profiles, func(p onvif.Profile) bool { return p.Token == c.Profile })
		switch {
		case i < 0:
			continue
		case s.Profiles[i].StreamURI == "":
			return nil, nil, fmt.Errorf("profile %q of the device cannot be a stream: %s", c.Profile, cmp.Or(s.Profiles[i].Why, "it has no address"))
		case slices.Contains(ids, c.Stream):
			return nil, nil, fmt.Errorf("two profiles of one video source are to be its %s stream", c.Stream)
		}
		ids, profiles = append(ids, c.Stream), append(profiles, c)
	}
	if len(ids) == 0 {
		return rolesOf(s), nil, nil
	}
	if !slices.Contains(ids, string(onvif.Main)) {
		return nil, nil, errors.New("one of the profiles has to be the main stream")
	}
	order := []string{string(onvif.Main), string(onvif.Sub), string(onvif.Third)}
	slices.SortFunc(ids, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return ids, profiles, nil
}
