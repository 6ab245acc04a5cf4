package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/evidence"
	"holdfast/gateway/exports"
	"holdfast/gateway/web"
	"holdfast/storage"
)

// What of the vault is used for exports: the key that signs packages, and what the records of exports are sealed for.
const (
	evidencePurpose = "evidence"
	purposeExport   = "export"
)

// exportsDir is where exports lie.
func (g *Gateway) exportsDir() string {
	return cmp.Or(g.conf.Exports.Directory, filepath.Join(g.conf.Data, "exports"))
}

// openExports makes the part that takes footage out. Where its directory cannot be opened nothing can be exported, an alarm says so, and
// recording goes on.
func (g *Gateway) openExports() {
	dir := g.exportsDir()
	var err error
	g.exports, err = exports.Open(exports.Options{Dir: dir, Keep: time.Duration(g.conf.Exports.Keep), Quota: g.conf.Exports.Quota.Bytes, Store: g.store, Playback: g.playback,
		Audit: g.audit, Signer: evidence.NewSigner(g.vault.Key(evidencePurpose)),
		Seal:    func(plain, bound []byte) []byte { return g.vault.Seal(purposeExport, plain, bound) },
		Open:    func(sealed, bound []byte) ([]byte, error) { return g.vault.Open(purposeExport, sealed, bound) },
		Changed: func(id string) { g.changes.publish(Change{Kind: "export", ID: id}) },
		Lock:    g.lockExport, Unlock: g.unlockExport,
		Camera: g.evidenceCamera, Stream: g.exportedStream, FFmpeg: ffmpeg(), Run: g.decoding.Run,
		Site: cmp.Or(hostName(), siteName), Program: "Holdfast " + cmp.Or(g.version, "of unknown version"), Log: g.log, Now: g.now})
	g.when(err != nil, Alarm{ID: "exports", Severity: "alarm", What: fmt.Sprintf("The directory of exports, %s, cannot be opened: %v.", dir, err),
		Means: "Nothing can be exported, and finished exports cannot be downloaded. Recording goes on.", Do: "See to the disk and the rights of the directory, then start the gateway again."})
}

// faceExports is what the API exports by; nil when nothing can be.
func (g *Gateway) faceExports() web.Exports {
	if g.exports == nil {
		return nil
	}
	return g.exports
}

// export makes what is ordered.
func (g *Gateway) export(ctx context.Context) error {
	if g.exports == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return g.exports.Run(ctx)
}

// exportedStream is the stream of a camera that an export is of when none is named.
func (g *Gateway) exportedStream(camera string) string {
	if c, ok := g.Camera(camera); ok && len(c.Record.Streams) > 0 {
		return c.Record.Streams[0]
	} else if !ok {
		if f, err := g.FormerCamera(camera); err == nil {
			return f.Streams[0]
		}
	}
	return "main"
}

// lockExport keeps footage from retention while it is copied: a lock of whoever ordered the export, like any other.
func (g *Gateway) lockExport(person string, x exports.Range, until time.Time) (string, error) {
	if longest := g.now().Add(time.Duration(g.conf.Retention.LockMax) - time.Minute); until.After(longest) {
		until = longest
	}
	l, err := g.LockFootage(context.Background(), cmp.Or(person, string(audit.ByProcess)), web.LockRequest{Camera: x.Camera, From: x.From, To: x.To, Until: until, Reason: "It is being exported"})
	return l.ID, err
}

// unlockExport ends such a lock, unless somebody has.
func (g *Gateway) unlockExport(id string) error {
	if err := g.UnlockFootage(context.Background(), id); !errors.Is(err, web.ErrNotFound) {
		return err
	}
	return nil
}

// evidenceCamera is what a package says of a camera.
func (g *Gateway) evidenceCamera(id string) evidence.Camera {
	out := evidence.Camera{ID: id, Name: g.recordedName(id)}
	if c, ok := g.camera(id); ok {
		if d := c.Device(); d != nil {
			out.Manufacturer, out.Model, out.Serial, out.Firmware = d.Manufacturer, d.Model, d.Serial, d.Firmware
			ahead := d.Skew.Seconds()
			out.ClockOffset = &ahead
		}
	}
	return out
}

// eraseExports removes every export that has some of what is erased.
func (g *Gateway) eraseExports(req web.ErasureRequest) error {
	if g.exports == nil {
		return nil
	}
	gone, err := g.exports.Erase(req.Camera, req.From, req.To)
	for _, x := range gone {
		g.audit.Add(audit.Entry{Action: audit.ActionExportDrop, Kind: audit.ByProcess, Camera: req.Camera, Target: x.ID, Session: x.ID, Reason: "erased"})
	}
	if err != nil {
		return errors.Join(errors.New("an export that has some of the footage could not be removed"), err)
	}
	return nil
}

// heldByExports tells whether nothing but exports that are being made keeps footage from being erased: they give way.
func (g *Gateway) heldByExports(held *storage.HeldError) bool {
	for _, l := range held.Locks {
		if g.exports == nil || !g.exports.Holds(l.ID) {
			return false
		}
	}
	return len(held.Locks) > 0
}
