package main

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"holdfast/gateway/egress"
)

// openers are the ways by which Go code comes to a network, a socket or another program, by import path. A name with a star
// stands for all that begin so.
var openers = map[string][]string{
	"net":                        {"Dial*", "Lookup*", "Listen*", "Resolver", "DefaultResolver", "FileConn", "FilePacketConn", "FileListener", "ResolveUDPAddr", "ResolveTCPAddr", "ResolveIPAddr"},
	"net/http":                   {"DefaultClient", "DefaultTransport", "Get", "Head", "Post*", "Client", "Transport", "ProxyFromEnvironment"},
	"net/rpc":                    {"*"},
	"net/smtp":                   {"*"},
	"net/textproto":              {"Dial*"},
	"crypto/tls":                 {"Dial*"},
	"os":                         {"StartProcess"},
	"os/exec":                    {"Command*", "Cmd"},
	"log/syslog":                 {"*"},
	"syscall":                    {"Socket*", "Connect", "Sendto", "Sendmsg*", "Exec", "ForkExec", "StartProcess", "RawSyscall*", "Syscall*"},
	"golang.org/x/sys/unix":      {"Socket", "Socketpair", "Connect", "Sendto", "Sendmsg*", "Exec", "RawSyscall*", "Syscall*"},
	"golang.org/x/net/proxy":     {"*"},
	"golang.org/x/net/websocket": {"*"},

	"github.com/coreos/go-systemd/v22/daemon": {"*"},
}

// exception is a file that may use such a thing, and why nothing leaves by it that the Guard has not let through.
type exception struct {
	file, uses string
	class      *egress.Class // what it is listed as; nil where it makes no connection
	why        string
}

var exceptions = []exception{
	{"cmd/holdfast/demo.go", "net.Listen", nil, "looks whether the port of the viewer is free"},
	{"cmd/holdfast/local.go", "net.Dialer", nil, "a command's way to the gateway: the socket file in its data directory"},
	{"cmd/holdfast/local.go", "net/http.Client", nil, "the same"},
	{"cmd/holdfast/local.go", "net/http.Transport", nil, "the same"},
	{"cmd/holdfast/notify.go", "github.com/coreos/go-systemd/v22/daemon.*", egress.Supervisor, "the service manager's socket file"},
	{"gateway/checkjob.go", "os/exec.Cmd", egress.Children, "hands on who runs it"},
	{"gateway/checkjob.go", "os/exec.CommandContext", egress.Children, "is run by a purpose, without sockets"},
	{"gateway/motionsearch.go", "os/exec.CommandContext", egress.Children, "is run by a purpose, without sockets"},
	{"gateway/exports/exports.go", "os/exec.Cmd", egress.Children, "hands on who runs it"},
	{"gateway/exports/redact.go", "os/exec.Cmd", egress.Children, "hands on who runs it"},
	{"gateway/exports/redact.go", "os/exec.CommandContext", egress.Children, "is run by a purpose, without sockets"},
	{"gateway/live/server.go", "os/exec.Cmd", egress.Children, "hands on who runs it"},
	{"gateway/live/snapshot.go", "os/exec.Cmd", egress.Children, "hands on who runs it"},
	{"gateway/live/snapshot.go", "os/exec.CommandContext", egress.Children, "is run by a purpose, without sockets"},
	{"gateway/live/transcode.go", "os/exec.Cmd", egress.Children, "hands on who runs it"},
	{"gateway/live/transcode.go", "os/exec.CommandContext", egress.Children, "is run by a purpose, without sockets"},
	{"gateway/live/server.go", "net.Listen", egress.Viewers, "hears those whom the Guard lets in"},
	{"gateway/live/server.go", "net.ListenUDP", egress.Viewers, "hears, and sends to, those whom the Guard lets in, packet by packet"},
	{"gateway/live/server.go", "net.ResolveUDPAddr", egress.Viewers, "an address to listen at"},
	{"gateway/web/face.go", "net.ListenConfig", nil, "hears browsers"},
	{"gateway/web/local.go", "net.ListenUnix", nil, "hears commands, by a socket file"},
	{"gateway/web/certificate/peer.go", "net/http.Client", egress.Authorities, "goes by the transport below"},
	{"gateway/web/certificate/peer.go", "net/http.Transport", egress.Authorities, "dials by the function that it is given, and by no proxy"},
	{"gateway/web/certificate/proof.go", "net.Listen", nil, "hears the authority's proof"},
	{"onvif/client.go", "net/http.Client", egress.Cameras, "goes by the transport below, to the device's own host"},
	{"onvif/client.go", "net/http.Transport", egress.Cameras, "dials by the function that it is given, and by no proxy"},
	{"onvif/transfer.go", "net/http.Client", egress.Cameras, "goes by the transport below, to the device's own host"},
	{"onvif/transfer.go", "net/http.Transport", egress.Cameras, "is that of the device's client, or a copy with more patience"},
	{"gateway/listening.go", "net.ListenConfig", nil, "hears the events of devices that deliver them"},
	{"storage/verify.go", "golang.org/x/sys/unix.Syscall", nil, "ioprio_set, which has no function of its own"},
	{"onvif/discovery/http.go", "net/http.Client", egress.Discovery, "goes by the transport below, without credentials, and follows no redirection"},
	{"onvif/discovery/http.go", "net/http.Transport", egress.Discovery, "dials by the function that it is given, and by no proxy"},
	{"onvif/discovery/listen.go", "net.ListenConfig", egress.Discovery, "hears announcements and sends nothing"},
}

// simulators are cameras for the demo and the tests, on loopback. They listen, and answer who asks.
var simulators = []string{"gateway/simcam", "onvif/onviftest", "onvif/server", "onvif/discovery/respond.go", "rtsp/rtsptest", "storage/fmp4/fmp4test"}

func TestNothingConnectsButThroughTheGuard(t *testing.T) {
	t.Parallel()
	_, all := sources(t)
	used := make(map[int]bool)
	for _, s := range all {
		if s.test || within(s.pkg, "scripts") || within(s.pkg, "gateway/egress") || slices.ContainsFunc(simulators, func(r string) bool { return s.path == r || within(s.pkg, r) }) {
			continue
		}
		for _, use := range opened(s.file) {
			i := slices.IndexFunc(exceptions, func(e exception) bool { return e.file == s.path && fits(e.uses, use) })
			if i < 0 {
				t.Errorf("%s uses %s: connections are made by an egress.Purpose, which says what for; an exception needs a line with its reason here", s.path, use)
				continue
			}
			used[i] = true
		}
	}
	for i, e := range exceptions {
		if !used[i] {
			t.Errorf("%s does not use %s any more: the exception goes too", e.file, e.uses)
		}
		if e.why == "" || e.class != nil && !slices.Contains(egress.Classes(), e.class) {
			t.Errorf("%s: an exception has a reason, and what it connects to is listed", e.file)
		}
	}
}

// opened lists what of the openers a file uses, as import path and name.
func opened(f *ast.File) (list []string) {
	paths := make(map[string]string) // by the name under which they are imported
	for _, spec := range f.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		paths[name] = path
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || x.Obj != nil { // a variable of that name
			return true
		}
		path := paths[x.Name]
		name := path + "." + sel.Sel.Name
		if name != "net.Listener" && slices.ContainsFunc(openers[path], func(o string) bool { return fits(o, sel.Sel.Name) }) {
			list = append(list, name)
		}
		return true
	})
	return list
}

func fits(pattern, name string) bool {
	prefix, all := strings.CutSuffix(pattern, "*")
	return name == pattern || all && strings.HasPrefix(name, prefix)
}

// The RTSP library takes no other UDP socket than one that can send anywhere; package rtsp sees to where it sends.
func TestUnguardedPortsAreOpenedForTheRTSPLibraryOnly(t *testing.T) {
	_, all := sources(t)
	found := 0
	for _, s := range all {
		if s.test || within(s.pkg, "gateway/egress") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "ListenUDP" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "net" {
				return true // the rule above
			}
			if found++; s.path != "gateway/camera.go" {
				t.Errorf("%s opens a UDP socket that can send anywhere", s.path)
			}
			return true
		})
	}
	if found != 1 {
		t.Errorf("%d places open one", found)
	}
}

// A dot before an import would hide what is used from the rule above, and C can open anything.
func TestNetworkPackagesAreImportedByName(t *testing.T) {
	_, all := sources(t)
	for _, s := range all {
		for _, spec := range s.file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if spec.Name != nil && spec.Name.Name == "." && openers[path] != nil || path == "C" || path == "plugin" {
				t.Errorf("%s imports %s in a way that hides what it opens", s.path, path)
			}
		}
	}
}

func TestTheRuleSeesWhatItForbids(t *testing.T) {
	for _, c := range []struct{ path, name, opener string }{
		{"net", "DialTimeout", "Dial*"}, {"net", "LookupHost", "Lookup*"}, {"net/http", "PostForm", "Post*"}, {"crypto/tls", "DialWithDialer", "Dial*"}, {"os/exec", "CommandContext", "Command*"},
	} {
		if !slices.Contains(openers[c.path], c.opener) || !fits(c.opener, c.name) {
			t.Errorf("%s.%s is not seen", c.path, c.name)
		}
	}
}
