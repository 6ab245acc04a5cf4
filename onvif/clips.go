package onvif

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"holdfast/onvif/internal/soap"
)

const (
	// maxClips bounds the clips of a device.
	maxClips = 256
	// maxClipRepeats bounds how often a clip is played after another.
	maxClipRepeats = 1000
)

// Clip is a sound that a device keeps and plays (tr2:AudioClip; Media2 specification, section 5.15).
type Clip struct {
	Token, Name string
	Type        string // media type, such as audio/vnd.wave;codec=1
	Enabled     bool
	Repeats     int // how often it is played after another; 0: once. Negative: until it is stopped
	Playing     bool

	config *soap.Node // as the device told it, for what is not understood here
}

// Clips are the clips of a device, and what it takes.
type Clips struct {
	List    []Clip
	Most    int      // how many there can be; 0 where the device does not say
	Bytes   int64    // how large a file may be; 0 where the device does not say
	Formats []string // media types; empty where the device does not say
}

// ErrNoClips says that a device keeps no clips.
var ErrNoClips = errors.New("the device keeps no audio clips")

// ErrNoClip says that a device has no clip of a token.
var ErrNoClip = errors.New("the device has no such clip")

// Clips lists the clips that the device keeps. The error of one that keeps none, by its capabilities, is ErrNoClips.
func (c *Client) Clips(ctx context.Context) (Clips, error) {
	const doing = "ask for audio clips"
	n, err := c.ask(ctx, soap.NSMedia2, doing, "<tr2:GetServiceCapabilities/>")
	if err != nil {
		return Clips{}, err
	}
	may := n.Find("Capabilities", "AudioClipCapabilities")
	if may == nil {
		return Clips{}, fail(Refused, doing, ErrNoClips)
	}
	all := Clips{Most: number(may.Attribute("MaxAudioClipLimit")), Formats: strings.Fields(may.Attribute("SupportedAudioClipFormat"))}
	if kb, err := strconv.ParseFloat(may.Attribute("MaxAudioClipSize"), 64); err == nil && kb > 0 && kb < 1<<30 {
		all.Bytes = int64(kb * 1024)
	}
	if n, err = c.ask(ctx, soap.NSMedia2, doing, "<tr2:GetAudioClips/>"); err != nil {
		return all, err
	}
	for _, k := range n.All("AudioClipItem") {
		if token := k.Get("Token"); token != "" && len(all.List) < maxClips {
			all.List = append(all.List, readClip(token, k.Find("Configuration")))
		}
	}
	playing, err := c.ask(ctx, soap.NSMedia2, "ask which clips play", "<tr2:GetPlayingAudioClips/>")
	if err != nil {
		return all, nil // the list is worth more than that
	}
	for _, p := range playing.All("PlayingAudioClips") {
		for i := range all.List {
			all.List[i].Playing = all.List[i].Playing || all.List[i].Token == p.Get("Token")
		}
	}
	return all, nil
}

func readClip(token string, n *soap.Node) Clip {
	return Clip{Token: token, Name: n.Get("Name"), Type: n.Get("Type"), Enabled: isTrue(n.Get("Enabled")), Repeats: repeatsOf(n.Get("RepeatCycles")), config: n}
}

// clip finds one.
func (c *Client) clip(ctx context.Context, token string) (Clip, error) {
	all, err := c.Clips(ctx)
	if err != nil {
		return Clip{}, err
	}
	for _, k := range all.List {
		if k.Token == token {
			return k, nil
		}
	}
	return Clip{}, fail(Refused, "ask for an audio clip", ErrNoClip)
}

// AddClip has the device keep a sound. What it does not take is refused before anything is sent.
func (c *Client) AddClip(ctx context.Context, k Clip, u Upload) (Clip, error) {
	const doing = "add an audio clip"
	all, err := c.Clips(ctx)
	if err != nil {
		return Clip{}, err
	}
	if err := all.takes(k, u.Size); err != nil {
		return Clip{}, fail(Refused, doing, err)
	}
	k.Enabled = true
	n, err := c.ask(ctx, soap.NSMedia2, doing, "<tr2:AddAudioClip>"+k.xml()+"</tr2:AddAudioClip>")
	if err != nil {
		return Clip{}, err
	}
	at := c.own(n.Get("UploadUri"))
	if at == nil {
		return Clip{}, fail(Protocol, doing, errors.New("the device names no address to send it to"))
	}
	if err := c.upload(ctx, at, doing, u); err != nil {
		return Clip{}, err
	}
	return c.clip(ctx, n.Get("Token"))
}

// takes tells why the device would not take a clip.
func (a *Clips) takes(k Clip, size int64) error {
	switch {
	case size <= 0 || size > MaxUpload:
		return fmt.Errorf("a file of 1 to %d bytes is taken", int64(MaxUpload))
	case a.Most > 0 && len(a.List) >= a.Most:
		return fmt.Errorf("the device keeps %d clips at most, and has them", a.Most)
	case a.Bytes > 0 && size > a.Bytes:
		return fmt.Errorf("the file has %d bytes; the device takes %d", size, a.Bytes)
	case len(a.Formats) > 0 && !contains(a.Formats, k.Type):
		return fmt.Errorf("the file is %s; the device takes %s", k.Type, strings.Join(a.Formats, ", "))
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if strings.EqualFold(v, s) {
			return true
		}
	}
	return false
}

// SetClip changes the name of a clip, whether it may be played, and how often it is repeated, and reads back what the device made of it.
func (c *Client) SetClip(ctx context.Context, k Clip) (Clip, error) {
	was, err := c.clip(ctx, k.Token)
	if err != nil {
		return Clip{}, err
	}
	was.Name, was.Enabled, was.Repeats = k.Name, k.Enabled, k.Repeats
	if _, err := c.ask(ctx, soap.NSMedia2, "change an audio clip", "<tr2:SetAudioClip><tr2:Token>"+soap.Escape(k.Token)+"</tr2:Token>"+was.xml()+"</tr2:SetAudioClip>"); err != nil {
		return Clip{}, err
	}
	return c.clip(ctx, k.Token)
}

// RemoveClip has the device keep it no longer. One that is being played is stopped first, since devices refuse otherwise.
func (c *Client) RemoveClip(ctx context.Context, token string) error {
	k, err := c.clip(ctx, token)
	if err != nil {
		return err
	}
	if k.Playing {
		if err := c.PlayClip(ctx, token, false, 0); err != nil {
			return err
		}
	}
	_, err = c.ask(ctx, soap.NSMedia2, "remove an audio clip", "<tr2:DeleteAudioClip><tr2:Token>"+soap.Escape(token)+"</tr2:Token></tr2:DeleteAudioClip>")
	return err
}

// PlayClip plays a clip, or stops it. repeats is how often it is played after another; 0: as the clip says.
func (c *Client) PlayClip(ctx context.Context, token string, play bool, repeats int) error {
	more, doing := "", "stop an audio clip"
	if play {
		doing = "play an audio clip"
		if repeats > 0 {
			more = "<tr2:RepeatCycles>" + strconv.Itoa(min(repeats, maxClipRepeats)) + "</tr2:RepeatCycles>"
		}
	}
	_, err := c.ask(ctx, soap.NSMedia2, doing, "<tr2:PlayAudioClip><tr2:Token>"+soap.Escape(token)+"</tr2:Token><tr2:Play>"+strconv.FormatBool(play)+"</tr2:Play>"+more+"</tr2:PlayAudioClip>")
	return err
}

// xml is the clip as a configuration; outputs, interval, level and schedule are those that the device told.
func (k *Clip) xml() string {
	var b strings.Builder
	b.WriteString("<tr2:Configuration><tr2:Enabled>" + strconv.FormatBool(k.Enabled) + "</tr2:Enabled><tr2:Name>" + soap.Escape(k.Name) + "</tr2:Name>")
	keep := func(name string) {
		for i, v := range k.config.All(name) {
			if i < maxAudio {
				b.WriteString("<tr2:" + name + ">" + soap.Escape(v.Text) + "</tr2:" + name + ">")
			}
		}
	}
	keep("AudioOutputToken")
	b.WriteString("<tr2:Type>" + soap.Escape(k.Type) + "</tr2:Type><tr2:RepeatCycles>" + strconv.Itoa(k.Repeats) + "</tr2:RepeatCycles>")
	for _, name := range []string{"RepeatInterval", "AudioOutputLevel", "ScheduleToken"} {
		keep(name)
	}
	return b.String() + "</tr2:Configuration>"
}

func repeatsOf(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	return max(-1, min(n, maxClipRepeats))
}
