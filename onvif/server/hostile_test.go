package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whoever asks need not have shown who they are before a request is read: it is bounded, and the device answers the next one.
func TestADeviceSurvivesHostileRequests(t *testing.T) {
	s := open(t)
	for name, body := range map[string]string{
		"entities":  `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>`,
		"a file":    `<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><l>&f;</l>`,
		"depth":     strings.Repeat("<a>", 50_000),
		"length":    "<a>" + strings.Repeat("<b/>", 1<<20) + "</a>",
		"no xml":    "\x00\x01\x02",
		"no body":   `<Envelope/>`,
		"no answer": `<Envelope><Body/></Envelope>`,
	} {
		res, err := http.Post(s.XAddr(), "application/soap+xml", strings.NewReader(body))
		if err != nil {
			continue // it was cut off while it was sent
		}
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest || strings.Contains(string(text), "root:") || strings.Contains(string(text), "haha") {
			t.Errorf("%s: %s %.200s", name, res.Status, text)
		}
	}
	if got := ask(t, s, "<d:GetSystemDateAndTime/>"); !strings.Contains(got, "GetSystemDateAndTimeResponse") {
		t.Errorf("it does not answer any more: %.200s", got)
	}
}
