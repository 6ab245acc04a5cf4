package web

import (
	"encoding/binary"
	"strings"
	"testing"

	"holdfast/gateway/audit"
)

// wav makes a file of linear sound; change may spoil it.
func wav(samples int, change func([]byte)) string {
	le := binary.LittleEndian
	b := append([]byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt "), 16, 0, 0, 0, 1, 0, 1, 0)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 16000)
	b = append(b, 2, 0, 16, 0)
	b = le.AppendUint32(append(b, "data"...), uint32(2*samples))
	b = append(b, make([]byte, 2*samples)...)
	if change != nil {
		change(b)
	}
	return string(b)
}

func TestAClipIsPlayedByTheAPI(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	const say = "/api/v1/cameras/door/say"
	for name, x := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"a second":     {wav(8000, nil), 200, `"seconds":1`},
		"no WAV":       {"MP3 maybe", 422, "ffmpeg"},
		"nothing":      {"", 422, "no WAV"},
		"another rate": {wav(800, func(b []byte) { b[36] = 0x44 }), 422, "8000 samples"},
		"no sound":     {wav(0, nil), 422, "not at all"},
		"too long":     {wav(8000*60+1, nil), 422, "a minute"},
		"much too big": {wav(8000*70, nil), 413, ""},
		"cut off":      {wav(8000, nil)[:40], 422, ""},
	} {
		if res := s.do("POST", say, x.body, p.changes(), header("Content-Type", mimeWAV)); res.StatusCode != x.status || !strings.Contains(res.text, x.says) {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.text)
		}
	}
	played := 0
	for _, e := range s.ledger.all(audit.ActionTalk) {
		if e.Outcome == "" && e.Camera == "door" {
			played++
		}
	}
	if played != 1 {
		t.Errorf("the log has %d clips", played)
	}
}

func FuzzWAV(f *testing.F) {
	f.Add([]byte(wav(4, nil)))
	f.Add([]byte(wav(4, nil)[:30]))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := readWAV(data); err == nil && (len(s) == 0 || s.Duration() > MaxSpeech) {
			t.Fatal(len(s))
		}
	})
}
