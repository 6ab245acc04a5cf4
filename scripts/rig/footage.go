package rig

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"holdfast/rtsp/rtsptest"
)

// Picture is one frame of a clip that a camera sent, or that a recorder has stored.
type Picture struct {
	Unit int       // its place in the clip
	At   time.Time // when it was sent; or the wall time that the recorder gives it
}

// Footage tells the pictures of a clip apart by their content.
type Footage struct {
	units map[[sha256.Size]byte]int
	// Length is how long the clip plays until its pictures come again.
	Length time.Duration
	// Frame is how long one picture is shown.
	Frame time.Duration
}

// Footage reads a clip whose pictures all differ.
func (b *Bench) Footage(file string) (*Footage, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	clip, err := rtsptest.LoadClip(f)
	if err != nil {
		return nil, err
	}
	known := &Footage{units: make(map[[sha256.Size]byte]int), Length: clip.Duration, Frame: clip.Duration / time.Duration(len(clip.Units))}
	for i, u := range clip.Units {
		known.units[fingerprint(u)] = i
	}
	if len(known.units) != len(clip.Units) {
		return nil, fmt.Errorf("clip %s has %d pictures, and only %d of them differ", file, len(clip.Units), len(known.units))
	}
	return known, nil
}

// fingerprint is of a picture's slices alone: parameter sets may come with it or not.
func fingerprint(u rtsptest.Unit) [sha256.Size]byte {
	h := sha256.New()
	for _, n := range u.NALs {
		if kind := n[0] & 0x1f; kind == 1 || kind == 5 { // ITU-T H.264 table 7-1: coded slices
			h.Write(n)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Sent reads what each camera of a street has sent since a moment, in order. What is being written is left out.
func Sent(file string, since time.Time) (map[int][]Picture, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sent := make(map[int][]Picture)
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return sent, nil
		}
		if err != nil {
			return nil, err
		}
		var camera, unit int
		var ns int64
		if _, err := fmt.Sscan(line, &camera, &unit, &ns); err != nil {
			return nil, fmt.Errorf("read account of what was sent: %q: %w", line, err)
		}
		if at := time.Unix(0, ns); !at.Before(since) {
			sent[camera] = append(sent[camera], Picture{unit, at})
		}
	}
}

// videoMap is what the API says of the times of a clip.
type videoMap struct {
	Map []struct {
		Media float64
		Wall  time.Time
	}
}

// Stored reads every picture of a camera that playback gives for a range, in the order of wall time. A range without any
// footage is an error.
func (d *Daemon) Stored(ctx context.Context, known *Footage, camera string, from, to time.Time) ([]Picture, error) {
	q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	res, err := d.Open(ctx, http.MethodGet, "/api/v1/cameras/"+camera+"/video.mp4?"+q.Encode(), "", nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read video of %s: %w", camera, err)
	}
	clip, err := rtsptest.LoadClip(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var m videoMap
	if err := d.get(ctx, "/api/v1/cameras/"+camera+"/video.json?"+q.Encode(), &m); err != nil {
		return nil, err
	}
	list := make([]Picture, 0, len(clip.Units))
	for i, u := range clip.Units {
		unit, ok := known.units[fingerprint(u)]
		if !ok {
			return nil, fmt.Errorf("picture %d of %s was never sent by the camera", i, camera)
		}
		list = append(list, Picture{unit, m.wallAt((u.PTS - clip.Units[0].PTS).Seconds())})
	}
	slices.SortStableFunc(list, func(a, b Picture) int { return a.At.Compare(b.At) })
	return list, nil
}

// wallAt is the wall time of a media time. At a jump it is the time after it: a picture begins there.
func (m *videoMap) wallAt(media float64) time.Time {
	const tick = 1e-4 // seconds: more than one of 90 kHz, less than a frame
	for i := len(m.Map) - 2; i >= 0; i-- {
		p, next := m.Map[i], m.Map[i+1]
		if media >= p.Media-tick && next.Media > p.Media {
			share := (media - p.Media) / (next.Media - p.Media)
			return p.Wall.Add(time.Duration(share * float64(next.Wall.Sub(p.Wall))))
		}
	}
	return m.Map[0].Wall
}
