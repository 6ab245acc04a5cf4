package keyring

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/storage/internal/durable"
)

// ID names a segment's key: the KID of Common Encryption. It is random.
type ID [16]byte

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Key is the AES-128 key of a segment. It does not show itself in print and logs.
type Key [16]byte

const hiddenKey = "[key]"

// Format shows no secret under any verb.
func (Key) Format(f fmt.State, _ rune)   { io.WriteString(f, hiddenKey) }
func (Key) String() string               { return hiddenKey }
func (Key) LogValue() slog.Value         { return slog.StringValue(hiddenKey) }
func (Key) MarshalText() ([]byte, error) { return []byte(hiddenKey), nil }

// What Find, Make, Forget and Unlock say of a key. They are told with errors.Is.
var (
	ErrErased        = errors.New("the footage was erased: its key is destroyed")
	ErrLocked        = errors.New("the footage is encrypted under a root key that is not here; enter that recording's recovery key")
	ErrUnknown       = errors.New("no keyring that can be reached has the key of this footage; attach the volume that it was recorded on")
	ErrFull          = errors.New("the camera-day has as many keys as it may have")
	ErrNothingLocked = errors.New("no footage is locked: every keyring that can be reached is open")
	ErrRoot          = errors.New("this is a recovery key, but of another keyring")
)

// Options of a ring.
type Options struct {
	FS   durable.FS       // nil: the operating system
	Dir  string           // of the primary copy; made when missing, its parent must be there
	Root Root             // what is made is sealed under it
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: none
}

// Ring is the keys of all footage of a site: the set that new keys go to and whatever other sets the copies hold.
type Ring struct {
	fs  durable.FS
	now func() time.Time
	log *slog.Logger

	sweeping sync.Mutex // makes a sweep, a rotation, an unlocking one act each; taken before everything else

	mu      sync.Mutex // guards what follows, and the sets, views and flags of the holders; never held over a call to a disk
	root    Root
	next    Root // while a rotation is under way: wraps are made under both
	sets    map[[16]byte]*set
	present *set // where keys are made; nil until the first
	locked  map[[16]byte]*Locked
	holders map[string]*holder // by volume; the primary is ""
	clock   uint64             // of the cache
	last    *Receipt

	confirmed string // fingerprint of the root whose recovery key somebody typed
}

// Locked is a set of keys whose root is not here.
type Locked struct {
	Ring   string   `json:"ring"`
	Roots  []string `json:"roots"`  // fingerprints of the roots that would open it
	Copies []string `json:"copies"` // volumes that hold it; "" is the primary
}

// set is the keys of one ring id. Everything in it is guarded by Ring.mu.
type set struct {
	id, gid       [16]byte
	number, floor uint32
	key           secret
	created       time.Time
	days          map[place]*day
	dead          map[ID]grave
	order         []ID // of dead, as noted
	former        map[[8]byte]Root
	known         map[string]uint32         // volumes, and the generation they are at
	unequal       map[place]map[string]bool // camera-days whose copies are to be compared, and the copies that may lack keys of them
	version       uint64                    // counts changes that copies have to follow
}

// day is one camera-day. Guarded by Ring.mu.
type day struct {
	*shard
	keys     map[ID]Key // those in memory
	complete bool       // all that the attached copies hold
	used     uint64
	busy     int // callers that need the keys in memory
}

// Open opens the primary copy, or begins an empty one. Volumes are added with Attach. A primary that its root does not open
// is no error: it is locked (see Status), and new keys go to a set of their own.
func Open(o Options) (*Ring, error) {
	if o.Root.IsZero() {
		return nil, errors.New("open keyring: no root key")
	}
	if o.FS == nil {
		o.FS = durable.OS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Ring{fs: o.FS, now: o.Now, log: o.Log, root: o.Root, sets: map[[16]byte]*set{}, locked: map[[16]byte]*Locked{}, holders: map[string]*holder{}}
	if err := r.attach("", o.Dir); err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	r.readConfirmed()
	r.noteKept()
	return r, nil
}

// Attach adds the copy on a volume, in dir (made when missing, its parent must be there), and merges what it holds. The
// name is the volume's id and never changes. Attaching what is attached is a no-op. An error leaves it detached.
func (r *Ring) Attach(volume, dir string) error {
	if volume == "" {
		return errors.New("attach keyring: a volume has no name")
	}
	if err := r.attach(volume, dir); err != nil {
		return fmt.Errorf("attach keyring of volume %s: %w", volume, err)
	}
	return nil
}

// Detach takes a volume's copy out of use. Its keys can be found again once it is back.
func (r *Ring) Detach(volume string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if volume != "" {
		delete(r.holders, volume)
	}
	for id, l := range r.locked {
		if l.Copies = without(l.Copies, volume); len(l.Copies) == 0 {
			delete(r.locked, id)
		}
	}
}

// Drop forgets that a volume ever had a copy: for one that will not come back.
func (r *Ring) Drop(volume string) {
	r.Detach(volume)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sets {
		if _, ok := s.known[volume]; ok {
			delete(s.known, volume)
			s.version++
			r.spoil(s)
		}
	}
}

// spoil has every copy of a set written anew: for what cannot be appended. Caller holds mu.
func (r *Ring) spoil(s *set) {
	for _, h := range r.holders {
		if v := h.views[s.id]; v != nil {
			v.suspect = true
		}
	}
}

func without(list []string, name string) []string {
	var kept []string
	for _, n := range list {
		if n != name {
			kept = append(kept, n)
		}
	}
	return kept
}

// Make makes the key of a new segment of a camera. day is any time of the UTC day that the segment begins on. When it
// returns, the key is synced in the copies of the named volumes, and in the primary if that takes it; other copies follow
// (Tend). Without volumes the primary must take it. An error means that the footage must not be written under this key.
func (r *Ring) Make(camera string, date time.Time, volumes ...string) (ID, Key, error) {
	if !validCamera(camera) {
		return ID{}, Key{}, fmt.Errorf("make key: camera %q has no name for a file", camera)
	}
	var id ID
	var key Key
	rand.Read(id[:])
	rand.Read(key[:])
	p := place{camera, dayNumber(date)}
	s, have := r.presentSet(), map[string]bool{}
	for _, name := range append(slices.Clone(volumes), "") {
		err := r.makeOn(name, len(volumes) > 0, s, p, id, key)
		switch {
		case err != nil && (name != "" || len(volumes) == 0):
			return ID{}, Key{}, fmt.Errorf("make key on %s: %w", copyName(name), err)
		case err != nil:
			r.log.Warn("the keyring in the data directory does not take a key; the volume has it", "camera", camera, "error", err)
		default:
			have[name] = true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remember(s, p, id, key, have)
	return id, key, nil
}

// Spread puts a key that Make made into the copy of another volume. When it returns nil it is synced there.
func (r *Ring) Spread(camera string, date time.Time, id ID, volume string) error {
	key, err := r.Find(camera, date, id)
	if err == nil {
		err = r.makeOn(volume, false, r.presentSet(), place{camera, dayNumber(date)}, id, key)
	}
	if err != nil {
		return fmt.Errorf("spread key to %s: %w", copyName(volume), err)
	}
	return nil
}

// remember takes a key that was made into memory; have are the copies that it is on. Caller holds mu.
func (r *Ring) remember(s *set, p place, id ID, key Key, have map[string]bool) {
	d := s.dayOf(p)
	d.keys[id] = key
	r.touch(s, d)
	for name := range r.holders {
		if !have[name] {
			s.differ(p, name)
		}
	}
}

// differ notes that copies may lack keys of a camera-day. Caller holds mu.
func (s *set) differ(p place, copies ...string) {
	if s.unequal[p] == nil {
		s.unequal[p] = map[string]bool{}
	}
	for _, name := range copies {
		s.unequal[p][name] = true
	}
}

func copyName(volume string) string {
	if volume == "" {
		return "the data directory"
	}
	return "volume " + volume
}

// makeOn puts a key into a copy. The primary is waited for only for a while when a volume has the key.
func (r *Ring) makeOn(name string, optional bool, s *set, p place, id ID, key Key) error {
	h := r.holder(name)
	if h == nil {
		return errors.New("the volume has no keyring attached")
	}
	put := func() error { return r.put(h, s, p, map[ID]Key{id: key}) }
	if name == "" && optional {
		return r.on(h, put)
	}
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	return put()
}

func (r *Ring) holder(name string) *holder {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holders[name]
}

// presentSet gives the set that keys are made in, and begins one when there is none.
func (r *Ring) presentSet() *set {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.present == nil {
		s := newSet()
		rand.Read(s.id[:])
		rand.Read(s.gid[:])
		s.number, s.key, s.created = 1, newSecret(), r.now().UTC()
		r.sets[s.id] = s
		r.present = s
	}
	return r.present
}

func newSet() *set {
	return &set{days: map[place]*day{}, dead: map[ID]grave{}, former: map[[8]byte]Root{}, known: map[string]uint32{}, unequal: map[place]map[string]bool{}, version: 1}
}

// dayOf gives a camera-day, a new one when there is none. Caller holds mu.
func (s *set) dayOf(p place) *day {
	d := s.days[p]
	if d == nil {
		d = &day{shard: newShard(), keys: map[ID]Key{}, complete: true}
		s.days[p] = d
		s.version++
	}
	return d
}

func newShard() *shard {
	var n [4]byte
	rand.Read(n[:])
	return &shard{number: binary.BigEndian.Uint32(n[:]), key: newSecret()}
}

func validCamera(c string) bool {
	return len(c) > 0 && len(c) <= maxCamera && c != "." && c != ".." && !strings.ContainsAny(c, "/\\\x00")
}

// maxCached is how many camera-days have their keys in memory.
const maxCached = 512

// touch marks a day as used and lets the one that was not used for longest go from memory. Caller holds mu.
func (r *Ring) touch(s *set, d *day) {
	r.clock++
	if d.used == 0 {
		r.evict()
	}
	d.used = r.clock
}

func (r *Ring) evict() {
	count := 0
	var oldest *day
	for _, s := range r.sets {
		for _, d := range s.days {
			if d.used == 0 {
				continue
			}
			count++
			if d.busy == 0 && (oldest == nil || d.used < oldest.used) {
				oldest = d
			}
		}
	}
	if count >= maxCached && oldest != nil {
		oldest.keys, oldest.complete, oldest.used = map[ID]Key{}, false, 0
	}
}

// Find gives a segment's key: ErrErased once it was forgotten, ErrLocked when a ring that may hold it is locked, ErrUnknown
// otherwise. day is any time of the UTC day that the key was made for.
func (r *Ring) Find(camera string, date time.Time, id ID) (Key, error) {
	p := place{camera, dayNumber(date)}
	key, err := r.cached(p, id)
	if err == nil || !errors.Is(err, errNotCached) {
		return key, err
	}
	for _, s := range r.setsWith(p) {
		r.load(s, p, func(keys map[ID]Key) bool { _, found := keys[id]; return found })
		if key, err = r.cached(p, id); !errors.Is(err, errNotCached) {
			return key, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.locked) > 0 {
		return Key{}, fmt.Errorf("key %s of camera %s: %w", id, camera, ErrLocked)
	}
	return Key{}, fmt.Errorf("key %s of camera %s: %w", id, camera, ErrUnknown)
}

var errNotCached = errors.New("not in memory")

func (r *Ring) cached(p place, id ID) (Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sets {
		if _, dead := s.dead[id]; dead {
			return Key{}, ErrErased
		}
		if d := s.days[p]; d != nil {
			if key, ok := d.keys[id]; ok {
				r.touch(s, d)
				return key, nil
			}
		}
	}
	return Key{}, errNotCached
}

// setsWith gives the sets that may have keys of a camera-day which are not in memory.
func (r *Ring) setsWith(p place) (list []*set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sets {
		if d := s.days[p]; d != nil && !d.complete {
			list = append(list, s)
		}
	}
	return list
}

// maxReads is how many shards of one copy are read at once.
const maxReads = 4

// load reads a camera-day from the attached copies, the primary first, until enough says so or all are read, and tells whether
// all could be read. A copy that hangs is waited for only for a while.
func (r *Ring) load(s *set, p place, enough func(map[ID]Key) bool) (bool, error) {
	r.mu.Lock()
	d := s.days[p]
	if d == nil {
		r.mu.Unlock()
		return true, nil
	}
	version := s.version
	var from []source
	for _, h := range r.inOrder() {
		if v := h.views[s.id]; v != nil && v.days[p] != nil {
			from = append(from, source{h, v.days[p]})
		}
	}
	r.mu.Unlock()
	got, all, err := make(map[ID]Key), true, error(nil)
	for _, f := range from {
		keys, e := r.readSoon(f, s.id, p)
		if e != nil {
			all, err = false, errors.Join(err, e)
		}
		maps.Copy(got, keys)
		if enough != nil && enough(got) {
			all = all && f == from[len(from)-1]
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d = s.days[p]
	if d == nil {
		return true, err
	}
	for id, key := range got {
		if _, dead := s.dead[id]; !dead {
			d.keys[id] = key
		}
	}
	d.complete = all && s.version == version
	r.touch(s, d)
	return all, err
}

// readSoon reads a shard, or gives up after a while.
func (r *Ring) readSoon(f source, ring [16]byte, p place) (map[ID]Key, error) {
	read := make(chan map[ID]Key, 1)
	err := within(f.reads, func() error {
		keys, err := r.readShard(f.holder, ring, p, f.shard)
		read <- keys
		return err
	})
	select {
	case keys := <-read:
		return keys, err
	default:
		return nil, err
	}
}

// source is a copy's shard of a camera-day.
type source struct {
	*holder
	*shard
}

// inOrder gives the holders, the primary first. Caller holds mu.
func (r *Ring) inOrder() []*holder {
	list := make([]*holder, 0, len(r.holders))
	if h := r.holders[""]; h != nil {
		list = append(list, h)
	}
	for name, h := range r.holders {
		if name != "" {
			list = append(list, h)
		}
	}
	return list
}

// Tend copies to replicas that lag and destroys what is forgotten within the hour. The store calls it every few seconds. It does
// a bounded amount of work and waits for no copy that hangs.
func (r *Ring) Tend(ctx context.Context) { r.tend(ctx) }

func (s *set) dir(h *holder) string { return filepath.Join(h.dir, hex.EncodeToString(s.id[:])) }
