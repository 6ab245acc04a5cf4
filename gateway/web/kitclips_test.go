package web

import (
	"context"
	"io"
)

// What the site's cameras keep: one clip, of token "t".

func (c *cameras) AudioClips(context.Context, string) (AudioClips, error) {
	return AudioClips{Clips: []AudioClip{{Token: "t", Name: "Hello"}}}, nil
}

func (c *cameras) AddAudioClip(_ context.Context, _, name string, file io.Reader) (AudioClip, error) {
	_, err := io.Copy(io.Discard, file)
	return AudioClip{Token: "new", Name: name}, err
}

func (c *cameras) SetAudioClip(_ context.Context, _, token string, ch AudioClipChange) (AudioClip, error) {
	return AudioClip{Token: token, Name: ch.Name}, oneToken(token)
}

func (c *cameras) RemoveAudioClip(_ context.Context, _, token string) error { return oneToken(token) }

func (c *cameras) PlayAudioClip(_ context.Context, _, token string, _ PlayRequest) error {
	return oneToken(token)
}
