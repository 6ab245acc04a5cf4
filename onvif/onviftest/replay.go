package onviftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"holdfast/onvif/internal/soap"
)

// Bounds of a folder of recorded answers.
const (
	maxRecorded     = 10_000
	maxRecordedFile = 16 << 20 // bytes
)

// Recorded is a file of a folder of recorded answers, or a line of one, and what it was taken for.
type Recorded struct {
	File      string // below the folder; with a number for a line
	Operation string // that it answers; "" when it answers none
	Space     string // namespace of the answer; "" when it does not say
	Status    int    // of HTTP
	Note      string // what was done to it, or why it is not used; "" for what is given byte for byte
	Body      []byte

	service string // as names of files and folders call it, in small letters
}

// Replay is a device that gives the recorded answers of a real one, byte for byte. Which operation a file answers is told by what is
// in it, and by its name where that says nothing (faults, web pages). Snippets without an envelope get one; the holes of templates are
// filled. What was not recorded is refused as ActionNotSupported, but for what must be asked first (see StandsIn).
type Replay struct {
	Files []Recorded // all, in the order of their names

	mu     sync.Mutex     // guards what follows
	asked  map[string]int // how often a question was asked, by operation and service
	served map[string]int // how often a file was given
	tokens map[string][]string
}

// NewReplay reads the folder of one device.
func NewReplay(dir string) (*Replay, error) {
	r := &Replay{asked: make(map[string]int), served: make(map[string]int), tokens: make(map[string][]string)}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !e.Type().IsRegular():
			return nil
		case len(r.Files) >= maxRecorded:
			return fmt.Errorf("more than %d files", maxRecorded)
		}
		below, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		return r.add(name, filepath.ToSlash(below))
	})
	if err != nil {
		return nil, fmt.Errorf("read recorded answers: %w", err)
	}
	if !slices.ContainsFunc(r.Files, func(f Recorded) bool { return f.Operation != "" && f.Note == "" }) {
		return r, nil
	}
	for i := range r.Files { // exchanges beside their own answers are there twice
		if strings.Contains(r.Files[i].File, ".jsonl:") {
			r.Files[i].Operation, r.Files[i].Note = "", "is there as a file of its own"
		}
	}
	return r, nil
}

func (r *Replay) add(name, below string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRecordedFile+1))
	switch {
	case err != nil:
		return err
	case len(data) > maxRecordedFile:
		r.Files = append(r.Files, Recorded{File: below, Note: fmt.Sprintf("has more than %d bytes", maxRecordedFile)})
	case strings.HasSuffix(below, ".jsonl"):
		r.addLines(below, data)
	case len(envelopes.FindAll(data, 3)) > 1:
		r.addPieces(below, data)
	default:
		r.Files = append(r.Files, recognise(below, data))
	}
	return nil
}

var envelopes = regexp.MustCompile(`(?s)(?:<\?xml[^>]*\?>\s*)?<(?:[\w.-]+:)?Envelope[\s>].*?</(?:[\w.-]+:)?Envelope>`)

// addPieces reads a log of messages: the answers among them.
func (r *Replay) addPieces(below string, data []byte) {
	for i, piece := range envelopes.FindAll(data, maxRecorded) {
		f := recognise(below, piece)
		f.File = fmt.Sprintf("%s:%d", below, i+1)
		if f.Note == "" {
			f.Note = "cut out of a log of several messages"
		}
		if f.Space == "" && f.Status == http.StatusOK {
			f.Operation = "" // a question
		}
		r.Files = append(r.Files, f)
	}
}

// addLines reads exchanges, one a line.
func (r *Replay) addLines(below string, data []byte) {
	for i, line := range bytes.Split(data, []byte("\n")) {
		var x struct {
			Action   string `json:"soap_action"`
			Status   int    `json:"response_status"`
			Response string `json:"response"`
		}
		at := below + ":" + strconv.Itoa(i+1)
		switch err := json.Unmarshal(line, &x); {
		case len(bytes.TrimSpace(line)) == 0:
		case err != nil:
			r.Files = append(r.Files, Recorded{File: at, Note: "is no JSON: " + err.Error()})
		default:
			f := recognise(path.Base(strings.TrimSuffix(x.Action, "Request"))+".xml", []byte(x.Response))
			f.File = at
			if x.Status != 0 {
				f.Status = x.Status
			}
			r.Files = append(r.Files, f)
		}
	}
}

var (
	numbered  = regexp.MustCompile(`^\d+_`)
	statusOf  = regexp.MustCompile(`_(\d{3})$`)
	suffixes  = regexp.MustCompile(`(?i)[._]?(response|error|fault|result)$`)
	leading   = regexp.MustCompile(`(?i)^(device|devicemgmt|core|media|media2|event|events|imaging|ptz|analytics|recording|search|replay|deviceio|thermal)[._]`)
	holes     = regexp.MustCompile(`\{\{[^}]*\}\}`)
	operation = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
)

// recognise tells what a file answers.
func recognise(below string, data []byte) Recorded {
	f := Recorded{File: below, Body: data, Status: http.StatusOK, service: strings.ToLower(path.Base(path.Dir(below)))}
	name := path.Base(below)
	failed := strings.Contains(strings.ToLower(name), "error") || strings.Contains(strings.ToLower(name), "fault")
	extension := strings.ToLower(path.Ext(name))
	name = strings.TrimSuffix(name, path.Ext(name))
	if operation.MatchString(strings.TrimPrefix(extension, ".")) && extension != ".xml" && extension != ".txt" && extension != ".html" && extension != ".json" && len(extension) > 6 {
		name += path.Ext(below) // media.GetOSDOptions
	}
	name = numbered.ReplaceAllString(name, "")
	if m := statusOf.FindStringSubmatch(name); m != nil {
		f.Status, _ = strconv.Atoi(m[1])
		name = strings.TrimSuffix(name, m[0])
	} else if failed {
		f.Status = http.StatusInternalServerError
	}
	name = suffixes.ReplaceAllString(name, "")
	if m := leading.FindString(name); m != "" {
		f.service, name = strings.ToLower(strings.TrimRight(m, "._")), strings.TrimPrefix(name, m)
	}
	if holes.Match(data) {
		f.Body, f.Note = fill(data), "holes of a template were filled"
	}
	if len(bytes.TrimSpace(data)) == 0 {
		f.Note = "is empty"
		return f
	}
	root, err := soap.Parse(bytes.NewReader(f.Body))
	if err != nil {
		if operation.MatchString(name) && f.Status != 0 && slices.Contains([]string{".xml", ".txt", ".html", ".htm"}, extension) {
			f.Operation = camel(name) // a web page, or half an answer: it is what the device sends
		} else {
			f.Note = "is no answer: " + err.Error()
		}
		return f
	}
	f.fromMessage(root, camel(name))
	return f
}

// fromMessage tells what a message answers. named is what its file is called by.
func (f *Recorded) fromMessage(root *soap.Node, named string) {
	body := root
	if root.Name == "Envelope" {
		n, err := soap.Body(root)
		var fault *soap.Fault
		switch {
		case errors.As(err, &fault):
			f.Operation = named
			if f.Status == http.StatusOK && statusOf.FindString(strings.TrimSuffix(path.Base(f.File), path.Ext(f.File))) == "" {
				f.Status = http.StatusInternalServerError
			}
			return
		case err != nil:
			f.Operation, f.Note = named, err.Error()
			return
		}
		body = n
	}
	if strings.EqualFold(root.Name, "html") && operation.MatchString(named) {
		f.Operation = named
		return
	}
	op, isResponse := strings.CutSuffix(body.Name, "Response")
	if !isResponse {
		if root.Name == "Envelope" && operation.MatchString(named) && !strings.HasSuffix(body.Name, "Matches") {
			f.Operation = named // a device that calls its answer what it likes
			return
		}
		f.Note = fmt.Sprintf("is %q, which answers no operation", body.Name)
		return
	}
	f.Operation, f.Space = op, body.Space
	if root.Name != "Envelope" {
		f.Body = []byte(soap.Envelope("", string(withoutDeclaration(f.Body))))
		f.Note = "a snippet: an envelope was put around it"
	}
}

func withoutDeclaration(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if bytes.HasPrefix(b, []byte("<?xml")) {
		if _, after, ok := bytes.Cut(b, []byte("?>")); ok {
			return after
		}
	}
	return b
}

// fill fills the holes of a template with what is plausible.
func fill(b []byte) []byte {
	return holes.ReplaceAllFunc(b, func(hole []byte) []byte {
		switch s := string(hole); {
		case strings.Contains(s, "hostname"):
			return []byte("192.0.2.1")
		case strings.Contains(s, "port"):
			return []byte("80")
		case strings.Contains(s, "Url"):
			return []byte("http://192.0.2.1:80/onvif/subscription")
		case strings.Contains(s, "Date"):
			return []byte("2026-01-01T00:00:00Z")
		}
		return nil
	})
}

// camel makes GetDeviceInformation of get_device_information.
func camel(s string) string {
	if !strings.Contains(s, "_") && s != strings.ToLower(s) {
		return s
	}
	var b strings.Builder
	for _, part := range strings.Split(s, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// ServeHTTP answers one question.
func (r *Replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	root, err := soap.Parse(http.MaxBytesReader(w, req.Body, maxRecordedFile))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	q, err := soap.Body(root)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f := r.choose(q)
	if f == nil {
		f = r.standIn(q)
	}
	if f == nil {
		w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, soap.Envelope("", `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>ter:ActionNotSupported</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">`+
			soap.Escape(q.Name)+` was not recorded</s:Text></s:Reason></s:Fault>`))
		return
	}
	kind := "application/soap+xml; charset=utf-8"
	if bytes.Contains(bytes.ToLower(f.Body[:min(len(f.Body), 64)]), []byte("<html")) {
		kind = "text/html"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(f.Status)
	w.Write(f.Body)
}

// choose takes of the answers to a question those of its service. Of several, each value that questions have (a token of a profile)
// has its own, in the order of asking; questions without one get them in turn, and the last again.
func (r *Replay) choose(q *soap.Node) *Recorded {
	var all, own []*Recorded
	for i := range r.Files {
		f := &r.Files[i]
		if !strings.EqualFold(f.Operation, q.Name) {
			continue
		}
		all = append(all, f)
		if f.Space == q.Space {
			own = append(own, f)
		}
	}
	if len(own) == 0 { // faults do not say whose they are
		for _, f := range all {
			if f.Space == "" && (f.service == "" || serves(f.service, q.Space)) {
				own = append(own, f)
			}
		}
	}
	if good := slices.DeleteFunc(slices.Clone(own), func(f *Recorded) bool { return f.Status != http.StatusOK }); len(good) > 0 && len(good) < len(own) && !strings.HasSuffix(q.Name, "Uri") {
		own = good // the same was recorded with and without credentials
	}
	if len(own) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := q.Space + " " + q.Name
	at := r.asked[key]
	r.asked[key]++
	if t := token(q); t != "" {
		if at = slices.Index(r.tokens[key], t); at < 0 {
			at = len(r.tokens[key])
			r.tokens[key] = append(r.tokens[key], t)
		}
	}
	f := own[min(at, len(own)-1)]
	r.served[f.File]++
	return f
}

// standIn answers what has to be asked before anything else, where it was not recorded and something else was: who the device is, and
// what services it has, which are those that answers are of.
func (r *Replay) standIn(q *soap.Node) *Recorded {
	recorded := func(name string) bool {
		return slices.ContainsFunc(r.Files, func(f Recorded) bool { return f.Operation == name })
	}
	answer := func(body string) *Recorded {
		return &Recorded{Status: http.StatusOK, Body: []byte(soap.Envelope("", "<tds:"+q.Name+"Response>"+body+"</tds:"+q.Name+"Response>"))}
	}
	switch {
	case !r.StandsIn():
	case q.Name == "GetDeviceInformation" && !recorded(q.Name):
		return answer("<tds:Manufacturer>not recorded</tds:Manufacturer><tds:Model/><tds:FirmwareVersion/><tds:SerialNumber/><tds:HardwareId/>")
	case q.Name == "GetServices" && !recorded(q.Name) && !recorded("GetCapabilities"):
		var b strings.Builder
		for _, f := range r.Files {
			if f.Space != "" && !strings.Contains(b.String(), ">"+f.Space+"<") {
				fmt.Fprintf(&b, "<tds:Service><tds:Namespace>%s</tds:Namespace><tds:XAddr>http://192.0.2.1/onvif/device_service</tds:XAddr></tds:Service>", soap.Escape(f.Space))
			}
		}
		return answer(b.String())
	}
	return nil
}

// StandsIn tells whether who the device is, or what services it has, was not recorded, so that a made-up answer takes its place.
func (r *Replay) StandsIn() bool {
	answered, who, services := false, false, false
	for _, f := range r.Files {
		answered = answered || f.Space != ""
		who = who || f.Operation == "GetDeviceInformation"
		services = services || f.Operation == "GetServices" || f.Operation == "GetCapabilities"
	}
	return answered && !(who && services)
}

// token is what a question is about.
func token(q *soap.Node) string {
	for _, k := range q.Kids {
		if strings.HasSuffix(k.Name, "Token") {
			return k.Text
		}
	}
	return ""
}

// serves tells whether a service, as files call it, is that of a namespace.
func serves(service, space string) bool {
	at := strings.ToLower(strings.TrimSuffix(space, "/wsdl"))
	two := strings.Contains(at, "/ver20/media")
	switch service {
	case ".":
		return true
	case "media", "media1":
		return strings.HasSuffix(at, "/media") && !two
	case "media2":
		return two
	case "core", "device", "devicemgmt", "device_management":
		return strings.HasSuffix(at, "/device")
	}
	return strings.HasPrefix(path.Base(at), strings.TrimSuffix(service, "s")) || !slices.Contains([]string{"event", "events", "imaging", "ptz", "analytics", "recording", "recordings", "search", "replay", "deviceio", "thermal"}, service)
}

// Served tells how often a file was given.
func (r *Replay) Served(file string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.served[file]
}

// Answers gives the bodies that are answers to an operation, whatever the service.
func (r *Replay) Answers(operation string) (list []Recorded) {
	for _, f := range r.Files {
		if strings.EqualFold(f.Operation, operation) && f.Status == http.StatusOK {
			list = append(list, f)
		}
	}
	return list
}
