package web

import (
	"context"
	"net/http"
	"time"

	"holdfast/gateway/stream"
	"holdfast/storage"
)

// Cameras is what the gateway tells about its cameras, and lets be done with them. *gateway.Gateway implements it.
type Cameras interface {
	Cameras() []Camera
	Camera(id string) (Camera, bool)
	Stream(id, stream string) (*stream.Stream, error) // "" is the main stream; ErrNotFound when there is none
	Health() Health
	Subscribe(ctx context.Context) <-chan Change // until ctx ends; bounded and coalescing
	Discover(ctx context.Context) ([]Discovered, error)
	Adopt(ctx context.Context, req AdoptRequest) (Camera, error)
	Raise(ctx context.Context, camera string, req EventRequest) (RaisedEvent, error)
	Volumes
	Locks
	Erasures
	Retention
}

// Archive is what is known of recorded footage. *storage.Store implements it.
type Archive interface {
	Segments(camera, stream string, from, to time.Time) ([]storage.Segment, error)
	Spans(camera, stream string, from, to time.Time) ([]storage.Span, error)
	Events(camera string, from, to time.Time, limit int) ([]storage.Event, error)
}

// Live shows streams. *live.Server implements it.
type Live interface {
	Offer(ctx context.Context, camera, stream string, st *stream.Stream, owner string, offer []byte, audio bool) (id string, answer []byte, err error)
	Patch(id, owner string, fragment []byte) ([]byte, error)
	Delete(id, owner string) error
	EndOwner(owner string)
	ServeMP4(w http.ResponseWriter, r *http.Request, st *stream.Stream) error              // an error only when nothing was written
	Snapshot(ctx context.Context, st *stream.Stream) (mime string, body []byte, err error) // JPEG where a decoder is installed, else as SnapshotMP4
	SnapshotMP4(st *stream.Stream) (mime string, body []byte, err error)
}

// Footage makes clips of recorded footage.
type Footage interface {
	// Clip makes the clip of [from, to). more says that the caller has its beginning and asks for a later part, so that
	// a clip that ends at what is being recorded stays the same.
	Clip(ctx context.Context, camera, stream string, from, to time.Time, more bool) (Clip, error)
}

// Change says that a camera or the health is no longer as it was told.
type Change struct {
	Kind string // "camera", "event" or "health"
	ID   string // of the camera
}

// Camera is one camera as the API tells it. It holds no credentials.
type Camera struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	Kind         string     `json:"kind" enum:",fixed,ptz,thermal" doc:"What the camera says it is; empty when it does not."`
	State        string     `json:"state" enum:"starting,online,offline,unauthorized,disabled"`
	Since        time.Time  `json:"since" doc:"Since when the state is so."`
	Cause        string     `json:"cause" doc:"Why it is not online, in the words that gaps use."`
	Detail       string     `json:"detail" doc:"One plain sentence."`
	Hint         string     `json:"hint" doc:"What to do."`
	RetryAt      *time.Time `json:"retry_at" doc:"When it is tried again."`
	Address      string     `json:"address"`
	Manufacturer string     `json:"manufacturer"`
	Model        string     `json:"model"`
	Source       string     `json:"source" enum:"config,adopted" doc:"Where it is declared. One from the configuration file can only be changed there."`
	Purpose      string     `json:"purpose"`
	LegalBasis   string     `json:"legal_basis"`
	Audio        bool       `json:"audio" doc:"Whether its sound may be heard and recorded."`
	Record       Recording  `json:"record"`
	Streams      []Stream   `json:"streams"`
}

// Recording is how a camera's recording goes.
type Recording struct {
	Mode       string     `json:"mode" enum:"continuous,event,schedule,off" doc:"As it is set."`
	Now        string     `json:"now" enum:"continuous,event,off" doc:"How the present moment is recorded."`
	Why        string     `json:"why" doc:"Why so: the event, or the words of the schedule."`
	Until      *time.Time `json:"until" doc:"Until when that is so, as far as is known."`
	PreRoll    float64    `json:"pre_roll" doc:"How much before an event is kept, seconds; the streams' ring_bytes is the memory that it takes."`
	PostRoll   float64    `json:"post_roll" doc:"How much after an event is kept, seconds."`
	State      string     `json:"state" enum:"recording,waiting,idle,failing,off" doc:"idle: nothing is wanted at present."`
	Cause      string     `json:"cause" doc:"Why it is not recording."`
	Since      time.Time  `json:"since"`
	LastSynced *time.Time `json:"last_synced" doc:"Wall time of the newest frame that is safely on disk."`
	Streams    []string   `json:"streams" doc:"Ids of the streams that are recorded."`
}

// StreamRecording is how the recording of one stream goes.
type StreamRecording struct {
	Now        string     `json:"now" enum:"continuous,event,off" doc:"How the present moment is recorded."`
	Why        string     `json:"why" doc:"Why so: the event, or the words of the schedule."`
	Until      *time.Time `json:"until" doc:"Until when that is so, as far as is known."`
	State      string     `json:"state" enum:"recording,waiting,idle,failing" doc:"idle: nothing is wanted at present."`
	Cause      string     `json:"cause" doc:"Why it is not recording."`
	Since      time.Time  `json:"since"`
	LastSynced *time.Time `json:"last_synced" doc:"Wall time of the newest frame that is safely on disk."`
}

// Stream is one stream of a camera.
type Stream struct {
	ID        string           `json:"id"`
	State     string           `json:"state" enum:"starting,online,offline,unauthorized,disabled"`
	Codec     string           `json:"codec" doc:"Video codec: H264, H265."`
	Codecs    string           `json:"codecs" doc:"The codecs as RFC 6381 writes them, for Media Source Extensions."`
	Width     int              `json:"width" doc:"Pixels."`
	Height    int              `json:"height" doc:"Pixels."`
	FPS       float64          `json:"fps" doc:"Frames per second over the last seconds."`
	Bitrate   float64          `json:"bitrate" doc:"Bits per second over the last seconds."`
	Reordered bool             `json:"reordered" doc:"It has B-frames: watch it by live.mp4."`
	Audio     string           `json:"audio" doc:"Audio codec, empty when there is no sound."`
	Transport string           `json:"transport" doc:"How RTP comes: tcp, udp or multicast."`
	Lost      uint64           `json:"lost" doc:"Packets lost since the gateway started."`
	RingBytes int              `json:"ring_bytes" doc:"Memory that holds its recent frames, bytes."`
	Recording *StreamRecording `json:"recording" doc:"How its recording goes; null when it is not recorded."`
}

// Health is how the gateway is.
type Health struct {
	State   string   `json:"state" enum:"ok,warning,failing"`
	Summary string   `json:"summary" doc:"One plain sentence."`
	Alarms  []Alarm  `json:"alarms"`
	Volumes []Volume `json:"volumes"`
}

// Alarm is a condition that needs a person.
type Alarm struct {
	ID       string    `json:"id"`
	Severity string    `json:"severity" enum:"warning,alarm"`
	Since    time.Time `json:"since"`
	What     string    `json:"what" doc:"What happened."`
	Means    string    `json:"means" doc:"What it means for the footage."`
	Do       string    `json:"do" doc:"What to do."`
}

// Disk is a disk below a volume.
type Disk struct {
	Name        string `json:"name"`
	Model       string `json:"model"`
	State       string `json:"state" enum:"passed,failing,unknown"`
	Wear        *int   `json:"wear,omitempty" doc:"Per cent of the endurance that is used up; left out where the disk does not say."`
	Temperature int    `json:"temperature,omitempty" doc:"Degrees Celsius."`
	Hours       int    `json:"hours,omitempty" doc:"Switched on."`
	Pending     int    `json:"pending_sectors,omitempty"`
	Reallocated int    `json:"reallocated_sectors,omitempty"`
}

// Discovered is a device that answered a probe.
type Discovered struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Hardware string   `json:"hardware"`
	Address  string   `json:"address"`
	XAddrs   []string `json:"xaddrs"`
	Adopted  bool     `json:"adopted"`
}

// AdoptRequest asks for a camera to be added.
type AdoptRequest struct {
	Address  string `json:"address" doc:"Host, host:port or address of the device."`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Name     string `json:"name,omitempty" doc:"Empty: what the device calls itself."`
	Record   string `json:"record,omitempty" enum:",continuous,event,off" doc:"Empty: continuous."`
}
