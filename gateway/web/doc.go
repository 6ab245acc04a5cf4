// Package web is the gateway's HTTP face: the JSON API, the event stream, live and recorded media, and the files of the
// viewer.
//
// # One table
//
// Every route is one line of the table that starts in routes.go: method, pattern, the permission it needs or the reason why
// it is public, its action in the audit log or why it has none, parameters, bodies and answers. The table is what the mux, the
// gate and the API description (/api/v1/openapi.json) are made of, so none of them can know a route that the others do not.
// What is not in the table is refused: without credentials the answer is the same as for a route that exists.
//
// # The gate
//
// A request passes, in this order: the Host header (a name or address of ours, against DNS rebinding), the route, who
// asks (local socket, bearer token, session cookie; never two of them), the permission, the origin, the token against
// request forgery, the body's type and size. Only then is the route's function called, with the body already read.
// A permission about cameras is asked for the very camera that the path names, before that is looked up; where the path names
// none, the route says how its answer is cut down (sight.go and the handlers). Who lacks the right is answered as if there were
// nothing: the same bytes.
// Bearer tokens and the local socket need neither origin nor forgery token, since no browser sends them by itself.
//
// # The audit log
//
// The gate writes it. A change is answered once its entry is durable, or auditTime has passed; pictures and what is read do not
// wait. Refusals are written too, those of strangers at most maxStrangers in a minute. Where the log cannot be written and the
// site asks for that, nothing is changed (Audit.Refuses).
//
// # Faces
//
// Each listen address is a face. A loopback address speaks plain HTTP; any other speaks HTTPS with HTTP/2, presenting a
// the certificate that the operator wants, or a leaf of the gateway's own authority (packages certificate and authority). A face that cannot be bound raises an alarm and is tried
// again for ever, while the others serve. The local socket is a face whose peers the kernel names: only the user who
// runs the gateway, and root.
//
// # Streams
//
// Whoever streams (events, live, playback) holds their right as a lease (auth.Hold) and is cut off when it ends or the gateway
// stops: at once if they are waiting, at the next write or streamGrace at most if they are not.
//
// # Languages
//
// What people read of an answer is said in the language of whoever asks (package locale): reply, the event stream and problems do it, by the tag
// people:"read" of the answer's fields. Files of the viewer that exist as name.de.ext or name.es.ext are served as name.ext by language.
//
// # Bounds
//
// Connections: maxConns, of one address maxConnsPerAddress. Headers: maxHeader bytes within headerTime. Bodies: what the
// table says, within bodyTime. A write that makes no progress for writeTime ends the connection. Event streams:
// maxEvents. Times are RFC 3339; a range has both ends, and spans are given for at most maxSpansRange.
//
// # What it does not do
//
// It keeps no state but who is connected. Cameras, footage and live sessions are other packages'; people, rights and
// sessions are gateway/auth's. It does not believe forwarding headers: behind a reverse proxy everybody has the proxy's address.
package web
