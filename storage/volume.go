package storage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"holdfast/storage/disk"
	"holdfast/storage/internal/durable"
)

// State says whether a volume takes footage.
type State string

// The states of a volume.
const (
	VolumeOK       State = "ok"
	VolumeSlow     State = "slow" // it takes footage, and its syncs take long: used when no other is ok
	VolumeFull     State = "full"
	VolumeReadOnly State = "read-only"
	VolumeMissing  State = "missing"
	VolumeFailing  State = "failing"
)

const (
	identityName  = "holdfast-volume.json"
	identityLimit = 64 << 10 // bytes: ours has 200
	probeName     = ".holdfast-probe"
	probePeriod   = 2 * time.Second // between looks at a volume
)

// identity is the file that makes a directory a volume.
type identity struct {
	Format  int       `json:"format"` // 1
	Site    string    `json:"site"`
	Volume  string    `json:"volume"`
	Created time.Time `json:"created"`
}

// parseIdentity reads an identity file's content.
func parseIdentity(data []byte) (identity, error) {
	var id identity
	if err := json.Unmarshal(data, &id); err != nil {
		return id, fmt.Errorf("read volume identity: %w", err)
	}
	if id.Format != 1 {
		return id, fmt.Errorf("read volume identity: format %d is of a newer program", id.Format)
	}
	if id.Site == "" || id.Volume == "" {
		return id, errors.New("read volume identity: site or volume id is missing")
	}
	return id, nil
}

// VolumeOptions name a directory for footage.
type VolumeOptions struct {
	Path        string
	MinFree     int64   // bytes kept free; 0: MinFreeRatio decides
	MinFreePart float64 // share of the volume kept free, 0 to 1, used when MinFree is 0; 0: DefaultMinFree
	Adopt       bool    // make it a volume of this site even if it was one before
	Drain       bool    // empty it, as Store.Drain does
	ID          string  // that it had when it was used last, remembered elsewhere than in the index; "" when nobody knows
}

// DefaultMinFree is the share of a volume that is kept free where nothing else is said: file systems that are fuller
// than this scatter new files.
const DefaultMinFree = 0.05

// VolumeStatus is what is shown of a volume.
type VolumeStatus struct {
	ID     string // "" while it is not known
	Path   string
	State  State
	Cause  string // a plain sentence, "" when ok
	Do     string // what to do, "" when ok
	Since  time.Time
	Free   int64         // bytes
	Total  int64         // bytes
	Used   int64         // bytes of closed segments on it
	Spare  int64         // bytes that are kept free
	Held   int64         // closed segments on it
	Sync   time.Duration // of the slowest recent sync
	Writes uint64        // bytes written since the start
	Disks  []disk.Health // what is known of the disks that it lies on; none without a helper that asks them

	Verified Verified      // how far reading its footage again is
	Draining *Draining     // nil while it is not being emptied
	Latency  Latency       // of recent syncs
	Streams  int           // whose segments are being written to it
	Rate     float64       // bytes per second that are written, averaged over ten seconds
	Interval time.Duration // for which what is recorded on it is gathered, at least BatchTime
}

// Usable tells whether the volume takes footage.
func (v VolumeStatus) Usable() bool { return v.State == VolumeOK || v.State == VolumeSlow }

// stallLimit is how long a call to a volume's file system may take before the volume counts as failing. A disk that has
// to spin up needs ten seconds; a dead mount blocks for ever, and holds up only who waits for it.
const stallLimit = 15 * time.Second

// volume is one directory of footage. No lock of its is held during a call to the file system but names.
type volume struct {
	o     VolumeOptions // constant
	fs    durable.FS    // constant
	now   func() time.Time
	index *index // decides whose volume it is

	names  sync.Mutex      // makes choosing a free name and creating it one act, and looking for garbage and removing it
	making map[string]bool // files that are created and not yet in the index; guarded by mu

	disks diskWatch

	tries     int       // of taking in a volume that the index has not met; the goroutine that tends it, as is
	compacted time.Time // when a file of the journal was looked at last, monotonic

	mu        sync.Mutex // guards what follows
	id        string
	fails     uint64               // calls of fail
	calls     uint64               // calls to the file system that began
	waiting   map[uint64]time.Time // and those of them that have not returned
	state     State
	cause     string
	do        string
	since     time.Time
	free      int64
	total     int64
	meter     meter
	streams   int                 // segments that are being written
	appetites map[string]appetite // of streams that record here, by their key
	writes    uint64
	journal   *journal
	drain     *drain    // nil while it is not being emptied
	adopt     bool      // what is found may be made this site's; until a look found it usable
	pace      writeRate // how much is written between rounds of retention
	stuck     bool      // retention finds nothing that may go, and locked footage is there
	crowded   bool      // retention finds nothing that may go, and no footage is there
	keys      bool      // its copy of the keyring is open
	device    uint64    // of its file system; 0 while it is not known
	removed   bool      // it was taken out of use; never again false
}

func newVolume(o VolumeOptions, f durable.FS, now func() time.Time, x *index) *volume {
	v := &volume{adopt: o.Adopt, o: o, fs: f, now: now, index: x, id: cmp.Or(x.knownVolume(o.Path), o.ID), state: VolumeMissing, cause: "it has not been looked at yet",
		do: doAbout[VolumeMissing], since: now().UTC(), waiting: map[uint64]time.Time{}, making: map[string]bool{},
		appetites: map[string]appetite{}}
	if o.Drain {
		v.drain = newDrain(now())
	}
	return v
}

// asks notes that a call to the file system begins; answered, that it is over.
func (v *volume) asks() (call uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	v.waiting[v.calls] = time.Now()
	return v.calls
}

func (v *volume) answered(call uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.waiting, call)
}

// stalled is how long the call that has waited longest has waited. Caller holds mu.
func (v *volume) stalled() (longest time.Duration) {
	for _, began := range v.waiting {
		longest = max(longest, time.Since(began))
	}
	return longest
}

// VolumeError says that a volume did not take footage, and with what cause the gap is to be marked.
type VolumeError struct {
	Cause Cause
	Err   error
}

func (e *VolumeError) Error() string { return fmt.Sprintf("%s: %v", e.Cause, e.Err) }
func (e *VolumeError) Unwrap() error { return e.Err }

// refusal says why a directory is not used as the volume, and what to do. It counts as a volume that is not there.
// Each is ended by adopting what is there: see Adoptable.
type refusal struct{ what, do string }

func (r *refusal) Error() string { return r.what }

// causeOf sorts what the operating system says.
func causeOf(err error) Cause {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return CauseMissing
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return CauseFull
	case errors.Is(err, syscall.EROFS):
		return CauseReadOnly
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ESTALE):
		return CauseMissing
	}
	return CauseFailing
}

var stateOf = map[Cause]State{CauseFull: VolumeFull, CauseReadOnly: VolumeReadOnly, CauseMissing: VolumeMissing, CauseFailing: VolumeFailing}

var causeOfState = map[State]Cause{VolumeFull: CauseFull, VolumeReadOnly: CauseReadOnly, VolumeMissing: CauseMissing, VolumeFailing: CauseFailing}

var doAbout = map[State]string{
	VolumeSlow:     "Look at what else uses the disk, and at its health. Record fewer streams on it, or add a disk. It is used again by itself once it is quick.",
	VolumeFull:     "Free space on it, lower the retention, or add a disk. Recording goes on by itself once there is room.",
	VolumeReadOnly: "Look at the kernel log: file systems turn read-only after an error. Repair and mount it for writing; recording goes on by itself.",
	VolumeMissing:  "Mount the disk again. Recording goes on by itself once it is back; nothing is written into an empty mount point.",
	VolumeFailing:  "Check the disk and its cable; copy its footage while it can be read. Recording is tried again every two seconds.",
}

// fail notes that the volume did not do what was asked, and gives the error for the caller.
func (v *volume) fail(err error) *VolumeError {
	if isStuck(err) != nil { // the call that waits says so itself, in status
		return &VolumeError{Cause: CauseSlow, Err: err}
	}
	cause := causeOf(err)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fails++
	if v.state == VolumeFull && cause == CauseFull {
		return &VolumeError{Cause: cause, Err: err} // said already: each look and each write would say it in other words
	}
	v.set(stateOf[cause], plain(cause, err))
	if r := (*refusal)(nil); errors.As(err, &r) {
		v.do = r.do
	}
	return &VolumeError{Cause: cause, Err: err}
}

// whatAbout says in plain words what an operating system's error means.
var whatAbout = map[Cause]string{
	CauseFull:     "there is no room left",
	CauseReadOnly: "it takes no writes",
	CauseMissing:  "its files are not there",
	CauseFailing:  "it answers with errors",
}

// plain is the sentence for people. Paths are in the log.
func plain(cause Cause, err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return fmt.Sprintf("%s (%s: %v)", whatAbout[cause], pe.Op, pe.Err)
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return fmt.Sprintf("%s (%v)", whatAbout[cause], errno)
	}
	return err.Error()
}

// set changes the state. Caller holds mu.
func (v *volume) set(s State, cause string) {
	if s != v.state {
		v.since = v.now().UTC()
	}
	v.state, v.cause, v.do = s, cause, doAbout[s]
}

func (v *volume) ok() bool { return v.status().Usable() }

func (v *volume) isFull() bool { return v.status().State == VolumeFull }

// takes tells whether a new segment may be begun on the volume: it is usable and no call has been waiting for long.
func (v *volume) takes() bool {
	v.mu.Lock()
	waits := v.stalled()
	v.mu.Unlock()
	return waits < callPatience && v.ok()
}

func (v *volume) status() VolumeStatus {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	l := v.meter.latency(now)
	st := VolumeStatus{ID: v.id, Path: v.o.Path, State: v.state, Cause: v.cause, Do: v.do, Since: v.since, Free: v.free, Total: v.total,
		Sync: l.Max, Writes: v.writes, Latency: l, Streams: v.streams, Rate: v.meter.rateAt(now), Interval: l.interval(), Disks: v.disks.list()}
	if v.meter.slow && st.State == VolumeOK {
		st.State, st.Since = VolumeSlow, v.now().UTC().Add(-now.Sub(v.meter.since))
		st.Cause, st.Do = "one sync in twenty takes longer than "+slowAbove.String(), doAbout[VolumeSlow]
	}
	if d := v.stalled(); d > stallLimit && st.Usable() {
		st.State, st.Since = VolumeFailing, v.now().UTC().Add(-d)
		st.Cause, st.Do = "it does not answer: a call has been waiting for more than "+stallLimit.String(), doAbout[VolumeFailing]
	}
	return st
}

// release lets go of the journal's file, so that a volume that failed can be unmounted and repaired.
func (v *volume) release() {
	v.mu.Lock()
	j := v.journal
	v.mu.Unlock()
	if j != nil {
		j.close() // what was appended is synced; an error says nothing new
	}
}

// wrote notes what a flush cost.
func (v *volume) wrote(bytes int, sync time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.writes += uint64(bytes)
	v.meter.wrote(time.Now(), bytes, sync)
}

// identify reads who the volume is. known is the id that is remembered for this path, "" when none is.
func (v *volume) identify(known string) error {
	data, err := durable.ReadFile(v.fs, filepath.Join(v.o.Path, identityName), identityLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return v.unidentified(known)
	}
	if err != nil {
		return err
	}
	id, err := parseIdentity(data)
	if err != nil {
		return err
	}
	site, err := v.index.decideSite(id.Site) // a new index takes the site of the first volume that it meets
	if err != nil {
		return err
	}
	switch {
	case id.Site != site && !v.adopts():
		return &refusal{"its footage is of another site (" + id.Site + ")",
			"Mount the right disk. If this one is to be used here from now on: " + v.adoption() + ". Its footage is taken in, beside this site's, and the other site will refuse the disk."}
	case id.Site != site:
		id.Site = site
		return v.identifyAs(id)
	case known != "" && id.Volume != known && !v.adopts():
		return &refusal{"another volume (" + id.Volume + ") is there than before (" + known + ")",
			"Mount the right disk. If this one is to be used from now on: " + v.adoption() + ". Its footage is taken in; what is on the disk that was here before is away until that one is named with a path of its own."}
	}
	v.setID(id.Volume)
	return nil
}

// adopts tells whether what is found may be made this site's: only when the volume is met for the first time after the
// start, so that an unmounted disk is not replaced by its mount point later.
func (v *volume) adopts() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.adopt
}

// adoption is the command that makes what is found at the volume's path a volume of this site.
func (v *volume) adoption() string {
	return "holdfast volume add --config FILE --adopt " + shellQuoted(v.o.Path)
}

// shellQuoted is a path as a shell takes it.
func shellQuoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(shellSafe, r) }) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%"

// unidentified decides about a directory without identity: a new and empty one becomes a volume, one that was a volume
// is a mount point whose disk is not there.
func (v *volume) unidentified(known string) error {
	if known != "" && !v.adopts() {
		return &refusal{"its " + identityName + " is gone: the disk is not mounted, or its files were removed",
			doAbout[VolumeMissing] + " If the disk is lost: " + v.adoption() + " makes what is there now a new volume, and the footage of the old one is gone from the timelines."}
	}
	entries, err := v.fs.ReadDir(v.o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		err = durable.MkdirAll(v.fs, v.o.Path)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !leftover[e.Name()] && !v.adopts() {
			return &refusal{"the directory is not empty, and no volume of Holdfast", "Name an empty directory, or one that is not there yet. If this one is meant: " + v.adoption() + ". What is in it is left alone, and counts as used space."}
		}
	}
	site, err := v.index.decideSite(uuid.NewString())
	if err != nil {
		return err
	}
	return v.identifyAs(identity{Format: 1, Site: site, Volume: uuid.NewString(), Created: v.now().UTC()})
}

// leftover are names that a directory may have and still be empty: of file systems, and of a crash while it was made a
// volume.
var leftover = map[string]bool{"lost+found": true, identityName + ".new": true, probeName: true, probeName + ".new": true}

func (v *volume) identifyAs(id identity) error {
	data, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.WriteFile(v.fs, filepath.Join(v.o.Path, identityName), append(data, '\n')); err != nil {
		return err
	}
	v.setID(id.Volume)
	return nil
}

func (v *volume) setID(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.id = id
}

// look checks that the volume is there, is ours, and takes writes. It returns nil when the volume is usable.
func (v *volume) look() error {
	defer v.answered(v.asks())
	v.mu.Lock()
	known, state, fails := v.id, v.state, v.fails
	v.mu.Unlock()
	if err := v.identify(known); err != nil {
		return v.fail(err)
	}
	space, err := v.measure()
	if err != nil {
		return v.fail(err)
	}
	if state != VolumeOK || v.isSlow() { // a slow one may have nobody else who would measure it
		if err := v.probe(); err != nil {
			return v.fail(err)
		}
	}
	return v.usable(space, state, fails)
}

// measure asks how much space there is.
func (v *volume) measure() (durable.Space, error) {
	space, err := v.fs.Space(v.o.Path)
	if err == nil {
		v.mu.Lock()
		v.free, v.total = space.Free, space.Total
		v.mu.Unlock()
	}
	return space, err
}

// present tells whether the volume's identity file is where it was. It is asked before each new segment, because between two
// looks the disk may have been unmounted, and after each file that was made: one that is in an empty mount point would be
// hidden once the disk is back.
func (v *volume) present() error {
	info, err := v.fs.Stat(filepath.Join(v.o.Path, identityName))
	if err == nil {
		v.noteDevice(info)
	}
	return err
}

func present(f durable.FS, volume string) error {
	_, err := f.Stat(filepath.Join(volume, identityName))
	return err
}

// remove removes files. What is not found because the disk went just now, and its mount point is empty, is not removed.
func (v *volume) remove(paths ...string) error {
	err := durable.RemoveAll(v.fs, paths)
	if err == nil {
		err = v.present()
	}
	if err != nil {
		return v.fail(err)
	}
	return nil
}

// reopenRoom is how much must be free before a full volume takes footage again, so that it does not fill again at once. Retention
// makes that room, however little is to stay free.
const reopenRoom = 8 << 20

// usable ends a look that found nothing wrong. A failure that a writer met meanwhile stands.
func (v *volume) usable(space durable.Space, was State, fails uint64) error {
	if space.ReadOnly {
		return v.fail(syscall.EROFS)
	}
	if was == VolumeFull && space.Free < reopenRoom {
		return v.fail(syscall.ENOSPC)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fails != fails {
		return &VolumeError{Cause: causeOfState[v.state], Err: errors.New(v.cause)}
	}
	v.adopt = false
	v.set(VolumeOK, "")
	return nil
}

// probe writes and syncs a small file: a volume that failed is ok again only when it takes data.
func (v *volume) probe() error {
	path := filepath.Join(v.o.Path, probeName)
	data := make([]byte, 4096)
	began := time.Now()
	if err := durable.WriteFile(v.fs, path, data); err != nil {
		return err
	}
	v.wrote(len(data), time.Since(began))
	return durable.Remove(v.fs, path)
}

func (v *volume) isSlow() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.meter.slow
}

// keepFree is the space that is to stay free, bytes. Caller holds mu.
func (v *volume) keepFree() int64 {
	if v.o.MinFree > 0 {
		return v.o.MinFree
	}
	part := v.o.MinFreePart
	if part <= 0 {
		part = DefaultMinFree
	}
	return int64(part * float64(v.total))
}
