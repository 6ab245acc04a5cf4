package rtsptest

import (
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

//go:embed gstcard.py
var gstCard string

// StartGStreamerCard starts GStreamer's RTSP server, which plays a clip back by the ONVIF replay extension as if it had been kept from
// origin on, and returns the address. It ends with the test.
func StartGStreamerCard(t testing.TB, clip *Clip, origin time.Time) string {
	t.Helper()
	needGStreamer(t)
	var data []byte
	units := [][3]any{}
	for _, u := range clip.Units {
		size := len(data)
		nals := u.NALs
		if u.Sync { // an MP4 keeps the parameter sets apart
			nals = slices.Concat([][]byte{clip.VPS, clip.SPS, clip.PPS}, nals)
		}
		for _, n := range nals {
			if len(n) == 0 {
				continue
			}
			data = append(append(data, 0, 0, 0, 1), n...)
		}
		at := origin.Add(u.PTS)
		units = append(units, [3]any{(at.Unix()+ntpEpoch)*1e9 + int64(at.Nanosecond()), len(data) - size, u.Sync})
	}
	file := filepath.Join(t.TempDir(), "units")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	conf, err := json.Marshal(map[string]any{"file": file, "codec": clip.Codec, "units": units})
	if err != nil {
		t.Fatal(err)
	}
	return startPython(t, gstCard, "CARD="+string(conf)) + "/replay"
}

//go:embed gstspeaker.py
var gstSpeaker string

// StartGStreamerSpeaker starts GStreamer's RTSP server with a back channel for "PCMU" or "PCMA", which writes what it hears to file, and
// returns the address. With codec "" it has none. It ends with the test.
func StartGStreamerSpeaker(t testing.TB, codec, file string) string {
	t.Helper()
	needGStreamer(t)
	conf, err := json.Marshal(map[string]any{"codec": codec, "file": file, "deaf": codec == ""})
	if err != nil {
		t.Fatal(err)
	}
	return startPython(t, gstSpeaker, "SPEAKER="+string(conf)) + "/stream"
}
