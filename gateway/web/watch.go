package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/live"
)

const (
	mimeSDP      = "application/sdp"
	mimeFragment = "application/trickle-ice-sdpfrag"
)

// optionsWHEP tells what an offer may be (draft-ietf-wish-whep section 4.1).
func (s *Server) optionsWHEP(w http.ResponseWriter, r *request) error {
	if _, err := s.camera(r); err != nil {
		return err
	}
	w.Header().Set("Accept-Post", mimeSDP)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postWHEP(w http.ResponseWriter, r *request) error {
	w.Header().Set("Accept-Post", mimeSDP)
	c, id, st, q, err := s.watched(r)
	if err != nil {
		return err
	}
	audio, err := mayHear(r, c, q)
	if err != nil {
		return err
	}
	made, err := parseFlag(q, "transcode")
	if err != nil {
		return err
	}
	r.entry.Stream = id
	v := &viewing{server: s, who: r.who, entry: r.entry, closing: audit.ActionLiveEnd, stop: s.o.Live.Revoke}
	need := auth.Need{Permission: auth.Live, Camera: c.ID}
	if audio {
		need.Also = auth.Audio
	}
	if !v.hold(need) {
		return kindNotFound.with("")
	}
	session, sdp, err := s.o.Live.Offer(r.Context(), live.Ask{Camera: c.ID, Name: id, Stream: st, Owner: r.who.Owner(), Audio: audio, Transcode: made, Ended: v.ended}, r.body)
	if err != nil {
		v.release()
		return err
	}
	r.entry.Session = session
	h := w.Header()
	h.Set("Location", fmt.Sprintf("/api/v1/cameras/%s/whep/%s", url.PathEscape(c.ID), url.PathEscape(session)))
	h.Set("ETag", strconv.Quote(session))
	h.Set("Accept-Patch", mimeFragment)
	h.Set("Content-Type", mimeSDP)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, err = w.Write(sdp)
	v.began(session)
	return err
}

// mayHear tells whether sound is asked for and may be heard: by the camera's setting, and by the person's right. Where it may not, there is none, as
// of a camera without a microphone.
func mayHear(r *request, c Camera, q url.Values) (bool, error) {
	audio, err := parseFlag(q, "audio")
	if err != nil || !audio {
		return false, err
	}
	return c.Audio && r.who.MayOn(auth.Audio, c.ID), nil
}

func (s *Server) patchWHEP(w http.ResponseWriter, r *request) error {
	if _, err := s.camera(r); err != nil {
		return err
	}
	session := r.PathValue("session")
	if match := r.Header.Get("If-Match"); match != "" && match != "*" && match != strconv.Quote(session) {
		return kindChanged.with("")
	}
	answer, err := s.o.Live.Patch(session, r.who.Owner(), r.body)
	if err != nil {
		return err
	}
	if len(answer) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", mimeFragment)
	_, err = w.Write(answer)
	return err
}

func (s *Server) deleteWHEP(w http.ResponseWriter, r *request) error {
	if _, err := s.camera(r); err != nil {
		return err
	}
	if err := s.o.Live.Delete(r.PathValue("session"), r.who.Owner()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getLiveMP4(w http.ResponseWriter, r *request) error {
	c, id, st, q, err := s.watched(r)
	if err != nil {
		return err
	}
	audio, err := mayHear(r, c, q)
	if err != nil {
		return err
	}
	made, err := parseFlag(q, "transcode")
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.o.Live.ServeMP4(w, r.Request, live.Ask{Camera: c.ID, Name: id, Stream: st, Owner: r.who.Owner(), Audio: audio, Transcode: made})
}

func (s *Server) getSnapshot(w http.ResponseWriter, r *request) error {
	_, _, st, _, err := s.watched(r)
	if err != nil {
		return err
	}
	var mime string
	var picture []byte
	if strings.HasSuffix(r.URL.Path, ".mp4") {
		mime, picture, err = s.o.Live.SnapshotMP4(st)
	} else {
		mime, picture, err = s.o.Live.Snapshot(r.Context(), st)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mime)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	_, err = w.Write(picture)
	return err
}
