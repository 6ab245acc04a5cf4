package evidence

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Exit codes of a verification, which are also the classes of what it finds. The lowest that was found is the code.
const (
	Sound      = 0
	NotRun     = 1 // it could not be verified
	Altered    = 2 // a file is altered, missing, added, or stands where another should
	Signature  = 3 // the signature does not fit, or is of another key
	LogProof   = 4 // the proof that the export is in the audit log does not hold
	Undeclared = 5 // footage is missing that no gap tells of
)

// Finding is one thing that is wrong.
type Finding struct {
	Code int    `json:"code"`
	Kind string `json:"kind"` // altered, missing, added, reordered, signature, log, gap
	File string `json:"file,omitempty"`
	Says string `json:"says"`
}

// Report is what a verification found.
type Report struct {
	Path     string    `json:"path"`
	Code     int       `json:"code"`
	Findings []Finding `json:"findings"`
	Notes    []string  `json:"notes"` // what is true and no fault
	Signer   string    `json:"signer,omitempty"`
	// SignerChecked tells whether a fingerprint was given that the key has: without one nobody knows whose signature it is.
	SignerChecked bool      `json:"signer_checked"`
	Log           string    `json:"log,omitempty"` // name of the audit log
	LogEntry      int64     `json:"log_entry,omitempty"`
	Files         int       `json:"files"`
	Bytes         int64     `json:"bytes"`
	Fragments     int       `json:"fragments"` // that were found to be what was recorded
	Manifest      *Manifest `json:"-"`
}

// Options of a verification.
type Options struct {
	Key      string               // fingerprint, or minisign key, of whoever should have signed; "": nobody is claimed to have
	Progress func(done, of int64) // bytes; nil: nobody is told
}

// Verify checks the package at path, a directory or a zip file. An error says that it could not be run.
func Verify(ctx context.Context, path string, o Options) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if o.Key != "" {
		if err := CheckFingerprint(o.Key); err != nil {
			return nil, err
		}
	}
	files := os.DirFS(path)
	if !info.IsDir() {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, fmt.Errorf("%s is neither a directory nor a whole zip file: %w", path, err)
		}
		defer z.Close()
		if files, err = single(z); err != nil {
			return nil, err
		}
	}
	r, err := VerifyFS(ctx, files, o)
	if r != nil {
		r.Path = path
	}
	return r, err
}

// single is the one directory that a package's zip file has.
func single(z fs.FS) (fs.FS, error) {
	entries, err := fs.ReadDir(z, ".")
	if err == nil && len(entries) == 1 && entries[0].IsDir() {
		return fs.Sub(z, entries[0].Name())
	}
	return z, err
}

// VerifyFS checks the package that files are.
func VerifyFS(ctx context.Context, files fs.FS, o Options) (*Report, error) {
	v := &verifier{ctx: ctx, o: o, fs: files, report: &Report{Findings: []Finding{}, Notes: []string{}}, sums: map[string]string{}}
	if err := v.run(); err != nil {
		return nil, err
	}
	v.report.conclude()
	return v.report, nil
}

// conclude sorts the findings and settles the code.
func (r *Report) conclude() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Code, b.Code) })
	if len(r.Findings) > 0 {
		r.Code = r.Findings[0].Code
	}
}

// verifier is one verification.
type verifier struct {
	ctx      context.Context
	o        Options
	fs       fs.FS
	report   *Report
	manifest *Manifest
	text     []byte // of the manifest
	key      PublicKey
	sums     map[string]string // hash of each file that is there, by path
	done     int64
	of       int64
}

func (v *verifier) find(code int, kind, file, says string, args ...any) {
	v.report.Findings = append(v.report.Findings, Finding{Code: code, Kind: kind, File: file, Says: fmt.Sprintf(says, args...)})
}

func (v *verifier) run() error {
	found, err := v.list()
	if err != nil {
		return err
	}
	if !slices.Contains(found, ManifestFile) && !slices.Contains(found, SumsFile) && !slices.Contains(found, SignatureFile) {
		return errors.New("it is no evidence package: manifest.json is not there")
	}
	if v.text, err = v.small(ManifestFile, MaxManifest); err != nil {
		v.find(Altered, "missing", ManifestFile, "manifest.json is missing: nothing else can be checked.")
		return v.readable(err)
	}
	if trusted, err := v.signature(); err != nil || !trusted {
		return err
	}
	if v.manifest, err = ParseManifest(v.text); err != nil {
		v.find(Altered, "altered", ManifestFile, "It is signed, and is no manifest: %v.", err)
		return nil
	}
	v.report.Manifest, v.report.Signer = v.manifest, v.key.Fingerprint()
	v.signer()
	for _, step := range []func([]string) error{v.files, v.clips, v.log} {
		if err := step(found); err != nil {
			return err
		}
	}
	v.coverage()
	return nil
}

// list names the files that are there.
func (v *verifier) list() (names []string, err error) {
	err = fs.WalkDir(v.fs, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if names = append(names, path); len(names) > 4*MaxFiles {
			return fmt.Errorf("more than %d files", 4*MaxFiles)
		}
		return nil
	})
	return names, err
}

// small reads a whole file.
func (v *verifier) small(path string, limit int64) ([]byte, error) {
	f, err := v.fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return b, err
}

// readable tells a file that is not there, or is damaged in its zip, which are findings, from one that cannot be read.
func (v *verifier) readable(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// signature checks that the key beside the manifest signed it. Only then is anything that it says worth checking.
func (v *verifier) signature() (trusted bool, err error) {
	key, err := v.small(KeyFile, maxSmall)
	if err != nil {
		v.find(Signature, "signature", KeyFile, "The public key %s is missing.", KeyFile)
		return false, v.readable(err)
	}
	sig, err := v.small(SignatureFile, maxSmall)
	if err != nil {
		v.find(Signature, "signature", SignatureFile, "The signature %s is missing.", SignatureFile)
		return false, v.readable(err)
	}
	if v.key, err = ParseKeyFile(key); err != nil {
		v.find(Signature, "signature", KeyFile, "%s cannot be read: %v.", KeyFile, err)
		return false, nil
	}
	if err := v.key.Check(v.text, sig); err != nil {
		v.find(Signature, "signature", ManifestFile, "manifest.json or its signature was changed: %v. What it says of the other files was not checked.", err)
		return false, nil
	}
	return true, nil
}

// signer holds the key against what is known of it.
func (v *verifier) signer() {
	if v.o.Key != "" && v.key.Is(v.o.Key) {
		v.report.SignerChecked = true
	} else if v.o.Key != "" {
		v.find(Signature, "signature", KeyFile, "It is signed by the key %s, and not by the one that was given.", v.key.Fingerprint())
	}
	if v.manifest.Signer != v.key.Fingerprint() {
		v.find(Signature, "signature", KeyFile, "The manifest was made for the key %s, and is signed by %s: somebody signed it anew.", v.manifest.Signer, v.key.Fingerprint())
	}
}

// files compares every file with its hash.
func (v *verifier) files(found []string) error {
	for _, f := range v.manifest.Files {
		v.of += f.Bytes
	}
	listed := map[string]File{}
	for _, f := range v.manifest.Files {
		listed[f.Path] = f
	}
	for _, path := range found {
		if isOwn(path) {
			continue
		}
		if _, ok := listed[path]; !ok {
			v.find(Altered, "added", path, "%s is not part of the package: it was added.", path)
			continue
		}
		sum, err := v.hash(path)
		if err != nil {
			if err := v.readable(err); err != nil {
				return err
			}
			sum = "unreadable"
		}
		v.sums[path] = sum
	}
	for _, f := range v.manifest.Files {
		v.compare(f)
	}
	return v.checkSums()
}

func (v *verifier) compare(f File) {
	sum, there := v.sums[f.Path]
	v.report.Files++
	v.report.Bytes += f.Bytes
	switch {
	case !there:
		v.find(Altered, "missing", f.Path, "%s is missing.", f.Path)
	case sum == f.SHA256:
	default:
		for _, other := range v.manifest.Files {
			if other.Path != f.Path && other.SHA256 == sum {
				v.find(Altered, "reordered", f.Path, "%s has what %s should have: files were exchanged.", f.Path, other.Path)
				return
			}
		}
		v.find(Altered, "altered", f.Path, "%s is not what was exported.", f.Path)
	}
}

// checkSums compares the list for sha256sum, which is not signed, with what is.
func (v *verifier) checkSums() error {
	text, err := v.small(SumsFile, MaxManifest)
	if err != nil {
		v.find(Altered, "missing", SumsFile, "%s is missing.", SumsFile)
		return v.readable(err)
	}
	if string(text) != string(v.manifest.Sums(v.text)) {
		v.find(Altered, "altered", SumsFile, "%s is not the list that the manifest gives.", SumsFile)
	}
	return nil
}

// hash reads a whole file.
func (v *verifier) hash(path string) (string, error) {
	f, err := v.fs.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, &counting{v, f})
	return hex.EncodeToString(h.Sum(nil)), err
}

// counting tells how far reading is, and ends with the verification.
type counting struct {
	v *verifier
	r io.Reader
}

func (c *counting) Read(p []byte) (int, error) {
	if err := c.v.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.v.done += int64(n)
	if c.v.o.Progress != nil {
		c.v.o.Progress(min(c.v.done, c.v.of), c.v.of)
	}
	return n, err
}

// Says is the report as sentences.
func (r *Report) Says() string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Kind, f.Says)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}
