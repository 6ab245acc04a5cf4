package web

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"holdfast/storage"
)

// SegmentFile is one file of footage.
type SegmentFile struct {
	Path      string    `json:"path" doc:"On the gateway."`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Run       string    `json:"run" doc:"The run that it is of: one unbroken recording by one clock."`
	Size      int64     `json:"size" doc:"Bytes that are synced."`
	Open      bool      `json:"open" doc:"Still being recorded."`
	Encrypted bool      `json:"encrypted"`
	KID       string    `json:"kid,omitempty" doc:"Name of its key, hexadecimal."`
	Filled    *Filled   `json:"filled,omitempty" doc:"Of footage that was put into a gap afterwards: where it came from."`
}

// SegmentKey is the key of one file.
type SegmentKey struct {
	Path  string    `json:"path"`
	Start time.Time `json:"start"`
	KID   string    `json:"kid" doc:"Hexadecimal."`
	Key   string    `json:"key,omitempty" doc:"AES-128, hexadecimal."`
	Error string    `json:"error,omitempty" people:"read" doc:"Why there is no key."`
}

// maxSegmentRange bounds a list of files: a week of five-minute segments has two thousand.
const maxSegmentRange = 7 * 24 * time.Hour

func (s *Server) askedSegments(r *request) ([]storage.Segment, error) {
	a, err := s.askedFootage(r)
	if err != nil {
		return nil, err
	}
	if a.to.Sub(a.from) > maxSegmentRange {
		return nil, field(kindRange.with(fmt.Sprintf("Files are listed for at most %d days.", maxSegmentRange/(24*time.Hour))), "to")
	}
	list, err := s.o.Archive.Segments(a.camera, a.stream, a.from, a.to)
	return storage.OfRun(list, a.run), err
}

func (s *Server) getSegments(w http.ResponseWriter, r *request) error {
	segments, err := s.askedSegments(r)
	if err != nil {
		return err
	}
	list := make([]SegmentFile, 0, len(segments))
	for _, seg := range segments {
		f := SegmentFile{Path: seg.Path, Start: seg.Start.UTC(), End: seg.End.UTC(), Run: storage.RunName(seg.Run), Size: seg.Size, Open: seg.Open, Encrypted: seg.Protected, Filled: describeFilled(seg.Filled)}
		if seg.Protected {
			f.KID = hex.EncodeToString(seg.KeyID[:])
		}
		list = append(list, f)
	}
	return reply(w, http.StatusOK, list)
}

// getSegmentKeys tells keys to whom the kernel vouches for, and to no network.
func (s *Server) getSegmentKeys(w http.ResponseWriter, r *request) error {
	if _, local := localIdentity(r.Request); !local {
		return kindForbidden.with("Keys are told on the machine itself only.").hinting("Run holdfast recordings key there.")
	}
	segments, err := s.askedSegments(r)
	if err != nil {
		return err
	}
	list := []SegmentKey{}
	for _, seg := range segments {
		if !seg.Protected {
			continue
		}
		k := SegmentKey{Path: seg.Path, Start: seg.Start.UTC(), KID: hex.EncodeToString(seg.KeyID[:])}
		if key, err := s.o.Keys.SegmentKey(seg.Camera, seg.Start, seg.KeyID); err != nil {
			k.Error = problemOf(err).Error()
		} else {
			k.Key = hex.EncodeToString(key[:])
		}
		list = append(list, k)
	}
	if n := len(segments); n > 0 { // what is told, not what was asked for
		r.entry.From, r.entry.To = segments[0].Start.UTC(), segments[n-1].End.UTC()
	}
	w.Header().Set("Cache-Control", "no-store")
	return reply(w, http.StatusOK, list)
}
