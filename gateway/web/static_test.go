package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesOfTheViewerComeCompressedToWhoTakesThat(t *testing.T) {
	script := strings.Repeat("export const footage = true;\n", 200)
	s := newSite(t, func(o *Options) {
		o.UI = fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "long.js": {Data: []byte(script)}}
	})
	tags := map[string]bool{}
	for accepts, packed := range map[string]bool{"gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "identity": false, "": false} {
		a := s.do("GET", "/long.js", "", header("Accept-Encoding", accepts))
		body := a.text
		if packed {
			z, err := gzip.NewReader(bytes.NewReader([]byte(body)))
			if err != nil {
				t.Fatalf("%q: %v", accepts, err)
			}
			plain, err := io.ReadAll(z)
			if err != nil || len(body) > len(script)/4 {
				t.Errorf("%q: %d bytes, %v", accepts, len(body), err)
			}
			body = string(plain)
		}
		if a.StatusCode != http.StatusOK || body != script || (a.Header.Get("Content-Encoding") == "gzip") != packed || a.Header.Get("Vary") == "" {
			t.Errorf("%q: %d %v", accepts, a.StatusCode, a.Header)
		}
		tags[a.Header.Get("ETag")] = true
		again := s.do("GET", "/long.js", "", both(header("Accept-Encoding", accepts), header("If-None-Match", a.Header.Get("ETag"))))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%q: asked again %d", accepts, again.StatusCode)
		}
	}
	if len(tags) != 2 {
		t.Errorf("tags %v", tags)
	}
}
