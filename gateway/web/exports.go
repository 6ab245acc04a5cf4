package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/exports"
)

// Exports take footage out. *exports.Exports implements it.
type Exports interface {
	Create(who exports.By, o exports.Order) (exports.Export, error)
	List() []exports.Export
	Get(id string) (exports.Export, error)
	Cancel(id string) (exports.Export, error)
	Remove(id string) (exports.Export, error)
	Bundle(id string) (*exports.Bundle, error)
	Reach(camera string, streams []string, from, to time.Time) (first, last time.Time, err error) // of bit-exact copies of a range
}

const maxOrder = 1 << 20 // bytes: masks that move have many points

func exportRoutes() []route {
	const v1 = "/api/v1/exports"
	id := param{"id", "path", true, "string", "Id of the export."}
	filters := "the export is one whose cameras' footage may all be taken away"
	return []route{
		{method: "GET", pattern: v1, filters: "exports with a camera whose footage may not be taken away are left out", needs: auth.Export, serve: (*Server).getExports,
			summary: "Exports: those that wait, that are made, and that can be downloaded", answers: gives[[]exports.Export](200, "The newest first.")},
		{method: "POST", pattern: v1, does: audit.ActionExport, filters: "the cameras are such whose footage may be taken away", needs: auth.Export, serve: (*Server).postExport,
			summary: "Take footage out: order an evidence package of clips, stills and notes; clips of cameras whose sound may not be heard come without it", body: &body{mime: "application/json", schema: typeOf[exports.Order](), max: maxOrder},
			answers: gives[exports.Export](201, "The export, which waits for its turn. It goes on by itself.")},
		{method: "GET", pattern: v1 + "/{id}", filters: filters, needs: auth.Export, serve: (*Server).getExport,
			summary: "How far an export is", params: []param{id}, answers: gives[exports.Export](200, "The export.")},
		{method: "GET", pattern: v1 + "/{id}/package", does: audit.ActionExportTake, filters: filters, needs: auth.Export, serve: (*Server).getExportPackage,
			summary: "Download a finished export, as one zip file that holdfast verify checks anywhere; one with sound takes the right audio too", params: []param{id}, answers: sends("application/zip", "The package; ranges of it can be asked for.")},
		{method: "POST", pattern: v1 + "/{id}/cancel", does: audit.ActionExportStop, filters: filters, needs: auth.Export, serve: (*Server).postExportCancel,
			summary: "Cancel an export that waits or is being made", params: []param{id}, answers: gives[exports.Export](200, "The export; what there was of it is gone.")},
		{method: "DELETE", pattern: v1 + "/{id}", does: audit.ActionExportDrop, filters: filters, needs: auth.Export, serve: (*Server).deleteExport,
			summary: "Remove an export that has ended; the footage itself is not touched", params: []param{id}, answers: done("It is removed, and cannot be read again.")},
	}
}

// exportProblem is what an error of exports tells; nil of any other.
func exportProblem(err error) *Problem {
	if rule := (*exports.RuleError)(nil); errors.As(err, &rule) {
		return field(kindRule.with(rule.Says), rule.Field)
	}
	for _, m := range []struct {
		err  error
		kind kind
	}{{exports.ErrFull, kindMany}, {exports.ErrNoRoom, kindNoRoom}, {exports.ErrNotDone, kindNotDone}, {exports.ErrOver, kindExportOver}} {
		if errors.Is(err, m.err) {
			return m.kind.with(err.Error())
		}
	}
	if errors.Is(err, exports.ErrNone) {
		return kindNotFound.with("")
	}
	return nil
}

// maySeeExport tells whether somebody may take away the footage of every camera of an export.
func maySeeExport(who auth.Identity, o *exports.Order) bool {
	for _, camera := range o.Cameras() {
		if !who.MayOn(auth.Export, camera) {
			return false
		}
	}
	return true
}

func (s *Server) getExports(w http.ResponseWriter, r *request) error {
	if s.o.Exports == nil {
		return kindNoExports.with("")
	}
	list := []exports.Export{}
	for _, x := range s.o.Exports.List() {
		if maySeeExport(r.who, &x.Order) {
			list = append(list, x)
		}
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) postExport(w http.ResponseWriter, r *request) error {
	if s.o.Exports == nil {
		return kindNoExports.with("")
	}
	var o exports.Order
	if err := decode(r.body, &o); err != nil {
		return err
	}
	for _, x := range o.Ranges() {
		if x.Camera != "" && !r.who.MayOn(auth.Export, x.Camera) {
			return kindNotFound.with("")
		}
		if x.Camera == "" || !x.From.Before(x.To) {
			continue // the order is refused below, with what is wrong
		}
		if err := s.o.Auth.MayShow(r.who, auth.Export, x.Camera, x.From, x.To); err != nil {
			return err
		}
	}
	for i := range o.Clips {
		o.Clips[i].Mute = o.Clips[i].Mute || !r.who.MayOn(auth.Audio, o.Clips[i].Camera)
	}
	about(r, &o)
	by := exports.By{Person: r.who.Person, Name: r.who.User, Address: r.entry.Personal.Address, Kind: string(r.who.Kind)}
	x, err := s.o.Exports.Create(by, o)
	if err != nil {
		return err
	}
	r.entry.Target, r.entry.Session = x.ID, x.ID
	return reply(w, http.StatusCreated, x)
}

// about has the entry say what footage an export takes, for whom and why. The latter may name people, and is sealed.
func about(r *request, o *exports.Order) {
	r.entry.From, r.entry.To = o.Span()
	if ids := o.Cameras(); len(ids) == 1 {
		r.entry.Camera = clipID(ids[0])
	} else {
		r.entry.After = asJSON(map[string]any{"cameras": ids[:min(len(ids), 64)]})
	}
	r.entry.Personal.Subject = o.Says()
}

// export finds an export that somebody may see.
func (s *Server) export(r *request) (exports.Export, error) {
	if s.o.Exports == nil {
		return exports.Export{}, kindNoExports.with("")
	}
	x, err := s.o.Exports.Get(r.PathValue("id"))
	if err != nil {
		return x, err
	}
	if !maySeeExport(r.who, &x.Order) {
		return x, kindNotFound.with("")
	}
	r.entry.Target, r.entry.Session = x.ID, x.ID
	about(r, &x.Order)
	return x, nil
}

func (s *Server) getExport(w http.ResponseWriter, r *request) error {
	x, err := s.export(r)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, x)
}

func (s *Server) postExportCancel(w http.ResponseWriter, r *request) error {
	x, err := s.export(r)
	if err == nil {
		x, err = s.o.Exports.Cancel(x.ID)
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, x)
}

func (s *Server) deleteExport(w http.ResponseWriter, r *request) error {
	x, err := s.export(r)
	if err != nil {
		return err
	}
	if _, err := s.o.Exports.Remove(x.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getExportPackage sends the zip file. Where a site asks for two people, whoever did not order the export needs an approval of their own.
func (s *Server) getExportPackage(w http.ResponseWriter, r *request) error {
	x, err := s.export(r)
	if err != nil {
		return err
	}
	own := x.Person != "" && x.Person == r.who.Person
	for _, f := range x.Order.Ranges() {
		if own {
			break
		}
		if err := s.o.Auth.MayShow(r.who, auth.Export, f.Camera, f.From, f.To); err != nil {
			return err
		}
	}
	heard := x.Heard()
	for _, camera := range heard {
		if !r.who.MayOn(auth.Audio, camera) {
			return kindSound.with("The package has sound of " + camera + ". Order one of your own: it comes without.")
		}
	}
	b, err := s.o.Exports.Bundle(x.ID)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, camera := range x.Order.Cameras() {
		need := auth.Need{Permission: auth.Export, Camera: camera}
		if slices.Contains(heard, camera) {
			need.Also = auth.Audio
		}
		release, ok := s.o.Auth.Hold(r.who, need, w.(*paced).cutOff)
		if !ok {
			return kindNotFound.with("")
		}
		defer release()
	}
	if !s.seen.first("export\x00"+r.who.Owner()+"\x00"+x.ID, playedAgain) {
		r.entry.Action = "" // a download in pieces is one entry
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("ETag", `"`+b.SHA256+`"`)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, b.Name))
	read := &bundleError{Bundle: b}
	http.ServeContent(w, r.Request, "", b.Made, read)
	return read.err
}

// bundleError remembers a failed read, which http.ServeContent hides.
type bundleError struct {
	*exports.Bundle
	err error
}

func (b *bundleError) Read(p []byte) (int, error) {
	n, err := b.Bundle.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
