package exports

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"holdfast/gateway/evidence"
	"holdfast/gateway/playback"
	"holdfast/storage/fmp4/fmp4test"
)

// whole is a request for all the rig's footage and what lies between.
func whole() Order {
	return Order{Title: "Case 7", Clips: []ClipOrder{{Camera: "door", From: begin.Add(1300 * time.Millisecond), To: begin.Add(20 * time.Second)}}, Notes: []string{"Seen at 01:00.\nSecond line."}}
}

func TestAPackageHoldsWhatWasRecordedAndStrangersCanCheckIt(t *testing.T) {
	r := newRig(t).footage()
	req := whole()
	req.Stills = []StillOrder{{Camera: "door", At: begin.Add(5 * time.Second)}}
	j := r.order(req)
	dir := r.unpack(j)

	for _, path := range []string{dir, filepath.Join(filepath.Dir(dir), "whole.zip")} {
		report := r.verify(path, evidence.Options{Key: j.Signer})
		if report.Code != evidence.Sound || !report.SignerChecked || report.Fragments < 17 {
			t.Errorf("%s: %+v", path, report)
		}
	}
	if report := r.verify(dir, evidence.Options{}); report.Code != evidence.Sound || report.SignerChecked {
		t.Errorf("without a key: %+v", report)
	}
	m := manifest(t, dir)
	c := m.Clips[0]
	if len(c.Parts) != 2 || len(c.Gaps) != 1 || c.Gaps[0].Cause != "camera offline" || !c.Gaps[0].From.Equal(begin.Add(12*time.Second)) || !c.Gaps[0].To.Equal(begin.Add(15*time.Second)) {
		t.Errorf("clip %+v", c)
	}
	if p := c.Parts[0]; p.From.After(begin.Add(time.Second)) || p.From.Before(begin.Add(800*time.Millisecond)) || !p.Shown.Equal(begin.Add(1300*time.Millisecond)) || p.Frames != 275 {
		t.Errorf("first part from %v, shown from %v, %d pictures", p.From, p.Shown, p.Frames)
	}

	sh := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
	sh("sha256sum -c --strict SHA256SUMS")
	fmp4test.Tool(t, "minisign")
	sh("minisign -V -p minisign.pub -m manifest.json")
	for _, p := range c.Parts {
		sh("ffmpeg -v error -xerror -i " + p.Path + " -f null -")
		sh("ffprobe -v error " + p.Path)
	}
	sh("ffmpeg -v error -i " + m.Stills[0].Path + " -f null -")
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil || !strings.Contains(string(page), "Front &lt;door&gt;") || strings.Contains(string(page), "<script") {
		t.Errorf("the page: %v", err)
	}

	// The pictures are those that were recorded: what a decoder makes of them is the same.
	clip, err := r.o.Playback.Clip(t.Context(), "door", "main", begin.Add(time.Second), begin.Add(12*time.Second), playback.Options{NoAudio: true})
	r.must(err)
	defer clip.Close()
	data := make([]byte, clip.Size())
	if _, err := clip.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	recorded := pictures(t, data)
	exported, err := os.ReadFile(filepath.Join(dir, c.Parts[0].Path))
	r.must(err)
	if got := pictures(t, exported); len(got) < 250 || !slices.Equal(got, recorded) {
		t.Errorf("%d pictures exported, %d recorded, or not the same", len(got), len(recorded))
	}
}

// pictures are the hashes of a file's decoded pictures.
func pictures(t *testing.T, data []byte) (sums []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-ignore_editlist", "1", "-i", path, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"))) {
		if f := strings.Split(strings.TrimSpace(line), ","); len(f) == 6 {
			sums = append(sums, f[5])
		}
	}
	return sums
}

func manifest(t testing.TB, dir string) *evidence.Manifest {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, evidence.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	m, err := evidence.ParseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tampering is one way to change a package, and what is found then.
type tampering struct {
	name string
	do   func(t *testing.T, dir string, m *evidence.Manifest)
	code int
	file string // that a finding names; "": any
	kind string
}

// resign makes a package's own files anew for a manifest, as somebody with a key could.
func resign(t *testing.T, dir string, m *evidence.Manifest, by *evidence.Signer) {
	t.Helper()
	for i := range m.Files {
		f := &m.Files[i]
		if data, err := os.ReadFile(filepath.Join(dir, f.Path)); err == nil {
			f.Bytes, f.SHA256 = int64(len(data)), hash(data)
		}
	}
	text, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{evidence.ManifestFile: text, evidence.SumsFile: m.Sums(text), evidence.SignatureFile: by.Sign(text, "anew"), evidence.KeyFile: by.Public().File()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryWayOfTamperingHasItsCodeAndName(t *testing.T) {
	r := newRig(t).footage()
	req := whole()
	req.Stills = []StillOrder{{Camera: "door", At: begin.Add(5 * time.Second)}, {Camera: "door", At: begin.Add(7 * time.Second)}}
	sound := r.unpack(r.order(req))
	m := manifest(t, sound)
	first, second, still := m.Clips[0].Parts[0].Path, m.Clips[0].Parts[1].Path, m.Stills[0].Path
	own, other := evidence.NewSigner(seed), evidence.NewSigner([32]byte{7})

	var cases []tampering
	flip := func(file string, code int, at func(n int) int) {
		cases = append(cases, tampering{"flip a byte of " + file, func(t *testing.T, dir string, _ *evidence.Manifest) {
			change(t, dir, file, func(b []byte) []byte { b[at(len(b))] ^= 1; return b })
		}, code, "", ""})
		cases[len(cases)-1].file = file
	}
	middle := func(n int) int { return n / 2 }
	for _, f := range m.Files {
		flip(f.Path, evidence.Altered, middle)
	}
	flip(evidence.SumsFile, evidence.Altered, middle)
	flip(evidence.ManifestFile, evidence.Signature, middle)
	flip(evidence.ProofFile, evidence.LogProof, middle)
	flip(evidence.CheckpointFile, evidence.LogProof, middle)
	flip(evidence.LogKeyFile, evidence.LogProof, middle)
	for _, file := range []string{evidence.SignatureFile, evidence.KeyFile} {
		flip(file, evidence.Signature, func(n int) int { return n - 20 })
		cases[len(cases)-1].file = ""
	}
	remove := func(file string, code int) {
		cases = append(cases, tampering{"remove " + file, func(t *testing.T, dir string, _ *evidence.Manifest) { drop(t, dir, file) }, code, file, ""})
	}
	for _, file := range []string{first, still, evidence.PageFile, evidence.SumsFile, evidence.ManifestFile} {
		remove(file, evidence.Altered)
	}
	for _, file := range []string{evidence.SignatureFile, evidence.KeyFile} {
		remove(file, evidence.Signature)
	}
	for _, file := range []string{evidence.ProofFile, evidence.CheckpointFile, evidence.LogKeyFile} {
		remove(file, evidence.LogProof)
	}
	cases = append(cases,
		tampering{"exchange two clips", func(t *testing.T, dir string, _ *evidence.Manifest) { swap(t, dir, first, second) }, evidence.Altered, first, "reordered"},
		tampering{"exchange two stills", func(t *testing.T, dir string, m *evidence.Manifest) { swap(t, dir, still, m.Stills[1].Path) }, evidence.Altered, still, "reordered"},
		tampering{"add a file", func(t *testing.T, dir string, _ *evidence.Manifest) { put(t, dir, "clips/extra.mp4", []byte("x")) }, evidence.Altered, "clips/extra.mp4", "added"},
		tampering{"cut a clip off", func(t *testing.T, dir string, _ *evidence.Manifest) {
			change(t, dir, first, func(b []byte) []byte { return b[:len(b)*2/3] })
		}, evidence.Altered, first, ""},
		tampering{"cut a clip off, and list it so, with the key", func(t *testing.T, dir string, m *evidence.Manifest) {
			change(t, dir, first, func(b []byte) []byte { return b[:len(b)*2/3] })
			resign(t, dir, m, own)
		}, evidence.Altered, first, "altered"},
		tampering{"exchange two pictures in a clip", func(t *testing.T, dir string, _ *evidence.Manifest) {
			change(t, dir, first, swapFragments)
		}, evidence.Altered, first, "altered"},
		tampering{"exchange two fragments, and list it so, with the key", func(t *testing.T, dir string, m *evidence.Manifest) {
			change(t, dir, first, swapFragments)
			resign(t, dir, m, own)
		}, evidence.Altered, first, "altered"},
		tampering{"say another time in a clip, and list it so, with the key", func(t *testing.T, dir string, m *evidence.Manifest) {
			change(t, dir, first, func(b []byte) []byte {
				at := bytes.Index(b, []byte("cstb")) + 12 // behind its name, the count and the id of a track
				binary.BigEndian.PutUint64(b[at:], binary.BigEndian.Uint64(b[at:])+10_000_000)
				return b
			})
			resign(t, dir, m, own)
			log(t, r, dir, m)
		}, evidence.Altered, first, "altered"},
		tampering{"take the times out of a clip, and list it so, with the key", func(t *testing.T, dir string, m *evidence.Manifest) {
			change(t, dir, first, func(b []byte) []byte { copy(b[bytes.Index(b, []byte("cstb")):], "free"); return b })
			resign(t, dir, m, own)
			log(t, r, dir, m)
		}, evidence.Altered, first, "altered"},
		tampering{"edit the manifest", func(t *testing.T, dir string, _ *evidence.Manifest) {
			change(t, dir, evidence.ManifestFile, func(b []byte) []byte {
				return []byte(strings.Replace(string(b), "Theft of 25", "Theft of 24", 1))
			})
		}, evidence.Signature, evidence.ManifestFile, "signature"},
		tampering{"sign it anew by another key", func(t *testing.T, dir string, m *evidence.Manifest) { resign(t, dir, m, other) }, evidence.Signature, evidence.KeyFile, "signature"},
		tampering{"edit the manifest and sign it anew by another key that it names", func(t *testing.T, dir string, m *evidence.Manifest) {
			m.Reason, m.Signer = "Another", other.Public().Fingerprint()
			resign(t, dir, m, other)
		}, evidence.LogProof, evidence.ProofFile, "log"},
		tampering{"edit the manifest and sign it with the key", func(t *testing.T, dir string, m *evidence.Manifest) {
			m.Reason = "Another"
			resign(t, dir, m, own)
		}, evidence.LogProof, evidence.ProofFile, "log"},
		tampering{"strip the proof", func(t *testing.T, dir string, _ *evidence.Manifest) {
			if err := os.RemoveAll(filepath.Join(dir, "log")); err != nil {
				t.Fatal(err)
			}
		}, evidence.LogProof, evidence.ProofFile, "log"},
	)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "package")
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			c.do(t, dir, manifest(t, dir))
			report := r.verify(dir, evidence.Options{})
			named := slices.ContainsFunc(report.Findings, func(f evidence.Finding) bool {
				return f.Code == c.code && (c.file == "" || f.File == c.file) && (c.kind == "" || f.Kind == c.kind)
			})
			if report.Code != c.code || !named {
				t.Errorf("code %d, wanted %d of %s: %+v", report.Code, c.code, c.file, report.Findings)
			}
		})
	}

	// Who has the key and the log can make a package that hides footage; the gaps must still add up.
	hides := func(name, where string, do func(m *evidence.Manifest)) {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "package")
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			m := manifest(t, dir)
			do(m)
			for _, f := range m.Files {
				if strings.HasPrefix(f.Path, "clips/") && !slices.ContainsFunc(m.Clips[0].Parts, func(p evidence.Part) bool { return p.Path == f.Path }) {
					drop(t, dir, f.Path)
				}
			}
			m.Files = slices.DeleteFunc(m.Files, func(f evidence.File) bool {
				_, err := os.Stat(filepath.Join(dir, f.Path))
				return err != nil
			})
			resign(t, dir, m, own)
			log(t, r, dir, m)
			report := r.verify(dir, evidence.Options{})
			if report.Code != evidence.Undeclared || !strings.Contains(report.Findings[0].Says, where) {
				t.Errorf("code %d: %+v", report.Code, report.Findings)
			}
		})
	}
	hides("drop a gap from the list", "01:00:02", func(m *evidence.Manifest) { m.Clips[0].Gaps = nil })
	hides("drop a clip from the list", "01:00:05", func(m *evidence.Manifest) { m.Clips[0].Parts = m.Clips[0].Parts[:1] })
	hides("say that a clip lasts longer", "lasts", func(m *evidence.Manifest) {
		m.Clips[0].Parts[0].To = m.Clips[0].Gaps[0].To
		m.Clips[0].Gaps = nil
	})

	t.Run("another key than was told", func(t *testing.T) {
		if report := r.verify(sound, evidence.Options{Key: other.Public().Fingerprint()}); report.Code != evidence.Signature || report.SignerChecked {
			t.Errorf("%+v", report)
		}
	})
	t.Run("no package", func(t *testing.T) {
		if _, err := evidence.Verify(t.Context(), t.TempDir(), evidence.Options{}); err == nil {
			t.Error("an empty directory can be verified")
		}
		if _, err := evidence.Verify(t.Context(), sound, evidence.Options{Key: "abc"}); err == nil {
			t.Error("a fingerprint that is none is taken")
		}
	})
	t.Run("a torn zip file", func(t *testing.T) {
		path := filepath.Join(filepath.Dir(sound), "whole.zip")
		data, err := os.ReadFile(path)
		r.must(err)
		torn := filepath.Join(t.TempDir(), "torn.zip")
		r.must(os.WriteFile(torn, data[:len(data)/2], 0o600))
		if _, err := evidence.Verify(t.Context(), torn, evidence.Options{}); err == nil {
			t.Error("half a zip file can be verified")
		}
		data[len(data)/2] ^= 1
		r.must(os.WriteFile(torn, data, 0o600))
		if report := r.verify(torn, evidence.Options{}); report.Code != evidence.Altered {
			t.Errorf("%+v", report)
		}
	})
}

func TestALongClipIsSeveralFilesWithoutAHoleBetween(t *testing.T) {
	r := newRig(t).footage()
	r.e.most = 3 * time.Second
	dir := r.unpack(r.order(whole()))
	report := r.verify(dir, evidence.Options{})
	if report.Code != evidence.Sound {
		t.Fatalf("%+v", report.Findings)
	}
	c := report.Manifest.Clips[0]
	if len(c.Parts) < 5 || len(c.Gaps) != 1 {
		t.Errorf("%d parts, gaps %+v", len(c.Parts), c.Gaps)
	}
	for _, p := range c.Parts {
		fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", filepath.Join(dir, p.Path), "-f", "null", "-")
	}
}

func TestAJobGoesOnAfterARestartBehindItsLastWholeClip(t *testing.T) {
	r := newRig(t).footage()
	r.end()
	req := Order{Reason: "r", Recipient: "x"}
	for i := range 4 {
		req.Clips = append(req.Clips, ClipOrder{Camera: "door", From: begin.Add(time.Duration(i) * time.Second), To: begin.Add(time.Duration(i+1) * time.Second)})
	}
	j, err := r.e.Create(By{Name: "Ann"}, req)
	r.must(err)
	// The gateway is killed in the third clip: what is on the disk then is what the next start finds.
	w := &work{e: r.e, r: r.e.find(j.ID), ctx: t.Context(), began: time.Now()}
	w.r.State = Running
	r.must(w.lock())
	r.must(w.clip(0))
	r.must(w.clip(1))
	half, err := w.create("clips/half.mp4")
	r.must(err)
	half.Write([]byte("half"))
	half.w.f.Close()
	before := filesOf(t, r.e.dirOf(j.ID))

	r.open()
	done := r.wait(j.ID)
	dir := r.unpack(done)
	if report := r.verify(dir, evidence.Options{}); report.Code != evidence.Sound || len(report.Manifest.Clips) != 4 {
		t.Errorf("%+v", report)
	}
	after := filesOf(t, r.e.dirOf(j.ID))
	for _, name := range []string{"f000001", "f000002"} {
		if !after[name].Equal(before[name]) {
			t.Errorf("%s was made again", name)
		}
	}
	if len(after) != 1+4+8 { // the record, four clips, the package's own files
		t.Errorf("left on the disk: %v", after)
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		locks, err := r.o.Store.Locks("door", begin, begin.Add(time.Hour))
		r.must(err)
		if len(locks) == 0 {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("locks left: %v", locks)
		}
	}
}

func filesOf(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]time.Time{}
	for _, d := range entries {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		files[d.Name()] = info.ModTime()
	}
	return files
}

func TestExportsAreBoundedAndGo(t *testing.T) {
	r := newRig(t).footage()
	clip := []ClipOrder{{Camera: "door", From: begin, To: begin.Add(2 * time.Second)}}
	for name, req := range map[string]Order{
		"reason":         {Recipient: "x", Clips: clip},
		"recipient":      {Reason: "x", Clips: clip},
		"clips":          {Reason: "x", Recipient: "x"},
		"clips[0].to":    {Reason: "x", Recipient: "x", Clips: []ClipOrder{{Camera: "door", From: begin, To: begin}}},
		"clips[0].from":  {Reason: "x", Recipient: "x", Clips: []ClipOrder{{Camera: "door", From: begin.Add(12500 * time.Millisecond), To: begin.Add(14 * time.Second)}}},
		"clips[0].masks": {Reason: "x", Recipient: "x", Form: evidence.Redacted, Clips: clip},
		"form":           {Reason: "x", Recipient: "x", BurnTime: true, Clips: clip},
	} {
		var rule *RuleError
		if _, err := r.e.Create(By{}, req); !errors.As(err, &rule) || rule.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.e.o.Quota = 1000
	if _, err := r.e.Create(By{}, Order{Reason: "x", Recipient: "x", Clips: clip}); !errors.Is(err, ErrNoRoom) {
		t.Errorf("beyond the quota: %v", err)
	}
	r.e.o.Quota = 0
	j := r.order(Order{Clips: clip})
	if _, err := r.e.Cancel(j.ID); !errors.Is(err, ErrOver) {
		t.Errorf("cancelled when done: %v", err)
	}
	sealed, err := os.ReadFile(filepath.Join(r.e.dirOf(j.ID), "f000001"))
	if err != nil || strings.Contains(string(sealed), "moov") {
		t.Errorf("it lies on the disk in clear, %v", err)
	}
	if gone, err := r.e.Erase("door", begin.Add(5*time.Second), begin.Add(6*time.Second)); err != nil || len(gone) != 0 {
		t.Errorf("%v went by an erasure of other footage: %v", gone, err)
	}
	if gone, err := r.e.Erase("door", begin.Add(time.Second), begin.Add(6*time.Second)); err != nil || len(gone) != 1 {
		t.Errorf("%v went by an erasure: %v", gone, err)
	}
	if _, err := os.Stat(r.e.dirOf(j.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its files are there: %v", err)
	}
	j = r.order(Order{Clips: clip})
	r.end()
	for left, want := range map[time.Duration]time.Duration{time.Hour: sweepTime, 7 * time.Second: 7 * time.Second, -time.Hour: sweepTime} {
		r.e.o.Now = func() time.Time { return j.Expires.Add(-left) }
		if got := r.e.untilSweep(); got != want {
			t.Errorf("%v before an export is too old the next look is in %v, want %v", left, got, want)
		}
	}
	r.e.o.Now = func() time.Time { return begin.Add(3 * time.Hour) }
	r.e.expire()
	if _, err := r.e.Get(j.ID); !errors.Is(err, ErrNone) {
		t.Errorf("it is kept beyond its time: %v", err)
	}
}

func TestARedactedClipShowsNothingOfWhatIsCovered(t *testing.T) {
	r := newRig(t).footage()
	box := func(x, y, w, h float64) [][2]float64 {
		return [][2]float64{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
	}
	// Moves from the left to the right while the clip lasts.
	moving := ClipMask{Keys: []MaskKey{{At: begin.Add(time.Second), Points: box(0, 0, 0.25, 0.5)}, {At: begin.Add(3 * time.Second), Points: box(0.75, 0, 0.25, 0.5)}}}
	req := Order{Form: evidence.Redacted, BurnTime: true, Mute: true, Clips: []ClipOrder{{Camera: "door", From: begin.Add(time.Second), To: begin.Add(3 * time.Second), Cover: "fill", Masks: []ClipMask{moving}}},
		Stills: []StillOrder{{Camera: "door", At: begin.Add(1100 * time.Millisecond)}}}
	dir := r.unpack(r.order(req))
	report := r.verify(dir, evidence.Options{})
	if report.Code != evidence.Sound {
		t.Fatalf("%+v", report)
	}
	c := report.Manifest.Clips[0]
	path := filepath.Join(dir, c.Parts[0].Path)
	if c.Masks != 1 || !c.Burned || !c.Muted || c.Parts[0].Frames != 50 {
		t.Errorf("clip %+v", c)
	}
	if out := fmp4test.Run(t, nil, "ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", path); strings.TrimSpace(string(out)) != "video" {
		t.Errorf("streams: %s", out)
	}
	// light is the mean of a part of the picture at a time, from 0 to 255.
	light := func(path string, at float64, crop string) float64 {
		seek := []string{"-v", "error"}
		if at > 0 {
			seek = append(seek, "-ss", jsonText(at))
		}
		out := fmp4test.Run(t, nil, "ffmpeg", append(seek, "-i", path, "-frames:v", "1", "-vf", "crop="+crop+",scale=1:1:flags=area,format=gray", "-f", "rawvideo", "-")...)
		if len(out) != 1 {
			t.Fatalf("%d bytes at %v of %s", len(out), at, path)
		}
		return float64(out[0])
	}
	left, middle, right := "72:112:4:4", "60:112:130:4", "72:112:244:4" // of 320×240, within the mask
	for _, c := range []struct {
		at   float64
		crop string
		dark bool
	}{{0.04, left, true}, {0.04, right, false}, {1, middle, true}, {1, left, false}, {1.92, right, true}, {1.92, left, false}} {
		if got := light(path, c.at, c.crop); (got < 24) != c.dark {
			t.Errorf("at %v s the light in %s is %v", c.at, c.crop, got)
		}
	}
	if got := light(path, 1, "100:8:0:230"); got < 16 || got > 130 { // black with white dots
		t.Errorf("the time is not burned in: light %v", got)
	}
	if got := light(filepath.Join(dir, report.Manifest.Stills[0].Path), 0, left); got > 24 {
		t.Errorf("the still is not covered: light %v", got)
	}
}

func TestWhatAnApprovalSaysOfItsReachHoldsWhatThePackageHas(t *testing.T) {
	r := newRig(t).footage()
	for _, x := range []struct{ from, to time.Duration }{{1300 * time.Millisecond, 4 * time.Second}, {5900 * time.Millisecond, 6100 * time.Millisecond}, {10 * time.Second, 17 * time.Second}, {12500 * time.Millisecond, 16 * time.Second}} {
		from, to := begin.Add(x.from), begin.Add(x.to)
		first, last, err := r.e.Reach("door", []string{"main"}, from, to)
		r.must(err)
		dir := r.unpack(r.order(Order{Clips: []ClipOrder{{Camera: "door", From: from, To: to}}}))
		parts := manifest(t, dir).Clips[0].Parts
		begins, ends := parts[0].From, parts[len(parts)-1].To
		if begins.Before(first) || ends.After(last) {
			t.Errorf("%v to %v: said to reach from %v to %v, has %v to %v", x.from, x.to, first.Sub(begin), last.Sub(begin), begins.Sub(begin), ends.Sub(begin))
		}
		if from.Sub(first) > 2*time.Second || last.Sub(to) > time.Second {
			t.Errorf("%v to %v: said to reach from %v to %v, which is more than a group of pictures and a fragment", x.from, x.to, first.Sub(begin), last.Sub(begin))
		}
		page, err := os.ReadFile(filepath.Join(dir, "index.html"))
		r.must(err)
		if says := strings.Contains(string(page), "before the range, with the key frame"); says != (begins.Before(from) || ends.After(to)) {
			t.Errorf("%v to %v: the page says that it reaches beyond: %t", x.from, x.to, says)
		}
	}
}

// exportBoxes are what a clip's own boxes say of it: when it begins, by cstb, and the operator's name, by suep.
func exportBoxes(t *testing.T, path string) (begins time.Time, suep string, timed int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(b []byte)
	walk = func(b []byte) {
		for len(b) >= 8 {
			n := int(binary.BigEndian.Uint32(b))
			if n < 8 || n > len(b) {
				t.Fatalf("a box of %d bytes", n)
			}
			switch body := b[8:n]; string(b[4:8]) {
			case "meta":
				walk(body[4:])
			case "moof", "traf":
				walk(body)
			case "tfdt":
				timed++
			case "suep":
				suep = string(body)
			case "cstb":
				begins = time.Unix(0, (int64(binary.BigEndian.Uint64(body[8:]))-116444736000000000)*100).UTC()
			}
			b = b[n:]
		}
	}
	walk(data)
	return begins, suep, timed
}

func TestARedactedClipSaysWhenByWhomAndOfWhatItWasMade(t *testing.T) {
	r := newRig(t).footage()
	from, to := begin.Add(1300*time.Millisecond), begin.Add(4700*time.Millisecond)
	original := manifest(t, r.unpack(r.order(Order{Clips: []ClipOrder{{Camera: "door", From: from, To: to}}})))
	dir := r.unpack(r.order(Order{Form: evidence.Redacted, BurnTime: true, Clips: []ClipOrder{{Camera: "door", From: from, To: to}}}))
	report := r.verify(dir, evidence.Options{})
	if report.Code != evidence.Sound || report.Fragments != 0 || !slices.ContainsFunc(report.Notes, func(n string) bool {
		return strings.Contains(n, "redacted: encoded anew, the time written in. It was made of")
	}) {
		t.Errorf("%+v", report)
	}
	p := report.Manifest.Clips[0].Parts[0]
	if !p.From.Equal(from) || !p.To.Equal(to) || !p.Shown.Equal(from) || p.Frames != 85 {
		t.Errorf("it is not cut as it was ordered: %+v", p)
	}
	if made, of := p.MadeOf, original.Clips[0].Parts[0].Segments; len(made) != len(of) || made[0].Digest != of[0].Digest || made[0].First != of[0].First || made[0].Count != len(of[0].Salts) {
		t.Errorf("made of %+v, which are %+v", made, of)
	}
	begins, suep, timed := exportBoxes(t, filepath.Join(dir, p.Path))
	if d := begins.Sub(from); d.Abs() > time.Microsecond || !strings.Contains(suep, "Shop") || !strings.Contains(suep, "Ann") || !strings.Contains(suep, "Front <door>") || timed == 0 {
		t.Errorf("it begins %v late by cstb, suep is %q, %d tfdt", d, suep, timed)
	}
}

// TestOfTwoRecordingsOfTheSameTimesOneAloneCanBeTakenOut: the recorder's clock was set back. Unless one is named both are there, each once.
func TestOfTwoRecordingsOfTheSameTimesOneAloneCanBeTakenOut(t *testing.T) {
	r := newRig(t)
	f := fmp4test.Make(t, fmp4test.Options{Seconds: 12, GOP: 25})
	back := begin.Add(5400 * time.Millisecond)
	r.record(f, 0xa1, begin, 12)
	r.record(f, 0xb2, back, 12)
	all := ClipOrder{Camera: "door", From: begin, To: begin.Add(30 * time.Second)}
	length := func(c *evidence.Clip) (sum time.Duration, runs map[uint32]bool) {
		runs = map[uint32]bool{}
		for _, p := range c.Parts {
			sum, runs[p.Run] = sum+p.To.Sub(p.Shown), true
		}
		return sum.Round(100 * time.Millisecond), runs
	}
	one := all
	one.Run = "000000b2"
	for _, form := range []string{evidence.Original, evidence.Redacted} {
		dir := r.unpack(r.order(Order{Form: form, BurnTime: form == evidence.Redacted, Clips: []ClipOrder{all, one}, Stills: []StillOrder{{Camera: "door", At: begin.Add(8 * time.Second), Run: one.Run}}}))
		if report := r.verify(dir, evidence.Options{}); report.Code != evidence.Sound {
			t.Errorf("%s: %+v", form, report)
		}
		m := manifest(t, dir)
		if sum, runs := length(&m.Clips[0]); sum != 24*time.Second || len(runs) != 2 || m.Clips[0].Run != 0 {
			t.Errorf("%s of both: %v of the runs %v", form, sum, runs)
		}
		c := &m.Clips[1]
		if sum, runs := length(c); sum != 12*time.Second || len(runs) != 1 || !runs[0xb2] || c.Run != 0xb2 || len(c.Gaps) != 0 || !c.From.Equal(back) || c.To.Sub(back).Round(time.Second) != 12*time.Second {
			t.Errorf("%s of one: %v of the runs %v, %+v", form, sum, runs, c)
		}
		frames := 0
		for i := range m.Clips {
			for _, p := range m.Clips[i].Parts {
				frames += p.Frames
			}
		}
		if frames != 3*300 {
			t.Errorf("%s: %d pictures in the files, recorded were 300 of each run", form, frames)
		}
		if m.Stills[0].Run != 0xb2 {
			t.Errorf("%s: still %+v", form, m.Stills[0])
		}
		page, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if r.must(err); !strings.Contains(string(page), "Of the recording 000000b2 alone") {
			t.Errorf("%s: the page does not say that it is one of two", form)
		}
	}
	one.Run = "b2"
	if _, err := r.e.Create(By{}, Order{Reason: "x", Recipient: "x", Clips: []ClipOrder{one}}); err == nil {
		t.Error("a run that is none is taken")
	}
	one.Run = "000000c3"
	if _, err := r.e.Create(By{}, Order{Reason: "x", Recipient: "x", Clips: []ClipOrder{one}}); err == nil {
		t.Error("a run that is not there is taken")
	}
}

func TestAnOriginalWithoutItsSoundHasThePicturesAsRecorded(t *testing.T) {
	r := newRig(t).footage()
	with := r.order(whole())
	req := whole()
	req.Clips[0].Mute = true
	j := r.order(req)
	if with.Silent || !j.Silent {
		t.Errorf("silent: with sound %t, without %t", with.Silent, j.Silent)
	}
	loud, dir := r.unpack(with), r.unpack(j)
	report := r.verify(dir, evidence.Options{Key: j.Signer})
	if report.Code != evidence.Sound || report.Fragments != 0 || !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "without the sound") }) {
		t.Errorf("%+v", report)
	}
	of := manifest(t, loud).Clips[0].Parts
	for i, p := range report.Manifest.Clips[0].Parts {
		path := filepath.Join(dir, p.Path)
		if out := fmp4test.Run(t, nil, "ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", path); strings.TrimSpace(string(out)) != "video" {
			t.Errorf("streams: %s", out)
		}
		fmp4test.Run(t, nil, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-")
		silent, err := os.ReadFile(path)
		r.must(err)
		recorded, err := os.ReadFile(filepath.Join(loud, of[i].Path))
		r.must(err)
		if got, want := pictures(t, silent), pictures(t, recorded); len(got) < 100 || !slices.Equal(got, want) {
			t.Errorf("%d pictures, %d recorded, or not the same", len(got), len(want))
		}
		if p.Segments != nil || len(p.MadeOf) != len(of[i].Segments) || p.MadeOf[0].Digest != of[i].Segments[0].Digest {
			t.Errorf("made of %+v, which are %+v", p.MadeOf, of[i].Segments)
		}
	}
}

func jsonText(v any) string { b, _ := json.Marshal(v); return string(b) }

// Room is asked of the disk itself: exports on one that is nearly full are refused before anything is written, with what is free and what to do.
func TestAnExportThatTheDiskHasNoRoomForIsRefused(t *testing.T) {
	r := newRig(t).footage()
	order := Order{Reason: "Theft", Recipient: "Police", Clips: []ClipOrder{{Camera: "door", Stream: "main", From: begin, To: begin.Add(2 * time.Second)}}}
	need, err := r.e.expected(&order)
	r.must(err)
	small, size := t.TempDir(), spare+need+2<<20
	if err := unix.Mount("tmpfs", small, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%d,mode=700", size)); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(small, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	r.e.o.Dir = filepath.Join(small, "exports")
	r.must(os.MkdirAll(r.e.o.Dir, 0o700))
	other := filepath.Join(small, "other")
	fill, err := os.Create(other)
	r.must(err)
	r.must(unix.Fallocate(int(fill.Fd()), 0, 0, 3<<20)) // now it would take of what is to stay free
	r.must(fill.Close())
	_, err = r.e.Create(By{}, order)
	if !errors.Is(err, ErrNoRoom) {
		t.Fatalf("on a full disk: %v", err)
	}
	for _, says := range []string{"it would have about " + bytesOf(need), r.e.o.Dir, "free, of which " + bytesOf(spare) + " stay free", "remove some exports, or name another directory under exports"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("it says %q, without %q", err, says)
		}
	}
	if left, err := os.ReadDir(r.e.o.Dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	r.must(os.Remove(other))
	if err := r.e.room(need); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}
