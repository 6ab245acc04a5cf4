package onvif_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"holdfast/onvif"
	"holdfast/onvif/internal/soap"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// TestMain runs the tests, and then checks all that the client sent in them against the official schemas: each operation that the
// source asks must have been among it. That is left out where only some tests run.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if code == 0 && everything() {
			code = sent.check()
		}
		os.Exit(code)
	}))
}

func everything() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

// maxVariants bounds how many requests of an operation are kept.
const maxVariants = 12

// sent is what the client sent in all tests of this package, by operation.
var sent = sentRequests{by: make(map[string]map[[32]byte]string)}

type sentRequests struct {
	mu sync.Mutex
	by map[string]map[[32]byte]string
}

// dial makes the connections of all clients here, and keeps what they send.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &tappedConn{Conn: c}, nil
}

type tappedConn struct {
	net.Conn
	mu   sync.Mutex
	text []byte
}

func (c *tappedConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if len(c.text) < 1<<20 {
		c.text = append(c.text, b...)
	}
	c.mu.Unlock()
	return c.Conn.Write(b)
}

func (c *tappedConn) Close() error {
	c.mu.Lock()
	text := c.text
	c.text = nil
	c.mu.Unlock()
	if bytes.HasPrefix(text, []byte("POST ")) {
		sent.keep(string(text))
	}
	return c.Conn.Close()
}

var (
	inBody  = regexp.MustCompile(`(?s)<s:Body>(<(\w+):(\w+).*)</s:Body></s:Envelope>`)
	spaces  = regexp.MustCompile(` xmlns:\w+="[^"]*"`)
	firstOf = regexp.MustCompile(`^<\w+:\w+`)
)

// keep keeps the envelope of a request. Connections carry one each.
func (s *sentRequests) keep(request string) {
	_, envelope, whole := strings.Cut(request, "\r\n\r\n")
	m := inBody.FindStringSubmatch(envelope)
	if !whole || m == nil {
		return // multipart, or nothing of ours
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.by[m[3]]
	if all == nil {
		all = make(map[[32]byte]string)
		s.by[m[3]] = all
	}
	if key := sha256.Sum256([]byte(m[1])); len(all) < maxVariants {
		all[key] = envelope
	}
}

// bare gives the body of an envelope as a document of its own: the schema looks at it strictly only then.
func bare(envelope string) string {
	_, opening, _ := strings.Cut(envelope, "<s:Envelope")
	opening, _, _ = strings.Cut(opening, ">")
	body := inBody.FindStringSubmatch(envelope)[1]
	first := firstOf.FindString(body)
	return first + strings.Join(spaces.FindAllString(opening, -1), "") + body[len(first):]
}

// check validates what was sent and tells the exit code.
func (s *sentRequests) check() int {
	validate, there := shared("validate")
	if !there {
		fmt.Printf("what was sent is not checked: the official schemas and their validator are not at %s\n", validate)
		return 0
	}
	s.mu.Lock() // a connection may be closed after its test has ended
	defer s.mu.Unlock()
	dir, err := os.MkdirTemp("", "sent")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	var files []string
	for _, op := range slices.Sorted(maps.Keys(s.by)) {
		i := 0
		for _, envelope := range s.by[op] {
			for kind, text := range map[string]string{"envelope": envelope, "body": bare(envelope)} {
				file := filepath.Join(dir, op+"."+strconv.Itoa(i)+"."+kind+".xml")
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					fmt.Println(err)
					return 1
				}
				files = append(files, file)
			}
			i++
		}
	}
	code := 0
	if out, err := exec.Command(validate, files...).CombinedOutput(); err != nil {
		code = 1
		for _, line := range strings.Split(string(out), "\n") {
			if strings.Contains(line, "validity error") || strings.Contains(line, "parser error") || strings.Contains(line, "namespace error") {
				fmt.Println("FAIL: what was sent is not valid:", strings.ReplaceAll(line, dir+"/", ""))
			}
		}
	}
	known, err := operationsIn(filepath.Join(filepath.Dir(validate), "wsdl"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	written, err := operationsOfSource(known)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, op := range written {
		if s.by[op] == nil {
			fmt.Println("FAIL: no test sends", op)
			code = 1
		}
	}
	for op := range s.by {
		if !slices.Contains(written, op) && op != "GetEventProperties" { // which only a test asks for
			fmt.Println("FAIL: it was sent and is not found in the source:", op)
			code = 1
		}
	}
	fmt.Printf("%d requests of %d operations were checked, of %d in the source\n", len(files)/2, len(s.by), len(written))
	return code
}

var (
	declaredIn = regexp.MustCompile(`<wsdl:operation name="(\w+)"`)
	ours       = regexp.MustCompile(`/(devicemgmt|media|ptz|imaging|event|thermal|deviceio|analytics|recording|search|replay)\.wsdl$`)
)

// operationsIn gives the operations of the services that the client asks, by their descriptions in a folder, and those of
// WS-BaseNotification.
func operationsIn(dir string) (map[string]bool, error) {
	all := map[string]bool{"Subscribe": true, "Renew": true, "Unsubscribe": true}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || !ours.MatchString(filepath.ToSlash(name)) {
			return err
		}
		data, err := os.ReadFile(name)
		for _, m := range declaredIn.FindAllSubmatch(data, -1) {
			all[string(m[1])] = true
		}
		return err
	})
	return all, err
}

var written = regexp.MustCompile(`(?:^|[<:])(\w+)`)

// operationsOfSource gives the operations that the package's source names: in what it writes, as the word alone, and as a request type
// of use-go/onvif.
func operationsOfSource(known map[string]bool) (list []string, err error) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					found[text] = true
					for _, m := range written.FindAllStringSubmatch(text, -1) {
						found[m[1]] = true
					}
				}
			case *ast.CompositeLit:
				if s, ok := n.Type.(*ast.SelectorExpr); ok {
					found[s.Sel.Name] = true
				}
			}
			return true
		})
	}
	for op := range found {
		if known[op] {
			list = append(list, op)
		}
	}
	slices.Sort(list)
	return list, nil
}

// A device of Media2 alone has no list of audio inputs and outputs: they are those that its configurations name.
func TestAudioOfADeviceOfMedia2IsCountedByItsConfigurations(t *testing.T) {
	answers := map[string]string{
		"GetServices": `<tds:Service><tds:Namespace>` + soap.NSMedia2 + `</tds:Namespace><tds:XAddr>http://192.0.2.1/onvif/media2</tds:XAddr></tds:Service>`,
		"GetAudioSourceConfigurations": `<tr2:Configurations token="a"><tt:SourceToken>mic</tt:SourceToken></tr2:Configurations><tr2:Configurations token="b"><tt:SourceToken>mic</tt:SourceToken></tr2:Configurations>` +
			`<tr2:Configurations token="c"><tt:SourceToken>line</tt:SourceToken></tr2:Configurations>`,
		"GetAudioOutputConfigurations":        `<tr2:Configurations token="o"><tt:OutputToken>horn</tt:OutputToken></tr2:Configurations>`,
		"GetAudioDecoderConfigurationOptions": `<tr2:Options><tt:Encoding>PCMU</tt:Encoding></tr2:Options>`,
	}
	cam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		root, err := soap.Parse(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		q, _ := soap.Body(root)
		if answer, there := answers[q.Name]; there {
			io.WriteString(w, soap.Envelope("", "<tr2:"+q.Name+"Response>"+answer+"</tr2:"+q.Name+"Response>"))
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, soap.Envelope("", `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>ter:ActionNotSupported</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>`))
	}))
	defer cam.Close()
	a, err := client(t, cam.URL, "p").Audio(t.Context())
	if err != nil || a.Inputs != 2 || a.Outputs != 1 || !a.BackChannel {
		t.Errorf("%+v, %v", a, err)
	}
}

// The requests of an adoption are few: some devices take a second for each.
func TestAnAdoptionCostsFewCalls(t *testing.T) {
	for kind, most := range map[onviftest.Kind]int{onviftest.Fixed: 12, onviftest.PTZ: 12, onviftest.Thermal: 13} {
		for _, method := range []string{"token", "digest"} {
			behind := device(t, kind, 0, server.Options{Username: "u", Password: "p", Methods: []string{method}})
			var calls atomic.Int32
			cam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls.Add(1); behind.ServeHTTP(w, r) }))
			_, err := probe(t, onvif.Options{Address: cam.URL, Username: "u", Password: "p"})
			cam.Close()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s by %s: %d requests for an adoption", kind, method, calls.Load())
			if n := int(calls.Load()); n > most {
				t.Errorf("%s by %s: %d requests, at most %d are wanted", kind, method, n, most)
			}
		}
	}
}
