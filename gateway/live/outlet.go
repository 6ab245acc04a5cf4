package live

import (
	"errors"
	"sync"

	"github.com/pion/webrtc/v4"

	"holdfast/rtsp"
)

// outlet is a track of a session as the WebRTC library sees it: it learns the numbers to write into RTP headers and
// where to write, and nothing more, because headers and payloads come ready-made.
type outlet struct {
	track *rtsp.Track // when the session began
	codec webrtc.RTPCodecParameters
	kind  webrtc.RTPCodecType

	mu     sync.Mutex
	writer webrtc.TrackLocalWriter // nil while not bound
	ssrc   uint32
}

func newOutlet(t *rtsp.Track, c *choice) *outlet {
	return &outlet{track: t, codec: c.codec, kind: webrtc.NewRTPCodecType(c.section.MediaName.Media)}
}

// Bind is called when the track was negotiated.
func (o *outlet) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, c := range ctx.CodecParameters() {
		if c.PayloadType == o.codec.PayloadType {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.writer, o.ssrc = ctx.WriteStream(), uint32(ctx.SSRC())
			return c, nil
		}
	}
	return webrtc.RTPCodecParameters{}, errors.New("codec was not accepted")
}

// Unbind is called when the connection ends.
func (o *outlet) Unbind(webrtc.TrackLocalContext) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writer = nil
	return nil
}

// ID, RID, StreamID and Kind name the track in the answer.
func (o *outlet) ID() string                { return o.kind.String() }
func (o *outlet) RID() string               { return "" }
func (o *outlet) StreamID() string          { return "camera" }
func (o *outlet) Kind() webrtc.RTPCodecType { return o.kind }

func (o *outlet) bound() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writer != nil
}

func (o *outlet) to() (webrtc.TrackLocalWriter, uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writer, o.ssrc
}
