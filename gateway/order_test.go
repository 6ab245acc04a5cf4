package gateway

import (
	"fmt"
	"slices"
	"testing"

	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
	"holdfast/onvif/onviftest"
)

// TestTheOrderOfCamerasIsThatOfAdoption: it is that of the wall, so neither a change of a camera nor a restart may shuffle it.
func TestTheOrderOfCamerasIsThatOfAdoption(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := startIn(t, dir, "")
	adopt := func(name string) {
		t.Helper()
		cam := device(t, onviftest.Fixed)
		if got := r.send("POST", "/api/v1/cameras", fmt.Sprintf(`{"address":%q,"username":%q,"password":%q,"name":%q,"record":"off"}`, cam.ONVIF(), simcam.DefaultUsername, simcam.DefaultPassword, name), nil); got/100 != 2 {
			t.Fatalf("adopt %s: %d", name, got)
		}
	}
	want := []string{"yard", "hall", "attic"}
	ordered := func(when string) {
		t.Helper()
		var list []web.Camera
		r.send("GET", "/api/v1/cameras", "", &list)
		var ids []string
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", when, ids, want)
		}
	}
	for _, name := range []string{"Yard", "Hall", "Attic"} {
		adopt(name)
	}
	ordered("adopted")
	if got := r.send("PATCH", "/api/v1/cameras/yard", `{"name":"Back yard"}`, nil); got/100 != 2 {
		t.Fatalf("rename: %d", got)
	}
	ordered("renamed")
	for range 2 {
		if got := r.send("PATCH", "/api/v1/cameras/hall", `{"disabled":true}`, nil); got/100 != 2 {
			t.Fatalf("switch off: %d", got)
		}
		ordered("switched off")
		if got := r.send("PATCH", "/api/v1/cameras/hall", `{"disabled":false}`, nil); got/100 != 2 {
			t.Fatalf("switch on: %d", got)
		}
		ordered("switched on")
	}
	r.end()
	r = startIn(t, dir, "")
	ordered("after a restart")
}
