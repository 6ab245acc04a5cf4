package evidence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// holeTolerance is how much time may lie between two stretches of footage that are said to follow each other: roundings, and a picture.
const holeTolerance = 250 * time.Millisecond

// clips holds the samples of each clip against what was recorded.
func (v *verifier) clips([]string) error {
	for i := range v.manifest.Clips {
		c := &v.manifest.Clips[i]
		for k := range c.Parts {
			p := &c.Parts[k]
			if v.sums[p.Path] == "" || v.sums[p.Path] == "unreadable" {
				continue // it is told of already
			}
			if err := v.part(c, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// part reads a clip's file, also one that was altered: it tells where.
func (v *verifier) part(c *Clip, p *Part) error {
	f, err := v.fs.Open(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := readMovie(f)
	if err != nil {
		v.find(Altered, "altered", p.Path, "%s is no clip: %v.", p.Path, err)
		return v.ctx.Err()
	}
	if !m.suep || len(m.cstb) == 0 {
		v.find(Altered, "altered", p.Path, "%s does not say when and by whom it was exported.", p.Path)
	}
	v.starts(c, p, m)
	if c.Proven() {
		return v.original(p, m)
	}
	v.report.Notes = append(v.report.Notes, c.made(p))
	return v.remade(p, m)
}

// startTolerance is by how much what a file says of its own beginning may differ from the manifest: roundings of both.
const startTolerance = 2 * time.Millisecond

// starts holds when the file itself says that it begins, which programs show that know nothing of the manifest, against what that says. Of what
// was recorded the first picture is shown an edit later; what was encoded anew begins with it.
func (v *verifier) starts(c *Clip, p *Part, m *movie) {
	shown := time.Duration(0)
	if c.Form == Original {
		shown = time.Duration(float64(m.edit) / float64(m.timescale[m.ruling]) * float64(time.Second))
	}
	for _, b := range m.cstb {
		if d := b.at.Add(shown).Sub(p.Shown); d.Abs() > startTolerance {
			v.find(Altered, "altered", p.Path, "%s says that it begins at %s; the manifest says %s.", p.Path, b.at.Add(shown).Format(time.RFC3339Nano), p.Shown.Format(time.RFC3339Nano))
			return
		}
	}
}

// made says what a part is that no digest proves, and what it was made of.
func (c *Clip) made(p *Part) string {
	what := "redacted: encoded anew"
	if c.Form == Original {
		what = "the pictures as recorded, without the sound"
	} else {
		if c.Masks > 0 {
			what += fmt.Sprintf(", %d areas covered", c.Masks)
		}
		if c.Burned {
			what += ", the time written in"
		}
		if c.Muted {
			what += ", without sound"
		}
	}
	fragments := 0
	for _, s := range p.MadeOf {
		fragments += s.Count
	}
	return fmt.Sprintf("%s is %s. It was made of %d fragments of %d recorded segments, which the manifest names by their digests; what it shows is not held against them.", p.Path, what, fragments, len(p.MadeOf))
}

// original compares every fragment.
func (v *verifier) original(p *Part, m *movie) error {
	t := &trail{v: v, p: p, m: m}
	for s := range p.Segments {
		seg := &p.Segments[s]
		leaves := make([][32]byte, 0, len(seg.Salts))
		for n := range seg.Salts {
			f, err := m.fragment()
			if err != nil {
				t.ends(err)
				return v.ctx.Err()
			}
			leaf, ok := seg.leaf(n, f.payload)
			if !ok {
				v.find(Altered, "altered", p.Path, "What the manifest says of %s cannot be read.", p.Path)
				return nil
			}
			leaves = append(leaves, leaf)
			t.add(f)
		}
		t.root(seg, leaves)
	}
	if _, err := m.fragment(); !errors.Is(err, io.EOF) {
		v.find(Altered, "altered", p.Path, "%s goes on behind its last fragment.", p.Path)
	}
	t.close()
	return v.ctx.Err()
}

// remade follows the time of a clip that was encoded anew, or is without its sound.
func (v *verifier) remade(p *Part, m *movie) error {
	t := &trail{v: v, p: p, m: m}
	for {
		f, err := m.fragment()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.ends(err)
			return v.ctx.Err()
		}
		t.add(f)
	}
	t.close()
	return v.ctx.Err()
}

// leaf is the digest leaf of the n-th fragment that is in the part; of one that was damaged before, the one that was noted.
func (s *Segment) leaf(n int, payload []byte) (leaf [32]byte, ok bool) {
	if known, damaged := s.Damaged[n]; damaged {
		return leaf, unhex(leaf[:], known)
	}
	var salt [16]byte
	if !unhex(salt[:], s.Salts[n]) {
		return leaf, false
	}
	return Leaf(salt, payload), true
}

func unhex(to []byte, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && copy(to, b) == len(to) && len(b) == len(to)
}

// trail follows the fragments of a part.
type trail struct {
	v      *verifier
	p      *Part
	m      *movie
	first  int64 // decode time, ticks
	next   int64 // where the next should begin
	frames int
	any    bool
	holes  int
	total  int
}

func (t *trail) add(f fragment) {
	t.total++
	t.frames += f.samples
	if f.samples == 0 {
		return
	}
	if !t.any {
		t.first, t.any = f.begin, true
	} else if hole := t.seconds(f.begin - t.next); hole.Abs() > holeTolerance && t.holes < 10 {
		t.holes++
		t.v.find(Undeclared, "gap", t.p.Path, "In %s %s are missing at %s, and no gap tells of them.", t.p.Path, hole.Round(time.Millisecond), t.p.From.Add(t.seconds(t.next-t.first)).Format(time.RFC3339))
	}
	t.next = f.begin + f.lasts
}

func (t *trail) seconds(ticks int64) time.Duration {
	return time.Duration(float64(ticks) / float64(t.m.timescale[t.m.ruling]) * float64(time.Second))
}

// ends tells of a file that ends early.
func (t *trail) ends(err error) {
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("it ends after %d fragments", t.total)
	}
	t.v.find(Altered, "altered", t.p.Path, "%s is not whole: %v.", t.p.Path, err)
}

// root compares what a segment's fragments give with its digest.
func (t *trail) root(s *Segment, leaves [][32]byte) {
	var digest [32]byte
	siblings := make([][32]byte, len(s.Siblings))
	for i := range siblings {
		if !unhex(siblings[i][:], s.Siblings[i]) {
			siblings = nil
			break
		}
	}
	known := unhex(digest[:], s.Digest)
	root, rest, ok := climb(s.Leaves, s.First, leaves, siblings)
	if !known || !ok || len(rest) > 0 || root != digest {
		t.v.find(Altered, "altered", t.p.Path, "The samples of %s from %s on are not those that were recorded, or not in their order: their digest is another.", t.p.Path, s.Start.Format(time.RFC3339))
		return
	}
	t.v.report.Fragments += len(leaves) - len(s.Damaged)
	if n := len(s.Damaged); n > 0 {
		t.v.report.Notes = append(t.v.report.Notes, fmt.Sprintf("%s: %d fragments had changed on the recorder's disk before they were exported; the manifest says so.", t.p.Path, n))
	}
	if s.Open {
		t.v.report.Notes = append(t.v.report.Notes, fmt.Sprintf("%s: the segment from %s was still being recorded; its digest is of what was there.", t.p.Path, s.Start.Format(time.RFC3339)))
	}
}

// close compares how much is there with what the manifest says.
func (t *trail) close() {
	if t.frames != t.p.Frames {
		t.v.find(Altered, "altered", t.p.Path, "%s has %d pictures; %d were exported.", t.p.Path, t.frames, t.p.Frames)
	}
	lasts, told := t.seconds(t.next-t.first), t.p.To.Sub(t.p.From)
	if d := told - lasts; t.holes == 0 && d.Abs() > holeTolerance+told.Abs()/500+2*t.seconds(t.next-t.first)/max(time.Duration(t.frames), 1) {
		t.v.find(Undeclared, "gap", t.p.Path, "%s is said to last %s and lasts %s.", t.p.Path, told.Round(time.Millisecond), lasts.Round(time.Millisecond))
	}
}

// coverage holds the ranges that clips are said to cover against their parts and gaps.
func (v *verifier) coverage() {
	if v.manifest == nil {
		return
	}
	type stretch struct{ from, to time.Time }
	for i := range v.manifest.Clips {
		c := &v.manifest.Clips[i]
		var list []stretch
		for _, p := range c.Parts {
			list = append(list, stretch{p.From, p.To})
		}
		for _, g := range c.Gaps {
			list = append(list, stretch{g.From, g.To})
		}
		slices.SortFunc(list, func(a, b stretch) int { return a.from.Compare(b.from) })
		at := c.From
		missing := func(until time.Time) {
			if hole := until.Sub(at); hole > holeTolerance {
				v.find(Undeclared, "gap", "", "Of %s %s are missing from %s on, and no gap tells of them.", c.Camera.Name, hole.Round(time.Millisecond), at.Format(time.RFC3339Nano))
			}
		}
		for _, s := range list {
			if s.from.After(c.To) {
				break
			}
			missing(s.from)
			if s.to.After(at) {
				at = s.to
			}
		}
		missing(c.To)
	}
}
