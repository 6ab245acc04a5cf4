package stream

import (
	"iter"
	"slices"
	"time"

	"holdfast/rtsp"
)

const (
	// rateWindow is the stretch of arrival time that FPS and Bitrate are taken over. It covers a few groups of
	// pictures of most cameras, so that a key frame does not show as a jump.
	rateWindow = 10 * time.Second

	// rateStall is how long nothing may arrive before the rates count as zero.
	rateStall = 2 * time.Second
)

// Info is a stream's state at one moment.
type Info struct {
	Online   bool          // a session runs
	Cause    string        // why the last session ended; "" while online and before the first
	Since    time.Time     // since when Online and Cause are so, UTC
	Run      *rtsp.Run     // newest run, nil before the first
	Tracks   []*rtsp.Track // newest description of each of its tracks
	KeyFrame time.Time     // wall time of the newest key frame; zero when offline or before the first

	Newest   time.Duration // how long ago the newest frame arrived; 0 where none did in the newest session
	KeyEvery time.Duration // camera time between the two newest key frames of the newest session; 0 before the second
	Sessions int           // sessions that brought media since the stream was made

	FPS     float64 // video frames per second of the camera's clock over the last ten seconds; 0 when nothing comes
	Bitrate float64 // payload bits per second of all tracks over the same stretch
	Lost    uint64  // packets lost since the stream was made

	Bytes    int           // charged against MaxBytes
	Items    int           // frames and marks held
	Duration time.Duration // arrival time from the oldest item held to the newest
	Readers  int           // open readers
}

// Video gives the first video track of the newest run, or nil.
func (i *Info) Video() *rtsp.Track {
	for _, t := range i.Tracks {
		if t.Codec.Video() {
			return t
		}
	}
	return nil
}

// Audio gives the first audio track of the newest run, or nil.
func (i *Info) Audio() *rtsp.Track {
	for _, t := range i.Tracks {
		if t.Codec.Audio() {
			return t
		}
	}
	return nil
}

// Info reads the stream's state. It costs a walk over the frames of the rate window, nothing while frames arrive.
func (s *Stream) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := Info{
		Online: s.online, Cause: s.cause, Since: s.since, Run: s.run, Tracks: slices.Clone(s.tracks),
		Lost: s.lost, Bytes: s.ring.bytes, Items: s.ring.len(), Readers: s.readers, KeyEvery: s.keyEvery, Sessions: s.sessions,
	}
	if s.heard > 0 {
		i.Newest = time.Duration(max(0, s.mono()-s.heard))
	}
	if s.key != nil {
		i.KeyFrame = s.key.Wall
	}
	if i.Items > 0 {
		i.Duration = time.Duration(max(0, s.newest-s.ring.at(s.ring.head).arrival))
	}
	if s.online && s.mono()-s.newest <= rtsp.Mono(rateStall) {
		i.FPS, i.Bitrate = s.rates()
	}
	return i
}

// rates measures the newest run's frames within the window, from its oldest video frame to its newest: that is what
// came in the time between the two, without the newest. Caller holds mu.
func (s *Stream) rates() (fps, bitrate float64) {
	var newest, oldest *rtsp.Frame
	frames, bytes := 0, 0
	for it := range s.recent() {
		switch {
		case newest == nil && !it.video():
			continue
		case newest == nil:
			newest = it.Frame
			continue
		case it.video():
			oldest = it.Frame
			frames++
		}
		bytes += it.Frame.Size
	}
	if oldest == nil || newest.DTS <= oldest.DTS || newest.Track.ClockRate <= 0 {
		return 0, 0
	}
	span := float64(newest.DTS-oldest.DTS) / float64(newest.Track.ClockRate)
	return float64(frames) / span, float64(bytes) * 8 / span
}

// recent gives the newest run's frames within the rate window, newest first. Caller holds mu.
func (s *Stream) recent() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for seq := s.ring.tail; seq > s.ring.head; {
			seq--
			it := s.ring.at(seq)
			if it.Frame == nil || it.Run != s.run || s.newest-it.arrival > rtsp.Mono(rateWindow) || !yield(it) {
				return
			}
		}
	}
}
