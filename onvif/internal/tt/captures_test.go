package tt

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/onvif/internal/soap"
)

// readers tell of an answer what was understood of it, and whether anything was lost.
var readers = map[string]func(n *soap.Node) (said string, lost bool){
	"GetNodesResponse": readNodes, "GetNodeResponse": readNodes,
	"GetConfigurationOptionsResponse": func(n *soap.Node) (string, bool) {
		n = n.Find("PTZConfigurationOptions")
		if n == nil {
			return "not of PTZ", false
		}
		o := ReadPTZConfigurationOptions(n)
		return fmt.Sprintf("%d spaces, timeout %v to %v", spaces(&o.Spaces), o.MinTimeout, o.MaxTimeout), spaces(&o.Spaces) != spaceElements(n.Find("Spaces"))
	},
	"GetStatusResponse": func(n *soap.Node) (string, bool) {
		n = n.Find("PTZStatus")
		if n == nil {
			return "not of PTZ", false
		}
		s := ReadPTZStatus(n)
		return fmt.Sprintf("position %t, moves %q", s.Position != PTZVector{}, s.PanTiltMove), (n.Find("Position", "PanTilt") != nil) != (s.Position.PanTilt != nil)
	},
	"GetPresetsResponse": func(n *soap.Node) (string, bool) {
		named, tokens := 0, 0
		for _, k := range n.All("Preset") {
			p := ReadPTZPreset(k)
			if p.Token != "" {
				tokens++
			}
			if p.Name != "" {
				named++
			}
		}
		return fmt.Sprintf("%d presets, %d with names", tokens, named), tokens != len(n.All("Preset"))
	},
	"GetImagingSettingsResponse": func(n *soap.Node) (string, bool) {
		n = n.Find("ImagingSettings")
		s := ReadImagingSettings(n)
		text := s.XML("timg:ImagingSettings")
		return fmt.Sprintf("brightness %t, exposure %t, filter %q", s.Brightness != nil, s.Exposure != nil, s.IrCutFilter), unwritten(n, text) != ""
	},
	"GetOptionsResponse": func(n *soap.Node) (string, bool) {
		n = n.Find("ImagingOptions")
		o := ReadImagingOptions(n)
		return fmt.Sprintf("filter %v, exposure %t", o.IrCutFilterModes, o.Exposure != nil), len(o.IrCutFilterModes) != len(n.All("IrCutFilterModes"))
	},
	"GetMoveOptionsResponse": func(n *soap.Node) (string, bool) {
		o := ReadFocusMoveOptions(n.Find("MoveOptions"))
		return fmt.Sprintf("absolute %t, relative %t, continuous %t", o.Position != nil, o.Distance != nil, o.Velocity != nil), false
	},
	"GetRelayOutputsResponse": func(n *soap.Node) (string, bool) {
		lost := false
		for _, k := range n.All("RelayOutputs") {
			r := ReadRelay(k)
			lost = lost || r.Token != k.Attribute("token") || r.Mode != k.Get("Properties", "Mode")
		}
		return fmt.Sprintf("%d relays", len(n.All("RelayOutputs"))), lost
	},
}

func readNodes(n *soap.Node) (said string, lost bool) {
	for _, k := range n.All("PTZNode") {
		p := ReadPTZNode(k)
		said += fmt.Sprintf("node %s: %d spaces, %d presets, home %t, aux %d; ", p.Token, spaces(&p.Spaces), p.MaxPresets, p.Home, len(p.Auxiliary))
		lost = lost || p.Token != k.Attribute("token") || spaces(&p.Spaces) != spaceElements(k.Find("SupportedPTZSpaces"))
	}
	return said, lost
}

func spaces(s *Spaces) (n int) {
	for _, f := range s.fields() {
		n += len(*f.list)
	}
	return n
}

func spaceElements(n *soap.Node) (count int) {
	if n == nil {
		return 0
	}
	for _, k := range n.Kids {
		if k.Find("URI") != nil {
			count++
		}
	}
	return count
}

// unwritten is the name of a child that the settings do not tell any more.
func unwritten(n *soap.Node, text string) string {
	if n == nil {
		return ""
	}
	for _, k := range n.Kids {
		if k.Name != "Extension" && !strings.Contains(text, "<tt:"+k.Name+">") {
			return k.Name
		}
	}
	return ""
}

// TestAnswersOfRecordedDevices reads what real cameras said of control. The answers are not part of the repository.
func TestAnswersOfRecordedDevices(t *testing.T) {
	root := os.Getenv("HOLDFAST_SHARED")
	if root == "" {
		root = "../../../../shared"
	}
	root = filepath.Join(root, "onvif", "captures")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the recorded answers of cameras are not at %s", root)
	}
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		doc, err := soap.Parse(f)
		if err != nil {
			return nil // not an answer: others look at those
		}
		body, err := soap.Body(doc)
		if err != nil {
			return nil
		}
		if read := readers[body.Name]; read != nil {
			seen++
			said, lost := read(body)
			t.Logf("%-90s %s", strings.TrimPrefix(path, root+"/"), said)
			if lost {
				t.Errorf("%s: something was not read", path)
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Errorf("%d answers, %v", seen, err)
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{"PT1S": time.Second, "PT0.5S": 500 * time.Millisecond, "P1DT2H3M4S": 26*time.Hour + 3*time.Minute + 4*time.Second, "-PT2M": -2 * time.Minute, "PT0S": 0, " PT10S ": 10 * time.Second} {
		if got, ok := ParseDuration(s); !ok || got != want {
			t.Errorf("%s: %v, %t", s, got, ok)
		}
	}
	for _, s := range []string{"", "P", "10", "PT-1S", "PT1e3S", "P99999999999999Y", "PT1.S.S"} {
		if got, ok := ParseDuration(s); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
	if got := FormatDuration(1500 * time.Millisecond); got != "PT1.5S" {
		t.Error(got)
	}
}

// FuzzControl reads anything as each type, and writes what was read: what comes out must be XML again.
func FuzzControl(f *testing.F) {
	f.Add(`<a token="1"><SupportedPTZSpaces><AbsolutePanTiltPositionSpace><URI>x</URI><XRange><Min>-INF</Min><Max>1e9</Max></XRange><YRange><Min>0</Min><Max>1</Max></YRange></AbsolutePanTiltPositionSpace></SupportedPTZSpaces></a>`)
	f.Add(`<a><Exposure><Mode>AUTO</Mode><MinGain>NaN</MinGain></Exposure><TourSpot><PresetDetail><PresetToken>&lt;</PresetToken></PresetDetail><StayTime>PT1S</StayTime></TourSpot></a>`)
	f.Add(`<a lon="1" lat="2"><ColorPalette token="a"/><NUCTable LowTemperature="3"/><Cooler/><Properties><DelayTime>P1Y</DelayTime></Properties></a>`)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := soap.Parse(strings.NewReader(s))
		if err != nil {
			return
		}
		node, tour, set, may, relay := ReadPTZNode(n), ReadPresetTour(n), ReadImagingSettings(n), ReadImagingOptions(n), ReadRelay(n)
		thermal, status, place, radiometry := ReadThermal(n), ReadPTZStatus(n), ReadLocation(n), ReadRadiometryOptions(n)
		_ = may.Check(set)
		ReadTemperatures(n)
		all := node.XML("tt:a") + tour.XML("tt:a") + set.XML("tt:a") + may.XML("tt:a") + relay.XML("tt:a") + thermal.XML("tth:a") + status.XML("tt:a") + place.XML("tt:a") + radiometry.XML("tth:a")
		if _, err := soap.Parse(strings.NewReader(soap.Envelope("", all))); err != nil {
			t.Errorf("%v: %s", err, all)
		}
		for _, f := range node.Spaces.fields() {
			for _, v := range *f.list {
				if math.IsNaN(v.X.Clamp(0)) {
					t.Errorf("%+v", v)
				}
			}
		}
	})
}
