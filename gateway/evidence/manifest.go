package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Format names a manifest, and Version its edition.
const (
	Format  = "holdfast evidence"
	Version = 1
)

// Manifest says what is in a package, of whom and what, and why it was taken.
type Manifest struct {
	Format  string `json:"format"`
	Version int    `json:"version"`

	ID        string    `json:"id"` // of the export, as the audit log has it
	Title     string    `json:"title,omitempty"`
	Reason    string    `json:"reason"`
	Recipient string    `json:"recipient"`
	By        By        `json:"by"`
	Requested time.Time `json:"requested"`
	Made      time.Time `json:"made"`
	Site      string    `json:"site"`
	Program   string    `json:"program"`

	// Signer is the fingerprint of the key that signs, Log the public key of the audit log that has the export.
	Signer string `json:"signer"`
	Log    string `json:"log"`

	// ClockTrusted tells whether the gateway's clock was synchronised when the export was made: all times are by it.
	ClockTrusted bool   `json:"clock_trusted"`
	ExportFile   string `json:"export_file_format"` // edition of the ONVIF Export File Format Specification

	Clips  []Clip  `json:"clips"`
	Stills []Still `json:"stills"`
	Notes  []Note  `json:"notes"`
	Files  []File  `json:"files"` // every file but those made after the manifest
}

// By is who took the footage out.
type By struct {
	Person string `json:"person,omitempty"` // id
	Name   string `json:"name"`
}

// Camera is what is known of a camera.
type Camera struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	Serial       string `json:"serial,omitempty"`
	Firmware     string `json:"firmware,omitempty"`
	// ClockOffset is how far the camera's own clock was ahead of the gateway's when the export was made, in seconds; nil: not known.
	ClockOffset *float64 `json:"clock_offset,omitempty"`
}

// Forms of a clip.
const (
	Original = "original" // the samples that were recorded
	Redacted = "redacted" // decoded, covered, encoded again
)

// Clip is a range of one camera's stream: what is recorded of it, and the gaps.
type Clip struct {
	Camera Camera    `json:"camera"`
	Stream string    `json:"stream"`
	Run    uint32    `json:"run,omitempty"` // the recording that it is of alone, of several of the same times; 0: of all that there are
	Form   string    `json:"form"`
	From   time.Time `json:"from"` // [From, To) is what the clip is to cover
	To     time.Time `json:"to"`
	Parts  []Part    `json:"parts"` // in order
	Gaps   []Gap     `json:"gaps"`
	Masks  int       `json:"masks,omitempty"` // of a redacted clip: how many areas are covered
	Burned bool      `json:"burned_time,omitempty"`
	Muted  bool      `json:"muted,omitempty"` // recorded sound was left out
}

// Proven tells whether the recorder's digests prove the clip's samples: all that was recorded is there, as it was.
func (c *Clip) Proven() bool { return c.Form == Original && !c.Muted }

// Gap is a stretch of a clip without footage.
type Gap struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Cause string    `json:"cause"`
}

// Part is one file of a clip: footage without a gap.
type Part struct {
	Path string `json:"path"`
	// [From, To) is when the samples in the file were taken: whole fragments, so a little more than is shown.
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Shown    time.Time `json:"shown"` // wall time of the first picture that players show
	Frames   int       `json:"frames"`
	Run      uint32    `json:"run"` // of the recording: one unbroken connection to the camera
	Segments []Segment `json:"segments,omitempty"`
	MadeOf   []Source  `json:"made_of,omitempty"` // of a part that no segment proves: it was encoded anew, or is without its sound
}

// Source names recorded fragments that a part was made of, so that whoever has the original can tell that it is of the same footage. It
// proves nothing by itself: what was made of them has other bytes.
type Source struct {
	Digest string    `json:"digest"` // hex; of the segment, as the recorder noted it
	Open   bool      `json:"open,omitempty"`
	Start  time.Time `json:"start"`
	Leaves int       `json:"leaves"` // of the whole segment
	First  int       `json:"first"`  // the first that was used
	Count  int       `json:"count"`  // how many were
}

// Segment proves that the fragments which a part has of it are those that were recorded: the hash tree over them, with the siblings, has
// the digest.
type Segment struct {
	Digest   string         `json:"digest"` // hex; as the recorder noted it when it closed the segment
	Open     bool           `json:"open,omitempty"`
	Start    time.Time      `json:"start"`
	Leaves   int            `json:"leaves"`            // of the whole segment
	First    int            `json:"first"`             // the first that is in the part
	Salts    []string       `json:"salts"`             // hex, of each fragment that is in the part
	Siblings []string       `json:"siblings"`          // hex, left to right: roots of the subtrees that have none of them
	Damaged  map[int]string `json:"damaged,omitempty"` // leaf, hex, of a fragment whose bytes had changed on the disk before it was exported
}

// Still is one picture.
type Still struct {
	Camera Camera    `json:"camera"`
	At     time.Time `json:"at"`
	Run    uint32    `json:"run,omitempty"` // the recording that it is of, where that was asked for
	Path   string    `json:"path"`
}

// Note is what whoever exports wants to say.
type Note struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// File is a file of the package.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Encode writes a manifest as it is signed.
func (m *Manifest) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	if b.Len() > MaxManifest {
		return nil, fmt.Errorf("write manifest: it has %d bytes, at most %d", b.Len(), MaxManifest)
	}
	return b.Bytes(), nil
}

// ParseManifest reads a manifest and holds it to its form.
func ParseManifest(data []byte) (*Manifest, error) {
	if len(data) > MaxManifest {
		return nil, fmt.Errorf("read manifest: more than %d bytes", MaxManifest)
	}
	m := &Manifest{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if dec.More() {
		return nil, errors.New("read manifest: something follows it")
	}
	if m.Format != Format || m.Version != Version {
		return nil, fmt.Errorf("read manifest: it is %q, version %d; this program reads %q, version %d", m.Format, m.Version, Format, Version)
	}
	return m, m.check()
}

func (m *Manifest) check() error {
	if len(m.Files) > MaxFiles {
		return fmt.Errorf("read manifest: more than %d files", MaxFiles)
	}
	listed := map[string]bool{}
	for _, f := range m.Files {
		if !fs.ValidPath(f.Path) || strings.ContainsAny(f.Path, "\\\n\r") || listed[f.Path] || isOwn(f.Path) {
			return fmt.Errorf("read manifest: %q is no name of a file, or is listed twice", f.Path)
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != sha256.Size || f.Bytes < 0 {
			return fmt.Errorf("read manifest: %s has no hash", f.Path)
		}
		listed[f.Path] = true
	}
	for i := range m.Clips {
		for k := range m.Clips[i].Parts {
			if p := &m.Clips[i].Parts[k]; !listed[p.Path] {
				return fmt.Errorf("read manifest: %s is not among its files", p.Path)
			}
		}
	}
	for i := range m.Stills {
		if !listed[m.Stills[i].Path] {
			return fmt.Errorf("read manifest: %s is not among its files", m.Stills[i].Path)
		}
	}
	return nil
}

func isOwn(path string) bool {
	for _, o := range own {
		if o == path {
			return true
		}
	}
	return false
}

// Sums is the file by which `sha256sum -c` checks the package: the files of the manifest, and the manifest.
func (m *Manifest) Sums(manifest []byte) []byte {
	var b bytes.Buffer
	for _, f := range m.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Path)
	}
	fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(manifest), ManifestFile)
	return b.Bytes()
}
