package rtsp_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"holdfast/rtsp"
)

// scripted is a camera that says over TCP what a test wants, right or wrong. It knows no more RTSP than that.
type scripted struct {
	sdp     string
	packets [][]byte                                       // interleaved channel 0, sent after PLAY
	reports [][]byte                                       // interleaved channel 1, one after each packet
	answer  func(method, uri string) (string, bool)        // instead of the usual answer
	hears   func(method string, head textproto.MIMEHeader) // told of each request
	lis     net.Listener
	wg      sync.WaitGroup
}

func (s *scripted) start(t *testing.T) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.lis = lis
	s.wg.Go(s.accept)
	t.Cleanup(func() { lis.Close(); s.wg.Wait() })
	return "rtsp://" + lis.Addr().String() + "/main"
}

func (s *scripted) accept() {
	for {
		conn, err := s.lis.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { defer conn.Close(); s.serve(conn) })
	}
}

func (s *scripted) serve(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		head, err := textproto.NewReader(r).ReadMIMEHeader()
		if err != nil {
			return
		}
		method, rest, _ := strings.Cut(line, " ")
		uri, _, _ := strings.Cut(rest, " ")
		if s.hears != nil {
			s.hears(method, head)
		}
		if _, err := io.WriteString(conn, s.reply(method, uri, head)); err != nil {
			return
		}
		if method == "PLAY" {
			for _, p := range s.packets {
				frame := interleaved(0, p)
				if len(s.reports) > 0 {
					frame = append(frame, interleaved(1, s.reports[0])...)
					s.reports = append(s.reports[1:], s.reports[0])
				}
				if _, err := conn.Write(frame); err != nil {
					return
				}
			}
		}
	}
}

func interleaved(channel byte, p []byte) []byte {
	return append(append([]byte{'$', channel}, binary.BigEndian.AppendUint16(nil, uint16(len(p)))...), p...)
}

func (s *scripted) reply(method, uri string, head textproto.MIMEHeader) string {
	if s.answer != nil {
		if text, ok := s.answer(method, uri); ok {
			return strings.ReplaceAll(text, "CSEQ", head.Get("Cseq"))
		}
	}
	start := "RTSP/1.0 200 OK\r\nCSeq: " + head.Get("Cseq") + "\r\n"
	switch method {
	case "OPTIONS":
		return start + "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
	case "DESCRIBE":
		return start + "Content-Base: " + uri + "/\r\nContent-Type: application/sdp\r\nContent-Length: " + strconv.Itoa(len(s.sdp)) + "\r\n\r\n" + s.sdp
	case "SETUP":
		return start + "Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
	}
	return start + "Session: 1\r\n\r\n"
}

const (
	sdpHead  = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
	sdpVideo = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)

// somePackets are key frames with their parameter sets, as RTP.
func somePackets(n int) (list [][]byte) {
	sps := []byte{0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc9, 0x20}
	for i := range n {
		for j, nal := range [][]byte{sps, {0x68, 0xce, 0x3c, 0x80}, {0x65, byte(i), 2, 3}} {
			p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(3*i + j), Timestamp: uint32(i * 3600), SSRC: 7, Marker: j == 2}, Payload: nal}
			b, err := p.Marshal()
			if err != nil {
				panic(err)
			}
			list = append(list, b)
		}
	}
	return list
}

// TestDescriptionsThatCamerasGetWrongPlayAllTheSame has each defect that is known of real cameras.
func TestDescriptionsThatCamerasGetWrongPlayAllTheSame(t *testing.T) {
	for name, sdp := range map[string]string{
		"as it should be":                      sdpHead + sdpVideo,
		"origin without address":               strings.Replace(sdpHead, "o=- 1 1 IN IP4 127.0.0.1", "o=- 1001 1 IN ", 1) + sdpVideo,
		"origin without address, bare LF":      strings.ReplaceAll(strings.Replace(sdpHead, "o=- 1 1 IN IP4 127.0.0.1", "o=- 1001 1 IN", 1)+sdpVideo, "\r\n", "\n"),
		"empty session name":                   strings.Replace(sdpHead, "s=x", "s=", 1) + sdpVideo,
		"picture marked as sent to us":         sdpHead + sdpVideo + "a=sendonly\r\n",
		"control of the whole given first":     sdpHead + "a=control:*\r\na=range:npt=0-\r\n" + sdpVideo,
		"sound that nobody can record":         sdpHead + sdpVideo + "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 G726-32/8000\r\na=control:track2\r\n",
		"wrong parameter sets":                 sdpHead + sdpVideo + "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n",
		"an application track before it":       sdpHead + "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:track9\r\n" + sdpVideo,
		"attributes that nobody ever heard of": sdpHead + sdpVideo + "a=x-dimensions:1920,1080\r\na=appversion:1.0\r\na=Media_header:MEDIAINFO=494D4B48010\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			cam := &scripted{sdp: sdp, packets: somePackets(5)}
			k := newKept()
			s, end := pull(t, rtsp.Options{URL: cam.start(t), Transport: rtsp.TCP}, k)
			k.until(t, "five pictures", frames(5, rtsp.H264))
			if track := k.frames[4].Track; track.Width != 1920 || len(track.SPS) == 0 {
				t.Errorf("the track is %+v", track)
			}
			if st := s.Stats(); st.Tracks[0].Damaged != 0 {
				t.Errorf("%d packets are damaged", st.Tracks[0].Damaged)
			}
			end()
		})
	}
}

// TestBadAnswersAreClearErrors has a camera say nonsense at each step. Every error has a class and a hint.
func TestBadAnswersAreClearErrors(t *testing.T) {
	whole := func(text string) func(string) func(string, string) (string, bool) {
		return func(at string) func(string, string) (string, bool) {
			return func(method, _ string) (string, bool) { return text, method == at }
		}
	}
	describe := func(sdp string) string {
		return fmt.Sprintf("RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(sdp), sdp)
	}
	for _, c := range []struct {
		name, at, text string
	}{
		{"no picture", "DESCRIBE", describe(sdpHead + "m=audio 0 RTP/AVP 0\r\n")},
		{"motion JPEG only", "DESCRIBE", describe(sdpHead + "m=video 0 RTP/AVP 26\r\na=control:1\r\n")},
		{"no description at all", "DESCRIBE", describe("")},
		{"binary description", "DESCRIBE", describe("v=\x00\xff\xfe\x01" + strings.Repeat("\x80", 300))},
		{"half a description", "DESCRIBE", describe("v=0\r\no=- 1 1 IN IP")},
		{"a web page", "DESCRIBE", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"},
		{"another content", "DESCRIBE", "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"},
		{"no such path", "DESCRIBE", "RTSP/1.0 404 Not Found\r\nCSeq: CSEQ\r\n\r\n"},
		{"busy", "SETUP", "RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: CSEQ\r\n\r\n"},
		{"transport nonsense", "SETUP", "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nSession: 1\r\nTransport: pigeon;feathers=2\r\n\r\n"},
		{"no transport", "SETUP", "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nSession: 1\r\n\r\n"},
		{"play refused", "PLAY", "RTSP/1.0 455 Method Not Valid in This State\r\nCSeq: CSEQ\r\n\r\n"},
		{"garbage", "PLAY", strings.Repeat("\xde\xad\xbe\xef", 50_000)},
		{"a body of a gigabyte", "DESCRIBE", "RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Type: application/sdp\r\nContent-Length: 1000000000\r\n\r\nv=0"},
		{"redirected elsewhere", "DESCRIBE", "RTSP/1.0 302 Found\r\nCSeq: CSEQ\r\nLocation: rtsp://198.51.100.7/x\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // two of them end by the time-out of an answer
			cam := &scripted{sdp: sdpHead + sdpVideo, answer: whole(c.text)(c.at)}
			o := rtsp.Options{URL: cam.start(t), Transport: rtsp.TCP, Dial: dial}
			s, err := rtsp.NewSession(o, newKept())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			err = s.Run(ctx)
			var e *rtsp.Error
			if !errors.As(err, &e) || e.Class.String() == "" || e.Hint == "" {
				t.Fatalf("the error is %v (%T)", err, err)
			}
			if strings.Contains(err.Error(), "198.51.100.7") {
				t.Errorf("it went there, or tells where: %v", err)
			}
		})
	}
}

// TestGarbageAmongPacketsIsCountedAndTheSessionGoesOn sends packets that are none between pictures.
func TestGarbageAmongPacketsIsCountedAndTheSessionGoesOn(t *testing.T) {
	good := somePackets(20)
	var packets [][]byte
	for i, p := range good {
		packets = append(packets, p)
		if i%7 == 6 {
			junk := append([]byte(nil), good[0][:12]...)
			binary.BigEndian.PutUint16(junk[2:], binary.BigEndian.Uint16(p[2:]))
			packets = append(packets, nil, []byte{0x80}, append(junk, 0x7c), []byte(strings.Repeat("x", 1400)))
		}
	}
	cam := &scripted{sdp: sdpHead + sdpVideo, packets: packets}
	k := newKept()
	pull(t, rtsp.Options{URL: cam.start(t), Transport: rtsp.TCP}, k)
	k.until(t, "the last picture", func(k *kept) bool {
		f := k.of(rtsp.H264)
		if len(f) == 0 {
			return false
		}
		last := f[len(f)-1].Payload
		nal := last[len(last)-1]
		return len(nal) > 1 && nal[0] == 0x65 && nal[1] == 19
	})
}

// TestReportsThatAreNoneDoNotEndTheSession sends the RTCP that cameras are known to get wrong, and worse.
func TestReportsThatAreNoneDoNotEndTheSession(t *testing.T) {
	report := []byte{0x80, 200, 0, 6, 0, 0, 0, 7, 0xe8, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, 100}
	long := append([]byte(nil), report...)
	long[3] = 200 // says more words than there are
	many := append([]byte(nil), report...)
	many[0] = 0x9f // says 31 report blocks
	cam := &scripted{sdp: sdpHead + sdpVideo, packets: somePackets(30),
		reports: [][]byte{report, long, many, report[:9], {}, {0x80}, []byte(strings.Repeat("\xff", 900)), append(append([]byte(nil), report...), 0x81, 203, 0, 40, 1)}}
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: cam.start(t), Transport: rtsp.TCP}, k)
	k.until(t, "every picture", frames(30, rtsp.H264))
	if st := s.Stats(); st.Tracks[0].Lost != 0 {
		t.Errorf("%d packets are lost", st.Tracks[0].Lost)
	}
}
