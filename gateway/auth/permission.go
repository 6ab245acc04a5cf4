package auth

// Permission is one thing that can be allowed. The zero value is allowed to nobody.
type Permission uint8

// The permissions. Their names are part of the API description.
const (
	None      Permission = iota
	Self                 // see and end one's own session, change one's own password
	See                  // know the cameras, their states and the gateway's health
	Live                 // watch live pictures and snapshots
	Audio                // hear live sound
	Playback             // know and watch recorded footage
	Configure            // find, add and change cameras
	Maintain             // check the archive, see refused connections
	People               // see and end other people's sessions, make one-time links
	Metrics              // read the counters
	Raise                // raise and end events
	Lock                 // keep footage from deletion, see who keeps what and why
	Keys                 // see the state of the keyring, confirm, change and restore its root key
	Erase                // erase footage, and see what was erased
	permissions
)

var permissionNames = [permissions]string{"none", "self", "see", "live", "audio", "playback", "configure", "maintain", "people", "metrics", "raise", "lock", "keys", "erase"}

func (p Permission) String() string {
	if p >= permissions {
		return "none"
	}
	return permissionNames[p]
}

// Permissions lists every permission but None.
func Permissions() []Permission {
	all := make([]Permission, 0, permissions)
	for p := None + 1; p < permissions; p++ {
		all = append(all, p)
	}
	return all
}

// Role is a named set of permissions.
type Role string

// Administrator may do everything.
const Administrator Role = "administrator"

// may tells what a role allows. A role that is not known allows nothing.
func (r Role) may(p Permission) bool {
	return r == Administrator && p > None && p < permissions
}
