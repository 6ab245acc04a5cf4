package auth

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
)

// Permission is one thing that can be allowed. The zero value is allowed to nobody.
type Permission uint8

// The permissions. Their names are part of the API description. Up to Approve they are about cameras: they count for the
// cameras of the grant that gives them. The others are about the whole site, and count only from a grant over all
// cameras.
const (
	None      Permission = iota
	Self                 // see and end one's own sessions, change what is held about oneself; everybody who is known may
	See                  // know a camera, its state and what of its trouble
	Live                 // watch live pictures and snapshots
	Audio                // hear sound, live and recorded
	Talk                 // speak through a camera
	Playback             // know and watch recorded footage
	Export               // take footage away
	PTZ                  // turn and zoom a camera
	Control              // switch relays, lights and wipers; change the picture, presets and tours
	Raise                // raise and end events
	Lock                 // keep footage from deletion, see who keeps what and why
	Erase                // erase footage, and see what was erased
	Approve              // approve what somebody else may do only with a second person
	Configure            // find, add and change cameras
	Maintain             // volumes, check of the archive, connections, certificate
	People               // people, their rights, sessions and tokens
	Tokens               // make API tokens for oneself
	Audit                // read the audit log
	Privacy              // privacy requests
	Keys                 // see the state of the keyring, confirm, change and restore its root key
	Metrics              // read the counters
	permissions
)

var permissionNames = [permissions]string{"none", "self", "see", "live", "audio", "talk", "playback", "export", "ptz", "control", "raise", "lock", "erase",
	"approve", "configure", "maintain", "people", "tokens", "audit", "privacy", "keys", "metrics"}

func (p Permission) String() string {
	if p >= permissions {
		return "none"
	}
	return permissionNames[p]
}

// OfCameras tells whether the permission is about cameras, and not about the site.
func (p Permission) OfCameras() bool { return p >= See && p <= Approve }

// Permissions lists every permission but None.
func Permissions() []Permission {
	all := make([]Permission, 0, permissions)
	for p := None + 1; p < permissions; p++ {
		all = append(all, p)
	}
	return all
}

// ParsePermission gives the permission of a name.
func ParsePermission(name string) (Permission, error) {
	for _, p := range Permissions() {
		if permissionNames[p] == name {
			return p, nil
		}
	}
	return None, fmt.Errorf("there is no permission %q", name[:min(len(name), maxName)])
}

// MarshalText gives the name.
func (p Permission) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes a name.
func (p *Permission) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePermission(string(text))
	return err
}

// Set is a set of permissions.
type Set uint64

// SetOf makes a set.
func SetOf(list ...Permission) (s Set) {
	for _, p := range list {
		if p > None && p < permissions {
			s |= 1 << p
		}
	}
	return s
}

// every holds each permission.
var every = SetOf(Permissions()...)

// Has tells whether the set holds p.
func (s Set) Has(p Permission) bool { return p > None && p < permissions && s&(1<<p) != 0 }

// List gives the permissions of the set, in their order.
func (s Set) List() []Permission {
	list := make([]Permission, 0, bits.OnesCount64(uint64(s)))
	for p := None + 1; p < permissions; p++ {
		if s.Has(p) {
			list = append(list, p)
		}
	}
	return list
}

func (s Set) String() string {
	var names []string
	for _, p := range s.List() {
		names = append(names, p.String())
	}
	return strings.Join(names, " ")
}

// MarshalJSON gives the names.
func (s Set) MarshalJSON() ([]byte, error) { return json.Marshal(s.List()) }

// UnmarshalJSON takes names. One that is not known allows nothing: an older program reads what a newer one wrote.
func (s *Set) UnmarshalJSON(text []byte) error {
	var names []string
	if err := json.Unmarshal(text, &names); err != nil {
		return err
	}
	*s = 0
	for _, name := range names {
		if p, err := ParsePermission(name); err == nil {
			*s |= SetOf(p)
		}
	}
	return nil
}
