package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"holdfast/scripts/rig"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// aging is how a file system is aged.
type aging struct {
	kind      string
	size      int64 // bytes of the file system
	streams   int
	turnovers int
	rate      int // bytes a second of a stream, on average
	pictures  int // of a fragment
}

const (
	agePictures = 18 // of a fragment in life: 0.72 s
	ageGOP      = 50
	agePeriod   = 40 * time.Millisecond // between pictures
)

// extents ages file systems and looks at the files. The aims are a mean of 16 MB an extent and at most 16 extents in 99 of
// 100 segments.
func extents(ctx context.Context, b *rig.Bench, o options) error {
	ages := []aging{{"ext4", 8 << 30, 8, 10, 500_000, agePictures}, {"xfs", 8 << 30, 8, 10, 500_000, agePictures}}
	if o.short {
		ages = []aging{{"ext4", 1 << 30, 6, 4, 100_000, agePictures}}
	}
	for _, a := range ages {
		if err := a.run(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func (a aging) run(ctx context.Context, b *rig.Bench) error {
	image, err := b.Image("extents-"+a.kind, a.kind, a.size)
	if err != nil {
		return err
	}
	defer image.Detach()
	g, err := a.open(b.Path("extents-"+a.kind+".db"), image.Mount, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return err
	}
	defer g.store.Close()
	fmt.Printf("\n%s of %.1f GB, %d streams of %.1f Mbit/s\n", a.kind, float64(a.size)/1e9, a.streams, float64(a.rate)*8/1e6)
	var first, last float64
	for turn := range a.turnovers {
		began, from := time.Now(), g.written
		for g.written-from < a.size {
			if err := g.second(ctx); err != nil {
				return err
			}
		}
		last = float64(g.written-from) / 1e6 / time.Since(began).Seconds()
		if turn == 0 {
			first = last
		}
		used, err := usedPart(image.Mount)
		if err != nil {
			return err
		}
		p, err := look(image.Mount)
		if err != nil {
			return err
		}
		fmt.Printf("turnover %2d: %4.0f MB/s, %4.1f %% used; %s\n", turn+1, last, 100*used, p)
	}
	fmt.Printf("written %.1f GB; rate of the last turnover / of the empty volume  %.2f\n", float64(g.written)/1e9, last/first)
	return nil
}

// aged is a store whose clock goes as fast as the disk.
type aged struct {
	aging
	store   *storage.Store
	writers []*storage.Writer
	random  *rand.Rand
	noise   []byte
	scale   []float64 // of each stream's pictures: rates differ between streams and from hour to hour
	wall    time.Time
	frame   int
	written int64
}

// open begins to record onto an empty volume, as from a time on.
func (a aging) open(index, mount string, from time.Time) (*aged, error) {
	g := &aged{aging: a, random: rand.New(rand.NewPCG(1, 2)), wall: from, noise: make([]byte, 4*a.rate)}
	for i := range g.noise {
		g.noise[i] = byte(g.random.Uint32())
	}
	var err error
	g.store, err = storage.Open(storage.Options{Index: index, Ages: storage.Ages{Max: 14 * 24 * time.Hour}, Volumes: []storage.VolumeOptions{{Path: mount}},
		Now: func() time.Time { return g.wall }, Synchronised: func() bool { return true }})
	if err != nil {
		return nil, err
	}
	for i := range a.streams {
		w, err := g.store.Writer(fmt.Sprintf("cam-%d", i+1), "main")
		if err != nil {
			return nil, err
		}
		if err := w.Begin(uint32(i+1), g.wall, ageTracks()); err != nil {
			return nil, err
		}
		g.writers, g.scale = append(g.writers, w), append(g.scale, 0.7+0.6*g.random.Float64())
	}
	return g, nil
}

// second has every stream write one fragment, and the volumes tended as often as they are in life.
func (g *aged) second(ctx context.Context) error {
	for i, w := range g.writers {
		if g.random.IntN(5000) == 0 { // about once an hour
			g.scale[i] = 0.7 + 0.6*g.random.Float64()
		}
		if err := w.Write(g.fragment(i)); err != nil {
			return err
		}
		if err := w.Flush(ctx); err != nil {
			return fmt.Errorf("record cam-%d: %w", i+1, err)
		}
	}
	g.frame += g.pictures
	g.wall = g.wall.Add(time.Duration(g.pictures) * agePeriod)
	if g.frame/g.pictures%3 == 0 {
		g.store.Tend(ctx)
	}
	return ctx.Err()
}

func (g *aged) fragment(stream int) (list []storage.Sample) {
	size := int(float64(g.rate) * agePeriod.Seconds() * g.scale[stream])
	for i := range g.pictures {
		n := g.frame + i
		sync := (n+7*stream)%ageGOP == 0
		bytes := size * 8 / 10
		if sync {
			bytes = size * 11
		}
		at := g.random.IntN(len(g.noise) - bytes)
		s := storage.Sample{Wall: g.wall.Add(time.Duration(i) * agePeriod)}
		s.Sample = fmp4.Sample{Track: 1, DTS: int64(n) * 3600, Sync: sync, Data: [][]byte{g.noise[at : at+bytes]}}
		list = append(list, s)
		g.written += int64(bytes)
	}
	return list
}

// ageTracks describe a picture of 320 × 240.
func ageTracks() []fmp4.Track {
	sps := []byte{0x67, 0x64, 0x00, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0xfb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x42, 0x99, 0x60}
	return []fmp4.Track{{ID: 1, Codec: fmp4.H264, Timescale: 90000, SPS: sps, PPS: []byte{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0}, Width: 320, Height: 240}}
}

func usedPart(mount string) (float64, error) {
	var st syscall.Statfs_t
	err := syscall.Statfs(mount, &st)
	return 1 - float64(st.Bfree)/float64(st.Blocks), err
}

// pieces are the numbers of extents of a volume's segments.
type pieces struct {
	bytes  int64
	counts []int
}

// look counts the extents of all segments but the newest of each stream, which are being written.
func look(volume string) (p pieces, err error) {
	dirs, err := filepath.Glob(filepath.Join(volume, "*", "main"))
	if err != nil {
		return p, err
	}
	for _, dir := range dirs {
		var files []string
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".mp4") {
				files = append(files, path) // names are in the order of time
			}
			return err
		})
		if err != nil {
			return p, err
		}
		if err := p.add(files[:max(0, len(files)-1)]); err != nil {
			return p, err
		}
	}
	return p, nil
}

// add asks filefrag, whose lines end in "N extents found".
func (p *pieces) add(files []string) error {
	for _, path := range files {
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			return err
		}
		p.bytes += st.Size
	}
	if len(files) == 0 {
		return nil
	}
	out, err := exec.Command("filefrag", files...).Output()
	if err != nil {
		return fmt.Errorf("filefrag: %w", err)
	}
	for line := range bytes.Lines(out) {
		f := strings.Fields(string(line))
		if len(f) < 3 {
			return fmt.Errorf("filefrag said %q", line)
		}
		n, err := strconv.Atoi(f[len(f)-3])
		if err != nil {
			return fmt.Errorf("filefrag said %q", line)
		}
		p.counts = append(p.counts, n)
	}
	return nil
}

func (p pieces) String() string {
	if len(p.counts) == 0 {
		return "no segments"
	}
	v, sum := slices.Sorted(slices.Values(p.counts)), 0
	for _, n := range v {
		sum += n
	}
	return fmt.Sprintf("%d segments of %.0f MB, mean extent %.1f MB, extents per segment: median %d, p99 %d, most %d", len(v),
		float64(p.bytes)/1e6/float64(len(v)), float64(p.bytes)/1e6/float64(max(sum, 1)), v[len(v)/2], v[len(v)*99/100], v[len(v)-1])
}
