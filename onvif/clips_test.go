package onvif_test

import (
	"errors"
	"strings"
	"testing"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
)

func TestSoundsThatADeviceKeepsAreAddedPlayedAndRemoved(t *testing.T) {
	ctx := t.Context()
	sent := &requests{}
	_, c := controlled(t, sent, onviftest.Options{Kind: onviftest.Fixed})
	all, err := c.Clips(ctx)
	if err != nil || len(all.List) != 0 || all.Most != 4 || all.Bytes != 512<<10 || len(all.Formats) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	sound := func() onvif.Upload { return onvif.Upload{Body: strings.NewReader("RIFF0000WAVE"), Size: 12} }
	k, err := c.AddClip(ctx, onvif.Clip{Name: "Leave <now> & go", Type: "audio/vnd.wave;codec=1"}, sound())
	if err != nil || k.Token == "" || k.Name != "Leave <now> & go" || !k.Enabled || k.Playing {
		t.Fatalf("%+v, %v", k, err)
	}
	k.Name, k.Repeats = "Leave", -1
	if k, err = c.SetClip(ctx, k); err != nil || k.Name != "Leave" || k.Repeats != -1 {
		t.Fatalf("%+v, %v", k, err)
	}
	if err := c.PlayClip(ctx, k.Token, true, 3); err != nil {
		t.Fatal(err)
	}
	if all, err = c.Clips(ctx); err != nil || len(all.List) != 1 || !all.List[0].Playing {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := c.PlayClip(ctx, k.Token, false, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.PlayClip(ctx, k.Token, true, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveClip(ctx, k.Token); err != nil { // it plays: it is stopped first
		t.Fatal(err)
	}
	if err := c.RemoveClip(ctx, k.Token); !errors.Is(err, onvif.ErrNoClip) {
		t.Errorf("%v", err)
	}
	for what, bad := range map[string]struct {
		clip onvif.Clip
		size int64
	}{"the device takes audio/vnd.wave": {onvif.Clip{Name: "x", Type: "audio/ogg;codecs=opus"}, 12}, "the device takes 524288": {onvif.Clip{Name: "x", Type: "audio/mpeg"}, 1 << 20}} {
		u := sound()
		u.Size = bad.size
		if _, err := c.AddClip(ctx, bad.clip, u); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, mute := controlled(t, sent, onviftest.Options{Kind: onviftest.Thermal})
	if _, err := mute.Clips(ctx); !errors.Is(err, onvif.ErrNoClips) {
		t.Errorf("%v", err)
	}
	sent.validate(t)
}
