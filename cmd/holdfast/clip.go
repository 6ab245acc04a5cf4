package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"holdfast/gateway/web"
)

// deviceClip lists, plays and keeps the sounds of a camera.
func deviceClip(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "clip", "[list|play CLIP|stop CLIP|add|set CLIP|remove CLIP] [--name NAME] [--file FILE] [--repeats N]")
	name := d.fs.String("name", "", "what a clip is called: of add and set, `NAME`")
	path := d.fs.String("file", "", "the sound, of add: a WAV, MP3 or Ogg `FILE` of a kind that the camera takes")
	repeats := d.fs.Int("repeats", 0, "how often it is played again, of play and set, `N`; -1 of set: until it is stopped")
	deed, clip, rest := "list", "", args
	if len(rest) > 0 && rest[0] != "" && rest[0][0] != '-' {
		deed, rest = rest[0], rest[1:]
		if deed != "list" && deed != "add" && len(rest) > 0 && rest[0] != "" && rest[0][0] != '-' {
			clip, rest = rest[0], rest[1:]
		}
	}
	if err := d.begin(ctx, rest); err != nil {
		return err
	}
	if deed != "list" && deed != "add" && clip == "" {
		return errors.New("which clip? Name its token, as the list has it")
	}
	at := d.of("clips/" + url.PathEscape(clip))
	switch deed {
	case "list":
		return d.listClips()
	case "play":
		return d.doneBy(d.ask(http.MethodPost, at+"/play", web.PlayRequest{Repeats: *repeats}, nil), clip)
	case "stop":
		return d.doneBy(d.ask(http.MethodPost, at+"/play", web.PlayRequest{Stop: true}, nil), clip)
	case "remove":
		return d.doneBy(d.ask(http.MethodDelete, at, nil, nil), clip)
	case "set":
		change := web.AudioClipChange{Name: *name}
		if d.said("repeats") {
			change.Repeats = repeats
		}
		var k web.AudioClip
		if err := d.ask(http.MethodPut, at, change, &k); err != nil {
			return err
		}
		return d.printClip(k)
	case "add":
		if *name == "" {
			return errors.New("what is it called? Say --name NAME")
		}
		var k web.AudioClip
		if err := d.send(ctx, t, d.of("clips?name="+url.QueryEscape(*name)), *path, "application/octet-stream", web.MaxClipFile, &k); err != nil {
			return err
		}
		return d.printClip(k)
	}
	return fmt.Errorf("%q is none of list, play, stop, add, set and remove", deed)
}

func (d *deviceInquiry) doneBy(err error, clip string) error {
	if err != nil {
		return err
	}
	return d.done(clip)
}

func (d *deviceInquiry) printClip(k web.AudioClip) error {
	return d.print(k, func(w io.Writer) { writeClip(w, k) })
}

func writeClip(w io.Writer, k web.AudioClip) {
	state := ""
	if k.Playing {
		state = "plays"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.Token, k.Name, k.Type, state)
}

func (d *deviceInquiry) listClips() error {
	var c web.AudioClips
	if err := d.ask(http.MethodGet, d.of("clips"), nil, &c); err != nil {
		return err
	}
	return d.print(c, func(w io.Writer) {
		for _, k := range c.Clips {
			writeClip(w, k)
		}
		if c.Most > 0 {
			fmt.Fprintf(w, "room for %d\n", c.Most-len(c.Clips))
		}
		for _, f := range c.Formats {
			fmt.Fprintf(w, "takes %s\n", f)
		}
		if c.Bytes > 0 {
			fmt.Fprintf(w, "of at most %d bytes\n", c.Bytes)
		}
	})
}
