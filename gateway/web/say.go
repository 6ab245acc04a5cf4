package web

import (
	"context"
	"encoding/binary"
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Talking speaks through cameras. *gateway.Gateway implements it.
type Talking interface {
	// Say plays a clip through a camera's loudspeaker, in as long as it lasts. One clip at a time, and not while somebody speaks.
	Say(ctx context.Context, camera string, who auth.Identity, clip Speech) error
	// Speak gives somebody a camera's loudspeaker until they close it, and nobody else meanwhile.
	Speak(ctx context.Context, camera string, who auth.Identity) (Loudspeaker, error)
}

// Speech is sound as a camera's loudspeaker takes it: one channel of 8000 samples a second, linear.
type Speech []int16

// Duration is how long it lasts.
func (s Speech) Duration() time.Duration { return time.Duration(len(s)) * time.Second / speechRate }

const (
	mimeWAV    = "audio/wav"
	speechRate = 8000
	// MaxSpeech bounds a clip.
	MaxSpeech = time.Minute
	// MaxWAV bounds its file, bytes.
	MaxWAV = 2*speechRate*int64(MaxSpeech/time.Second) + 4096
)

// Spoken says what was played.
type Spoken struct {
	Seconds float64 `json:"seconds"`
}

func talkRoutes() []route {
	return []route{
		{method: "POST", pattern: "/api/v1/cameras/{id}/say", does: audit.ActionTalk, needs: auth.Talk, serve: (*Server).postSay,
			summary: "Play a clip through a camera's loudspeaker: a WAV file of one channel, 8000 samples a second, 16 bits, of a minute at most; answered when it was played",
			params:  []param{paramCamera}, body: &body{mime: mimeWAV, max: MaxWAV}, answers: gives[Spoken](200, "It was played.")},
		{method: "POST", pattern: "/api/v1/cameras/{id}/talk", does: audit.ActionTalk, needs: auth.Talk, serve: (*Server).postTalk,
			summary: "Speak through a camera by WebRTC (WHIP): one audio section that sends G.711 as its loudspeaker takes it; one person at a time, five minutes at most",
			params:  []param{paramCamera}, body: &body{mime: mimeSDP, max: maxSDP}, answers: []answer{{status: 201, mime: mimeSDP, doc: "The answer; Location is the session's address."}}},
		{method: "DELETE", pattern: "/api/v1/cameras/{id}/talk/{session}", unlogged: "the end is in the log", needs: auth.Talk, serve: (*Server).deleteTalk,
			summary: "Cease to speak", params: []param{paramCamera, {"session", "path", true, "string", "Id of the session, from the Location header."}}, answers: done("Ended.")},
	}
}

func (s *Server) postSay(w http.ResponseWriter, r *request) error {
	clip, err := readWAV(r.body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	release, ok := s.o.Auth.Hold(r.who, auth.Need{Permission: auth.Talk, Camera: r.PathValue("id")}, cancel)
	if !ok {
		return kindNotFound.with("")
	}
	defer release()
	if err := s.o.Cameras.Say(ctx, r.PathValue("id"), r.who, clip); err != nil {
		return err
	}
	return reply(w, http.StatusOK, Spoken{Seconds: clip.Duration().Seconds()})
}

// How to make such a file of any other, for people.
const hintWAV = "Any sound becomes one by: ffmpeg -i FILE -ac 1 -ar 8000 -c:a pcm_s16le clip.wav"

// readWAV reads a RIFF WAVE file of linear sound.
func readWAV(data []byte) (Speech, error) {
	bad := func(why string) error { return kindRule.with(why).hinting(hintWAV) }
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, bad("It is no WAV file.")
	}
	known := false
	for rest := data[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		chunk := rest[:min(size, int64(len(rest)))]
		switch name {
		case "fmt ":
			if len(chunk) < 16 {
				return nil, bad("Its format is cut off.")
			}
			if le := binary.LittleEndian; le.Uint16(chunk) != 1 || le.Uint16(chunk[2:]) != 1 || le.Uint32(chunk[4:]) != speechRate || le.Uint16(chunk[14:]) != 16 {
				return nil, bad("It is not linear sound of one channel, 8000 samples a second and 16 bits.")
			}
			known = true
		case "data":
			if !known {
				return nil, bad("It does not say how its sound is written.")
			}
			return readSpeech(chunk, bad)
		}
		rest = rest[min(size+size%2, int64(len(rest))):]
	}
	return nil, bad("There is no sound in it.")
}

func readSpeech(chunk []byte, bad func(string) error) (Speech, error) {
	s := make(Speech, len(chunk)/2)
	for i := range s {
		s[i] = int16(binary.LittleEndian.Uint16(chunk[2*i:]))
	}
	if d := s.Duration(); d == 0 || d > MaxSpeech {
		return nil, bad("It lasts longer than a minute, or not at all.")
	}
	return s, nil
}
