package web

import (
	"context"
	"crypto/tls"
	"errors"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// openssl runs s_client against the site with what is typed, and gives what it said.
func (s *site) openssl(typed string, args ...string) (string, error) {
	s.t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		s.t.Skip("openssl is not installed")
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"s_client", "-connect", s.address(), "-CAfile", s.CAFile()}, args...)...)
	cmd.Stdin = strings.NewReader(typed)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		s.t.Fatalf("openssl %v does not end: %s", args, out)
	}
	return string(out), err
}

// TestTheFloorByWordOfOpenSSL tries versions and suites that are too old, with a client that would take them.
func TestTheFloorByWordOfOpenSSL(t *testing.T) {
	s := lanSite(t)
	for name, c := range map[string]struct {
		args []string
		says []string // each of them
		done bool
	}{
		"TLS 1.3 unless asked":    {nil, []string{"New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256", "Verify return code: 0 (ok)"}, true},
		"HTTP/2":                  {[]string{"-alpn", "h2,http/1.1"}, []string{"ALPN protocol: h2"}, true},
		"HTTP/1.1":                {[]string{"-alpn", "http/1.1"}, []string{"ALPN protocol: http/1.1"}, true},
		"TLS 1.2":                 {[]string{"-tls1_2"}, []string{"New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"}, true},
		"TLS 1.2, ChaCha20":       {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, []string{"Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"}, true},
		"TLS 1.1":                 {[]string{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, []string{"alert protocol version"}, false},
		"TLS 1.0":                 {[]string{"-tls1", "-cipher", "ALL:@SECLEVEL=0"}, []string{"alert protocol version"}, false},
		"CBC":                     {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"}, []string{"alert handshake failure"}, false},
		"without forward secrecy": {[]string{"-tls1_2", "-cipher", "AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=0"}, []string{"alert handshake failure"}, false},
		"no compression":          {[]string{"-tls1_2", "-comp"}, []string{"Compression: NONE"}, true},
	} {
		out, err := s.openssl("", c.args...)
		if (err == nil) != c.done {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		for _, said := range c.says {
			if !strings.Contains(out, said) {
				t.Errorf("%s: openssl does not say %q:\n%s", name, said, out)
			}
		}
	}
	if out, err := s.openssl("R\n", "-tls1_2"); err == nil || !strings.Contains(out, "RENEGOTIATING") || !strings.Contains(out, "alert") {
		t.Errorf("a renegotiation: %v\n%s", err, out)
	}
	request := "GET /healthz HTTP/1.1\r\nHost: " + s.address() + "\r\nConnection: close\r\n\r\n"
	out, err := s.openssl(request, "-tls1_3", "-ign_eof")
	if err != nil || !strings.Contains(out, "Max Early Data: 0") || !strings.Contains(out, "\r\nok\n") {
		t.Errorf("early data: %v\n%s", err, out)
	}
}

// TestATicketIsGoodForAWeekAtMost resumes a session, and cannot after its key was changed.
func TestATicketIsGoodForAWeekAtMost(t *testing.T) {
	var ahead atomic.Int64
	s := newSite(t, func(o *Options) {
		o.Listen = []string{":0"}
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	cache := tls.NewLRUClientSessionCache(4)
	resumed := func() bool {
		t.Helper()
		conf := s.trust()
		conf.ClientSessionCache, conf.ServerName, conf.Time = cache, "localhost", time.Now
		c, err := tls.Dial("tcp", s.address(), conf)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(deadline))
		c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
		for buf := make([]byte, 4096); err == nil; { // reading takes the tickets
			_, err = c.Read(buf)
		}
		var alert tls.AlertError
		if errors.As(err, &alert) {
			t.Fatal(err)
		}
		return c.ConnectionState().DidResume
	}
	if resumed() {
		t.Fatal("resumed what has not been")
	}
	if !resumed() {
		t.Fatal("tickets are not given")
	}
	ahead.Store(int64(8 * 24 * time.Hour))
	if resumed() {
		t.Error("a ticket of last week is taken: its key has not been changed")
	}
	if !resumed() {
		t.Error("no tickets under the new key")
	}
}
