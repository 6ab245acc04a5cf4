package evidence

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"utc":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"exact":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000 UTC") },
	"lasts":  func(from, to time.Time) string { return spell(to.Sub(from)) },
	"beyond": beyond,
	"clock":  func(s *float64) string { return fmt.Sprintf("%+.2f s", *s) },
}).Parse(pageText))

// spell says how long something lasts, in the words of the page.
func spell(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, strings.TrimSuffix(fmt.Sprintf("%.1f s", (d%time.Minute).Seconds()), ".0 s")
	s = strings.TrimSuffix(s, " s") + " s"
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %d min %s", h, m, s)
	case m > 0:
		return fmt.Sprintf("%d min %s", m, s)
	}
	return s
}

// beyond says by how much a file reaches beyond the range of its clip: copies are of whole fragments, from one with a key frame on.
func beyond(c Clip, p Part) string {
	before, after := c.From.Sub(p.From), p.To.Sub(c.To)
	if c.Form != Original || before <= 0 && after <= 0 {
		return ""
	}
	return fmt.Sprintf("The file has whole recorded fragments: its pictures begin %.1f s before the range, with the key frame that decoding starts at, and end %.1f s behind it. Players show it from %s on.",
		max(0, before.Seconds()), max(0, after.Seconds()), p.Shown.UTC().Format("15:04:05.000 UTC"))
}

// Page is the package as a page that opens anywhere: it has no script, asks no network, and plays the clips beside it.
func (m *Manifest) Page() ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, m); err != nil {
		return nil, fmt.Errorf("write page: %w", err)
	}
	return b.Bytes(), nil
}
