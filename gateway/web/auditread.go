package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// AuditLog is what is read of the audit log. The gateway implements it.
type AuditLog interface {
	Search(ctx context.Context, q audit.Query) (*audit.Page, error)
	Watched(ctx context.Context, camera string, at time.Time) (*audit.Viewings, error)
	Summary(ctx context.Context, month time.Time) (*audit.Summary, error)
	LastSeen() map[string]time.Time
	Checkpoint() audit.Checkpoint
	Status() audit.Status
	Export(ctx context.Context, w io.Writer) error
	StartVerification() (AuditVerification, error) // Running when one runs already
	Verification() (job AuditVerification, ok bool)
}

// AuditEntry is an entry of the audit log.
type AuditEntry struct {
	Seq       int64     `json:"seq" doc:"Place in the log, from 0."`
	Time      time.Time `json:"time"`
	Action    string    `json:"action"`
	Outcome   string    `json:"outcome" enum:"done,refused,failed"`
	Person    string    `json:"person,omitempty" doc:"Id of who acted; empty for nobody, a process and the local socket."`
	Name      string    `json:"name,omitempty" doc:"Login name of who acted, or 'forgotten person'."`
	Kind      string    `json:"kind,omitempty"`
	Via       string    `json:"via,omitempty" doc:"Public id of the session or token."`
	Address   string    `json:"address,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	Camera    string    `json:"camera,omitempty"`
	Stream    string    `json:"stream,omitempty"`
	From      time.Time `json:"from,omitempty,omitzero" doc:"Of footage."`
	To        time.Time `json:"to,omitempty,omitzero"`
	Target    string    `json:"target,omitempty" doc:"Id of what was acted on, when it is no camera."`
	Subject   string    `json:"subject,omitempty" doc:"Name of the person acted on."`
	Before    any       `json:"before,omitempty"`
	After     any       `json:"after,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Session   string    `json:"session,omitempty" doc:"Joins the start and the end of what lasts."`
	Forgotten bool      `json:"forgotten,omitempty" doc:"What is personal cannot be read any more."`
}

// AuditPage is a page of the audit log.
type AuditPage struct {
	Entries []AuditEntry `json:"entries" doc:"Newest first."`
	Next    string       `json:"next,omitempty" doc:"cursor of the next page; empty when there is none. A page may be empty and have a next one."`
	Pruned  int64        `json:"pruned" doc:"The contents of so many of the first entries were deleted by age."`
}

// AuditViewing is somebody who saw a moment of a camera.
type AuditViewing struct {
	Entry AuditEntry `json:"entry"`
	Until time.Time  `json:"until,omitempty,omitzero" doc:"When a live view ended; missing while it goes on."`
	Cut   bool       `json:"cut,omitempty" doc:"It ended with the gateway, not by itself."`
}

// AuditWatched is who saw a moment of a camera.
type AuditWatched struct {
	Live     []AuditViewing `json:"live" doc:"Who watched it as it happened."`
	Recorded []AuditViewing `json:"recorded" doc:"Who watched or took its recording since."`
	More     bool           `json:"more,omitempty" doc:"There are more than 1000."`
	Since    time.Time      `json:"since,omitempty,omitzero" doc:"Entries of before are deleted by age."`
}

// AuditSum is what one person did in a month, or what was done with one camera.
type AuditSum struct {
	ID        string    `json:"id"`
	Name      string    `json:"name,omitempty"`
	Entries   int64     `json:"entries"`
	Refused   int64     `json:"refused"`
	Live      float64   `json:"live_seconds"`
	Playback  float64   `json:"playback_seconds" doc:"Of footage."`
	Exports   int64     `json:"exports"`
	Snapshots int64     `json:"snapshots"`
	Changes   int64     `json:"changes"`
	Last      time.Time `json:"last"`
}

// AuditCount is how often something was done.
type AuditCount struct {
	Action  string `json:"action"`
	Entries int64  `json:"entries"`
}

// AuditSummary is what was done in a month.
type AuditSummary struct {
	From    time.Time    `json:"from"`
	To      time.Time    `json:"to"`
	Entries int64        `json:"entries"`
	Refused int64        `json:"refused"`
	Failed  int64        `json:"failed"`
	Lost    int64        `json:"lost" doc:"Entries that found no room while the log could not be written."`
	Actions []AuditCount `json:"actions" doc:"In the order of their names."`
	Persons []AuditSum   `json:"persons" doc:"Most entries first, at most 1000."`
	Cameras []AuditSum   `json:"cameras"`
	Pruned  bool         `json:"pruned" doc:"Entries of the month are deleted already."`
}

// AuditUnused is an account that nobody has used for long.
type AuditUnused struct {
	Person string    `json:"person"`
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Last   time.Time `json:"last,omitempty,omitzero" doc:"When it was used last, as far as that is known."`
}

// AuditCheckpoint is the last that the log signed for.
type AuditCheckpoint struct {
	Origin  string    `json:"origin" doc:"Name of the log."`
	Size    int64     `json:"size"`
	Root    string    `json:"root" doc:"Base64."`
	Time    time.Time `json:"time"`
	Note    string    `json:"note" doc:"Signed, as golang.org/x/mod/sumdb/note has it."`
	Key     string    `json:"key" doc:"The public key that signs. Note it elsewhere, for holdfast audit verify --key."`
	Entries int64     `json:"entries"`

	Witnesses []AuditWitness `json:"witnesses"`
}

// AuditWitness is a directory elsewhere that gets a copy of each checkpoint.
type AuditWitness struct {
	Dir    string `json:"dir"`
	Size   int64  `json:"size" doc:"Entries that its last checkpoint covers; 0 when it has none since the gateway started."`
	Fault  string `json:"fault,omitempty" doc:"Why it is behind."`
	Beside bool   `json:"beside,omitempty" doc:"It is on the disk that the log is on."`
}

// AuditVerification is a verification that runs, or that ran last.
type AuditVerification struct {
	State   string    `json:"state" enum:"running,done,failed"`
	Started time.Time `json:"started"`
	Entries int64     `json:"entries" doc:"Verified so far."`
	Of      int64     `json:"of"`
	Sound   bool      `json:"sound"`
	Error   string    `json:"error,omitempty" people:"read"`
	Report  any       `json:"report,omitempty"`
}

func auditRoutes() []route {
	const v1 = "/api/v1/audit"
	optional := func(name, schema, doc string) param { return param{name, "query", false, schema, doc} }
	filters := []param{optional("person", "string", "Id of who acted."), optional("camera", "string", "Id of the camera."),
		optional("action", "string", "The action, or its beginning: live finds live.start and live.end."), optional("outcome", "string", "done, refused or failed."),
		optional("since", "date-time", "Entries from then on only."), optional("before", "date-time", "Entries from before then only."),
		optional("limit", "string", "Entries of a page, at most 500."), optional("cursor", "string", "next of the page before.")}
	return []route{
		{method: "GET", pattern: v1, does: audit.ActionAuditRead, needs: auth.Audit, serve: (*Server).getAudit,
			summary: "Search the audit log, newest entries first", params: filters, answers: gives[AuditPage](200, "A page.")},
		{method: "GET", pattern: v1 + "/watched", does: audit.ActionAuditRead, needs: auth.Audit, serve: (*Server).getAuditWatched,
			summary: "Who saw what a camera showed at a time, live or since", params: []param{{"camera", "query", true, "string", "Id of the camera."}, {"at", "query", true, "date-time", "The moment."}},
			answers: gives[AuditWatched](200, "Who saw it.")},
		{method: "GET", pattern: v1 + "/summary", does: audit.ActionAuditRead, needs: auth.Audit, serve: (*Server).getAuditSummary,
			summary: "What was done in a month", params: []param{optional("month", "string", "Such as 2026-03, in the site's time zone; this month when left out.")}, answers: gives[AuditSummary](200, "The sums.")},
		{method: "GET", pattern: v1 + "/unused", does: audit.ActionAuditRead, needs: auth.Audit, serve: (*Server).getAuditUnused,
			summary: "Accounts that nobody has used for long", params: []param{optional("days", "string", "For how long; 90 when left out.")}, answers: gives[[]AuditUnused](200, "The accounts, longest unused first.")},
		{method: "GET", pattern: v1 + "/checkpoint", needs: auth.Audit, serve: (*Server).getAuditCheckpoint,
			summary: "The last signed checkpoint and the key", answers: gives[AuditCheckpoint](200, "The checkpoint; of size 0 when there is none yet.")},
		{method: "POST", pattern: v1 + "/verify", does: audit.ActionCheckStart, needs: auth.Audit, serve: (*Server).postAuditVerify,
			summary: "Verify the whole audit log in the background", answers: gives[AuditVerification](202, "It runs.")},
		{method: "GET", pattern: v1 + "/verify", needs: auth.Audit, serve: (*Server).getAuditVerify,
			summary: "The verification that runs, or ran last", answers: gives[AuditVerification](200, "How far it is, or what it found.")},
		{method: "GET", pattern: v1 + "/export", does: audit.ActionAuditExport, needs: auth.Audit, serve: (*Server).getAuditExport,
			summary: "The whole audit log as a tar file that holdfast audit verify checks anywhere; what is personal stays encrypted", answers: sends("application/x-tar", "Entries, hashes, checkpoints and the public key.")},
	}
}

// readAgain is how long reading the log is one entry of the log, of one person.
const readAgain = 15 * time.Minute

// reads has reading the log be an entry once in a quarter of an hour.
func (s *Server) reads(r *request) {
	if !s.seen.first(audit.ActionAuditRead+"\x00"+r.who.Person+"\x00"+via(r.who), readAgain) {
		r.entry.Action = ""
	}
}

func (s *Server) getAudit(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	query, err := AuditQuery(q)
	if err != nil {
		return err
	}
	page, err := s.o.AuditLog.Search(r.Context(), query)
	if errors.Is(err, audit.ErrCursor) {
		return field(kindRequest.with("It is not a cursor that a page gave."), "cursor")
	}
	if err != nil {
		return err
	}
	s.reads(r)
	return reply(w, http.StatusOK, AuditPageOf(page))
}

// AuditPageOf is a page as the API shows it.
func AuditPageOf(page *audit.Page) AuditPage {
	answer := AuditPage{Entries: make([]AuditEntry, 0, len(page.Records)), Next: page.Next, Pruned: page.Pruned}
	for i := range page.Records {
		answer.Entries = append(answer.Entries, auditEntryOf(&page.Records[i]))
	}
	return answer
}

// AuditQuery reads the parameters of a search.
func AuditQuery(q url.Values) (a audit.Query, err error) {
	a = audit.Query{Person: q.Get("person"), Camera: q.Get("camera"), Action: q.Get("action"), Outcome: audit.Outcome(q.Get("outcome")), Cursor: q.Get("cursor")}
	if q.Get("since") != "" {
		if a.From, err = parseTime(q, "since"); err != nil {
			return a, err
		}
	}
	if q.Get("before") != "" {
		if a.To, err = parseTime(q, "before"); err != nil {
			return a, err
		}
	}
	a.Limit, err = parseCount(q, "limit", 100, 500)
	return a, err
}

// parseCount reads a number from 1 to most.
func parseCount(q url.Values, name string, otherwise, most int) (int, error) {
	if q.Get(name) == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 || n > most {
		return 0, field(kindRequest.with(fmt.Sprintf("Parameter %q is a number from 1 to %d.", name, most)), name)
	}
	return n, nil
}

// forgottenPerson stands where a name was that is forgotten.
const forgottenPerson = "forgotten person"

// auditEntryOf is an entry as the API shows it.
func auditEntryOf(r *audit.Record) AuditEntry {
	e := AuditEntry{Seq: r.Seq, Time: r.Time, Action: r.Action, Outcome: string(r.Outcome), Person: r.Person, Name: r.Personal.Name, Kind: string(r.Kind), Via: r.Via,
		Address: r.Personal.Address, Agent: r.Personal.Agent, Camera: r.Camera, Stream: r.Stream, From: r.From, To: r.To, Target: r.Target, Subject: r.Personal.Subject,
		Before: rawOrNothing(r.Before), After: rawOrNothing(r.After), Reason: r.Reason, Session: r.Session, Forgotten: r.Forgotten}
	if r.Forgotten && r.Person != "" && e.Name == "" {
		e.Name = forgottenPerson
	}
	return e
}

func rawOrNothing(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return raw
}

func (s *Server) getAuditWatched(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	at, err := parseTime(q, "at")
	if err != nil {
		return err
	}
	camera := q.Get("camera")
	if camera == "" {
		return field(kindRequest.with(`Parameter "camera" is missing.`), "camera")
	}
	v, err := s.o.AuditLog.Watched(r.Context(), camera, at)
	if err != nil {
		return err
	}
	s.reads(r)
	return reply(w, http.StatusOK, AuditWatchedOf(v))
}

// AuditWatchedOf is who saw a moment, as the API shows it.
func AuditWatchedOf(v *audit.Viewings) AuditWatched {
	return AuditWatched{Live: viewings(v.Live), Recorded: viewings(v.Recorded), More: v.More, Since: v.Pruned}
}

func viewings(list []audit.Viewing) []AuditViewing {
	all := make([]AuditViewing, 0, len(list))
	for i := range list {
		all = append(all, AuditViewing{Entry: auditEntryOf(&list[i].Record), Until: list[i].Until, Cut: list[i].Open})
	}
	return all
}

func (s *Server) getAuditSummary(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(s.o.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	month := s.o.Now().In(zone)
	if text := q.Get("month"); text != "" {
		if month, err = time.ParseInLocation("2006-01", text, zone); err != nil {
			return field(kindRequest.with(fmt.Sprintf("%.20q is not a month such as 2026-03.", text)), "month")
		}
	}
	sum, err := s.o.AuditLog.Summary(r.Context(), month)
	if err != nil {
		return err
	}
	s.reads(r)
	return reply(w, http.StatusOK, AuditSummary{From: sum.From, To: sum.To, Entries: sum.Entries, Refused: sum.Refused, Failed: sum.Failed, Lost: sum.Lost, Actions: auditCounts(sum.Actions),
		Persons: auditSums(sum.Persons), Cameras: auditSums(sum.Cameras), Pruned: sum.Pruned})
}

func auditCounts(counts map[string]int64) []AuditCount {
	list := []AuditCount{}
	for _, action := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, AuditCount{action, counts[action]})
	}
	return list
}

func auditSums(list []audit.Sum) []AuditSum {
	all := make([]AuditSum, 0, len(list))
	for _, s := range list {
		all = append(all, AuditSum{ID: s.ID, Name: s.Name, Entries: s.Entries, Refused: s.Refused, Live: s.Live.Seconds(), Playback: s.Playback.Seconds(),
			Exports: s.Exports, Snapshots: s.Snapshots, Changes: s.Changes, Last: s.Last})
	}
	return all
}

func (s *Server) getAuditUnused(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	days, err := parseCount(q, "days", 90, 3650)
	if err != nil {
		return err
	}
	limit, seen := s.o.Now().AddDate(0, 0, -days), s.o.AuditLog.LastSeen()
	list := []AuditUnused{}
	for _, p := range s.o.Auth.People() {
		last := p.Seen
		if at := seen[p.ID]; at.After(last) {
			last = at
		}
		if last.Before(limit) && p.Created.Before(limit) {
			list = append(list, AuditUnused{Person: p.ID, Name: p.Name, State: p.State, Last: last})
		}
	}
	slices.SortStableFunc(list, func(a, b AuditUnused) int { return a.Last.Compare(b.Last) })
	s.reads(r)
	return reply(w, http.StatusOK, list)
}

func (s *Server) getAuditCheckpoint(w http.ResponseWriter, _ *request) error {
	c, st := s.o.AuditLog.Checkpoint(), s.o.AuditLog.Status()
	a := AuditCheckpoint{Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Time: c.Time, Note: string(c.Note), Key: st.Key, Entries: st.Entries, Witnesses: []AuditWitness{}}
	for _, v := range st.Witness {
		a.Witnesses = append(a.Witnesses, AuditWitness{Dir: v.Dir, Size: v.Signed, Fault: v.Fault, Beside: v.Beside})
	}
	return reply(w, http.StatusOK, a)
}

func (s *Server) postAuditVerify(w http.ResponseWriter, r *request) error {
	job, err := s.o.AuditLog.StartVerification()
	if err != nil {
		return err
	}
	r.entry.Target = "audit"
	return reply(w, http.StatusAccepted, job)
}

func (s *Server) getAuditVerify(w http.ResponseWriter, _ *request) error {
	job, ok := s.o.AuditLog.Verification()
	if !ok {
		return kindNotFound.with("The audit log was not verified since the gateway started.")
	}
	return reply(w, http.StatusOK, job)
}

func (s *Server) getAuditExport(w http.ResponseWriter, r *request) error {
	h := w.Header()
	h.Set("Content-Type", "application/x-tar")
	h.Set("Content-Disposition", `attachment; filename="audit-`+s.o.Now().UTC().Format("20060102T150405Z")+`.tar"`)
	h.Set("Cache-Control", "no-store")
	return s.o.AuditLog.Export(r.Context(), w)
}
