package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/live"
	"holdfast/rtsp"
)

// Loudspeaker is that of a camera, for as long as somebody has it.
type Loudspeaker struct {
	Codec rtsp.Codec               // PCMU or PCMA: what Write takes
	Write func(sound []byte) error // as it is to be heard, 8000 bytes a second
	Gone  <-chan struct{}          // closed when the camera has ended the connection
	Close func()                   // once
}

// Talker is who speaks through a camera.
type Talker struct {
	Name  string    `json:"name"`
	You   bool      `json:"you"`
	Since time.Time `json:"since"`
	owner string
}

// NewTalker is somebody who begins to speak.
func NewTalker(who auth.Identity, now time.Time) *Talker {
	return &Talker{Name: cmp.Or(who.Display, who.User), Since: now.UTC(), owner: who.Owner()}
}

// Speaking is the error of speaking through a camera that somebody else speaks through.
func (t *Talker) Speaking() error {
	return kindSpeaking.with(t.Name + " speaks through it since " + t.Since.Format(time.RFC3339) + ".")
}

// shownTo is the talker as somebody may see it; nil where they may not.
func (t *Talker) shownTo(who auth.Identity, camera string) *Talker {
	if t == nil || !who.MayOn(auth.Talk, camera) {
		return nil
	}
	shown := *t
	shown.You = t.owner == who.Owner()
	return &shown
}

// postTalk has somebody speak: the loudspeaker is theirs from the answer until the session ends.
func (s *Server) postTalk(w http.ResponseWriter, r *request) error {
	c, err := s.camera(r)
	if err != nil {
		return err
	}
	v := &viewing{server: s, who: r.who, entry: r.entry, closing: audit.ActionTalkEnd, stop: s.o.Live.RevokeTalk}
	if !v.hold(auth.Need{Permission: auth.Talk, Camera: c.ID}) {
		return kindNotFound.with("")
	}
	p, err := s.o.Cameras.Speak(r.Context(), c.ID, r.who)
	if err != nil {
		v.release()
		return err
	}
	ended := func(reason string) {
		p.Close()
		v.ended(reason)
	}
	session, sdp, err := s.o.Live.Talk(r.Context(), live.TalkAsk{Camera: c.ID, Owner: r.who.Owner(), Codec: p.Codec, Heard: p.Write, Gone: p.Gone, Ended: ended}, r.body)
	if err != nil {
		p.Close()
		v.release()
		return err
	}
	r.entry.Session = session
	h := w.Header()
	h.Set("Location", fmt.Sprintf("/api/v1/cameras/%s/talk/%s", url.PathEscape(c.ID), url.PathEscape(session)))
	h.Set("Content-Type", mimeSDP)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, err = w.Write(sdp)
	v.began(session)
	return err
}

func (s *Server) deleteTalk(w http.ResponseWriter, r *request) error {
	if _, err := s.camera(r); err != nil {
		return err
	}
	if err := s.o.Live.EndTalk(r.PathValue("session"), r.who.Owner()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
