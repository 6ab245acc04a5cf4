package exports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/evidence"
	"holdfast/storage/fmp4"
)

// finish makes the package's own files: the page, the manifest, its signature, and the proof that the audit log has it.
func (w *work) finish() error {
	w.step("Signing")
	m, files, err := w.manifest()
	if err != nil {
		return err
	}
	text, err := m.Encode()
	if err != nil {
		return err
	}
	own := map[string][]byte{
		evidence.ManifestFile: text, evidence.SumsFile: m.Sums(text), evidence.KeyFile: w.e.o.Signer.Public().File(),
		evidence.SignatureFile: w.e.o.Signer.Sign(text, fmt.Sprintf("Holdfast export %s, %s", m.ID, m.Made.Format(time.RFC3339))),
	}
	sum := sha256.Sum256(text)
	proof, err := w.log(m, hex.EncodeToString(sum[:]), files)
	if err != nil {
		return err
	}
	for name, data := range proof {
		own[name] = data
	}
	all := []kept{files[0]}
	for _, name := range []string{evidence.ManifestFile, evidence.SignatureFile, evidence.KeyFile, evidence.SumsFile, evidence.ProofFile, evidence.CheckpointFile, evidence.LogKeyFile} {
		f, err := w.whole(name, own[name])
		if err != nil {
			return err
		}
		all = append(all, f)
	}
	all = append(all, files[1:]...)
	return w.keep(func() {
		w.r.Files, w.r.Clips, w.r.Stills = all, nil, nil
		w.r.Manifest, w.r.Signer, w.r.Name = hex.EncodeToString(sum[:]), m.Signer, bundleName(w.r.ID, m.Made)+".zip"
		w.r.Bytes, w.r.Silent = 0, !w.r.Heard
		for _, f := range all {
			w.r.Bytes += f.Bytes
		}
	})
}

func bundleName(id string, made time.Time) string {
	return "evidence-" + made.UTC().Format("20060102T150405Z") + "-" + id[2:]
}

// manifest gathers what there is, and writes the page: the first of the files.
func (w *work) manifest() (*evidence.Manifest, []kept, error) {
	r, e := w.r, w.e
	keys, err := e.o.Audit.KeyLines()
	if err != nil {
		return nil, nil, fmt.Errorf("read the audit log's key: %w", err)
	}
	m := &evidence.Manifest{Format: evidence.Format, Version: evidence.Version, ID: r.ID, Title: r.Order.Title, Reason: r.Order.Reason, Recipient: r.Order.Recipient,
		By: evidence.By{Person: r.Person, Name: r.By}, Requested: r.Created, Made: e.o.Now().UTC().Truncate(time.Second), Site: e.o.Site, Program: e.o.Program,
		Signer: e.o.Signer.Public().Fingerprint(), Log: lastLine(keys), ClockTrusted: e.o.Store.ClockTrusted(), ExportFile: fmp4.ExportVersion,
		Clips: []evidence.Clip{}, Stills: []evidence.Still{}, Notes: []evidence.Note{}}
	var files []kept
	clips, stills := w.made()
	for _, c := range clips {
		m.Clips = append(m.Clips, c.Clip)
		files = append(files, c.Files...)
	}
	for _, s := range stills {
		m.Stills = append(m.Stills, s.Still)
		files = append(files, s.File)
	}
	for _, n := range r.Order.Notes {
		m.Notes = append(m.Notes, evidence.Note{At: r.Created, Text: n})
	}
	if len(files)+1 > evidence.MaxFiles {
		return nil, nil, fmt.Errorf("the export has %d files, at most %d: order less at once", len(files)+1, evidence.MaxFiles)
	}
	page, err := m.Page()
	if err != nil {
		return nil, nil, err
	}
	f, err := w.whole(evidence.PageFile, page)
	if err != nil {
		return nil, nil, err
	}
	files = append([]kept{f}, files...)
	for _, f := range files {
		m.Files = append(m.Files, f.File)
	}
	return m, files, nil
}

// lastLine is the key that signs now.
func lastLine(keys []byte) string {
	text := string(keys)
	for len(text) > 0 && text[len(text)-1] == '\n' {
		text = text[:len(text)-1]
	}
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return text[i+1:]
		}
	}
	return text
}

// log writes the export to the audit log, has that signed, and gives the proof.
func (w *work) log(m *evidence.Manifest, sum string, files []kept) (map[string][]byte, error) {
	r, log := w.r, w.e.o.Audit
	said := evidence.Entry{Manifest: sum, Signer: m.Signer, Files: len(files)}
	for _, f := range files {
		said.Bytes += f.Bytes
	}
	after, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	entry := audit.Entry{Action: audit.ActionExportDone, Person: r.Person, Kind: audit.ByProcess, Target: r.ID, Session: r.ID, After: after,
		Personal: audit.Personal{Name: r.By, Subject: r.Order.Says()}}
	entry.From, entry.To = r.Order.Span()
	if ids := r.Order.Cameras(); len(ids) == 1 {
		entry.Camera = ids[0]
	}
	begun := w.e.o.Now().Add(-time.Minute)
	if err := log.Write(w.ctx, entry); err != nil {
		return nil, fmt.Errorf("write to the audit log: %w", err)
	}
	if err := log.Sign(w.ctx); err != nil {
		return nil, fmt.Errorf("sign the audit log: %w", err)
	}
	seq, err := w.entry(begun, sum)
	if err != nil {
		return nil, err
	}
	p, err := log.Prove(seq, 0)
	if err != nil || p.Note == "" {
		return nil, fmt.Errorf("prove the entry in the audit log: %w", errors.Join(err, errors.New("the log is not signed up to it")))
	}
	note := []byte(p.Note)
	p.Note = ""
	proof, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return nil, err
	}
	keys, err := log.KeyLines()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{evidence.ProofFile: append(proof, '\n'), evidence.CheckpointFile: note, evidence.LogKeyFile: keys}, nil
}

// entry finds the export's entry.
func (w *work) entry(since time.Time, sum string) (int64, error) {
	page, err := w.e.o.Audit.Search(w.ctx, audit.Query{Action: audit.ActionExportDone, Person: w.r.Person, From: since})
	if err != nil {
		return 0, fmt.Errorf("find the entry in the audit log: %w", err)
	}
	for _, x := range page.Records {
		var said evidence.Entry
		if x.Session == w.r.ID && json.Unmarshal(x.After, &said) == nil && said.Manifest == sum {
			return x.Seq, nil
		}
	}
	return 0, errors.New("the audit log cannot be written, so nothing could prove this export: see to the disk of the data directory, and order it again")
}

// Bundle opens the package of a finished export. Errors: ErrNone, ErrNotDone.
func (e *Exports) Bundle(id string) (*Bundle, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.find(id)
	switch {
	case r == nil:
		return nil, ErrNone
	case r.State != Done:
		return nil, ErrNotDone
	}
	var files []stored
	var open []io.Closer
	for _, f := range r.Files {
		x, err := openSealed(filepath.Join(e.dirOf(id), f.Name), r.Key)
		if err == nil && x.size != f.Bytes {
			err = fmt.Errorf("%s has %d bytes, and had %d", f.Path, x.size, f.Bytes)
			x.Close()
		}
		if err != nil {
			for _, c := range open {
				c.Close()
			}
			return nil, fmt.Errorf("read export: %w", err)
		}
		open = append(open, x)
		files = append(files, stored{f.Path, f.Bytes, f.CRC, x})
	}
	b, err := layOut(r.Name[:len(r.Name)-len(".zip")], r.Ended, files)
	if err != nil {
		return nil, err
	}
	b.open, b.SHA256 = open, r.Manifest
	return b, nil
}
