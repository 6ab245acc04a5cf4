package gateway

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/gateway/stream"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/rtsp"
)

const (
	// testTime bounds how long a stream that is tried may take to its first key frame: a long group of pictures is ten seconds.
	testTime = 15 * time.Second
	// testsAtOnce bounds the streams that are tried at the same time.
	testsAtOnce = 4
	// testBytes bounds what is held of one.
	testBytes = 16 << 20
)

// TestPicture connects to a stream of a device that is to be added, as recording it would, and gives its first picture.
func (g *Gateway) TestPicture(ctx context.Context, req web.TestRequest) (p web.TestPicture, err error) {
	select {
	case g.trying <- struct{}{}:
	case <-ctx.Done():
		return p, ctx.Err()
	}
	defer func() { <-g.trying }()
	url, token, err := g.testStream(ctx, req)
	if err != nil {
		return p, adoptProblem(err)
	}
	began := time.Now()
	st, transport, err := g.firstPicture(ctx, url, req)
	if err != nil {
		return p, adoptProblem(err)
	}
	defer st.Close()
	p.Seconds, p.Profile, p.Transport = time.Since(began).Seconds(), token, transport
	info := st.Info()
	if v := info.Video(); v != nil {
		p.Codec, p.Width, p.Height = v.Codec.String(), v.Width, v.Height
	}
	if a := info.Audio(); a != nil {
		p.Audio = a.Codec.String()
	}
	mime, picture, err := g.live.Snapshot(ctx, st)
	p.Mime, p.Picture = mime, base64.StdEncoding.EncodeToString(picture)
	return p, err
}

// testStream is the address of the stream that is to be tried, and its profile.
func (g *Gateway) testStream(ctx context.Context, req web.TestRequest) (url, token string, err error) {
	if isRTSP(req.Address) {
		return req.Address, "", nil
	}
	_, dev, err := g.probeAt(ctx, req.Address, req.Username, req.Password)
	if err != nil {
		return "", "", err
	}
	s, ok := dev.Source(req.Source)
	if !ok {
		return "", "", fmt.Errorf("the device has no video source %q", req.Source)
	}
	p := s.Stream(onvif.Sub)
	if p == nil {
		p = s.Stream(onvif.Main)
	}
	if req.Profile != "" {
		p, _ = dev.Profile(req.Profile)
	}
	if p == nil || p.StreamURI == "" {
		return "", "", errors.New("the device has no address for this stream")
	}
	return p.StreamURI, p.Token, nil
}

// firstPicture reads a stream until it has shown a key frame. Its ring holds that.
func (g *Gateway) firstPicture(ctx context.Context, url string, req web.TestRequest) (*stream.Stream, string, error) {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	sink := &firstKey{Stream: stream.New(stream.Options{MaxBytes: testBytes, Log: g.log}), come: make(chan struct{})}
	session, err := rtsp.NewSession(rtsp.Options{URL: url, Username: req.Username, Password: req.Password, Transport: rtsp.TCP, Audio: true,
		TLS: anyCertificate(), Dial: g.asking.DialContext, Now: g.now, Log: g.log, Refused: refusedBy(g.asking)}, sink)
	if err != nil {
		return nil, "", err
	}
	over := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	go func() { over <- session.Run(running) }()
	select {
	case <-sink.come:
		stop()
		<-over
		return sink.Stream, sink.transport, nil
	case err = <-over:
	case <-ctx.Done():
		err = <-over
	}
	stop()
	sink.Close()
	if ctx.Err() != nil && classOf(err) == 0 {
		err = &rtsp.Error{Class: rtsp.Stalled, Err: fmt.Errorf("no picture came within %v", testTime), Hint: rtsp.Stalled.Hint()}
	}
	return nil, "", err
}

// firstKey is a stream that tells when its first key frame has come.
type firstKey struct {
	*stream.Stream
	once      sync.Once
	come      chan struct{}
	transport string // set before come is closed
}

func (f *firstKey) Frame(fr *rtsp.Frame) {
	f.Stream.Frame(fr)
	if _, ok := f.KeyFrame(); ok {
		f.once.Do(func() {
			if run := f.Info().Run; run != nil {
				f.transport = run.Transport
			}
			close(f.come)
		})
	}
}
