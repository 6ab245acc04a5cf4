package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// adoptVerbs change which cameras there are.
var adoptVerbs = []verb{{"adopt", cameraAdopt}, {"change", cameraChange}, {"replace", cameraReplace}, {"remove", cameraRemove}}

const (
	// maxList bounds a file with devices, bytes: as the gateway does.
	maxList = 1 << 20
	// adoptPeriod is how often it is asked how far the gateway is.
	adoptPeriod = 250 * time.Millisecond
)

// cameraAdopt adds many devices.
func cameraAdopt(ctx context.Context, t terminal, args []string) error {
	l := loginOptions(t, "adopt", "[--address A,B,…] [--file LIST] [--name PATTERN] [--record HOW]")
	file := l.fs.String("file", "", "take the devices from a `LIST`: CSV whose first line names the columns (address, and any of name, username, password, sources, record), or JSON as POST /api/v1/adoption takes it. One with passwords has to be its owner's alone")
	name := l.fs.String("name", "", "`PATTERN` of their names: {n}, {nn}, {nnn} are the number, {maker}, {model}, {host} what each is and where; what each calls itself when left out")
	first := l.fs.Int("first", 1, "`NUMBER` of the first in the pattern")
	sources := l.fs.String("sources", "", "all: each video source of each device becomes a camera; the first of each when left out")
	record := l.fs.String("record", "", "record `HOW`: continuous, event or off; continuous when left out")
	mirror := l.fs.Bool("mirror", false, "record to two volumes at once")
	password, err := l.several(ctx, args)
	if err != nil {
		return err
	}
	req := web.AdoptionRequest{}
	if *file != "" {
		if req, err = readAdoption(*file); err != nil {
			return err
		}
	}
	for _, a := range commaList(*l.address) {
		req.Devices = append(req.Devices, web.AdoptionDevice{Address: a})
	}
	if len(req.Devices) == 0 {
		return errors.New("which devices? Say --address A,B or --file LIST")
	}
	if *l.user != "" {
		req.Username, req.Password = *l.user, password
	}
	req.Name, req.Record, req.Mirror = cmp.Or(*name, req.Name), cmp.Or(*record, req.Record), req.Mirror || *mirror
	if l.given("first") || req.First == 0 {
		req.First = *first
	}
	for i := range req.Devices {
		if *sources != "" && len(req.Devices[i].Sources) == 0 {
			req.Devices[i].Sources = commaList(*sources)
		}
	}
	return l.adopt(req)
}

// several reads the command line as begin does, with no address or several.
func (l *login) several(ctx context.Context, args []string) (password string, err error) {
	if err := l.inquiry.begin(ctx, args); err != nil {
		return "", err
	}
	return l.password()
}

// given tells whether an option is on the command line.
func (l *login) given(name string) (given bool) {
	return (&deviceInquiry{inquiry: l.inquiry}).said(name)
}

// adopt has the gateway add devices, shows how far it is, and has it stop when the command is ended.
func (l *login) adopt(req web.AdoptionRequest) error {
	var job web.AdoptionJob
	if err := l.ask(http.MethodPost, "/api/v1/adoption", req, &job); err != nil {
		return err
	}
	shows := isTerminal(l.t.err)
	tick := time.NewTicker(adoptPeriod)
	defer tick.Stop()
	for job.State == "running" {
		if shows {
			fmt.Fprintf(l.t.err, "\r\x1b[K%d of %d asked, %d added. Ctrl-C stops; what was added stays.", job.Done, job.Of, job.Added)
		}
		var err error
		select {
		case <-tick.C:
			err = l.ask(http.MethodGet, "/api/v1/adoption", nil, &job)
		case <-l.ctx.Done():
			l.ctx = context.WithoutCancel(l.ctx)
			err = l.ask(http.MethodDelete, "/api/v1/adoption", nil, &job)
		}
		if err != nil {
			return err
		}
	}
	if shows {
		fmt.Fprint(l.t.err, "\r\x1b[K")
	}
	if err := l.print(job, func(w io.Writer) { printAdoption(w, job) }); err != nil {
		return err
	}
	if job.Added < job.Of {
		return errFindings
	}
	return nil
}

func printAdoption(w io.Writer, job web.AdoptionJob) {
	fmt.Fprintln(w, "ADDRESS\tSTATE\tCAMERA\tNAME\t")
	for _, d := range job.Devices {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Address, d.State, cmp.Or(strings.Join(d.Cameras, ","), "-"), cmp.Or(d.Name, "-"), plainText(strings.TrimSpace(d.Says+" "+d.Do)))
	}
}

// readAdoption reads a list of devices. One that holds passwords must be its owner's alone.
func readAdoption(path string) (req web.AdoptionRequest, err error) {
	f, err := os.Open(path)
	if err != nil {
		return req, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err != nil {
		return req, err
	}
	if len(text) > maxList {
		return req, fmt.Errorf("%s: a list of at most %d bytes is taken", path, maxList)
	}
	if strings.EqualFold(filepath.Ext(path), ".json") {
		err = readJSONList(text, &req)
	} else {
		req.Devices, err = readCSVList(text)
	}
	if err != nil {
		return req, fmt.Errorf("%s: %w", path, err)
	}
	secret := req.Password != "" || slices.ContainsFunc(req.Devices, func(d web.AdoptionDevice) bool { return d.Password != "" })
	if info, err := f.Stat(); err == nil && secret && info.Mode().Perm()&0o077 != 0 {
		return req, fmt.Errorf("%s holds passwords and may be read by others: chmod 600 it", path)
	}
	return req, nil
}

// readJSONList reads a whole request, or its devices alone.
func readJSONList(text []byte, req *web.AdoptionRequest) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' {
		return d.Decode(&req.Devices)
	}
	return d.Decode(req)
}

// readCSVList reads a line for each device, below a line that names the columns. Several sources of one have spaces or semicolons between.
func readCSVList(text []byte) (list []web.AdoptionDevice, err error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))) // spreadsheets write a mark in front
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read the line that names the columns: %w", err)
	}
	for {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var d web.AdoptionDevice
		for i, value := range line {
			switch strings.ToLower(strings.TrimSpace(head[i])) {
			case "address":
				d.Address = value
			case "name":
				d.Name = value
			case "username":
				d.Username = value
			case "password":
				d.Password = value
			case "record":
				d.Record = value
			case "sources":
				d.Sources = strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ';' })
			default:
				return nil, fmt.Errorf("column %q is none of address, name, username, password, sources, record", head[i])
			}
		}
		list = append(list, d)
	}
	if len(list) == 0 {
		return nil, errors.New("it names no device")
	}
	return list, nil
}

// cameraChange renames a camera, or says what it is for.
func cameraChange(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "change", "[--name NAME] [--purpose TEXT] [--legal-basis TEXT] [--audio yes|no] [--on | --off]")
	name := d.fs.String("name", "", "its `NAME` for people")
	purpose := d.fs.String("purpose", "", "what it is there for, a `TEXT`")
	basis := d.fs.String("legal-basis", "", "on what ground it records, a `TEXT`")
	audio := d.fs.String("audio", "", "whether its sound is recorded and may be heard, `yes` or no")
	on := d.fs.Bool("on", false, "switch it on")
	off := d.fs.Bool("off", false, "switch it off: no connection and no recording; its footage stays as long as it would")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var ch web.CameraChange
	for option, to := range map[string]struct {
		field **string
		value *string
	}{"name": {&ch.Name, name}, "purpose": {&ch.Purpose, purpose}, "legal-basis": {&ch.LegalBasis, basis}} {
		if d.said(option) {
			*to.field = to.value
		}
	}
	switch *audio {
	case "":
	case "yes", "no":
		is := *audio == "yes"
		ch.Audio = &is
	default:
		return fmt.Errorf("--audio: %q is neither yes nor no", *audio)
	}
	if *on && *off {
		return errors.New("--on or --off, not both")
	}
	if *on || *off {
		ch.Disabled = off
	}
	if ch == (web.CameraChange{}) {
		return errors.New("what is to be changed? holdfast camera change -h lists it")
	}
	var c web.Camera
	if err := d.ask(http.MethodPatch, strings.TrimSuffix(d.of(""), "/"), ch, &c); err != nil {
		return err
	}
	return d.print(c, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, c.Name, c.State) })
}

// cameraReplace puts another device in a camera's place.
func cameraReplace(ctx context.Context, t terminal, args []string) error {
	l := loginOptions(t, "replace", "--camera ID [--source TOKEN]")
	camera := l.fs.String("camera", "", "the camera's `ID`: it, its name, its settings and its footage stay (required)")
	source := l.fs.String("source", "", "the video source of the new device, its `TOKEN`; the first when left out")
	password, err := l.begin(ctx, args)
	if err != nil {
		return err
	}
	if *camera == "" {
		return errNoCamera
	}
	d := &deviceInquiry{l.inquiry, camera}
	var now web.ReplacedCamera
	if err := d.ask(http.MethodPost, d.of("replace"), web.ReplaceRequest{Address: *l.address, Username: *l.user, Password: password, Source: *source}, &now); err != nil {
		return err
	}
	return d.print(now, func(w io.Writer) {
		for _, x := range []struct {
			what string
			is   web.DeviceIdentity
		}{{"Was", now.Before}, {"Is", now.After}} {
			fmt.Fprintf(w, "%s\t%s\t%s\n", x.what, cmp.Or(strings.TrimSpace(x.is.Manufacturer+" "+x.is.Model+" "+x.is.Serial), "not known"), x.is.Address)
		}
		for _, note := range now.Notes {
			fmt.Fprintf(w, "Note\t%s\n", note)
		}
	})
}

// cameraRemove removes a camera.
func cameraRemove(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "remove", "--yes")
	yes := d.fs.Bool("yes", false, "it is meant: nothing of it is recorded any more")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	if !*yes {
		return errors.New("nothing of the camera would be recorded any more; say --yes if that is meant. To put another device in its place: holdfast camera replace")
	}
	var gone web.RemovedCamera
	if err := d.ask(http.MethodDelete, strings.TrimSuffix(d.of(""), "/"), nil, &gone); err != nil {
		return err
	}
	return d.print(gone, func(w io.Writer) {
		fmt.Fprintf(w, "Removed: %s\n", gone.ID)
		if gone.Footage {
			fmt.Fprintln(w, "Its footage stays until its age ends: holdfast camera list --removed. It is the camera's again when the same device is added again.")
		}
	})
}
