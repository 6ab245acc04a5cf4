package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Keeping is a Device that keeps audio clips and plays them.
type Keeping interface {
	Clips() *Clips
}

// Clip is a sound that a device keeps. Until it was sent, which it must be by Expires, it is not told of.
type Clip struct {
	Token, Name, Type string
	Enabled           bool
	Repeats           int
	Sound             []byte
	Playing           bool
	Expires           time.Time
}

// Clips are what a device keeps, and its bounds. It is changed through Change alone.
type Clips struct {
	Most    int
	KB      float64
	Formats []string
	Change  func(func(list []*Clip) []*Clip) // makes a change of the list one act
}

const (
	clipTime = time.Minute // for a clip to be sent
	clipPath = "clip/"
)

var (
	noClip       = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoConfig", "There is no such clip."}
	tooManyClips = fault{"s:Receiver", "ter:Action", "ter:MaxAudioClipLimit", "There are as many clips as there can be."}
)

func clipOperations() map[string]operation {
	return map[string]operation{
		"GetAudioClips": {soap.NSMedia2, false, clips(getClips)}, "GetPlayingAudioClips": {soap.NSMedia2, false, clips(getPlaying)}, "AddAudioClip": {soap.NSMedia2, false, clips(addClip)},
		"SetAudioClip": {soap.NSMedia2, false, clips(setClip)}, "DeleteAudioClip": {soap.NSMedia2, false, clips(deleteClip)}, "PlayAudioClip": {soap.NSMedia2, false, clips(playClip)},
	}
}

// clips answers an operation of a device that keeps clips, as one act on their list.
func clips(do func(s *Server, c *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault)) func(*Server, *soap.Node) (string, *fault) {
	return func(s *Server, req *soap.Node) (answer string, f *fault) {
		d, ok := s.o.Device.(Keeping)
		if !ok || d.Clips() == nil {
			return "", &notSupported
		}
		d.Clips().Change(func(list []*Clip) []*Clip {
			list, answer, f = do(s, d.Clips(), list, req)
			return list
		})
		return answer, f
	}
}

// clipCapabilities is what the Media2 service says of clips.
func (s *Server) clipCapabilities() string {
	d, ok := s.o.Device.(Keeping)
	if !ok || d.Clips() == nil {
		return ""
	}
	c := d.Clips()
	return fmt.Sprintf(`<tr2:AudioClipCapabilities MaxAudioClipLimit="%d" MaxAudioClipSize="%g" SupportedAudioClipFormat="%s"/>`, c.Most, c.KB, strings.Join(c.Formats, " "))
}

func findClip(list []*Clip, token string) *Clip {
	for _, k := range list {
		if k.Token == token && k.Sound != nil {
			return k
		}
	}
	return nil
}

func getClips(_ *Server, _ *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault) {
	var b strings.Builder
	for _, k := range list {
		if k.Sound != nil {
			fmt.Fprintf(&b, "<tr2:AudioClipItem><tr2:Token>%s</tr2:Token><tr2:Configuration><tr2:Enabled>%t</tr2:Enabled><tr2:Name>%s</tr2:Name><tr2:Type>%s</tr2:Type><tr2:RepeatCycles>%d</tr2:RepeatCycles></tr2:Configuration></tr2:AudioClipItem>",
				soap.Escape(k.Token), k.Enabled, soap.Escape(k.Name), soap.Escape(k.Type), k.Repeats)
		}
	}
	text, f := answer(req, b.String())
	return list, text, f
}

func getPlaying(_ *Server, _ *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault) {
	var b strings.Builder
	for _, k := range list {
		if k.Playing {
			fmt.Fprintf(&b, "<tr2:PlayingAudioClips><tr2:Token>%s</tr2:Token><tr2:Name>%s</tr2:Name><tr2:AudioOutputToken>output</tr2:AudioOutputToken><tr2:AudioOutputLevel>50</tr2:AudioOutputLevel><tr2:RepeatsLeft>%d</tr2:RepeatsLeft></tr2:PlayingAudioClips>",
				soap.Escape(k.Token), soap.Escape(k.Name), k.Repeats)
		}
	}
	text, f := answer(req, b.String())
	return list, text, f
}

// configured reads a configuration into a clip; false when it cannot be.
func (k *Clip) configured(n *soap.Node, formats []string) bool {
	repeats := 0
	if _, err := fmt.Sscan(n.Get("RepeatCycles"), &repeats); err != nil || n.Get("Name") == "" {
		return false
	}
	k.Name, k.Type, k.Enabled, k.Repeats = n.Get("Name"), n.Get("Type"), n.Get("Enabled") == "true", repeats
	for _, f := range formats {
		if f == k.Type {
			return true
		}
	}
	return false
}

func addClip(s *Server, c *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault) {
	if len(list) >= c.Most {
		return list, "", &tooManyClips
	}
	k := &Clip{Token: req.Get("Token"), Expires: time.Now().Add(clipTime)}
	for n := len(list) + 1; k.Token == ""; n++ {
		if token := fmt.Sprintf("clip%d", n); !taken(list, token) {
			k.Token = token
		}
	}
	if !k.configured(req.Find("Configuration"), c.Formats) {
		return list, "", &configModify
	}
	text, f := answer(req, "<tr2:Token>"+soap.Escape(k.Token)+"</tr2:Token><tr2:UploadUri>"+soap.Escape(s.file(clipPath+k.Token))+"</tr2:UploadUri><tr2:ExpiryTime>"+soap.FormatTime(k.Expires)+"</tr2:ExpiryTime>")
	return append(list, k), text, f
}

func taken(list []*Clip, token string) bool {
	for _, k := range list {
		if k.Token == token {
			return true
		}
	}
	return false
}

func setClip(_ *Server, c *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault) {
	k := findClip(list, req.Get("Token"))
	if k == nil {
		return list, "", &noClip
	}
	if now := *k; !now.configured(req.Find("Configuration"), c.Formats) {
		return list, "", &configModify
	} else {
		*k = now
	}
	text, f := answer(req, "")
	return list, text, f
}

func deleteClip(_ *Server, _ *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault) {
	k := findClip(list, req.Get("Token"))
	if k == nil || k.Playing {
		return list, "", &noClip
	}
	var left []*Clip
	for _, other := range list {
		if other != k {
			left = append(left, other)
		}
	}
	text, f := answer(req, "")
	return left, text, f
}

func playClip(_ *Server, _ *Clips, list []*Clip, req *soap.Node) ([]*Clip, string, *fault) {
	k := findClip(list, req.Get("Token"))
	if k == nil || !k.Enabled {
		return list, "", &noClip
	}
	k.Playing = req.Get("Play") == "true"
	text, f := answer(req, "")
	return list, text, f
}

// takeClip takes the sound of a clip that was added.
func (s *Server) takeClip(w http.ResponseWriter, r *http.Request, token string) {
	d, ok := s.o.Device.(Keeping)
	if !ok || d.Clips() == nil || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	c := d.Clips()
	sound, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(c.KB*1024)))
	if err != nil {
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
		return
	}
	status := http.StatusGone
	c.Change(func(list []*Clip) []*Clip {
		for _, k := range list {
			if k.Token == token && k.Sound == nil && time.Now().Before(k.Expires) {
				k.Sound, status = sound, http.StatusOK
			}
		}
		return list
	})
	w.WriteHeader(status)
}
