package web

import (
	"context"
	"net/http"
	"time"

	"holdfast/gateway/live"
	"holdfast/gateway/playback"
	"holdfast/gateway/stream"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// Cameras is what the gateway tells about its cameras, and lets be done with them. *gateway.Gateway implements it.
type Cameras interface {
	Cameras() []Camera
	Camera(id string) (Camera, bool)
	Stream(id, stream string) (*stream.Stream, error) // "" is the main stream; ErrNotFound when there is none
	Health() Health
	Subscribe(ctx context.Context) <-chan Change                                  // until ctx ends; bounded and coalescing
	Discover(ctx context.Context, req SearchRequest, tell func(SearchLine)) error // until everybody had the time to answer; tell is called by one goroutine at a time
	Adopt(ctx context.Context, req AdoptRequest) (AddedCamera, error)
	Raise(ctx context.Context, camera string, req EventRequest) (RaisedEvent, error)
	TellTexts(camera string, list []Event) // sets the text of each that has one
	Notifications(camera string, after uint64) ([]CameraNotification, error)
	Volumes
	Locks
	Erasures
	Retention
	Settings
	Management
	Talking
	Trust
	Devices
	Adopting
	Former
	Plans
	Planner
	Scenes
	ClipKeeping
	Steering
	Control
	Motions
}

// Archive is what is known of recorded footage. *storage.Store implements it.
type Archive interface {
	Segments(camera, stream string, from, to time.Time) ([]storage.Segment, error)
	Spans(camera, stream string, from, to time.Time) ([]storage.Span, error)
	Events(camera string, from, to time.Time, limit int) ([]storage.Event, error)
	EventsBack(camera string, from, to time.Time, before string, f func(storage.Event) bool) error
	EventOf(camera, id string) (storage.Event, error)
	Counted
}

// Counted is what an axis counts without keeping it. *storage.Store implements it.
type Counted interface {
	EachSpan(camera, stream string, from, to time.Time, f func(storage.Span)) error
	EachEvent(camera string, from, to time.Time, f func(start time.Time, kind string) bool) error
}

// Live shows streams. *live.Server implements it.
type Live interface {
	Offer(ctx context.Context, ask live.Ask, offer []byte) (id string, answer []byte, err error)
	Patch(id, owner string, fragment []byte) ([]byte, error)
	Delete(id, owner string) error
	Revoke(id string)
	ServeMP4(w http.ResponseWriter, r *http.Request, ask live.Ask) error // an error only when nothing was written
	View(id, owner string) (live.SessionStatus, error)
	Talk(ctx context.Context, ask live.TalkAsk, offer []byte) (id string, answer []byte, err error)
	EndTalk(id, owner string) error
	RevokeTalk(id string)
	Snapshot(ctx context.Context, st *stream.Stream) (mime string, body []byte, err error) // JPEG where a decoder is installed, else as SnapshotMP4
	SnapshotMP4(st *stream.Stream) (mime string, body []byte, err error)
	JPEG(ctx context.Context, t *fmp4.Track, units [][]byte) []byte // of a recorded key frame; nil where no decoder can
}

// Footage makes clips of recorded footage.
type Footage interface {
	// Clip makes the clip of [from, to).
	Clip(ctx context.Context, camera, stream string, from, to time.Time, o playback.Options) (Clip, error)
	// Reel gives [from, to) for a player that keeps its own clock: pictures, or key frames, or sound.
	Reel(ctx context.Context, camera, stream string, from, to time.Time, o playback.ReelOptions) (Reel, error)
	// Still gives the key frame that was shown at a moment, of one run alone unless run is 0.
	Still(ctx context.Context, camera, stream string, at time.Time, run uint32) (*playback.Still, error)
	// Activity tells how much moves, one value for each motion.Step, the first for the one that holds from.
	Activity(ctx context.Context, camera, stream string, from, to time.Time) ([]byte, error)
}

// Change says that a camera or the health is no longer as it was told.
type Change struct {
	Kind string // "camera", "event", "ptz", "export" or "health"
	ID   string // of the camera
}

// Camera is one camera as the API tells it. It holds no credentials.
type Camera struct {
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Kind         string        `json:"kind" enum:",fixed,ptz,thermal" doc:"What the camera says it is; empty when it does not."`
	State        string        `json:"state" enum:"starting,online,offline,unauthorized,disabled"`
	Since        time.Time     `json:"since" doc:"Since when the state is so."`
	Cause        string        `json:"cause" people:"read" doc:"Why it is not online, in the words that gaps use."`
	Detail       string        `json:"detail" people:"read" doc:"One plain sentence."`
	Hint         string        `json:"hint" people:"read" doc:"What to do."`
	RetryAt      *time.Time    `json:"retry_at" doc:"When it is tried again."`
	Address      string        `json:"address"`
	Manufacturer string        `json:"manufacturer"`
	Model        string        `json:"model"`
	Source       string        `json:"source" enum:"config,adopted" doc:"Where it is declared. One from the configuration file can only be changed there."`
	VideoSource  string        `json:"video_source" doc:"Which of its device's video sources it is, of a device with several; empty: the first."`
	Purpose      string        `json:"purpose"`
	LegalBasis   string        `json:"legal_basis"`
	Audio        bool          `json:"audio" doc:"Whether its sound may be heard and recorded."`
	Record       Recording     `json:"record"`
	LastFootage  *time.Time    `json:"last_footage" doc:"When the newest frame was that is kept of it, before the gateway's start too; null where none is, as all of it was erased or deleted by age, or none ever came."`
	Events       CameraReports `json:"events"`
	Streams      []Stream      `json:"streams"`
	Happening    []Happening   `json:"happening" doc:"Its newest events that last, or ended less than 15 seconds ago, at most 16. For those who may watch it live or recorded."`
	Talker       *Talker       `json:"talker" doc:"Who speaks through it now, for those who may do so too; null for nobody."`
	May          []string      `json:"may" doc:"What whoever asks may do with it at this moment, as the permissions are called."`
}

// Happening is an event of a camera at this moment.
type Happening struct {
	ID    string     `json:"id"`
	Kind  string     `json:"kind" doc:"What it is."`
	Start time.Time  `json:"start"`
	End   *time.Time `json:"end" doc:"null while it lasts."`
}

// Recording is how a camera's recording goes.
type Recording struct {
	Mode       string     `json:"mode" enum:"continuous,event,schedule,off" doc:"As it is set."`
	Now        string     `json:"now" enum:"continuous,event,off" doc:"How the present moment is recorded."`
	Why        string     `json:"why" people:"read" doc:"Why so: the event, or the words of the schedule."`
	Until      *time.Time `json:"until" doc:"Until when that is so, as far as is known."`
	PreRoll    float64    `json:"pre_roll" doc:"How much before an event is kept, seconds; the streams' ring_bytes is the memory that it takes."`
	PostRoll   float64    `json:"post_roll" doc:"How much after an event is kept, seconds."`
	State      string     `json:"state" enum:"recording,waiting,idle,failing,off" doc:"idle: nothing is wanted at present."`
	Cause      string     `json:"cause" people:"read" doc:"Why it is not recording."`
	Since      time.Time  `json:"since"`
	LastSynced *time.Time `json:"last_synced" doc:"Wall time of the newest frame that is safely on disk."`
	Streams    []string   `json:"streams" doc:"Ids of the streams that are recorded."`
	Mirror     string     `json:"mirror" enum:",mirrored,not_mirrored" doc:"Whether all that is recorded now is written to two volumes at once; empty where that is not wanted."`
	MirrorWhy  string     `json:"mirror_why" people:"read" doc:"Why it is not mirrored."`
}

// StreamRecording is how the recording of one stream goes.
type StreamRecording struct {
	Now        string     `json:"now" enum:"continuous,event,off" doc:"How the present moment is recorded."`
	Why        string     `json:"why" people:"read" doc:"Why so: the event, or the words of the schedule."`
	Until      *time.Time `json:"until" doc:"Until when that is so, as far as is known."`
	State      string     `json:"state" enum:"recording,waiting,idle,failing" doc:"idle: nothing is wanted at present."`
	Cause      string     `json:"cause" people:"read" doc:"Why it is not recording."`
	Since      time.Time  `json:"since"`
	LastSynced *time.Time `json:"last_synced" doc:"Wall time of the newest frame that is safely on disk."`
	Volumes    []string   `json:"volumes" doc:"Ids of the volumes that it is being written to now."`
	Encrypted  bool       `json:"encrypted" doc:"Whether what is recorded is encrypted."`
}

// Stream is one stream of a camera.
type Stream struct {
	ID        string           `json:"id"`
	State     string           `json:"state" enum:"starting,online,offline,unauthorized,disabled"`
	Ways      []Way            `json:"ways" doc:"In which ways it can be watched, those that cost least first, and why not in others."`
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

// Way is one way in which a stream can be watched.
type Way struct {
	Kind       string `json:"kind" enum:"webrtc,mp4" doc:"webrtc: by whep; mp4: by live.mp4."`
	Transcoded bool   `json:"transcoded" doc:"The gateway makes it with ffmpeg, smaller: ask for it with transcode=1."`
	Codec      string `json:"codec" doc:"Video codec: H264, H265."`
	Codecs     string `json:"codecs" doc:"The video codec as RFC 6381 writes it."`
	Audio      string `json:"audio" doc:"Codec of the sound that can come with it; empty when none can."`
	Why        string `json:"why" people:"read" doc:"Why it cannot be watched so, one plain sentence; empty when it can."`
}

// Health is how the gateway is.
type Health struct {
	State   string   `json:"state" enum:"ok,warning,failing"`
	Summary string   `json:"summary" people:"read" doc:"One plain sentence."`
	Alarms  []Alarm  `json:"alarms"`
	Volumes []Volume `json:"volumes"`
	Copies  Copies   `json:"second_copies"`
}

// Copies is how far it is with second copies of mirrored cameras that are made afterwards.
type Copies struct {
	Waiting int64  `json:"waiting" doc:"Segments that have one copy and are to have two."`
	Copied  int64  `json:"copied" doc:"Second copies made since the gateway started."`
	Bytes   int64  `json:"bytes" doc:"Bytes of those."`
	Waits   string `json:"waits" people:"read" doc:"Why none is made now, one plain sentence; empty where nothing stands in the way."`
	Damaged int    `json:"damaged" doc:"Segments that cannot be copied: they are not what was recorded."`
}

// Alarm is a condition that needs a person.
type Alarm struct {
	ID       string    `json:"id"`
	Severity string    `json:"severity" enum:"warning,alarm"`
	Since    time.Time `json:"since"`
	What     string    `json:"what" people:"read" doc:"What happened."`
	Means    string    `json:"means" people:"read" doc:"What it means for the footage."`
	Do       string    `json:"do" people:"read" doc:"What to do."`
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

// SearchRequest says where to look for devices.
type SearchRequest struct {
	Ranges     []string `json:"ranges,omitempty" doc:"Addresses that are asked one by one: 192.168.1.7, 192.168.1.10-50 or 192.168.1.0/24, at most 4096 in all; empty: the networks of the gateway are asked by multicast. Only private addresses, and those that the operator listed."`
	Interfaces []string `json:"interfaces,omitempty" doc:"Names of the gateway's network interfaces to ask by multicast; empty: all."`
	Seconds    int      `json:"seconds,omitempty" doc:"How long answers to multicast are gathered, at most 60; 0: three seconds."`
}

// SearchLine is one line of what a search tells: a device, or how far it is, or the end.
type SearchLine struct {
	Found    *Discovered     `json:"found,omitempty"`
	Progress *SearchProgress `json:"progress,omitempty"`
	Done     bool            `json:"done,omitempty" doc:"The last line of a search that is complete."`
	Error    string          `json:"error,omitempty" people:"read" doc:"The last line of one that failed after it began."`
}

// SearchProgress is how far a search is.
type SearchProgress struct {
	Done int    `json:"done"`
	Of   int    `json:"of"`
	Unit string `json:"unit" enum:"seconds,addresses"`
}

// Discovered is a device that answered.
type Discovered struct {
	Key      string   `json:"key" doc:"Tells the devices of one search apart: a later line with the same key replaces the earlier."`
	ID       string   `json:"id" doc:"Endpoint address of the device, urn:uuid:…; empty where it does not tell."`
	Shared   bool     `json:"shared" doc:"Another device has the same endpoint address, as cloned firmware does: it does not tell who it is."`
	Name     string   `json:"name"`
	Maker    string   `json:"maker" doc:"Empty where the device does not tell anybody."`
	Model    string   `json:"model"`
	Hardware string   `json:"hardware" doc:"The model, as the device announces it."`
	Location string   `json:"location"`
	Profiles []string `json:"profiles" doc:"Profiles of ONVIF that it claims, by their letters."`
	Address  string   `json:"address" doc:"Of its device service: the best to reach it by."`
	XAddrs   []string `json:"xaddrs" doc:"All addresses of its device service, at most eight."`
	By       string   `json:"by" enum:"multicast,unicast,http" doc:"How it was found."`
	Adopted  bool     `json:"adopted"`
	Camera   string   `json:"camera" doc:"Id of the camera that it is, where it is one."`
}

// AdoptRequest asks for a camera to be added.
type AdoptRequest struct {
	Address  string `json:"address" doc:"Host, host:port or address of the device."`
	Endpoint string `json:"endpoint,omitempty" doc:"Endpoint address of the device, as discovery told it, unless it is shared: by it the camera is found again at another address. Empty: the device is asked."`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Name     string `json:"name,omitempty" doc:"Empty: what the device calls itself."`
	Record   string `json:"record,omitempty" enum:",continuous,event,off" doc:"Empty: continuous."`
	Mirror   bool   `json:"mirror,omitempty" doc:"Record to two volumes at once; there must be two."`

	Sources []string `json:"sources,omitempty" doc:"Tokens of the device's video sources to add, each as a camera of its own; all: each that can be recorded; left out: the first."`

	Streams []StreamChoice `json:"streams,omitempty" doc:"Which of the device's profiles are which stream; of a video source of which none is named they are chosen by what they carry."`
}

// AddedCamera is a camera that was added.
type AddedCamera struct {
	Camera
	Also []string `json:"also" doc:"Ids of the further cameras that were added with it, of the device's other video sources."`
}
