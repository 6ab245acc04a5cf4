// Command viewers is many WHEP viewers in one process: each opens a session, receives the media and throws it away.
//
//	viewers -count N -ca FILE WHEP-URL
//
// The first line of its standard input is the headers of its requests, as a JSON object: who the viewers are. It prints a line of
// JSON, {"packets":N,"bytes":N,"last":[…]}, when all viewers have media and once more for every further line that it reads, and ends
// with its standard input. last is when each viewer got its last packet, Unix time in nanoseconds.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

// audience counts what all viewers received.
type audience struct {
	packets, bytes atomic.Int64
	started        sync.WaitGroup // done once for each viewer, with its first packet
	client         *http.Client
	api            *webrtc.API
	url            string
	headers        map[string]string

	mu   sync.Mutex // guards last
	last []*atomic.Int64
}

// told is what is printed.
type told struct {
	Packets int64   `json:"packets"`
	Bytes   int64   `json:"bytes"`
	Last    []int64 `json:"last"`
}

func (a *audience) tell() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := told{Packets: a.packets.Load(), Bytes: a.bytes.Load()}
	for _, l := range a.last {
		t.Last = append(t.Last, l.Load())
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

func main() {
	count := flag.Int("count", 1, "how many viewers")
	ca := flag.String("ca", "", "certificate to trust")
	flag.Parse()
	if err := run(flag.Arg(0), *count, *ca); err != nil {
		fmt.Fprintln(os.Stderr, "viewers:", err)
		os.Exit(1)
	}
}

func run(url string, count int, ca string) error {
	in := bufio.NewScanner(os.Stdin)
	in.Scan()
	a := &audience{url: url}
	if err := json.Unmarshal(in.Bytes(), &a.headers); err != nil {
		return fmt.Errorf("read headers: %w", err)
	}
	if err := a.prepare(ca); err != nil {
		return err
	}
	a.started.Add(count)
	for range count {
		if err := a.watch(); err != nil {
			return err
		}
	}
	a.started.Wait()
	for {
		if err := a.tell(); err != nil {
			return err
		}
		if !in.Scan() {
			return in.Err()
		}
	}
}

func (a *audience) prepare(ca string) error {
	t := &http.Transport{}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	a.client = &http.Client{Transport: t}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	var m webrtc.MediaEngine
	if err := m.RegisterDefaultCodecs(); err != nil {
		return err
	}
	a.api = webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(&m))
	return nil
}

// watch opens one session.
func (a *audience) watch() error {
	pc, err := a.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		return err
	}
	pc.OnTrack(a.receive)
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	answer, err := a.post(pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	return pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func (a *audience) post(offer string) (answer string, err error) {
	r, err := http.NewRequest(http.MethodPost, a.url, bytes.NewReader([]byte(offer)))
	if err != nil {
		return "", err
	}
	for name, value := range a.headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/sdp")
	res, err := a.client.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusCreated {
		text, _ := json.Marshal(string(body))
		return "", fmt.Errorf("%s: %s", res.Status, text)
	}
	return string(body), nil
}

func (a *audience) receive(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	buffer := make([]byte, 1500)
	last := &atomic.Int64{}
	a.mu.Lock()
	a.last = append(a.last, last)
	a.mu.Unlock()
	for first := true; ; first = false {
		n, _, err := t.Read(buffer)
		if err != nil {
			return
		}
		last.Store(time.Now().UnixNano())
		if first {
			a.started.Done()
		}
		a.packets.Add(1)
		a.bytes.Add(int64(n))
	}
}
