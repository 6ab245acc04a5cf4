package onvif

import (
	"fmt"
	"strings"
	"testing"
)

// Profiles get their roles by what they carry, whatever they are called.
func TestProfilesAreSortedByWhatTheyCarry(t *testing.T) {
	h := func(token, name, codec string, w, height int, kbps float64) Profile {
		return Profile{Token: token, Name: name, Codec: codec, Width: w, Height: height, Bitrate: 1000 * kbps, Encoder: "e-" + token, StreamURI: "rtsp://c/" + token}
	}
	view := func(p Profile, v View) Profile { p.View = v; return p }
	for _, c := range []struct {
		name             string
		profiles         []Profile
		main, sub, third string
		why              string // part of what is said of one without a role
	}{
		{"the small one is listed first", []Profile{h("a", "", "H264", 640, 360, 500), h("b", "", "H264", 1920, 1080, 4000)}, "b", "a", "", ""},
		{"three", []Profile{h("1", "", "H265", 3840, 2160, 8000), h("2", "", "H264", 1280, 720, 2000), h("3", "", "H264", 640, 360, 500)}, "1", "3", "2", ""},
		{"names lie", []Profile{h("sub", "subStream", "H264", 1920, 1080, 4000), h("main", "mainStream", "H264", 352, 288, 300)}, "sub", "main", "", ""},
		{"JPEG is not recorded", []Profile{h("j", "", "JPEG", 2560, 1440, 0), h("m", "", "H264", 1920, 1080, 4000)}, "m", "", "", "JPEG is not recorded"},
		{"JPEG alone", []Profile{h("j", "", "JPEG", 2560, 1440, 0)}, "", "", "", "JPEG is not recorded"},
		{"without an encoder", []Profile{{Token: "x"}, h("m", "", "H264", 1920, 1080, 4000)}, "m", "", "", "no video encoder"},
		{"the same size twice", []Profile{h("Profile_2", "subStream", "H264", 1920, 1080, 4000), h("Profile_1", "mainStream", "H264", 1920, 1080, 4000)}, "Profile_1", "", "", "no smaller"},
		{"the same size at a tenth of the bits", []Profile{h("a", "", "H264", 1920, 1080, 400), h("b", "", "H264", 1920, 1080, 4000)}, "b", "a", "", ""},
		{"corridor", []Profile{h("a", "", "H264", 360, 640, 500), h("b", "", "H264", 1080, 1920, 4000)}, "b", "a", "", ""},
		{"sizes of nothing", []Profile{h("Profile_2", "subStream", "H264", 0, 0, 0), h("Profile_1", "mainStream", "H264", 0, 0, 0)}, "Profile_1", "Profile_2", "", ""},
		{"a stamp is no sub stream where a better one is", []Profile{h("a", "", "H264", 1920, 1080, 4000), h("b", "", "H264", 176, 144, 64), h("c", "", "H264", 704, 576, 800)}, "a", "c", "b", ""},
		{"a stamp is better than nothing", []Profile{h("a", "", "H264", 1920, 1080, 4000), h("b", "", "H264", 176, 144, 64)}, "a", "b", "", ""},
		{"browsers play H.264", []Profile{h("a", "", "H265", 3840, 2160, 8000), h("b", "", "H265", 640, 360, 300), h("c", "", "H264", 640, 360, 500)}, "a", "c", "", "main, sub and third"},
		{"the part of a panorama", []Profile{h("a", "", "H264", 2880, 2880, 8000), view(h("b", "", "H264", 800, 600, 800), View{X: 100, Y: 50, Width: 800, Height: 600})}, "a", "", "", "another part"},
		{"two profiles of one encoder", []Profile{h("a", "", "H264", 1920, 1080, 4000), func() Profile { p := h("b", "", "H264", 1920, 1080, 4000); p.Encoder = "e-a"; return p }()}, "a", "", "", "same video encoder as a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Source{Profiles: c.profiles}
			s.assign()
			for role, want := range map[Role]string{Main: c.main, Sub: c.sub, Third: c.third} {
				got := ""
				if p := s.Stream(role); p != nil {
					got = p.Token
				}
				if got != want {
					t.Errorf("%s is %q, want %q", role, got, want)
				}
			}
			said := ""
			for _, p := range s.Profiles {
				if (p.Role == "") == (p.Why == "") {
					t.Errorf("profile %s has role %q and %q", p.Token, p.Role, p.Why)
				}
				said += p.Why + "; "
			}
			if !strings.Contains(said, c.why) {
				t.Errorf("it says %q, want %q", said, c.why)
			}
		})
	}
}

func TestCodecsAreSpelledAsTheSpecificationDoes(t *testing.T) {
	for said, want := range map[string]string{"H.265": "H265", "HEVC": "H265", "h264": "H264", "video/H264": "H264", "MPV4-ES": "MPEG4", "MJPEG": "JPEG", "JPEG": "JPEG", "G711": "PCMU",
		"PCMU": "PCMU", "MP4A-LATM": "AAC", "": ""} {
		if got := codecName(said); got != want {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
	if got := codecName(strings.Repeat("x", 1000)); len(got) > maxCodec {
		t.Errorf("a codec of %d bytes", len(got))
	}
}

func TestProfilesOfBothServicesAreOne(t *testing.T) {
	two := []Profile{{Token: "a", Codec: "H265", Source: "s", Media2: true}, {Token: "b", Media2: true}}
	one := []Profile{{Token: "b", Codec: "H264", Source: "s", Encoder: "e", Media1: true}, {Token: "c", Codec: "JPEG", Media1: true}}
	got := fmt.Sprint(merge(two, one))
	list := merge(two, one)
	if len(list) != 3 || list[1].Codec != "H264" || !list[1].Media1 || !list[1].Media2 || list[1].Encoder != "e" || list[2].Token != "c" || list[2].Media2 {
		t.Error(got)
	}
}
