package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
	"holdfast/onvif/onviftest"
	"holdfast/storage"
)

// adopted waits until a list of devices has been worked through.
func (r *running) adopted() (job web.AdoptionJob) {
	r.t.Helper()
	r.await("all devices were asked", func() bool {
		job, _ = r.g.Adoption()
		return job.State != "running"
	})
	return job
}

// Many devices are added by one request, each asked once; a camera is renamed, replaced and removed, and what was recorded stays its own.
func TestCamerasAreAddedInNumbersRenamedReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	one, two, three := device(t, onviftest.Fixed), device(t, onviftest.PTZ), device(t, onviftest.Encoder)
	dir := t.TempDir()
	r := startIn(t, dir, "")
	before := three.Calls()["GetProfiles"]
	_, err := r.g.StartAdoption(web.AdoptionRequest{Username: one.Username(), Password: one.Password(), Name: "Hall {nn}", First: 7, Devices: []web.AdoptionDevice{
		{Address: one.ONVIF(), Streams: []web.StreamChoice{{ID: "main", Profile: "sub"}}}, {Address: two.ONVIF(), Name: "{model} {n}", Record: "off"},
		{Address: three.ONVIF(), Username: three.Username(), Password: "wrong"}, {Address: "127.0.0.1:9"}}}, func(string, []string) {})
	if err != nil {
		t.Fatal(err)
	}
	job := r.adopted()
	var states []string
	for _, d := range job.Devices {
		states = append(states, d.State)
	}
	if strings.Join(states, " ") != "added added refused failed" || job.Added != 2 || job.Done != 4 || job.Devices[0].Name != "Hall 07" || !strings.HasSuffix(job.Devices[1].Name, " 8") {
		t.Fatalf("it came to %+v", job)
	}
	if d := job.Devices[2]; d.Says == "" || d.Do == "" || len(d.Cameras) > 0 || three.Calls()["GetProfiles"] != before {
		t.Errorf("of the refused one it says %+v, calls %v", d, three.Calls())
	}
	id := job.Devices[0].Cameras[0]
	r.recorded(id, time.Second)
	if c := r.cameras()[id]; len(c.Streams) != 1 || c.Streams[0].Width > 640 {
		t.Errorf("the chosen profile is not its main stream: %+v", c.Streams)
	}
	for what, devices := range map[string][]web.AdoptionDevice{"one twice": {{Address: one.ONVIF()}, {Address: trimmed(one.ONVIF())}}} {
		if _, err := r.g.StartAdoption(web.AdoptionRequest{Devices: devices}, nil); err == nil {
			t.Errorf("%s is taken", what)
		}
	}

	// A test picture is what recording would get, and the password is tried once.
	p, err := r.g.TestPicture(t.Context(), web.TestRequest{ProbeRequest: web.ProbeRequest{Address: three.ONVIF(), Username: three.Username(), Password: three.Password()}, Source: "input-2"})
	if err != nil || p.Codec != "H264" || p.Width == 0 || len(p.Picture) < 1000 || p.Profile == "" {
		t.Errorf("the test picture is %.60s… %s %d, %v", p.Picture, p.Codec, p.Width, err)
	}
	if _, err := r.g.TestPicture(t.Context(), web.TestRequest{ProbeRequest: web.ProbeRequest{Address: three.ONVIF(), Username: "operator", Password: "wrong"}}); err == nil {
		t.Error("a test picture with a wrong password")
	}

	name, purpose := "Front hall", "Theft"
	c, err := r.g.ChangeCamera(t.Context(), id, web.CameraChange{Name: &name, Purpose: &purpose})
	if err != nil || c.Name != name || c.Purpose != purpose || c.ID != id {
		t.Errorf("renamed it is %+v, %v", c, err)
	}
	off := true
	if c, err := r.g.ChangeCamera(t.Context(), id, web.CameraChange{Disabled: &off}); err != nil || c.State != string(Disabled) {
		t.Errorf("switched off it is %q, %v", c.State, err)
	}
	off = false
	if _, err := r.g.ChangeCamera(t.Context(), id, web.CameraChange{Disabled: &off}); err != nil {
		t.Error(err)
	}

	// Another device takes the place of the first: what the first recorded is of the same camera.
	if _, err := r.g.ReplaceCamera(t.Context(), id, web.ReplaceRequest{Address: two.ONVIF(), Username: two.Username(), Password: two.Password()}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("replaced by a device that is a camera: %v", err)
	}
	if _, err := r.g.ReplaceCamera(t.Context(), id, web.ReplaceRequest{Address: three.ONVIF(), Username: three.Username(), Password: "wrong"}); err == nil {
		t.Error("replaced with a wrong password")
	}
	recorded := len(r.spans(id))
	now, err := r.g.ReplaceCamera(t.Context(), id, web.ReplaceRequest{Address: three.ONVIF(), Username: three.Username(), Password: three.Password(), Source: "input-3"})
	if err != nil || now.ID != id || now.Name != name || now.Before.Serial == now.After.Serial || now.VideoSource != "input-3" {
		t.Fatalf("replaced it is %+v, %v", now, err)
	}
	r.until(id, "footage of the new device behind that of the old one", func(l []span) bool {
		return len(l) > recorded && l[len(l)-1].Kind == "recorded" && l[0].Kind == "recorded"
	})
	if list := r.events(id); !slices.ContainsFunc(list, func(e web.Event) bool { return e.Kind == replacedEvent }) {
		t.Errorf("the timeline does not say that it was replaced: %+v", list)
	}
	h, err := r.g.CameraHealth(id, true)
	if err != nil || h.Week == nil || h.Week.Recorded == 0 || h.Week.Gaps == 0 || len(h.Streams) == 0 || h.Streams[0].LastFrame == nil || len(h.Findings) == 0 {
		t.Errorf("its health is %+v, %v", h, err)
	}
	mirrored := true
	p1, err1 := r.g.StoragePlan(web.PlanRequest{Days: 10})
	p2, err2 := r.g.StoragePlan(web.PlanRequest{Days: 20, More: 1, Bitrate: 8e6, Mirror: &mirrored})
	if err1 != nil || err2 != nil || p1.Rate <= 0 || p1.Gives <= 0 || p1.Space <= 0 || p2.Rate < 2*p1.Rate || p2.Rate < 2e6 || p2.Needed <= 2*p1.Needed || !strings.Contains(p1.Says, "room for") {
		t.Errorf("the plan is %+v, then %+v, %v %v", p1, p2, err1, err2)
	}
	r.removedAndBack(id, web.AdoptionDevice{Address: three.ONVIF(), Username: three.Username(), Password: three.Password(), Sources: []string{"input-3"}})
}

// removedAndBack removes a camera, and adds its device again.
func (r *running) removedAndBack(id string, d web.AdoptionDevice) {
	r.t.Helper()
	name := r.cameras()[id].Name
	settings, err := r.g.RecordSettings(id)
	if err != nil {
		r.t.Fatal(err)
	}
	settings.MaxAge = "1d"
	if _, err := r.g.SetRecordSettings(r.t.Context(), id, settings); err != nil {
		r.t.Fatal(err)
	}
	if list, err := r.g.FormerCameras(); err != nil || len(list) > 0 {
		r.t.Errorf("before any was removed, those that were are %+v, %v", list, err)
	}
	gone, err := r.g.RemoveCamera(r.t.Context(), id)
	if _, there := r.g.camera(id); err != nil || there || !gone.Footage {
		r.t.Fatalf("removed it is %+v, %v", gone, err)
	}
	if list, _, err := r.g.state.adopted(); err != nil || slices.ContainsFunc(list, func(a Adopted) bool { return a.ID == id }) {
		r.t.Errorf("it is kept as a camera, %v", err)
	}
	if _, err := r.g.RemoveCamera(r.t.Context(), id); err != web.ErrNotFound {
		r.t.Errorf("removed again: %v", err)
	}
	if other, err := r.g.freeID(id); err != nil || other == id {
		r.t.Errorf("another camera of its name gets its id: %v", err)
	}
	r.former(id, name)
	ids, err := r.g.EnrolSources(context.Background(), Adoption{Address: d.Address, Username: d.Username, Password: d.Password, Sources: d.Sources})
	if err != nil || len(ids) != 1 || ids[0] != id {
		r.t.Errorf("added again it is %v, %v", ids, err)
	}
	r.recorded(id, time.Second)
	if list, err := r.g.FormerCameras(); err != nil || len(list) > 0 {
		r.t.Errorf("once it is back, those that were are %+v, %v", list, err)
	}
}

// former holds that the footage of a camera that was removed is found, is played, is kept no longer than was set of it, and is kept on request.
func (r *running) former(id, name string) {
	r.t.Helper()
	const own = 24 * time.Hour
	list, err := r.g.FormerCameras()
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].Name != name || list[0].Removed == nil || !list[0].Oldest.Before(list[0].Newest) || list[0].MaxAge != own.Seconds() {
		r.t.Fatalf("the removed cameras are %+v, %v", list, err)
	}
	f := list[0]
	if f.Until == nil || f.Until.Before(f.Newest.Add(own)) || !strings.Contains(f.Says, "is deleted on") {
		r.t.Errorf("it is there until %v: %s", f.Until, f.Says)
	}
	r.g.store.SetAges(id, storage.Ages{})
	if err := r.g.keepAdopted(); err != nil || r.g.store.Ages(id).Max != own {
		r.t.Errorf("after a start its footage is kept for %v, %v", r.g.store.Ages(id), err)
	}
	if spans := r.spans(id); len(spans) == 0 || spans[0].Kind != "recorded" {
		r.t.Errorf("its spans are %+v", spans)
	}
	if list := r.events(id); !slices.ContainsFunc(list, func(e web.Event) bool { return e.Kind == replacedEvent }) {
		r.t.Errorf("its events are %+v", list)
	}
	if named := r.g.evidenceCamera(id); named.Name != name || r.g.exportedStream(id) != "main" {
		r.t.Errorf("an export calls it %+v", named)
	}
	if _, err := r.g.FormerCamera("nobody"); err != web.ErrNotFound {
		r.t.Errorf("of a camera that never was: %v", err)
	}
}
