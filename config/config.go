package config

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"
)

// maxFile bounds the configuration file, in bytes: five hundred cameras with all their fields need a quarter of it.
const maxFile = 1 << 20

// Config is a valid configuration. All fields are set: what the file leaves out has its default. Paths are absolute
// when the file's own name was.
type Config struct {
	Listen     string   // address of viewer and API, host:port
	Names      []string // host names and addresses of this machine, for its certificate
	TimeZone   string   // of the site, an IANA name; "": the machine's
	Data       string   // directory of index.db, state.db and endpoint.json
	Volumes    []Volume // at least one
	DiskHealth string   // report on the disks
	Retention  Retention
	Verify     Verify
	Encryption Encryption
	TLS        TLS
	Audit      Audit
	Exports    Exports
	WebRTC     WebRTC
	Live       Live
	Egress     Egress
	Access     Access
	Cameras    []Camera // in the file's order, ids unique

	// Warnings are sentences about what is valid and yet unwise, such as a file with passwords that everyone may read.
	Warnings []string
}

// Volume is a directory for footage.
type Volume struct {
	Path    string
	MinFree Size // space that is kept free
}

// Retention is how long footage is kept where a camera says nothing else.
type Retention struct {
	MaxAge      Duration
	EventMaxAge Duration // of footage of events, at least MaxAge
	MinAge      Duration // promised; 0: nothing is
	LockMax     Duration // how long a lock may last
}

// Verify is how footage is read again in the background.
type Verify struct {
	Rate  Size     // bytes a second; 0: not at all
	Every Duration // from the beginning of a pass to that of the next
}

// Encryption says how footage lies on its volumes.
type Encryption struct {
	AtRest bool
}

// TLS says which certificate the HTTPS faces present. With neither files nor ACME it is one of the gateway's own authority.
type TLS struct {
	Certificate string // file with the certificate of this machine and those that issued it, or ""
	Key         string // file with its key; with Certificate only
	ACME        *ACME  // never beside Certificate
	HSTS        bool   // tell browsers to come by HTTPS only, where the certificate is not the own authority's
	Loopback    bool   // HTTPS also on a loopback address
}

// ACME is a certificate authority that issues by RFC 8555.
type ACME struct {
	Directory      string // https address
	CA             string // file with the roots that the directory's own certificate is checked by; "": the machine's
	Email          string // "": none is told
	Names          []string
	Challenge      string // tls-alpn-01 or http-01
	HTTP           string // host:port that http-01 is answered on
	AcceptTerms    bool
	AccountID      string // external account binding (RFC 8555 section 7.3.4), or ""
	AccountKey     Secret // base64url
	AccountKeyFile string // where AccountKey comes from
}

// Audit says how the log of who did and saw what is kept.
type Audit struct {
	Keep        Duration // contents of entries; their hashes stay
	WhenFailing string   // AuditGoesOn or AuditRefuses
	Witness     []string // directories that get copies of the signed checkpoints
}

// Exports says how footage that is taken out is kept until it is fetched.
type Exports struct {
	Directory string   // "": below Data
	Keep      Duration // of a finished export
	Quota     Size     // bytes of all exports
}

// What becomes of sensitive actions while the audit log cannot be written.
const (
	AuditGoesOn  = "go-on"
	AuditRefuses = "refuse"
)

// WebRTC says where browsers send and receive live media.
type WebRTC struct {
	UDP, TCP string // host:port; port 0 takes a free one
}

// Live says how live pictures are shown.
type Live struct {
	Transcode Transcode
}

// Transcode says whether live pictures are transcoded for browsers that cannot play what the camera sends.
type Transcode struct {
	Allow bool
	Most  int // streams at once
}

// Egress says where the program may connect to beside loopback, private and link-local addresses.
type Egress struct {
	Allow []netip.Prefix
}

// Access says how people get in.
type Access struct {
	BreachedPasswords string // file of leaked passwords, by hash; "": only what is built in
}

// Camera is one declared camera.
type Camera struct {
	ID           string // unique; names the directory of its footage
	Name         string // for people
	RTSP         string // rtsp:// or rtsps:// address without user and password, or ""
	ONVIF        string // host or host:port, or ""
	Source       string // ONVIF token of the video source that it is, of a device with several; "": the first
	Username     string
	Password     Secret // also when it came from PasswordFile
	PasswordFile string // where Password came from, or ""
	Transport    string // auto, tcp, udp or multicast
	Audio        bool
	Streams      []Stream // main first; empty when the camera's ONVIF answers decide
	Record       Record
	Events       Events
	Purpose      string
	LegalBasis   string
	Disabled     bool
}

// Stream is one encoding of a camera's picture.
type Stream struct {
	ID      string
	RTSP    string // whole address, or "" when ONVIF supplies it
	Profile string // ONVIF profile token, or "" when the program chooses
}

// Record says what of a camera is kept.
type Record struct {
	Mode        string    // continuous, event, schedule or off
	PreRoll     Duration  // of an event
	PostRoll    Duration  // of an event
	Schedule    *Schedule // with mode schedule; else nil
	Streams     []string  // ids of the streams that are recorded
	MaxAge      Duration  // in a Config always set; elsewhere 0 is the gateway's own, as with
	EventMaxAge Duration  // at least MaxAge
	MinAge      Duration  // promised; in a Config 0 is: nothing is
	Volumes     []string  // paths or ids of those that it is recorded on while one takes footage; none: all
	Mirror      bool      // to two volumes at once
	Fill        string    // card or off: where what was lost is fetched from afterwards
}

// Events says what of what a camera reports itself is listened to. The zero value is everything.
type Events struct {
	Off   bool
	Kinds []string // empty: all that are events
}

// Recording modes.
const (
	Continuous = "continuous"
	Event      = "event"
	Scheduled  = "schedule"
	Off        = "off"
)

// Where what was lost is fetched from afterwards.
const (
	FillCard = "card"
	FillOff  = "off"
)

// DefaultRecord is what a file says of the recording of a camera that says nothing.
func DefaultRecord() (r Record) {
	recordObject.defaults(newReader("default", nil), &r)
	return r
}

// Location is the site's time zone.
func (c *Config) Location() *time.Location {
	if c.TimeZone == "" {
		return time.Local
	}
	l, err := time.LoadLocation(c.TimeZone) // it was checked, and the zones are built in
	if err != nil {
		return time.UTC
	}
	return l
}

// Load reads the file at path, and the password files that it names. Its error lists every problem (see Problems).
func Load(path string) (*Config, error) {
	data, open, err := readFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parse(path, data, readSecret)
	if err != nil {
		return nil, err
	}
	if open && hasInlinePassword(c) {
		c.Warnings = append(c.Warnings, path+" holds passwords and every user of this machine may read it; say chmod o-rwx, or use password_file")
	}
	return c, nil
}

// Parse reads data as a configuration file called name: messages carry the name, and relative paths start at its
// directory. Password files are not read; a camera that names one has an empty Password. Its error lists every problem.
func Parse(name string, data []byte) (*Config, error) {
	return parse(name, data, nil)
}

func parse(name string, data []byte, secrets secretReader) (*Config, error) {
	r := newReader(name, secrets)
	c := new(Config)
	if root := r.document(data); root != nil {
		fileObject.read(r, place{line: 1, col: 1}, root, c)
	}
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return c, nil
}

// readFile reads the configuration file, and tells whether everyone may.
func readFile(path string) (data []byte, open bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, fmt.Errorf("read configuration: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, false, fmt.Errorf("read configuration %s: it is not a file", path)
	}
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1)) // one more: parse says that it is too large
	if err != nil {
		return nil, false, fmt.Errorf("read configuration: %w", err)
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), info.Mode().Perm()&0o004 != 0, nil
}

func hasInlinePassword(c *Config) bool {
	for _, cam := range c.Cameras {
		if cam.PasswordFile == "" && cam.Password != "" {
			return true
		}
	}
	return false
}
