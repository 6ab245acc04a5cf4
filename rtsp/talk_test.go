package rtsp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
)

// What is said comes out of a loudspeaker that we did not write, to the byte.
func TestASpeakerHearsEveryByte(t *testing.T) {
	for _, c := range []struct {
		codec     string
		want      rtsp.Codec
		transport rtsp.Transport
	}{{"PCMU", rtsp.PCMU, rtsp.TCP}, {"PCMA", rtsp.PCMA, rtsp.TCP}, {"PCMU", rtsp.PCMU, rtsp.UDP}} {
		t.Run(c.codec+"-"+string(c.transport), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "heard")
			url := rtsptest.StartGStreamerSpeaker(t, c.codec, file)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			p, err := rtsp.OpenSpeaker(ctx, rtsp.Options{URL: url, Transport: c.transport, Dial: dial, ListenPacket: net.ListenPacket})
			if err != nil {
				t.Fatal(err)
			}
			if p.Codec != c.want {
				t.Errorf("it takes %v", p.Codec)
			}
			said := make([]byte, 8000+77) // a second, and a bit that fills no packet
			rand.Read(said)
			tick := time.NewTicker(10 * time.Millisecond) // as whoever speaks does, only twice as fast
			defer tick.Stop()
			for rest := said; len(rest) > 0; <-tick.C {
				n := min(len(rest), 160)
				if _, err := p.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			heard := func() (data []byte) { data, _ = os.ReadFile(file); return data }
			for limit := time.After(10 * time.Second); len(heard()) < 8000; {
				select {
				case <-tick.C:
				case <-limit:
					t.Fatalf("%d of 8000 bytes were heard", len(heard()))
				}
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if got := heard(); !bytes.HasPrefix(said, got[:8000]) {
				t.Error("what was heard is not what was said")
			}
			if _, err := p.Write(said); err == nil {
				t.Error("it speaks after it was closed")
			}
		})
	}
}

func TestACameraWithoutASpeakerSaysSo(t *testing.T) {
	t.Parallel()
	_, err := rtsp.OpenSpeaker(t.Context(), rtsp.Options{URL: rtsptest.StartGStreamerSpeaker(t, "", ""), Dial: dial})
	var e *rtsp.Error
	if !errors.Is(err, rtsp.ErrNoSpeaker) || !errors.As(err, &e) || e.Class != rtsp.Refused {
		t.Errorf("%v", err)
	}
}
