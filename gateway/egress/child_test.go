package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tries names what the test, started again as a child, tries to reach.
const tries = "HOLDFAST_TEST_TRIES"

func init() {
	what := os.Getenv(tries)
	if what == "" {
		return
	}
	network, address, _ := strings.Cut(what, " ")
	var err error
	switch network {
	case "io_uring":
		_, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
		if e == unix.EPERM {
			err = e
		}
	case "listen":
		_, err = net.Listen("tcp", address)
	default:
		_, err = net.DialTimeout(network, address, 5*time.Second)
	}
	fmt.Print(errors.Is(err, unix.EPERM), " ", err)
	os.Exit(0)
}

func TestAChildIsRefusedEverySocket(t *testing.T) {
	at := echo(t)
	file := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := New(Options{}).For(Children, Use{})
	for _, what := range []string{"tcp " + at, "udp " + at, "unix " + file, "listen 127.0.0.1:0", "io_uring"} {
		run := func(run func(*exec.Cmd) error) string {
			var out strings.Builder
			cmd := exec.Command("/proc/self/exe")
			cmd.Env, cmd.Stdout = []string{tries + "=" + what, "GORACE=atexit_sleep_ms=0"}, &out
			if err := run(cmd); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			return out.String()
		}
		if free := run((*exec.Cmd).Run); !strings.HasSuffix(free, "<nil>") && what != "io_uring" {
			t.Fatalf("a child that is not restricted cannot reach it either: %s: %s", what, free)
		}
		if got := run(p.Run); !strings.HasPrefix(got, "true") {
			t.Errorf("%s: %s", what, got)
		}
	}
	if conn, err := net.Dial("tcp", at); err != nil {
		t.Errorf("the program itself is restricted: %v", err)
	} else {
		conn.Close()
	}
}

func TestADecoderCannotFetchWhatAFileNames(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		if os.Getenv("HOLDFAST_CI") != "" {
			t.Fatal("ffmpeg is missing")
		}
		t.Skip("needs ffmpeg")
	}
	var asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(http.StatusNotFound) }))
	defer srv.Close()
	playlist := "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + srv.URL + "/secret.ts\n#EXT-X-ENDLIST\n"
	decode := func(run func(*exec.Cmd) error) {
		cmd := exec.Command(ffmpeg, "-nostdin", "-v", "error", "-protocol_whitelist", "pipe,http,tcp", "-f", "hls", "-allowed_extensions", "ALL", "-i", "pipe:0", "-f", "null", "-")
		cmd.Stdin, cmd.Stderr = strings.NewReader(playlist), io.Discard
		if err := run(cmd); err == nil {
			t.Error("it was decoded")
		}
	}
	decode((*exec.Cmd).Run)
	if asked.Load() == 0 {
		t.Fatal("a decoder that is not restricted does not ask either: the test shows nothing")
	}
	asked.Store(0)
	decode(New(Options{}).For(Children, Use{}).Run)
	if asked.Load() != 0 {
		t.Error("the decoder asked an address that the file names")
	}
}

func TestAChildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "sleep", "60")
	cmd.Stdout = writer(func(b []byte) {})
	p := New(Options{}).For(Children, Use{})
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := p.Run(cmd); err == nil {
		t.Error("it was not ended")
	}
	if c := p.describe(nil); c.Open != 0 || len(c.Targets) != 1 || c.Targets[0].Opened != 1 {
		t.Errorf("listed as %+v", c)
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }
