// Package fmp4test makes footage for tests: real pictures and sound, encoded by ffmpeg and taken apart
// into the tracks and samples that a recorder would write. It needs ffmpeg and ffprobe; a test is
// skipped without them, and fails when HOLDFAST_CI is 1.
package fmp4test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"holdfast/storage/fmp4"
)

// Options choose what is made.
type Options struct {
	Codec   string  // libx264 (default) or libx265
	Seconds float64 // default 4
	FPS     int     // default 25
	GOP     int     // pictures, default 50
	B       int     // B-frames in a row
	Size    string  // default 320x240
	Audio   fmp4.Codec
	Pattern string // lavfi source, default testsrc2
}

// Footage is what a camera would have sent.
type Footage struct {
	Tracks  []fmp4.Track
	Samples []fmp4.Sample // all tracks, by decode time
}

// Tool returns the path of a program that the tests need.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("HOLDFAST_CI") == "1" {
		t.Fatalf("%s is needed and not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// Run runs a program and returns what it printed; anything on its standard error fails the test.
func Run(t testing.TB, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(Tool(t, name), args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.Bytes())
	}
	return out.Bytes()
}

// Make encodes footage.
func Make(t testing.TB, o Options) *Footage {
	t.Helper()
	o.defaults()
	path := filepath.Join(t.TempDir(), "made.mp4")
	Run(t, nil, "ffmpeg", o.arguments(path)...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := take(t, data)
	if o.Audio.G711() {
		f.addG711(t, o)
	}
	f.sort()
	return f
}

func (o *Options) defaults() {
	if o.Codec == "" {
		o.Codec = "libx264"
	}
	if o.Seconds == 0 {
		o.Seconds = 4
	}
	if o.FPS == 0 {
		o.FPS = 25
	}
	if o.GOP == 0 {
		o.GOP = 50
	}
	if o.Size == "" {
		o.Size = "320x240"
	}
	if o.Pattern == "" {
		o.Pattern = "testsrc2"
	}
}

func (o *Options) arguments(path string) []string {
	a := []string{"-v", "error", "-f", "lavfi", "-i",
		fmt.Sprintf("%s=size=%s:rate=%d:duration=%g", o.Pattern, o.Size, o.FPS, o.Seconds)}
	if o.Audio == fmp4.AAC || o.Audio == fmp4.Opus {
		a = append(a, "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:duration=%g", o.Seconds))
		a = append(a, "-c:a", map[fmp4.Codec]string{fmp4.AAC: "aac", fmp4.Opus: "libopus"}[o.Audio])
	}
	a = append(a, "-c:v", o.Codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1",
		"-g", strconv.Itoa(o.GOP), "-bf", strconv.Itoa(o.B), "-video_track_timescale", "90000")
	if o.Codec == "libx265" {
		a = append(a, "-tag:v", "hvc1", "-x265-params",
			fmt.Sprintf("log-level=none:keyint=%d:min-keyint=%d:scenecut=0:open-gop=0:bframes=%d:pools=1", o.GOP, o.GOP, o.B))
	} else {
		a = append(a, "-keyint_min", strconv.Itoa(o.GOP), "-sc_threshold", "0")
	}
	return append(a, "-y", path)
}

// take reads an ordinary MP4 into tracks and samples.
func take(t testing.TB, data []byte) *Footage {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	f := &Footage{}
	for i, trak := range file.Moov.Traks {
		track := trackOf(t, trak)
		track.ID = uint32(i + 1)
		f.Tracks = append(f.Tracks, track)
		for n := uint32(1); n <= trak.GetNrSamples(); n++ {
			f.Samples = append(f.Samples, sampleOf(t, file, trak, n, track))
		}
	}
	return f
}

func trackOf(t testing.TB, trak *mp4.TrakBox) fmp4.Track {
	t.Helper()
	stsd := trak.Mdia.Minf.Stbl.Stsd
	tr := fmp4.Track{Timescale: trak.Mdia.Mdhd.Timescale}
	switch {
	case stsd.AvcX != nil:
		tr.Codec, tr.SPS, tr.PPS = fmp4.H264, stsd.AvcX.AvcC.SPSnalus[0], stsd.AvcX.AvcC.PPSnalus[0]
		tr.Width, tr.Height = int(stsd.AvcX.Width), int(stsd.AvcX.Height)
	case stsd.HvcX != nil:
		tr.Codec = fmp4.H265
		tr.VPS = stsd.HvcX.HvcC.GetNalusForType(32)[0]
		tr.SPS = stsd.HvcX.HvcC.GetNalusForType(33)[0]
		tr.PPS = stsd.HvcX.HvcC.GetNalusForType(34)[0]
		tr.Width, tr.Height = int(stsd.HvcX.Width), int(stsd.HvcX.Height)
	case stsd.Mp4a != nil:
		tr.Codec, tr.ASC = fmp4.AAC, stsd.Mp4a.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig
		tr.Channels, tr.SampleRate = int(stsd.Mp4a.ChannelCount), int(stsd.Mp4a.SampleRate)
	case stsd.Opus != nil:
		tr.Codec, tr.Channels, tr.SampleRate = fmp4.Opus, int(stsd.Opus.ChannelCount), 48000
	default:
		t.Fatal("made a track of an unknown kind")
	}
	return tr
}

func sampleOf(t testing.TB, file *mp4.File, trak *mp4.TrakBox, n uint32, track fmp4.Track) fmp4.Sample {
	t.Helper()
	stbl := trak.Mdia.Minf.Stbl
	ranges, err := trak.GetRangesForSampleInterval(n, n)
	if err != nil {
		t.Fatal(err)
	}
	start := ranges[0].Offset - file.Mdat.PayloadAbsoluteOffset()
	data := file.Mdat.Data[start : start+ranges[0].Size]
	dts, dur := stbl.Stts.GetDecodeTime(n)
	s := fmp4.Sample{Track: track.ID, DTS: int64(dts), Dur: dur, Sync: true}
	if stbl.Ctts != nil {
		s.CTO = stbl.Ctts.GetCompositionTimeOffset(n)
	}
	if !track.Codec.Video() {
		s.Data = [][]byte{data}
		return s
	}
	s.Sync = stbl.Stss == nil || stbl.Stss.IsSyncSample(n)
	for len(data) > 0 {
		k := 4 + int(data[0])<<24 + int(data[1])<<16 + int(data[2])<<8 + int(data[3])
		s.Data, data = append(s.Data, data[4:k]), data[k:]
	}
	if s.Sync {
		s.Data = append(parameters(track), s.Data...)
	}
	return s
}

// parameters are the sets that cameras repeat before each key frame.
func parameters(t fmp4.Track) (nals [][]byte) {
	for _, n := range [][]byte{t.VPS, t.SPS, t.PPS} {
		if n != nil {
			nals = append(nals, n)
		}
	}
	return nals
}

// addG711 adds a tone in packets of 20 ms.
func (f *Footage) addG711(t testing.TB, o Options) {
	t.Helper()
	const packet = 160
	format := map[fmp4.Codec]string{fmp4.PCMU: "mulaw", fmp4.PCMA: "alaw"}[o.Audio]
	sound := Run(t, nil, "ffmpeg", "-v", "error", "-f", "lavfi", "-i",
		fmt.Sprintf("sine=frequency=440:sample_rate=8000:duration=%g", o.Seconds), "-f", format, "-")
	id := uint32(len(f.Tracks) + 1)
	f.Tracks = append(f.Tracks, fmp4.Track{ID: id, Codec: o.Audio, Timescale: 8000, Channels: 1, SampleRate: 8000})
	for at := 0; at+packet <= len(sound); at += packet {
		f.Samples = append(f.Samples, fmp4.Sample{Track: id, DTS: int64(at), Dur: packet, Sync: true, Data: [][]byte{sound[at : at+packet]}})
	}
}

// sort puts the samples in the order in which a camera sends them, and sets the origin of the
// pictures so that the first is shown at time zero.
func (f *Footage) sort() {
	scale := make(map[uint32]float64)
	for i := range f.Tracks {
		scale[f.Tracks[i].ID] = float64(f.Tracks[i].Timescale)
	}
	for i := range f.Samples {
		if s := f.Samples[i]; s.Track == 1 {
			f.Tracks[0].Origin = s.DTS + int64(s.CTO)
			break
		}
	}
	sort.SliceStable(f.Samples, func(a, b int) bool {
		x, y := &f.Samples[a], &f.Samples[b]
		return float64(x.DTS)/scale[x.Track] < float64(y.DTS)/scale[y.Track]
	})
}

// Of returns the samples of one track.
func (f *Footage) Of(id uint32) []fmp4.Sample {
	var out []fmp4.Sample
	for _, s := range f.Samples {
		if s.Track == id {
			out = append(out, s)
		}
	}
	return out
}

// Packets asks ffprobe for the time of every packet of a stream ("v:0", "a:0"), in seconds.
func Packets(t testing.TB, path, stream string) (pts, dts []float64) {
	t.Helper()
	out := Run(t, nil, "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,dts_time", "-of", "csv=p=0", path)
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) < 2 {
			continue
		}
		p, err1 := strconv.ParseFloat(fields[0], 64)
		d, err2 := strconv.ParseFloat(fields[1], 64)
		if err1 != nil || err2 != nil {
			t.Fatalf("ffprobe printed %q", line)
		}
		pts, dts = append(pts, p), append(dts, d)
	}
	return pts, dts
}

// Hashes decodes a stream and returns the hash of every picture or block of sound that a player
// shows, in order.
func Hashes(t testing.TB, path, stream string) []string {
	t.Helper()
	out := Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0:"+stream, "-vsync", "passthrough", "-f", "framehash", "-hash", "md5", "-")
	var hashes []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			fields := strings.Split(strings.TrimSpace(line), ",")
			hashes = append(hashes, strings.TrimSpace(fields[len(fields)-1]))
		}
	}
	return hashes
}
