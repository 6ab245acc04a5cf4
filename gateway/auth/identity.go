package auth

// Kind is how somebody proved who they are.
type Kind string

// The kinds. The zero Kind is nobody.
const (
	BySession Kind = "session" // a browser's cookie
	ByToken   Kind = "token"   // the process token
	ByLocal   Kind = "local"   // the local socket
)

// Identity is somebody who asks. The zero value is nobody and may do nothing.
type Identity struct {
	User    string
	Role    Role
	Kind    Kind
	Session string // public id of the session, "" for other kinds
	ended   <-chan struct{}
}

// Known tells whether this is anybody.
func (i Identity) Known() bool { return i.Kind != "" }

// May tells whether the permission is given.
func (i Identity) May(p Permission) bool { return i.Known() && i.Role.may(p) }

// Ended is closed when the identity loses its rights; nil, which blocks for ever, when it keeps them as long as the
// process lives.
func (i Identity) Ended() <-chan struct{} { return i.ended }

// Owner names whoever holds a stream that was begun with this identity. Two sessions of a user are two owners.
func (i Identity) Owner() string {
	if i.Kind == BySession {
		return "session:" + i.Session
	}
	return string(i.Kind) + ":" + i.User
}

// Local is whoever asks through the local socket, once the kernel has vouched for them.
func Local() Identity { return Identity{User: "local", Role: Administrator, Kind: ByLocal} }
