package gateway

import (
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"

	"holdfast/gateway/web"
	"holdfast/onvif/onviftest"
)

func wav(format uint16) string {
	head := []byte("RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
	head = binary.LittleEndian.AppendUint16(head, format)
	return string(append(head, make([]byte, 22)...))
}

// One gateway: sounds that a camera keeps, and how its inputs and relays are, as its events say.
func TestClipsAreKeptAndPlayedAndPinsAreAsTheCameraSaid(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r := start(t, onvifLine(cam, ""))
	r.subscribed("door")
	const api = "/api/v1/cameras/door/"

	upload := func(name, sound string) (status int, text string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, r.e.URL+api+"clips?name="+name, strings.NewReader(sound))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+r.e.Token)
		req.Header.Set("Content-Type", "application/octet-stream")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	if status, text := upload("Leave", wav(1)); status != 201 || !strings.Contains(text, `"name":"Leave"`) {
		t.Fatalf("%d %s", status, text)
	}
	for what, sound := range map[string]string{"It is no sound": "GIF89a", "the device takes audio/vnd.wave": "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead"} {
		if status, text := upload("x", sound); status/100 == 2 || !strings.Contains(text, what) {
			t.Errorf("%s: %d %s", what, status, text)
		}
	}
	var all web.AudioClips
	if status := r.send("GET", api+"clips", "", &all); status != 200 || len(all.Clips) != 1 || all.Most != 4 || len(all.Formats) != 3 {
		t.Fatalf("%d %+v", status, all)
	}
	clip := api + "clips/" + all.Clips[0].Token
	if status := r.send("POST", clip+"/play", `{"repeats":2}`, nil); status != 204 {
		t.Errorf("play: %d", status)
	}
	if r.send("GET", api+"clips", "", &all); !all.Clips[0].Playing {
		t.Error("it does not play")
	}
	var now web.AudioClip
	if status := r.send("PUT", clip, `{"name":"Go","repeats":-1}`, &now); status != 200 || now.Name != "Go" || now.Repeats != -1 {
		t.Errorf("%d %+v", status, now)
	}
	if status := r.send("DELETE", clip, "", nil); status != 204 || r.send("POST", clip+"/play", "{}", nil) != 404 || r.send("PUT", clip, `{"name":"x"}`, nil) != 404 {
		t.Errorf("remove: %d", status)
	}

	state := func() (active bool, known bool) {
		var inputs []web.Input
		if status := r.send("GET", api+"inputs", "", &inputs); status != 200 || inputs[0].Token != onviftest.InputToken {
			t.Fatalf("%d %+v", status, inputs)
		}
		if inputs[0].Active == nil {
			return false, false
		}
		return *inputs[0].Active, inputs[0].Since != nil
	}
	r.await("the input's state", func() bool { on, known := state(); return known && !on })
	cam.Device().DigitalInput(true)
	r.await("the input", func() bool { on, known := state(); return known && on })
}

func TestSoundsAreToldByTheirBeginning(t *testing.T) {
	for head, want := range map[string]string{
		wav(1): "audio/vnd.wave;codec=1", wav(7): "audio/vnd.wave;codec=7", wav(85): "", "ID3\x04": "audio/mpeg", "\xff\xfb\x90\x00": "audio/mpeg", "\xff\xf1\x50\x80": "", // AAC
		"OggS" + strings.Repeat("\x00", 24) + "\x01vorbis": "audio/ogg;codecs=vorbis", "OggS": "", "": "", "RIFF": "",
	} {
		if got := soundType([]byte(head)); got != want {
			t.Errorf("%q: %q, not %q", head, got, want)
		}
	}
}
