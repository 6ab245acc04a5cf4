package web

import (
	"net/http"
	"strings"
	"testing"

	"holdfast/gateway/audit"
)

// What is changed at a device is checked before it is asked, and says in the audit log what it was and what it is.
func TestChangesAtADeviceAreCheckedAndLogged(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	kind := header("Content-Type", "application/json")
	if res := s.do("PUT", "/api/v1/cameras/door/encoders/t", `{"gop":50}`, p.changes(), kind); res.StatusCode != http.StatusOK {
		t.Fatalf("answered %d", res.StatusCode)
	}
	if e := s.wantsEntry(audit.ActionCameraChange); e.Target != "t" || e.Camera != "door" || !strings.Contains(string(e.Before), `"gop":25`) || !strings.Contains(string(e.After), `"gop":50`) {
		t.Errorf("the entry is %+v", e)
	}
	for what, body := range map[string]string{"nothing": `{}`, "below 0": `{"gop":-1}`, "no codec": `{"codec":"` + strings.Repeat("x", 200) + `"}`, "unknown": `{"colour":"red"}`} {
		if res := s.do("PUT", "/api/v1/cameras/door/encoders/t", body, p.changes(), kind); res.StatusCode/100 != 4 {
			t.Errorf("%s: %d", what, res.StatusCode)
		}
	}
	if res := s.do("PUT", "/api/v1/cameras/door/encoders/other", `{"gop":50}`, p.changes(), kind); res.StatusCode != http.StatusNotFound {
		t.Errorf("another's encoder: %d", res.StatusCode)
	}
	if res := s.do("POST", "/api/v1/cameras/door/osd", `{"position":"UpperLeft","show":"Plain","text":"a\u0007"}`, p.changes(), kind); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a bell in a text: %d", res.StatusCode)
	}
}

// The password that a device is probed with is in no log and no answer.
func TestTheProbesPasswordIsNowhere(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	res := s.do("POST", "/api/v1/probe", `{"address":"192.168.1.9","username":"u","password":"wrong"}`, p.changes(), header("Content-Type", "application/json"))
	if res.StatusCode != http.StatusBadGateway {
		t.Errorf("answered %d", res.StatusCode)
	}
	e := s.wantsEntry(audit.ActionCameraSearch)
	if text := string(e.After); !strings.Contains(text, "192.168.1.9") || strings.Contains(text, "wrong") || strings.Contains(text, `"u"`) {
		t.Errorf("the entry says %s", text)
	}
}
