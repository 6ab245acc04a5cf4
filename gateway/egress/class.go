package egress

import "slices"

// Class is a kind of connection that the program makes. There are those of Classes and no others: a Purpose, which alone
// can dial, is of one of them.
type Class struct {
	slug, name, why, how string
}

// Slug names the class in the API: "camera".
func (c *Class) Slug() string { return c.slug }

// Name is what people call it: "Cameras".
func (c *Class) Name() string { return c.name }

// Why is what the connections are for, a sentence.
func (c *Class) Why() string { return c.why }

// How is by which protocols, and who decides where to: a sentence.
func (c *Class) How() string { return c.how }

// The classes.
var (
	Cameras = &Class{"camera", "Camera", "Fetches the pictures, sound and metadata of a camera, and asks what it can do.",
		"RTSP and ONVIF by TCP, media by UDP where chosen; to the camera's own address and nowhere that its answers point to."}
	Enrolment = &Class{"enrolment", "Adding a camera", "Asks an address that somebody gave whether there is a camera.",
		"ONVIF by TCP, and WS-Discovery by UDP to that address; only while a camera is being added."}
	Discovery = &Class{"discovery", "Search for cameras", "Asks the local network for cameras, and hears those that announce themselves.",
		"WS-Discovery by UDP to two multicast groups that no router forwards; where somebody asks for a range of addresses, to each of them, and ONVIF by TCP without credentials."}
	Viewers = &Class{"viewer", "Viewers", "Sends live pictures to the browsers that watch.",
		"WebRTC by UDP or TCP, to browsers that came to us first; addresses that they claim are not used, and no STUN or TURN server is asked."}
	Names = &Class{"names", "Name servers", "Finds the address of a camera that is given by a host name.",
		"DNS to the name servers of this machine, those outside the premises left out."}
	Authorities = &Class{"authority", "Certificate authority", "Orders the certificate of the viewer, where the operator has named an authority of the site.",
		"ACME by HTTPS, to the address in the configuration; without one no authority is asked."}
	Supervisor = &Class{"supervisor", "Service manager", "Tells systemd that the service is ready and alive.",
		"A socket file of this machine; no network."}
	Children = &Class{"child", "Decoders", "Runs ffmpeg to make a snapshot, or to prove that footage can be decoded.",
		"Pipes. The kernel refuses the program every socket."}
)

// Classes are all kinds of connections, in the order in which people read them.
func Classes() []*Class {
	return []*Class{Cameras, Viewers, Discovery, Enrolment, Names, Authorities, Supervisor, Children}
}

func known(c *Class) bool { return slices.Contains(Classes(), c) }
