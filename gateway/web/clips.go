package web

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// ClipKeeping is what cameras keep and play of sounds. *gateway.Gateway implements it. What a device answers to the effect of no is an error
// of Refused; ErrNotFound when there is no such camera or clip.
type ClipKeeping interface {
	AudioClips(ctx context.Context, camera string) (AudioClips, error)
	// AddAudioClip has a camera keep a sound; file has at most MaxClipFile bytes.
	AddAudioClip(ctx context.Context, camera, name string, file io.Reader) (AudioClip, error)
	SetAudioClip(ctx context.Context, camera, token string, c AudioClipChange) (AudioClip, error)
	RemoveAudioClip(ctx context.Context, camera, token string) error
	PlayAudioClip(ctx context.Context, camera, token string, p PlayRequest) error
}

// AudioClips are the sounds that a camera keeps, and what it takes.
type AudioClips struct {
	Clips   []AudioClip `json:"clips"`
	Most    int         `json:"most" doc:"How many there can be; 0 where the camera does not say."`
	Bytes   int64       `json:"bytes" doc:"How large a file may be; 0 where the camera does not say."`
	Formats []string    `json:"formats" doc:"Media types that it takes; empty where the camera does not say."`
}

// AudioClip is a sound that a camera keeps.
type AudioClip struct {
	Token   string `json:"token"`
	Name    string `json:"name"`
	Type    string `json:"type" doc:"Media type."`
	Enabled bool   `json:"enabled" doc:"It may be played."`
	Repeats int    `json:"repeats" doc:"How often it is played again each time; -1: until it is stopped."`
	Playing bool   `json:"playing" doc:"It is being played now."`
}

// AudioClipChange changes what is given of a clip.
type AudioClipChange struct {
	Name    string `json:"name,omitempty"`
	Enabled *bool  `json:"enabled,omitempty"`
	Repeats *int   `json:"repeats,omitempty" doc:"-1 to 1000."`
}

// PlayRequest plays a clip, or stops it.
type PlayRequest struct {
	Stop    bool `json:"stop,omitempty"`
	Repeats int  `json:"repeats,omitempty" doc:"How often it is played again; as the clip says when left out."`
}

const (
	// MaxClipFile bounds a sound that is sent to a camera, bytes.
	MaxClipFile = 32 << 20
	maxClipName = 64 // bytes
	maxRepeats  = 1000
)

func clipRoutes() []route {
	const all = "/api/v1/cameras/{id}/clips"
	of := []param{paramCamera}
	one := []param{paramCamera, {"clip", "path", true, "string", "Token of the clip."}}
	return []route{
		{method: "GET", pattern: all, needs: auth.Talk, serve: (*Server).getClips,
			summary: "The sounds that a camera keeps, and what it takes", params: of, answers: gives[AudioClips](200, "They.")},
		{method: "POST", pattern: all, does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postClip,
			summary: "Have a camera keep a sound: a WAV, MP3 or Ogg file of a kind that it takes", params: append(of[:1:1], param{"name", "query", true, "string", "What it is called, at most 64 bytes."}),
			body: &body{mime: mimeFile, max: MaxClipFile, streams: true}, answers: gives[AudioClip](201, "The clip, as the camera has it.")},
		{method: "PUT", pattern: all + "/{clip}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putClip,
			summary: "Change what is given of a clip", params: one, body: jsonBody[AudioClipChange](), answers: gives[AudioClip](200, "The clip, as the camera has it.")},
		{method: "DELETE", pattern: all + "/{clip}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).deleteClip,
			summary: "Have a camera keep a sound no longer", params: one, answers: done("It is gone.")},
		{method: "POST", pattern: all + "/{clip}/play", does: audit.ActionTalk, needs: auth.Talk, serve: (*Server).postPlayClip,
			summary: "Have a camera play a clip, or stop it", params: one, body: jsonBody[PlayRequest](), answers: done("It plays, or has stopped.")},
	}
}

func (s *Server) getClips(w http.ResponseWriter, r *request) error {
	c, err := s.o.Cameras.AudioClips(r.Context(), r.PathValue("id"))
	c.Clips, c.Formats = listed(c.Clips), listed(c.Formats)
	return replyOr(w, c, err)
}

func (s *Server) postClip(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	name := q.Get("name")
	if err := checkClipName(name); err != nil {
		return err
	}
	r.entry.Target = "clip"
	c, err := s.o.Cameras.AddAudioClip(r.Context(), r.PathValue("id"), name, r.Body)
	if err != nil {
		return err
	}
	r.changed(nil, c)
	return reply(w, http.StatusCreated, c)
}

func checkClipName(name string) error {
	if name == "" || len(name) > maxClipName {
		return field(kindRule.with(fmt.Sprintf("A name has 1 to %d bytes.", maxClipName)), "name")
	}
	return nil
}

func (s *Server) putClip(w http.ResponseWriter, r *request) error {
	var c AudioClipChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	if c.Name != "" {
		if err := checkClipName(c.Name); err != nil {
			return err
		}
	}
	if c.Repeats != nil && (*c.Repeats < -1 || *c.Repeats > maxRepeats) {
		return field(kindRule.with(fmt.Sprintf("It is from -1 to %d.", maxRepeats)), "repeats")
	}
	r.entry.Target = clipID(r.PathValue("clip"))
	now, err := s.o.Cameras.SetAudioClip(r.Context(), r.PathValue("id"), r.PathValue("clip"), c)
	r.changed(nil, c)
	return replyOr(w, now, err)
}

func (s *Server) deleteClip(w http.ResponseWriter, r *request) error {
	r.entry.Target = clipID(r.PathValue("clip"))
	if err := s.o.Cameras.RemoveAudioClip(r.Context(), r.PathValue("id"), r.PathValue("clip")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postPlayClip(w http.ResponseWriter, r *request) error {
	var p PlayRequest
	if err := decode(r.body, &p); err != nil {
		return err
	}
	if p.Repeats < 0 || p.Repeats > maxRepeats {
		return field(kindRule.with(fmt.Sprintf("It is from 0 to %d.", maxRepeats)), "repeats")
	}
	r.entry.Target = clipID(r.PathValue("clip"))
	r.changed(nil, p)
	if err := s.o.Cameras.PlayAudioClip(r.Context(), r.PathValue("id"), r.PathValue("clip"), p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
