package web

import (
	"context"
	"time"
)

// WatchScene gives one scene of a camera, and then nothing until ctx ends.
func (c *cameras) WatchScene(_ context.Context, id string) (<-chan Scene, error) {
	if _, ok := c.Camera(id); !ok {
		return nil, ErrNotFound
	}
	one := make(chan Scene, 1)
	one <- sceneOf(id, time.Unix(1e9, 0).UTC())
	return one, nil
}

// RecordedScenes gives a scene a second.
func (c *cameras) RecordedScenes(_ context.Context, _, _ string, from, to time.Time, each func(Scene) bool) error {
	for at := from; at.Before(to) && each(sceneOf("", at)); at = at.Add(time.Second) {
	}
	return nil
}

func sceneOf(camera string, at time.Time) Scene {
	return Scene{Camera: camera, At: at, Objects: []SceneObject{{ID: "1", Class: "Human", Box: [4]float64{-0.5, -0.5, 0, 0}}}}
}

// SearchMotion finds one stretch.
func (c *cameras) SearchMotion(_ context.Context, s MotionSearch, tell func(MotionLine)) error {
	tell(MotionLine{Hit: &MotionHit{From: s.From, To: s.From.Add(time.Second), Peak: s.From, Changed: s.Least, By: "pictures"}})
	tell(MotionLine{Done: true})
	return nil
}
