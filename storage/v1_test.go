package storage

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/storagetest"
)

var makeV1 = flag.Bool("make-v1", false, "write testdata/v1 anew: only before the format is released")

const v1 = "testdata/v1"

// TestFormatV1IsReadForEver opens what the first version of the format wrote: with its index, and from its volume alone.
func TestFormatV1IsReadForEver(t *testing.T) {
	if *makeV1 {
		writeV1(t)
	}
	for _, index := range []bool{true, false} {
		r := newRig(t)
		dir := t.TempDir()
		r.must(os.CopyFS(dir, os.DirFS(v1)))
		r.wall = began.Add(23 * time.Second)
		r.now = r.wall.Add(time.Minute)
		if index {
			r.must(copyIndex(filepath.Join(dir, "index.db"), r.index))
			forgetPath(r, filepath.Join(dir, "volume"))
		}
		r.opts.FS, r.opts.Volumes = nil, []VolumeOptions{{Path: filepath.Join(dir, "volume"), MinFree: 1}}
		store, err := Open(Options{Index: r.index, Volumes: r.opts.Volumes, Now: func() time.Time { return r.now }, Synchronised: r.opts.Synchronised})
		r.must(err)
		r.store = store
		r.tend()
		r.expect("0-2 recorded, 2-5 camera offline, 5-7 authentication refused, 7-8.5 recorded, 8.5-83 gateway restart")
		kept, err := r.kept()
		r.must(err)
		if len(kept) != 35 || kept[0].id != 1 || kept[34].id != 35 {
			t.Errorf("%d frames are kept", len(kept))
		}
		r.made = 35
		for i := range uint32(35) {
			r.acked = append(r.acked, frame{id: i + 1})
		}
		r.must(r.whole(never))
		r.must(r.manyTracks())
		r.must(r.goOn())
		r.close()
	}
}

// forgetPath makes the index's volume be where the copy is.
func forgetPath(r *rig, path string) {
	x, err := openIndex(r.index)
	r.must(err)
	defer x.db.Close()
	data, err := os.ReadFile(filepath.Join(path, identityName))
	r.must(err)
	id, err := parseIdentity(data)
	r.must(err)
	tx, err := x.db.Begin(true)
	r.must(err)
	_, err = enterVolume(tx, id.Volume, path)
	r.must(err)
	r.must(tx.Commit())
}

// hallTracks are a picture with reordered frames, sound and metadata in one file.
func hallTracks() []fmp4.Track {
	video := testTracks()[0]
	video.Width, video.Height = 640, 360
	return []fmp4.Track{video, {ID: 2, Codec: fmp4.AAC, Timescale: 16000, ASC: []byte{0x14, 0x08}, Channels: 1, SampleRate: 16000},
		{ID: 5, Codec: fmp4.Metadata, Timescale: 90000}}
}

// hallSamples are pictures in decoding order, sound and documents.
func hallSamples() (list []Sample) {
	add := func(track uint32, dts int64, cto int32, sync bool, wall time.Duration, data ...[]byte) {
		list = append(list, Sample{Wall: began.Add(wall), Sample: fmp4.Sample{Track: track, DTS: dts, CTO: cto, Sync: sync, Data: data}})
	}
	shown := []int{0, 3, 1, 2, 6, 4, 5} // which picture is decoded when
	for i, n := range shown {
		add(1, int64(i)*3600, int32(n-i+2)*3600, i == 0, time.Duration(n)*40*time.Millisecond, payload(uint32(100+i)), []byte{6, 5, byte(i)})
		add(2, int64(i)*640, 0, true, time.Duration(i)*40*time.Millisecond, bytes.Repeat([]byte{byte(i)}, 20+i))
	}
	add(5, 9000, 0, true, 100*time.Millisecond, []byte("<tt:MetadataStream/>"))
	return list
}

// manyTracks reads what hallSamples wrote.
func (r *rig) manyTracks() error {
	segments, err := r.store.Segments("hall", "main", began, began.Add(time.Hour))
	if err != nil || len(segments) != 1 {
		return fmt.Errorf("%d segments of the hall: %w", len(segments), err)
	}
	m, err := r.store.Media(segments[0])
	if err != nil {
		return err
	}
	defer m.Close()
	tracks := m.Table().Tracks()
	for i, want := range hallTracks() {
		got := tracks[i]
		if got.ID != want.ID || got.Codec != want.Codec || got.Timescale != want.Timescale || got.Width != want.Width || !bytes.Equal(got.ASC, want.ASC) || !bytes.Equal(got.SPS, want.SPS) {
			return fmt.Errorf("track %d is %+v", i, got)
		}
		var samples []Sample
		for _, s := range hallSamples() {
			if s.Track == want.ID {
				samples = append(samples, s)
			}
		}
		for n, s := range m.Table().Samples(i, 0) {
			b := make([]byte, s.Size)
			if _, err := m.ReadAt(b, s.Offset); err != nil {
				return err
			}
			first, w := samples[0], samples[n]
			if s.CTO != w.CTO || s.DTS-tracks[i].Origin != w.DTS-first.DTS-int64(first.CTO) && i == 0 || !bytes.HasSuffix(b, w.Data[len(w.Data)-1]) {
				return fmt.Errorf("track %d sample %d is %+v, %+v was written", i, n, s, w.Sample)
			}
		}
		if m.Table().Len(i) != len(samples) {
			return fmt.Errorf("track %d has %d samples of %d", i, m.Table().Len(i), len(samples))
		}
	}
	return nil
}

// writeV1 records an outage, a refusal, and a crash in the middle of a fragment.
func writeV1(t *testing.T) {
	r := recording(t)
	r.record(4)
	r.must(r.w.Gap(CauseOffline, r.wall))
	r.wall = r.wall.Add(3 * time.Second)
	r.must(r.w.Gap(CauseAuth, r.wall))
	r.wall = r.wall.Add(2 * time.Second)
	r.must(r.begin(2))
	r.record(3)
	r.tend()
	hall, err := r.store.Writer("hall", "main")
	r.must(err)
	r.must(hall.Begin(5, began, hallTracks()))
	r.must(hall.Write(hallSamples()))
	r.must(hall.Flush(t.Context()))
	r.must(hall.Close(CauseDisabled))
	r.tend()
	r.must(r.w.Write(r.batch()))
	r.disk.Inject(storagetest.Fault{At: r.disk.Ops() + 2, Mode: storagetest.Crashes})
	if r.w.Flush(t.Context()) == nil {
		t.Fatal("it did not crash")
	}
	after := r.disk.After(storagetest.Mixed, rand.New(rand.NewPCG(1, 2)))
	r.must(os.RemoveAll(v1))
	r.must(os.MkdirAll(v1, 0o755))
	r.must(copyIndex(r.index, filepath.Join(v1, "index.db")))
	for _, f := range after.Files() {
		path := filepath.Join(v1, "volume", strings.TrimPrefix(f, mount))
		r.must(os.MkdirAll(filepath.Dir(path), 0o755))
		r.must(os.WriteFile(path, after.Content(f), fs.FileMode(0o644)))
	}
	r.close()
}
