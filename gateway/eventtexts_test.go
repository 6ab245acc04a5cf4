package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
)

// TestWhatIsSaidOfAnEventIsSealedChangesAndGoesWithItsFootage: it is told with the event, is in clear on no disk, and an erasure takes it, also one
// that a crash cut short.
func TestWhatIsSaidOfAnEventIsSealedChangesAndGoesWithItsFootage(t *testing.T) {
	cam, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": rtsptest.MakeClip(t, rtsptest.Make{Seconds: 4, GOP: 50})}})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q}\n", cam.URL("main")))
	const words = "Margarete Muster at the back door"
	e, status := r.raise("door", `{"text":" `+words+` "}`)
	if status != 201 || e.Text != words || e.Kind != "mark" {
		t.Fatalf("%d %+v", status, e)
	}
	plain, _ := r.raise("door", `{"kind":"motion"}`)
	told := func() map[string]string {
		events, err := r.g.store.Events("door", e.Start.Add(-time.Minute), e.Start.Add(time.Minute), 0)
		if err != nil {
			t.Fatal(err)
		}
		var list []web.Event
		for _, x := range events {
			list = append(list, web.EventOf(x))
		}
		r.g.TellTexts("door", list)
		all := map[string]string{}
		for _, x := range list {
			all[x.ID] = x.Text
		}
		return all
	}
	if got := told(); got[e.ID] != words || got[plain.ID] != "" || len(got) != 2 {
		t.Errorf("told: %v", got)
	}
	for id, want := range map[string]int{e.ID: 200, "0000000000000000": 422} {
		if _, got := r.raise("door", `{"id":"`+id+`","text":"`+words+`, later"}`); got != want {
			t.Errorf("another text of %s: %d", id, got)
		}
	}
	if after, err := r.g.store.EventOf("door", e.ID); err != nil || !after.End.Equal(*e.End) || told()[e.ID] != words+", later" {
		t.Errorf("after its text changed: %+v, %v, %v", after, told(), err)
	}
	err := filepath.WalkDir(r.g.conf.Data, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), "Margarete") {
			t.Errorf("%s has it in clear", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	later, _ := r.raise("door", `{"text":"kept"}`)
	if err := r.g.eraseTexts("door", e.Start, later.Start); err != nil || told()[e.ID] != "" || told()[later.ID] != "kept" {
		t.Errorf("after an erasure up to the later one: %v, %v", told(), err)
	}
	if _, err := r.g.EraseFootage(t.Context(), web.ErasureRequest{Camera: "door", From: e.Start, To: time.Now().Add(time.Second), Ground: "test footage"}); err != nil || told()[later.ID] != "" {
		t.Errorf("after an erasure of all: %v, %v", told(), err)
	}
	before := keptText{Text: "said before", Said: e.Start}
	if err := r.g.state.keepText(textKey("door", later.ID), before); err != nil {
		t.Fatal(err)
	}
	if err := r.g.state.keepText(textKey("door", "0000000000000000"), before); err != nil {
		t.Fatal(err)
	}
	if err := r.g.dropLooseTexts(false); err != nil || told()[later.ID] != "" {
		t.Errorf("what a crash left of an erasure: %v, %v", told(), err)
	}
	left := 0
	count := func([]byte, []byte) (bool, error) { left++; return true, nil }
	if r.g.state.eachText(nil, count); left != 1 {
		t.Errorf("%d texts are left of one whose event may be away", left)
	}
	left = 0
	if err := r.g.dropLooseTexts(true); err != nil || r.g.state.eachText(nil, count) != nil || left != 0 {
		t.Errorf("%d texts of no event are left, %v", left, err)
	}
}
