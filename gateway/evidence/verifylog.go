package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"holdfast/gateway/audit"
)

// Entry is what the audit log's entry of an export says of its package, under "after".
type Entry struct {
	Manifest string `json:"manifest"` // SHA-256 of manifest.json, hex
	Signer   string `json:"signer"`
	Files    int    `json:"files"`
	Bytes    int64  `json:"bytes"`
}

// line is what is read of an entry.
type line struct {
	Action  string `json:"action"`
	Target  string `json:"target"`
	Outcome string `json:"outcome"`
	After   Entry  `json:"after"`
}

// log checks that the export is in the audit log.
func (v *verifier) log([]string) error {
	var texts [3][]byte
	for i, path := range []string{ProofFile, CheckpointFile, LogKeyFile} {
		b, err := v.small(path, maxSmall)
		if err != nil {
			if err := v.readable(err); err != nil {
				return err
			}
			v.find(LogProof, "log", path, "%s is missing: it cannot be shown that the export is in the audit log.", path)
			return nil
		}
		texts[i] = b
	}
	var p audit.Proof
	if err := json.Unmarshal(texts[0], &p); err != nil {
		v.find(LogProof, "log", ProofFile, "%s cannot be read: %v.", ProofFile, err)
		return nil
	}
	v.proof(&p, texts[1], texts[2])
	return nil
}

func (v *verifier) proof(p *audit.Proof, note, keys []byte) {
	if !slices.Contains(strings.Fields(string(keys)), v.manifest.Log) {
		v.find(LogProof, "log", LogKeyFile, "%s is not the key of the audit log that the manifest names.", LogKeyFile)
		return
	}
	c, err := audit.CheckCheckpoint(note, keys)
	if err != nil {
		v.find(LogProof, "log", CheckpointFile, "%s is not what the audit log signed: %v.", CheckpointFile, err)
		return
	}
	if err := p.Check(); err != nil || p.Entry == "" || p.Size != c.Size || p.Root != c.Root {
		v.find(LogProof, "log", ProofFile, "The entry of the export is not in the audit log of the checkpoint.")
		return
	}
	var l line
	if err := json.Unmarshal([]byte(p.Entry), &l); err != nil || l.Action != audit.ActionExportDone || l.Target != v.manifest.ID {
		v.find(LogProof, "log", ProofFile, "The entry of the audit log is not of this export.")
		return
	}
	sum := sha256.Sum256(v.text)
	if l.After.Manifest != hex.EncodeToString(sum[:]) || l.After.Signer != v.key.Fingerprint() {
		v.find(LogProof, "log", ProofFile, "The audit log has another manifest, or another signer, of this export than the package.")
		return
	}
	v.report.Log, v.report.LogEntry = c.Origin, p.Seq
}
