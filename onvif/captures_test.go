package onvif_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"holdfast/onvif"
	"holdfast/onvif/internal/soap"
	"holdfast/onvif/onviftest"
)

// findings is what was understood of a device, a line of the table.
type findings struct {
	device, who, auth string
	cells             []string
	verdict           string
}

var columns = []string{"DEVICE", "MAKER, MODEL", "ACCESS", "FILES", "ANSWERS", "SERVICES", "PROFILES", "SOURCES", "STREAMS", "PICTURES", "PRESETS", "IMAGING", "RELAYS", "TOPICS", "NOTIFICATIONS", "RECORDINGS", "VERDICT"}

// TestCaptures replays what real devices answered, a folder each: the client connects, and reads out of it what is there, or says what
// is wrong. Whatever a list in an answer has is counted on its own, and all of it must come out. A folder that is in no form that is
// known, and a file that is no answer, gives a line with words.
func TestCaptures(t *testing.T) {
	root, _ := shared("captures")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Skipf("the recorded answers of real cameras are not at %s", root)
	}
	var table []findings
	for _, e := range entries {
		if !e.IsDir() {
			continue // notes about the folders
		}
		t.Run(e.Name(), func(t *testing.T) {
			dir := filepath.Join(root, e.Name())
			inside := devicesIn(dir)
			if len(inside) == 0 {
				table = append(table, replayed(t, dir, e.Name()))
			}
			for _, sub := range inside {
				t.Run(sub, func(t *testing.T) { table = append(table, replayed(t, filepath.Join(dir, sub), e.Name()+"/"+sub)) })
			}
		})
	}
	t.Log("\n" + printed(table))
}

func printed(table []findings) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	for _, f := range table {
		fmt.Fprintln(w, strings.Join(append(append([]string{f.device, f.who, f.auth}, f.cells...), f.verdict), "\t"))
	}
	w.Flush()
	return b.String()
}

// services are what folders are called that are parts of one device.
var services = regexp.MustCompile(`(?i)^(core|device|devicemgmt|device_?management|media[12]?|ptz|events?|imaging|analytics\w*|recordings?|search|replay|deviceio|thermal|requests?|responses?|xml)$`)

// devicesIn gives the folders of a folder that are devices of their own; none when the folder is one.
func devicesIn(dir string) (list []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		switch {
		case !e.IsDir():
			return nil
		case services.MatchString(e.Name()):
			return nil
		}
		list = append(list, e.Name())
	}
	return list
}

// replayed gives what is understood of a recorded device.
func replayed(t *testing.T, dir, name string) (f findings) {
	f = findings{device: name, cells: slices.Repeat([]string{"-"}, 13)}
	r, err := onviftest.NewReplay(dir)
	if err != nil {
		f.verdict = err.Error()
		return f
	}
	answers := 0
	var unread []string
	for _, x := range r.Files {
		if x.Operation != "" {
			answers++
		} else {
			unread = append(unread, x.File+": "+x.Note)
		}
	}
	f.cells[0], f.cells[1] = fmt.Sprint(len(r.Files)), fmt.Sprint(answers)
	for _, u := range unread {
		t.Log("no answer to an operation: ", u)
	}
	if len(r.Files) == 0 {
		f.verdict = "the folder is empty"
		return f
	}
	s := httptest.NewServer(r)
	defer s.Close()
	c, err := onvif.New(onvif.Options{Address: s.URL + "/onvif/device_service", Username: "u", Password: "p", Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	d, err := c.Probe(ctx)
	f.verdict = "understood"
	if err != nil {
		f.verdict = words(err)
	}
	f.notifications(t, c, r)
	switch {
	case d == nil && refusesUs(err):
		f.auth = "refused"
		return f
	case d == nil: // something that comes first was not recorded: the rest is asked for by itself
		f.rest(ctx, t, c, r, &onvif.Device{})
		if r.StandsIn() {
			f.auth = "made up"
			return f
		}
		if len(r.Answers("GetServices"))+len(r.Answers("GetCapabilities")) == 0 {
			f.single(ctx, c, r)
		}
		return f
	}
	f.auth = "open"
	if err == nil && len(d.Profiles) == 0 {
		f.verdict = "no profile: " + strings.Join(d.Warnings, " ")
	}
	if r.StandsIn() {
		f.auth = "made up"
	}
	f.who = strings.TrimSpace(d.Manufacturer + ", " + d.Model)
	f.cells[2] = fmt.Sprint(len(d.Services))
	f.media(t, c, r, d)
	f.rest(ctx, t, c, r, d)
	return f
}

// single asks for what was recorded of a device that says neither who it is nor what it has.
func (f *findings) single(ctx context.Context, c *onvif.Client, r *onviftest.Replay) {
	var said []string
	for _, x := range r.Files {
		if x.Operation == "" || strings.Contains(strings.Join(said, "\n"), x.Operation+": ") {
			continue
		}
		_, err := c.AskHere(ctx, "<"+x.Operation+"/>")
		if err == nil {
			said = append(said, x.Operation+": answered")
		} else {
			said = append(said, x.Operation+": "+words(err))
		}
	}
	switch {
	case len(said) > 0:
		f.verdict = strings.Join(said, "; ")
	default:
		f.verdict = "no file is an answer of ONVIF"
	}
}

func refusesUs(err error) bool {
	var e *onvif.Error
	return errors.As(err, &e) && e.Class == onvif.Unauthorized
}

// words are those of an error, with its class; without a class nobody could go on from it.
func words(err error) string {
	var e *onvif.Error
	if !errors.As(err, &e) || e.Hint == "" {
		return "WITHOUT A CLASS: " + err.Error()
	}
	return e.Class.String() + ": " + strings.ReplaceAll(err.Error(), "\n", " ")
}

var (
	profileTags = regexp.MustCompile(`<(?:\w[\w.-]*:)?Profiles\b[^>]*?\stoken="([^"]*)"`)
	presetTags  = regexp.MustCompile(`<(?:\w[\w.-]*:)?Preset\b[^>]*?\stoken="([^"]*)"`)
	noteTags    = regexp.MustCompile(`<(?:\w[\w.-]*:)?NotificationMessage[\s>]`)
)

// counted gives how many different first groups, or matches, the answers to an operation have, by searching their bytes.
func tokensIn(list []onviftest.Recorded, tag *regexp.Regexp) (tokens []string) {
	for _, x := range list {
		for _, m := range tag.FindAllSubmatch(x.Body, -1) {
			if s := string(m[1]); !slices.Contains(tokens, s) {
				tokens = append(tokens, s)
			}
		}
	}
	return tokens
}

// served leaves of recorded answers those that the device gave.
func served(r *onviftest.Replay, list []onviftest.Recorded) []onviftest.Recorded {
	return slices.DeleteFunc(list, func(x onviftest.Recorded) bool { return r.Served(x.File) == 0 })
}

func (f *findings) media(t *testing.T, c *onvif.Client, r *onviftest.Replay, d *onvif.Device) {
	want := tokensIn(served(r, r.Answers("GetProfiles")), profileTags)
	var lost []string
	for _, token := range want {
		if _, ok := d.Profile(token); !ok {
			lost = append(lost, token)
		}
	}
	if len(lost) > 0 {
		t.Errorf("profiles were dropped: %q of %q, got %d", lost, want, len(d.Profiles))
	}
	f.cells[3], f.cells[4] = fmt.Sprint(len(d.Profiles)), fmt.Sprint(len(d.Sources))
	streams, pictures := 0, 0
	for i := range d.Profiles {
		p := &d.Profiles[i]
		if p.StreamURI != "" {
			streams++
			if !strings.HasPrefix(p.StreamURI, "rtsp://127.0.0.1") && !strings.HasPrefix(p.StreamURI, "rtsps://127.0.0.1") || strings.Contains(p.StreamURI, "@") {
				t.Errorf("the stream of %s is at %s", p.Token, p.StreamURI)
			}
		}
		if at, err := c.PictureAddresses(t.Context(), p); err == nil && len(at) > 0 {
			pictures++
		}
	}
	if streams == 0 && len(served(r, r.Answers("GetStreamUri"))) > 0 {
		f.verdict += "; addresses of streams were recorded, and none is one of RTSP"
	}
	f.cells[5], f.cells[6] = fmt.Sprint(streams), fmt.Sprint(pictures)
}

func (f *findings) rest(ctx context.Context, t *testing.T, c *onvif.Client, r *onviftest.Replay, d *onvif.Device) {
	for _, p := range d.Profiles {
		x, err := c.PTZ(ctx, p.Token)
		if err != nil {
			continue
		}
		list, err := x.Presets(ctx)
		want := tokensIn(served(r, r.Answers("GetPresets")), presetTags)
		if err == nil && len(list) < len(want) {
			t.Errorf("%d presets of %d: %+v", len(list), len(want), list)
		}
		if err == nil {
			f.cells[7] = fmt.Sprint(len(list))
		}
		break
	}
	if len(d.Sources) > 0 {
		if _, err := c.ImagingSettings(ctx, d.Sources[0].Token); err == nil {
			f.cells[8] = "yes"
		} else if len(r.Answers("GetImagingSettings")) > 0 && slices.Contains(d.Services, "imaging") {
			f.verdict += "; imaging settings: " + words(err)
		}
	}
	if list, err := c.Relays(ctx); err == nil {
		f.cells[9] = fmt.Sprint(len(list))
	}
	if n, err := c.Ask(ctx, soap.NSEvents, "<tev:GetEventProperties/>"); err == nil {
		f.cells[10] = fmt.Sprint(topicsOf(n.Find("TopicSet")))
	}
	if list, err := c.Recordings(ctx); err == nil {
		f.cells[12] = fmt.Sprint(len(list))
	}
}

// topicsOf counts the topics of a set: elements that say that they are one, or that describe a message.
func topicsOf(n *soap.Node) (count int) {
	if n == nil {
		return 0
	}
	for _, k := range n.Kids {
		if k.Attribute("topic") == "true" || k.Find("MessageDescription") != nil {
			count++
		}
		count += topicsOf(k)
	}
	return count
}

// notifications pulls all that was recorded, through the client, and compares with what is in the bytes.
func (f *findings) notifications(t *testing.T, c *onvif.Client, r *onviftest.Replay) {
	answers := r.Answers("PullMessages")
	read, want, inAnswers := 0, 0, 0
	for _, a := range r.Files { // those of the RTSP metadata stream too
		if a.Note != "" && strings.Contains(a.File, ".jsonl:") {
			continue
		}
		n := len(noteTags.FindAll(a.Body, -1))
		want += n
		if a.Operation == "PullMessages" {
			inAnswers += n
		}
		if n == 0 {
			continue
		}
		list, err := onvif.ReadNotifications(strings.NewReader(string(a.Body)))
		if err != nil {
			t.Logf("%s has notifications and is no XML: %v", a.File, err)
			want -= n
			continue
		}
		read += len(list)
	}
	if want == 0 && len(answers) == 0 {
		return
	}
	pulled := 0
	for range answers {
		n, err := c.PullNode(t.Context())
		if err != nil {
			t.Errorf("pull: %v", err)
			break
		}
		pulled += len(onvif.ParseNotifications(n))
	}
	if read != want || pulled != inAnswers {
		t.Errorf("%d of %d notifications were read, %d of %d pulled", read, want, pulled, inAnswers)
	}
	f.cells[11] = fmt.Sprint(read)
}

// Whatever a folder has in it, it gives a line with words.
func TestFoldersThatAreNoCapturesGiveALine(t *testing.T) {
	const answer = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><tds:GetDeviceInformationResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><tds:Manufacturer>M</tds:Manufacturer></tds:GetDeviceInformationResponse></s:Body></s:Envelope>`
	for name, c := range map[string]struct {
		files   map[string]string
		verdict string
	}{
		"empty":                         {nil, "the folder is empty"},
		"empty files":                   {map[string]string{"a.xml": "", "GetProfiles.xml": " \n"}, "no file is an answer"},
		"half an answer":                {map[string]string{"001_Device_GetDeviceInformation_200.xml": answer[:len(answer)/2]}, "protocol: read answer"},
		"bytes":                         {map[string]string{"x.bin": "\x00\x01\xff", "GetServices.pcap": "\xd4\xc3\xb2\xa1"}, "no file is an answer"},
		"notes":                         {map[string]string{"README.md": "# Camera", "metadata.json": "{"}, "no file is an answer"},
		"exchanges that are no JSON":    {map[string]string{"exchanges.jsonl": "{\n\n[]\n"}, "no file is an answer"},
		"deep below":                    {map[string]string{"a/b/c/d/GetDeviceInformationResponse.xml": answer}, "no profile: "},
		"another ending":                {map[string]string{"GetDeviceInformation.soap": answer}, "no profile: "},
		"no ending":                     {map[string]string{"whatever": answer}, "no profile: "},
		"refusals":                      {map[string]string{"001_Device_GetDeviceInformation_401.txt": "", "002_Device_GetServices_403.html": "<html>no</html>"}, "unauthorized: "},
		"a refusal with status 400":     {map[string]string{"GetDeviceInformation_400.xml": soap.Envelope("", `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>`)}, "unauthorized: "},
		"a web page for every question": {map[string]string{"GetDeviceInformation_200.txt": "<html><body>hello<br></html>", "GetServices_404.txt": "<HTML>"}, "web page"},
		"a log of messages":             {map[string]string{"GetDeviceInformation.xml": "12:00 REQUEST: " + soap.Envelope("", "<tds:GetDeviceInformation/>") + "\n12:00 RESPONSE: " + answer}, "no profile: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				at := filepath.Join(dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f := replayed(t, dir, name)
			if !strings.Contains(f.verdict, c.verdict) || strings.Contains(f.verdict, "WITHOUT A CLASS") {
				t.Errorf("the verdict is %q, want %q", f.verdict, c.verdict)
			}
			if line := printed([]findings{f}); strings.Count(line, "\n") != 2 {
				t.Errorf("%s", line)
			}
		})
	}
}
