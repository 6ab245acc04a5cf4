package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

type prefix = netip.Prefix

// checkFile holds the rules between the fields of the file, and fills what one field lends another.
func checkFile(r *reader, f found, c *Config) {
	checkVolumes(r, f, c)
	seen := make(map[string]int)
	for i := range c.Cameras {
		cam := &c.Cameras[i]
		first, again := seen[cam.ID]
		if again && cam.ID != "" {
			r.problem(f.of(fmt.Sprintf("cameras[%d].id", i)), "%q is the id of cameras[%d] already; each camera has its own", clip(cam.ID), first)
		}
		if !again {
			seen[cam.ID] = i
		}
	}
	checkAges(r, f, c)
	checkMirrors(r, f, c)
	checkCertified(r, f, c)
}

// checkMirrors wants two volumes for a camera that is recorded to two.
func checkMirrors(r *reader, f found, c *Config) {
	for i := range c.Cameras {
		if c.Cameras[i].Record.Mirror && len(c.Volumes) < 2 {
			r.problem(f.of(fmt.Sprintf("cameras[%d].record.mirror", i)), "is true, and there is one volume; allowed: with two volumes or more, so that there is one for each copy")
		}
	}
}

// checkVolumes refuses directories that are in each other's way: a volume's size and age would be counted twice.
func checkVolumes(r *reader, f found, c *Config) {
	for i, v := range c.Volumes {
		at := f.of(fmt.Sprintf("volumes[%d].path", i))
		if v.Path == c.Data && v.Path != "" {
			r.problem(at, "is the data directory; footage needs a directory of its own, such as %s", filepath.Join(v.Path, "volume"))
		}
		for j, w := range c.Volumes {
			if j < i && v.Path == w.Path && v.Path != "" {
				r.problem(at, "is the directory of volumes[%d] already", j)
			} else if i != j && inside(v.Path, w.Path) {
				r.problem(at, "lies inside volumes[%d]", j)
			}
		}
	}
}

func inside(path, dir string) bool {
	return path != "" && dir != "" && strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// checkCamera holds the rules between the fields of one camera, and completes it.
func checkCamera(r *reader, f found, c *Camera) {
	if c.Name == "" {
		c.Name = c.ID
	}
	if !f.has("rtsp") && !f.has("onvif") {
		r.problem(f.of("rtsp"), "is missing; allowed: `rtsp`, `onvif`, or both")
	}
	readPasswordFile(r, f, c)
	if f.broken("rtsp", "onvif", "streams", "record") {
		return // what follows would be wrong because of what is told already
	}
	c.crossCheck(func(field, reason string) { r.problem(f.of(field), "%s", reason) })
}

func readPasswordFile(r *reader, f found, c *Camera) {
	at := f.of("password_file")
	switch {
	case f.has("password") && f.has("password_file"):
		r.problem(at, "stands beside `password`; allowed: one of the two")
	case c.PasswordFile != "" && r.secrets != nil:
		secret, err := r.secrets(c.PasswordFile)
		if err != nil {
			r.problem(at, "%v; allowed: a file that only its owner may read, with the password in it", err)
		}
		c.Password = secret
	}
	if (f.has("password") || f.has("password_file")) && !f.has("username") {
		r.problem(f.of("username"), "is missing beside the password")
	}
}

// completeStreams gives every stream of an RTSP camera its whole address, and puts main first.
func (c *Camera) completeStreams() {
	main := slices.IndexFunc(c.Streams, func(s Stream) bool { return s.ID == "main" })
	if main < 0 && c.RTSP != "" {
		c.Streams = append([]Stream{{ID: "main"}}, c.Streams...)
		main = 0
	}
	if main > 0 {
		s := c.Streams[main]
		c.Streams = slices.Insert(slices.Delete(c.Streams, main, main+1), 0, s)
	}
	for i := range c.Streams {
		s := &c.Streams[i]
		switch {
		case s.RTSP == "" && s.Profile == "" && s.ID == "main":
			s.RTSP = c.RTSP
		case strings.HasPrefix(s.RTSP, "/") && c.RTSP != "":
			s.RTSP = onCamera(c.RTSP, s.RTSP)
		}
	}
}

// onCamera makes a whole address of a path and the camera's address. Both have been checked.
func onCamera(camera, path string) string {
	base, err := url.Parse(camera)
	if err != nil {
		return path
	}
	ref, err := url.Parse(path)
	if err != nil {
		return path
	}
	return base.ResolveReference(ref).String()
}

// crossCheck reports what does not fit together, and completes the streams when they fit.
func (c *Camera) crossCheck(report func(field, reason string)) {
	fits := true
	c.checkStreams(func(field, reason string) { fits = false; report(field, reason) })
	if !fits {
		return
	}
	c.completeStreams()
	if c.Record.Mode != Off {
		c.checkRecorded(report)
	}
	if c.Record.Schedule != nil && c.Record.Mode != Scheduled {
		report("record.schedule", fmt.Sprintf("stands beside mode %s and would not be used; allowed: with record: {mode: schedule}", c.Record.Mode))
	}
}

// checkRecorded wants streams to record, and that the camera has them.
func (c *Camera) checkRecorded(report func(field, reason string)) {
	if len(c.Record.Streams) == 0 {
		report("record.streams", "is empty: recording would keep nothing; allowed: stream ids, or record: {mode: off}")
	}
	if err := c.Record.keeps(); err != nil {
		report("record.mode", err.Error())
	}
	var known []string
	for _, s := range c.Streams {
		known = append(known, s.ID)
	}
	if len(known) == 0 {
		known = []string{"main", "sub"} // what ONVIF supplies where no streams are listed
	}
	for i, id := range c.Record.Streams {
		if !slices.Contains(known, id) {
			report("record.streams", fmt.Sprintf("%q is not a stream of this camera; allowed: %s", clip(id), strings.Join(known, ", ")))
		}
		if slices.Contains(c.Record.Streams[:i], id) {
			report("record.streams", fmt.Sprintf("%q stands twice", clip(id)))
		}
	}
}

func (c *Camera) checkStreams(report func(field, reason string)) {
	if c.Source != "" && c.ONVIF == "" {
		report("source", "names a video source of an ONVIF device, and the camera has no `onvif`")
	}
	for i, s := range c.Streams {
		field := fmt.Sprintf("streams[%d]", i)
		if slices.ContainsFunc(c.Streams[:i], func(t Stream) bool { return t.ID == s.ID }) {
			report(field+".id", fmt.Sprintf("%q is the id of two streams; each stream has its own", clip(s.ID)))
		}
		switch {
		case s.RTSP != "" && s.Profile != "":
			report(field, "has `rtsp` and `profile`; allowed: one of the two")
		case s.Profile != "" && c.ONVIF == "":
			report(field+".profile", "names an ONVIF profile, and the camera has no `onvif`")
		case strings.HasPrefix(s.RTSP, "/") && c.RTSP == "":
			report(field+".rtsp", "is a path, and the camera has no `rtsp` address that it could belong to")
		case s.RTSP == "" && s.Profile == "" && c.ONVIF == "" && (s.ID != "main" || c.RTSP == ""):
			report(field+".rtsp", "is missing; allowed: an rtsp:// address, or a path on the camera's")
		}
	}
}

// Check completes a camera that did not come from a file and tells what is wrong with it, by the same rules; a Record.MaxAge of 0
// is allowed and means the gateway's own.
func (c *Camera) Check() error {
	var problems []error
	report := func(field, reason string) { problems = append(problems, fmt.Errorf("%s: %s", field, reason)) }
	must := func(field string, err error) {
		if err != nil {
			report(field, err.Error())
		}
	}
	_, err := checkID(c.ID)
	must("id", err)
	_, err = checkWords(c.Name)
	must("name", err)
	if c.RTSP == "" && c.ONVIF == "" {
		report("rtsp", "is missing; allowed: `rtsp`, `onvif`, or both")
	}
	if c.RTSP != "" {
		_, err = checkRTSP(c.RTSP)
		must("rtsp", err)
	}
	if c.ONVIF != "" {
		_, err = checkDeviceHost(c.ONVIF)
		must("onvif", err)
	}
	if c.Source != "" {
		_, err = checkWords(c.Source)
		must("source", err)
	}
	if !slices.Contains([]string{"auto", "tcp", "udp", "multicast"}, c.Transport) {
		report("transport", "allowed are auto, tcp, udp, multicast")
	}
	if !slices.Contains([]string{Continuous, Event, Scheduled, Off}, c.Record.Mode) {
		report("record.mode", "allowed are continuous, event, schedule, off")
	}
	if c.Record.MaxAge != 0 {
		must("record.max_age", checkAge(c.Record.MaxAge))
	}
	c.crossCheck(report)
	return errors.Join(problems...)
}
