package web

import (
	"strings"
	"testing"

	"holdfast/gateway/audit"
)

func (c *cameras) CameraCertificate(id string) (CameraCertificate, error) {
	if _, ok := c.Camera(id); !ok {
		return CameraCertificate{}, ErrNotFound
	}
	k := CameraCertificate{Camera: id, Host: "192.0.2.7", Keys: []CameraKey{}}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.forgotten {
		k.Keys = append(k.Keys, CameraKey{Protocol: "https", SHA256: "abcd"})
	}
	return k, nil
}

func (c *cameras) ForgetCertificate(string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten = true
	return nil
}

func TestACamerasCertificateIsShownAndForgottenAndTheLogSaysWhichItWas(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	const path = "/api/v1/cameras/door/certificate"
	if res := s.do("GET", path, "", p.reads()); res.StatusCode != 200 || !strings.Contains(res.text, "abcd") {
		t.Errorf("%d %s", res.StatusCode, res.text)
	}
	if res := s.do("DELETE", path, "", p.changes()); res.StatusCode != 204 {
		t.Errorf("%d %s", res.StatusCode, res.text)
	}
	if res := s.do("GET", path, "", p.reads()); !strings.Contains(res.text, `"keys":[]`) {
		t.Errorf("%s", res.text)
	}
	if e := s.wantsEntry(audit.ActionCameraTrust); !strings.Contains(string(e.Before), "abcd") {
		t.Errorf("%s", e.Before)
	}
	if res := s.do("DELETE", "/api/v1/cameras/none/certificate", "", p.changes()); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
}
