package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

const (
	mirrorCameras = 4
	// copyLimit is how long the second copies that were missed may take: a few segments of a minute or two.
	copyLimit = 90 * time.Second
)

// mirrored is what is said of a run whose cameras are recorded to both of two volumes.
type mirrored struct {
	cameras int
	second  bool   // the volume that fails has the second copy
	other   string // the mount of the one that does not fail; set by the run
}

// mirroredTrouble has every kind of trouble with either of two volumes that both have everything.
func (t *torture) mirroredTrouble(ctx context.Context) error {
	clip, err := t.bench.Clip("trouble", 20*time.Second, killGOP, troubleRate)
	if err != nil {
		return err
	}
	known, err := t.bench.Footage(clip)
	if err != nil {
		return err
	}
	for _, f := range troubles {
		for _, second := range []bool{false, true} {
			if t.brief && (f.name != "vanished" || second) || len(t.faults) > 0 && !slices.Contains(t.faults, f.name) {
				continue
			}
			if err := t.mirroredOnce(ctx, f, second, clip, known); err != nil {
				return err
			}
		}
	}
	return nil
}

// mirroredOnce has cameras of its own: they are switched off at the end, so that segments end and are copied.
func (t *torture) mirroredOnce(ctx context.Context, f trouble, second bool, clip string, known *rig.Footage) error {
	which := map[bool]string{false: "first copy", true: "second copy"}[second]
	label := "mirrored-" + f.name + "-" + strings.Fields(which)[0]
	sent := t.bench.Path(label + "-sent")
	street, err := t.bench.StreetSent(clip, mirrorCameras, sent)
	if err != nil {
		return err
	}
	defer street.Kill()
	r := &troubled{torture: t, trouble: f, name: f.name + ", " + which, known: known, street: street, sent: sent,
		mirror: mirrored{cameras: mirrorCameras, second: second}}
	r.attempt(ctx, label, 2)
	return ctx.Err()
}

// mirrorTo has the cameras recorded to both volumes.
func (r *troubled) mirrorTo(other string) error {
	if r.mirror.cameras == 0 {
		return nil
	}
	r.mirror.other = other
	first := r.ground.mount
	if r.mirror.second {
		first = other
	}
	return r.daemon.Mirrored(r.mirror.cameras, first)
}

// copied switches the cameras off and waits until what was recorded once has its second copy.
func (r *troubled) copied(ctx context.Context) error {
	if r.mirror.cameras == 0 {
		return nil
	}
	r.street.Kill()
	off := time.Now()
	err := rig.Await(ctx, copyLimit, "second copies", func() (bool, error) {
		missing, err := r.unlike()
		if err == nil && len(missing) > 0 {
			err = fmt.Errorf("%d segments, the first: %s", len(missing), missing[0])
		}
		return err == nil, err
	})
	r.promise(err == nil, "%s: %v", r.name, err)
	r.measure("mirrored: all in two copies after", time.Since(off))
	return ctx.Err()
}

// alike wants the same segments on both volumes, byte for byte.
func (r *troubled) alike() error {
	if r.mirror.cameras == 0 {
		return nil
	}
	unlike, err := r.unlike()
	if err != nil {
		return err
	}
	for _, u := range unlike {
		r.promise(false, "%s: %s", r.name, u)
	}
	have, err := segmentsIn(r.ground.mount)
	if err == nil {
		fmt.Printf("%s: %d segments, %d of them not in two equal copies\n", r.name, len(have), len(unlike))
	}
	return err
}

// unlike names the segments that are not the same on both volumes.
func (r *troubled) unlike() (list []string, err error) {
	here, err := segmentsIn(r.ground.mount)
	if err != nil {
		return nil, err
	}
	there, err := segmentsIn(r.mirror.other)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(here)
	maps.Copy(all, there)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a, b := here[name], there[name]
		switch {
		case len(a) > 1 || len(b) > 1:
			list = append(list, fmt.Sprintf("%s lies %d and %d times on the volumes", name, len(a), len(b)))
		case len(a) == 0 || len(b) == 0:
			list = append(list, name+" is on one volume only")
		case a[0] != b[0]:
			list = append(list, name+" differs between the volumes")
		}
	}
	return list, nil
}

// again tells files of one start and run apart; the copies of a segment need not agree on it.
var again = regexp.MustCompile(`-\d{1,2}\.mp4$`)

// segmentsIn gives the digests of a volume's segments by their names.
func segmentsIn(volume string) (map[string][][sha256.Size]byte, error) {
	all := make(map[string][][sha256.Size]byte)
	err := filepath.WalkDir(volume, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".mp4") {
			return err
		}
		sum, err := digest(path)
		if os.IsNotExist(err) {
			return nil // it went meanwhile
		}
		name := again.ReplaceAllString(strings.TrimPrefix(path, volume), ".mp4")
		all[name] = append(all[name], sum)
		return err
	})
	return all, err
}
