package gateway

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/web"
)

// drawn is a drawing of a size, as a file with something behind its end.
func drawn(t *testing.T, w, h int, photo bool) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			if photo {
				c = color.RGBA{uint8(x * 7), uint8(y * 13), uint8(x ^ y), 255}
			} else if x == w/2 || y == h/2 {
				c = color.RGBA{0, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	var err error
	if photo {
		err = jpeg.Encode(&b, img, nil)
	} else {
		err = png.Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("<script>hidden</script>")
	return b.Bytes()
}

func TestPicturesOfPlansAreEncodedAnewAndBounded(t *testing.T) {
	t.Parallel()
	mime, out, w, h, err := planPicture(drawn(t, 4000, 1000, false))
	if err != nil || mime != "image/png" || w != planSide || h != 640 || bytes.Contains(out, []byte("hidden")) {
		t.Errorf("a drawing is %s %d×%d, %v", mime, w, h, err)
	}
	if mime, out, w, h, err = planPicture(drawn(t, 300, 200, true)); err != nil || mime != "image/jpeg" || w != 300 || h != 200 || bytes.Contains(out, []byte("hidden")) {
		t.Errorf("a photo is %s %d×%d, %v", mime, w, h, err)
	}
	whole := drawn(t, 300, 200, false)
	bomb := bytes.Clone(whole)
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 × 65536 in the header
	for what, data := range map[string][]byte{"nothing": nil, "text": []byte("<svg onload=alert(1)>"), "a torn one": whole[:len(whole)/2], "a bomb": bomb, "a dot": drawn(t, 8, 8, false)} {
		if _, _, _, _, err := planPicture(data); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

func TestPlansAreKeptSealedWithTheirCameras(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const cameras = "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/none\"}\n"
	r := startIn(t, dir, cameras)
	p, err := r.g.AddPlan(t.Context(), web.NewPlan{Name: "Ground floor", Kind: web.PlanFloor})
	if err != nil || p.ID != "ground-floor" {
		t.Fatalf("%+v, %v", p, err)
	}
	if again, err := r.g.AddPlan(t.Context(), web.NewPlan{Name: "Ground floor", Kind: web.PlanGeo}); err != nil || again.ID != "ground-floor-2" {
		t.Errorf("%+v, %v", again, err)
	}
	if p, err = r.g.SetPlanPicture(t.Context(), p.ID, drawn(t, 300, 200, false)); err != nil || p.Width != 300 || p.Picture != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := r.g.SetPlanPicture(t.Context(), "ground-floor-2", drawn(t, 300, 200, false)); err == nil {
		t.Error("a plan of coordinates takes a picture")
	}
	if _, err := r.g.PlaceCamera(t.Context(), p.ID, web.Placement{Camera: "door", X: .5, Y: .25, Direction: 90, View: 70, Range: .3}); err != nil {
		t.Error(err)
	}
	if _, err := r.g.PlaceCamera(t.Context(), p.ID, web.Placement{Camera: "none"}); err != web.ErrNotFound {
		t.Errorf("a camera that there is not: %v", err)
	}
	if _, err := r.g.PlaceCamera(t.Context(), "ground-floor-2", web.Placement{Camera: "door", X: 200}); err == nil {
		t.Error("it is placed off the earth")
	}
	r.end()
	text, err := os.ReadFile(filepath.Join(dir, "data", "state.db"))
	if err != nil || strings.Contains(string(text), "Ground floor") || bytes.Contains(text, []byte("IHDR")) {
		t.Errorf("plans are in state.db in clear, %v", err)
	}
	r = startIn(t, dir, cameras)
	list, err := r.g.Plans()
	if err != nil || len(list) != 2 || len(list[0].Cameras) != 1 || list[0].Cameras[0].View != 70 {
		t.Fatalf("after the restart %+v, %v", list, err)
	}
	if mime, data, err := r.g.PlanPicture(p.ID); err != nil || mime != "image/png" || len(data) == 0 {
		t.Errorf("its picture is %s of %d bytes, %v", mime, len(data), err)
	}
	if p, err := r.g.UnplaceCamera(t.Context(), p.ID, "door"); err != nil || len(p.Cameras) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if err := r.g.RemovePlan(t.Context(), p.ID); err != nil {
		t.Error(err)
	}
	if _, _, err := r.g.PlanPicture(p.ID); err != web.ErrNotFound {
		t.Errorf("its picture is left: %v", err)
	}
}
