package exports

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"holdfast/gateway/evidence"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// clipWork makes one clip.
type clipWork struct {
	*work
	n     int
	req   *ClipOrder
	clip  *evidence.Clip
	files []kept

	part  *partWork // that is being written; nil: none is
	prev  *storage.Segment
	heard bool // it has sound
}

// partWork is a file of an original clip.
type partWork struct {
	out    *output // nil of a redacted clip, which is made from the recording once its range is known
	export *fmp4.Export
	part   evidence.Part
	proof  *proof
	made   *evidence.Source // of the present segment, of a part that no digest proves
	buf    []byte
}

func (p *partWork) joined(t *fmp4.Table) error {
	if p.export == nil {
		return nil
	}
	return p.export.Joined(t)
}

// full tells whether the file should take no more.
func (p *partWork) full() bool {
	return p.out != nil && (p.out.w.n >= maxBytes || p.export.Full())
}

// proof gathers what proves the fragments of the present segment.
type proof struct {
	seg    evidence.Segment
	leaves [][32]byte // of the whole segment
}

// joinTolerance is how far apart two segments of a run are at most when one goes on where the other ends.
const joinTolerance = 10 * time.Millisecond

// copy copies what is recorded of the range.
func (m *clipWork) copy() error {
	segments, err := m.e.o.Store.Segments(m.req.Camera, m.req.Stream, m.req.From, m.req.To)
	if err != nil {
		return fmt.Errorf("find footage: %w", err)
	}
	segments = storage.OfRun(segments, m.clip.Run)
	m.cut(segments)
	for i := range segments {
		if err := m.segment(&segments[i]); err != nil {
			if m.part != nil && m.part.out != nil {
				m.part.out.w.f.Close()
			}
			return err
		}
		m.prev = &segments[i]
	}
	return m.endPart()
}

// cut has a clip of one run be of what the range has of that run: elsewhere nothing of it is missing.
func (m *clipWork) cut(segments []storage.Segment) {
	if m.clip.Run == 0 || len(segments) == 0 {
		return
	}
	req, begin, end := *m.req, segments[0].Start, segments[0].End
	for i := range segments {
		if segments[i].End.After(end) {
			end = segments[i].End
		}
	}
	if begin.After(req.From) {
		req.From = begin
	}
	if end.Before(req.To) {
		req.To = end
	}
	m.req = &req
	m.clip.From, m.clip.To = req.From, req.To
}

// segment copies what the range has of a segment.
func (m *clipWork) segment(seg *storage.Segment) error {
	media, err := m.e.o.Store.Media(*seg)
	if errors.Is(err, fs.ErrNotExist) {
		return m.endPart() // it is gone: the gap that it left tells why
	}
	if err != nil {
		return fmt.Errorf("open footage: %w", err)
	}
	defer media.Close()
	t := media.Table()
	seg.End = media.End() // of one that is being recorded, later than it was when the range was looked up
	first, end := m.choose(seg, t)
	if first >= end {
		return m.endPart()
	}
	m.heard = m.heard || !m.clip.Muted && slices.ContainsFunc(t.Tracks(), func(t fmp4.Track) bool { return t.Codec.Audio() })
	if m.part != nil && m.joins(seg, t, first) {
		if err := m.part.joined(t); err != nil {
			return err
		}
	} else if err := m.endPart(); err != nil {
		return err
	}
	for f := first; f < end; f++ {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		if err := m.fragment(seg, media, t, f); err != nil {
			return err
		}
	}
	if m.part != nil {
		m.part.endProof()
	}
	return nil
}

// joins tells whether a segment goes on in the file that is being written.
func (m *clipWork) joins(seg *storage.Segment, t *fmp4.Table, first int) bool {
	p := m.prev
	return first == 0 && p != nil && p.Run == seg.Run && seg.Start.Sub(p.End).Abs() <= joinTolerance && (m.part.export == nil || m.part.export.Same(t))
}

// clock maps between a segment's own time and wall time: linear, since the run's clock is slewed evenly.
type clock struct {
	start        time.Time
	begin        time.Duration // of the presentation, in the segment's time
	media, lasts time.Duration // of the segment, by its own time and by the wall's
}

func newClock(seg *storage.Segment, t *fmp4.Table) clock {
	c := clock{start: seg.Start, lasts: seg.End.Sub(seg.Start)}
	if begin, end, ok := t.Presentation(); ok {
		c.begin, c.media = begin, end-begin
	}
	if c.lasts <= 0 || c.media <= 0 {
		c.media, c.lasts = 1, 1
	}
	return c
}

func (c clock) wallAt(at time.Duration) time.Time {
	d := at - c.begin
	return c.start.Add(d + time.Duration(float64(d)*float64(c.lasts-c.media)/float64(c.media)))
}

func (c clock) mediaAt(t time.Time) time.Duration {
	d := t.Sub(c.start)
	return c.begin + d + time.Duration(float64(d)*float64(c.media-c.lasts)/float64(c.lasts))
}

// choose finds the fragments [first, end) that the range touches, the first being one at which decoding can start.
func (m *clipWork) choose(seg *storage.Segment, t *fmp4.Table) (first, end int) {
	first = -1
	clock := newClock(seg, t)
	n := len(t.Fragments())
	for f := range n {
		from, _, ok := t.Taken(f, seg.Start)
		if ok && !from.Before(m.req.To) {
			break
		}
		end = f + 1
		if at, ok := t.Entry(f); ok && (first < 0 || !clock.wallAt(at).After(m.req.From)) {
			first = f
		}
	}
	if first < 0 {
		return 0, 0
	}
	if m.part != nil && seg.Start.After(m.req.From) {
		first = 0 // it may go on; if it does not, fragment skips what cannot be decoded
	}
	return first, end
}

// fragment copies one.
func (m *clipWork) fragment(seg *storage.Segment, media *storage.Media, t *fmp4.Table, f int) error {
	from, to, ok := t.Taken(f, seg.Start)
	if !ok {
		return nil
	}
	_, enters := t.Entry(f)
	if m.part != nil && enters && (from.Sub(m.part.part.From) >= m.e.most || m.part.full()) {
		// It is the last of one file and the first of the next, which begins at its first picture that can be decoded.
		if err := m.take(seg, media, t, f, from, to); err != nil {
			return err
		}
		if err := m.endPart(); err != nil {
			return err
		}
	}
	if m.part == nil {
		if !enters {
			return nil
		}
		if err := m.beginPart(seg, t, f); err != nil {
			return err
		}
	}
	return m.take(seg, media, t, f, from, to)
}

// take copies a fragment, whose samples were taken from one time to another, to the file that is being written.
func (m *clipWork) take(seg *storage.Segment, media *storage.Media, t *fmp4.Table, f int, from, to time.Time) error {
	p := m.part
	if !m.clip.Proven() {
		p.uses(seg, t, f)
	}
	if p.out != nil {
		if err := m.copyFragment(seg, media, t, f); errors.Is(err, fmp4.ErrUnits) {
			return m.endPart() // damaged on the disk: what follows is a file of its own, and the hole is told
		} else if err != nil {
			return err
		}
		m.read(t.Fragments()[f].Length)
	}
	if to.After(p.part.To) {
		p.part.To = to
	}
	return nil
}

// copyFragment copies the samples of a fragment, and notes what proves them.
func (m *clipWork) copyFragment(seg *storage.Segment, media *storage.Media, t *fmp4.Table, f int) error {
	p := m.part
	out, payload, frames, err := p.export.AppendFragment(p.buf[:0], media, f)
	if err != nil {
		return fmt.Errorf("read footage of %s: %w", m.clip.Camera.Name, err)
	}
	p.buf = out
	p.part.Frames += frames
	if m.clip.Proven() {
		if p.proof == nil {
			p.proof = newProof(seg, t, f)
		}
		p.proof.add(t.Fragments()[f], payload)
	}
	_, err = p.out.Write(out)
	return err
}

// beginPart begins a file with fragment f, in which decoding can start.
func (m *clipWork) beginPart(seg *storage.Segment, t *fmp4.Table, f int) error {
	clock := newClock(seg, t)
	entry, _ := t.Entry(f)
	begins := clock.wallAt(entry)
	shown, at := begins, entry
	if m.req.From.After(shown) {
		shown, at = m.req.From, clock.mediaAt(m.req.From)
	}
	until := seg.End
	if m.req.To.Before(until) {
		until = m.req.To
	}
	c := m.clip.Camera
	name := partName(m.n, c.ID, shown)
	m.part = &partWork{part: evidence.Part{Path: name, From: begins, Shown: shown, Run: seg.Run}}
	if m.clip.Form == evidence.Redacted {
		return nil
	}
	export, err := fmp4.NewExport(fmp4.ExportOptions{Table: t, First: f, From: at, Duration: until.Sub(shown), Wall: shown,
		Unit: m.unit(), Source: m.source(), Silent: m.clip.Muted})
	if err != nil {
		return err
	}
	m.part.export = export
	if m.part.out, err = m.create(name); err != nil {
		return err
	}
	_, err = m.part.out.Write(export.Head())
	return err
}

func (m *clipWork) unit() fmp4.ExportUnit {
	return fmp4.ExportUnit{Name: m.e.o.Site, Operator: m.r.By, Time: m.r.Created}
}

func (m *clipWork) source() fmp4.ExportSource {
	return fmp4.ExportSource{Name: m.clip.Camera.Name, Line: m.req.Stream}
}

// partName is the name of a part's file.
func partName(n int, camera string, at time.Time) string {
	return fmt.Sprintf("clips/%02d-%s-%s.mp4", n+1, plainName(camera), at.UTC().Format("20060102T150405.000Z"))
}

// plainName keeps of an id what any file system takes.
func plainName(id string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			return c
		}
		return '-'
	}, id)
	return name[:min(len(name), 40)]
}

// endPart closes the file that is being written, and redacts it where that is asked for.
func (m *clipWork) endPart() error {
	p := m.part
	if p == nil {
		return nil
	}
	m.part = nil
	p.endProof()
	if p.out == nil {
		return m.redact(p)
	}
	if _, err := p.out.Write(p.export.Tail()); err != nil {
		p.out.w.f.Close()
		return err
	}
	f, err := p.out.close()
	if err != nil {
		return err
	}
	m.clip.Parts = append(m.clip.Parts, p.part)
	m.files = append(m.files, f)
	return nil
}

func newProof(seg *storage.Segment, t *fmp4.Table, f int) *proof {
	before, _ := t.Kin()
	p := &proof{leaves: t.Leaves()}
	p.seg = evidence.Segment{Open: seg.Open, Start: seg.Start, Leaves: len(p.leaves), First: len(before) + f, Damaged: map[int]string{}}
	return p
}

// add notes a fragment. One whose bytes are not those that were recorded is told as such, and not hidden.
func (p *proof) add(f fmp4.Fragment, payload []byte) {
	if evidence.Leaf(f.Salt, payload) != f.Leaf {
		p.seg.Damaged[len(p.seg.Salts)] = fmt.Sprintf("%x", f.Leaf)
	}
	p.seg.Salts = append(p.seg.Salts, fmt.Sprintf("%x", f.Salt))
}

// uses notes that a part which no digest proves was made of a fragment.
func (p *partWork) uses(seg *storage.Segment, t *fmp4.Table, f int) {
	if p.made == nil {
		leaves := t.Leaves()
		before, _ := t.Kin()
		p.made = &evidence.Source{Digest: fmt.Sprintf("%x", evidence.Root(leaves)), Open: seg.Open, Start: seg.Start, Leaves: len(leaves), First: len(before) + f}
	}
	p.made.Count++
}

// endProof closes what proves the present segment, or names it.
func (p *partWork) endProof() {
	if p.made != nil {
		p.part.MadeOf = append(p.part.MadeOf, *p.made)
		p.made = nil
	}
	if p.proof == nil {
		return
	}
	x := &p.proof.seg
	for _, h := range evidence.Siblings(p.proof.leaves, x.First, x.First+len(x.Salts)) {
		x.Siblings = append(x.Siblings, fmt.Sprintf("%x", h))
	}
	x.Digest = fmt.Sprintf("%x", evidence.Root(p.proof.leaves))
	p.part.Segments = append(p.part.Segments, *x)
	p.proof = nil
}

// gaps notes what of the range is missing, and why.
func (m *clipWork) gaps() error {
	spans, err := m.e.o.Store.Spans(m.req.Camera, m.req.Stream, m.req.From, m.req.To)
	if err != nil {
		return fmt.Errorf("find gaps: %w", err)
	}
	for _, s := range spans {
		if s.Gap {
			m.clip.Gaps = append(m.clip.Gaps, evidence.Gap{From: s.Start.UTC(), To: s.End.UTC(), Cause: string(s.Cause)})
		}
	}
	m.clip.Gaps = append(m.clip.Gaps, m.holes(len(spans) > 0 && spans[0].Start.After(m.req.From))...)
	slices.SortFunc(m.clip.Gaps, func(a, b evidence.Gap) int { return a.From.Compare(b.From) })
	return nil
}

// holes are stretches of the range that neither a part nor a gap tells of: before the first recording, what was not on the disk yet, and
// pictures at the beginning of a recording that nothing can decode.
func (m *clipWork) holes(young bool) (list []evidence.Gap) {
	type stretch struct{ from, to time.Time }
	var known []stretch
	for _, p := range m.clip.Parts {
		known = append(known, stretch{p.From, p.To})
	}
	for _, g := range m.clip.Gaps {
		known = append(known, stretch{g.From, g.To})
	}
	slices.SortFunc(known, func(a, b stretch) int { return a.from.Compare(b.from) })
	at := m.req.From
	for i, k := range append(known, stretch{m.req.To, m.req.To}) {
		until := k.from
		if until.After(m.req.To) {
			until = m.req.To
		}
		if until.Sub(at) > joinTolerance {
			cause := "not decodable"
			switch {
			case i == len(known):
				cause = "not stored yet"
			case i == 0 && young:
				cause = "before the first recording"
			case m.clip.Run != 0:
				cause = "of another run"
			}
			list = append(list, evidence.Gap{From: at, To: until, Cause: cause})
		}
		if k.to.After(at) {
			at = k.to
		}
	}
	return list
}
