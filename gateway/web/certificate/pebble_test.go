package certificate

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"holdfast/config"
)

// pebbleVersion is the ACME server that we did not write: Let's Encrypt's, for tests (MPL-2.0; run, never linked).
const pebbleVersion = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3"

var pebbleDir string

var pebbleProgram = sync.OnceValues(func() (string, error) {
	if path, err := exec.LookPath("pebble"); err == nil {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "pebble-")
	if err != nil {
		return "", err
	}
	pebbleDir = dir
	cmd := exec.Command("go", "install", pebbleVersion)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return filepath.Join(dir, "pebble"), nil
})

// dropPebble removes the program that was built.
func dropPebble() {
	if pebbleDir != "" {
		os.RemoveAll(pebbleDir)
	}
}

// pebble is a running ACME server.
type pebble struct {
	config.ACME
	t    *testing.T
	stop func()
	mu   sync.Mutex
	log  strings.Builder
}

// authorityServer says how a pebble is to be.
type authorityServer struct {
	tlsPort, httpPort string // where it comes to look
	life              time.Duration
	accounts          map[string]string // key ids and keys; none: anybody may have an account
}

// startPebble runs a pebble whose name service says that every name is this machine.
func startPebble(t *testing.T, o authorityServer) *pebble {
	t.Helper()
	program, err := pebbleProgram()
	if err != nil {
		if os.Getenv("HOLDFAST_CI") == "1" {
			t.Fatal(err)
		}
		t.Skip("pebble cannot be had: ", err)
	}
	dir, ca, key := t.TempDir(), newIssuer(t), newKey(t)
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	listen := freePort(t)
	conf := map[string]any{
		"listenAddress": listen, "managementListenAddress": "", "certificate": write("acme.crt", pemCerts(ca.server(key.Public(), nil, "127.0.0.1"))), "privateKey": write("acme.key", pemKey(t, key)),
		"tlsPort": number(o.tlsPort), "httpPort": number(o.httpPort), "keyAlgorithm": "ecdsa", "externalAccountBindingRequired": o.accounts != nil, "externalAccountMACKeys": o.accounts,
		"retryAfter": map[string]int{"authz": 1, "order": 1}, "profiles": map[string]any{"default": map[string]any{"description": "shop", "validityPeriod": int(o.life.Seconds())}},
	}
	text, err := json.Marshal(map[string]any{"pebble": conf})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-strict", "-config", write("pebble.json", text), "-dnsserver", nameService(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=10")
	p := &pebble{t: t, ACME: config.ACME{Directory: "https://" + listen + "/dir", CA: write("root.crt", pemCerts(ca.cert)), Challenge: TLSALPN01, AcceptTerms: true}}
	p.run(cmd, listen)
	return p
}

func (p *pebble) run(cmd *exec.Cmd, listen string) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
		}
	}()
	p.stop = sync.OnceFunc(func() {
		cmd.Process.Kill()
		<-done
		cmd.Wait()
	})
	p.t.Cleanup(func() {
		p.stop()
		if p.t.Failed() {
			p.t.Log(p.said())
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", listen)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			p.t.Fatal("pebble does not listen: ", p.said())
		}
	}
}

func (p *pebble) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func number(addr string) int {
	var n int
	if _, port, err := net.SplitHostPort(addr); err == nil {
		fmt.Sscan(port, &n)
	}
	return n
}

// nameService answers that every name is 127.0.0.1, over TCP, as pebble asks.
func nameService(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked sync.WaitGroup
	asked.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			asked.Go(func() { answerNames(c) })
		}
	})
	t.Cleanup(func() { l.Close(); asked.Wait() })
	return l.Addr().String()
}

// answerNames answers the questions of one connection (RFC 1035 section 4.2.2).
func answerNames(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	for {
		var size uint16
		if binary.Read(c, binary.BigEndian, &size) != nil {
			return
		}
		query := make([]byte, size)
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		answer := named(query)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func named(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: true, RecursionAvailable: true}, Questions: m.Questions}
	if q.Type == dnsmessage.TypeA {
		answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
	}
	text, err := answer.Pack()
	if err != nil {
		return nil
	}
	return text
}

// waiting runs f within the time of a test's patience.
func waiting(t *testing.T, f func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return f(ctx)
}
