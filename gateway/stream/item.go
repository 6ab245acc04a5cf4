package stream

import (
	"sync"
	"sync/atomic"
	"time"

	"holdfast/rtsp"
)

// Item is a frame or a mark in a stream. It is immutable and shared by every reader.
type Item struct {
	Seq   uint64      // position in the stream, from 1, without holes
	Run   *rtsp.Run   // the run that the item belongs to; nil for an End before any run
	Frame *rtsp.Frame // nil for marks
	End   string      // why the session ended (a storage gap cause) for End marks, else ""
	Wall  time.Time   // the frame's wall time, the run's start, or when the end was noticed

	arrival rtsp.Mono // marks: when they were written

	packing  sync.Mutex // makes "look, pack, keep" of payloads one operation
	payloads atomic.Pointer[[][]byte]
}

// Begins tells whether it is the mark at which a run begins.
func (it *Item) Begins() bool { return it.Frame == nil && it.End == "" }

// KeyFrame tells whether it is a video frame at which decoding can start.
func (it *Item) KeyFrame() bool { return it.video() && it.Frame.Key }

func (it *Item) video() bool { return it.Frame != nil && it.Frame.Track.Codec.Video() }

// Payloads gives the frame's RTP payloads in sending order, packetised by pack when the first reader asks and
// shared from then on. Every caller on a stream must pass the same function, or functions that agree. The result is
// read-only. It is given up when the frame is older than what lossy readers are still given; a reader that asks
// even later has it made again.
func (it *Item) Payloads(pack func(*rtsp.Frame) [][]byte) [][]byte {
	if p := it.payloads.Load(); p != nil {
		return *p
	}
	it.packing.Lock()
	defer it.packing.Unlock()
	if p := it.payloads.Load(); p != nil {
		return *p
	}
	p := pack(it.Frame)
	it.payloads.Store(&p)
	return p
}

func (it *Item) dropPayloads() { it.payloads.Store(nil) }

func (it *Item) cost() int {
	if it.Frame == nil {
		return itemCost
	}
	return it.Frame.Size + itemCost
}
