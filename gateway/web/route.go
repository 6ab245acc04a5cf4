package web

import (
	"net/http"
	"reflect"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// route is one line of the table. It is constant.
type route struct {
	method   string
	pattern  string // as http.ServeMux takes it
	needs    auth.Permission
	filters  string // how an answer is cut down to what the asker may see, where needs is about cameras and the path names none
	camera   bool   // the path names a camera, for which needs must be given; set by makeRoutes
	does     string // the action in the audit log; a change without one says in unlogged why
	unlogged string
	public   string // why anybody may; empty when needs must be given. Exactly one of the two is set.
	summary  string
	params   []param
	body     *body
	answers  []answer
	streams  bool // the answer goes on for as long as somebody watches: ends with their session
	hidden   bool // not part of the API: pages and files of the viewer
	serve    func(*Server, http.ResponseWriter, *request) error
}

// param is a parameter of the path or the query.
type param struct {
	name     string
	in       string // "path" or "query"
	required bool
	schema   string // "string", "date-time" or "flag"
	doc      string
}

// body is what a route takes.
type body struct {
	mime    string
	schema  reflect.Type // nil: text
	max     int64        // bytes
	streams bool         // it is read by the route's function, as it comes: r.Body
}

// answer is what a route gives when all went well.
type answer struct {
	status int
	mime   string       // "" when there is no body
	schema reflect.Type // nil when it is not JSON
	doc    string
}

// request is a request that has passed the gate.
type request struct {
	*http.Request
	who      auth.Identity
	secret   string // of the session, when who came by one
	body     []byte // read whole
	admitted bool
	entry    audit.Entry // of the audit log; written before the answer begins, unless its action is ""
}

// live tells whether the route begins to show live pictures.
func (rt *route) live() bool { return rt.does == audit.ActionLiveStart }

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// Bounds of bodies, bytes.
const (
	maxJSON = 64 << 10
	maxSDP  = 64 << 10
)

func jsonBody[T any]() *body {
	return &body{mime: "application/json", schema: typeOf[T](), max: maxJSON}
}

func gives[T any](status int, doc string) []answer {
	return []answer{{status: status, mime: "application/json", schema: typeOf[T](), doc: doc}}
}

func sends(mime, doc string) []answer { return []answer{{status: http.StatusOK, mime: mime, doc: doc}} }

// tells is an answer of many lines, each JSON, that come as there is something to tell.
func tells[T any](doc string) []answer {
	return []answer{{status: http.StatusOK, mime: "application/x-ndjson", schema: typeOf[T](), doc: doc}}
}

func done(doc string) []answer { return []answer{{status: http.StatusNoContent, doc: doc}} }

var (
	paramCamera = param{"id", "path", true, "string", "Id of the camera."}
	paramStream = param{"stream", "query", false, "string", "Id of the stream; the main stream when left out."}
	paramRuns   = param{"run", "query", false, "string", "One run alone, by its name in spans: where the recorder's clock was set back there are two of the same times. When left out, all: one after the other."}
	paramRun    = param{"run", "query", false, "string", "One run alone, by its name in spans: where the recorder's clock was set back there are two of the same times. When left out, one of them, always the same one."}
	paramFrom   = param{"from", "query", true, "date-time", "Begin of the range, RFC 3339. A plus sign in it must be written %2B."}
	paramTo     = param{"to", "query", true, "date-time", "End of the range, not part of it, RFC 3339. What lies in the future is left out."}
)

// changes tells whether the route changes something that is written to the audit log: not pictures, nor how one gets in and out.
func (rt *route) changes() bool {
	return rt.needs > auth.Self && rt.does != "" && rt.method != http.MethodGet && !rt.live()
}
