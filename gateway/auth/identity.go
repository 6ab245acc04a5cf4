package auth

// Kind is how somebody proved who they are.
type Kind string

// The kinds. The zero Kind is nobody.
const (
	BySession Kind = "session" // a browser's cookie of a person
	ByToken   Kind = "token"   // an API token of a person
	ByDevice  Kind = "device"  // the token of a wall or kiosk, or a browser's cookie that it was changed into
	ByProcess Kind = "process" // the process token
	ByLocal   Kind = "local"   // the local socket
)

// Identity is somebody who asks, with what they may do at the moment when they asked. The zero value is nobody and may do
// nothing.
type Identity struct {
	Person  string // id of the person; "" for kinds without one
	User    string // sign-in name of the person, name of the device, or what the kind is called
	Display string // what the person wants to be called; "" as User
	Kind    Kind
	Session string // public id of the session; "" without one
	Token   string // id of the API or device token; "" without one

	rights *rights
	needs  bool // a second factor has to be set up before anything else is allowed
	ended  <-chan struct{}
}

// Known tells whether this is anybody.
func (i Identity) Known() bool { return i.Kind != "" }

// May tells whether the permission is given: over the whole site, or for one about cameras, for some camera.
func (i Identity) May(p Permission) bool {
	switch {
	case !i.Known():
		return false
	case p == Self:
		return true
	case i.needs:
		return false
	case p.OfCameras():
		return i.rights.anywhere(p)
	}
	return i.rights.site(p)
}

// MayOn tells whether a permission about cameras is given for a camera. Whether there is such a camera it does not know.
func (i Identity) MayOn(p Permission, camera string) bool {
	return i.Known() && !i.needs && i.rights.on(p, camera)
}

// MayEverywhere tells whether the permission is given for all cameras, those to come among them.
func (i Identity) MayEverywhere(p Permission) bool {
	return i.Known() && !i.needs && i.rights.site(p)
}

// holdsAll tells whether somebody has each permission of a set over the whole site, at all hours and without an end: what they may
// give and take away. Who has rights until Friday must not be able to give them for good, to themselves least of all.
func (i Identity) holdsAll(s Set) bool {
	if !i.Known() || i.needs {
		return false
	}
	for _, p := range s.List() {
		if p != Self && !i.rights.forGood(p) {
			return false
		}
	}
	return true
}

// NeedsSecondFactor tells whether the site asks for a second factor that this person has not set up yet.
func (i Identity) NeedsSecondFactor() bool { return i.needs }

// Ended is closed when the session ends; nil, which blocks for ever, when there is none. Rights can be lost while a session
// goes on: see Hold.
func (i Identity) Ended() <-chan struct{} { return i.ended }

// Owner names whoever holds a stream that was begun with this identity. Two sessions of a person are two owners.
func (i Identity) Owner() string {
	switch {
	case i.Session != "":
		return "session:" + i.Session
	case i.Token != "":
		return "token:" + i.Token
	}
	return string(i.Kind)
}

// Local is whoever asks through the local socket, once the kernel has vouched for them.
func (a *Auth) Local() Identity {
	return Identity{User: "local", Kind: ByLocal, rights: a.all}
}
