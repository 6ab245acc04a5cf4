package rig

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/storage/fmp4"
)

// KeepData has the daemon keep its data in a directory, instead of in the bench's. It is called before Start.
func (d *Daemon) KeepData(dir string) error {
	text, err := os.ReadFile(d.config)
	if err != nil {
		return err
	}
	settings := strings.Replace(string(text), fmt.Sprintf("data: %q", d.data), fmt.Sprintf("data: %q", dir), 1)
	d.data = dir
	return os.WriteFile(d.config, []byte(settings), 0o600)
}

// CheckAt runs holdfast check at a level; it is clean when the error is nil.
func (d *Daemon) CheckAt(ctx context.Context, level string) error {
	out, err := exec.CommandContext(ctx, d.bench.Path("holdfast"), "check", "--config", d.config, "--level", level).CombinedOutput()
	if err != nil {
		return fmt.Errorf("holdfast check --level %s: %w\n%s", level, err, out)
	}
	return nil
}

// Frames reads when each picture of each camera is of, by the closed segments of a volume and nothing else, in order.
func Frames(volume string) (map[string][]time.Time, error) {
	all := make(map[string][]time.Time)
	err := filepath.WalkDir(volume, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".mp4") {
			return err
		}
		camera, times, err := framesOf(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		all[camera] = append(all[camera], times...)
		return nil
	})
	for _, times := range all {
		slices.SortFunc(times, time.Time.Compare)
	}
	return all, err
}

func framesOf(path string) (camera string, times []time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", nil, err
	}
	head, _, _, err := fmp4.ReadHeader(f, info.Size())
	if err != nil {
		return "", nil, err
	}
	table, err := fmp4.ReadTable(f, info.Size())
	if err != nil {
		return "", nil, err
	}
	video := table.Video()
	if video < 0 {
		return head.Camera, nil, nil
	}
	second := int64(table.Tracks()[video].Timescale)
	for _, s := range table.Samples(video, 0) {
		whole := time.Duration(s.DTS/second) * time.Second
		times = append(times, head.Start.Add(whole+time.Duration(s.DTS%second)*time.Second/time.Duration(second)))
	}
	return head.Camera, times, nil
}
