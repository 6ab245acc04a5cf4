package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"holdfast/gateway/web/locale"
)

// shellPages are the addresses of the viewer's pages. All serve the same shell, which holds no data; what is shown in
// it is asked for with the rights of whoever looks.
var shellPages = []string{
	"/{$}", "/login", "/setup", "/live", "/live/{camera}", "/timeline", "/timeline/{camera}", "/events", "/exports", "/exports/{export}", "/cameras", "/cameras/{camera}", "/camera/{camera}", "/camera/{camera}/{part}",
	"/map", "/rules", "/storage", "/storage/{part}", "/people", "/people/{part}", "/privacy", "/audit", "/audit/{part}", "/approvals",
	"/me", "/me/{part}", "/join", "/wall", "/settings", "/system", "/health",
}

// shell is the file that they serve; a page that explains something before anybody can sign in has a file of its own.
const (
	shell           = "index.html"
	certificatePage = "install-certificate"
)

// types are the content types of the viewer's files, the same on every machine.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp", ".jpg": "image/jpeg", ".json": "application/json",
	".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".map": "application/json", ".mp4": "video/mp4",
}

// asset is one file of the viewer, in memory. It is constant.
type asset struct {
	mime string
	etag string
	data []byte
	gzip func() []byte              // the same, compressed when it is first asked for; nil where that saves nothing
	in   map[locale.Language]*asset // the same in other languages; nil of most
}

// staticRoutes makes a public route for each file of the viewer and for each of its pages. A file that is not there at
// the start is never served, so no path leads anywhere else.
func staticRoutes(ui fs.FS) ([]route, error) {
	assets, err := readAssets(ui)
	if err != nil {
		return nil, err
	}
	page, ok := assets[shell]
	if !ok {
		return nil, errors.New("the viewer has no " + shell)
	}
	var routes []route
	for _, pattern := range shellPages {
		routes = append(routes, fileRoute(pattern, page))
	}
	if explains, ok := assets[certificatePage+".html"]; ok {
		page = explains
	}
	routes = append(routes, fileRoute("/"+certificatePage, page))
	for name, a := range assets {
		if _, l := original(name); name != shell && l == "" {
			routes = append(routes, fileRoute("/"+name, a))
		}
	}
	return routes, nil
}

func fileRoute(pattern string, a *asset) route {
	return route{method: "GET", pattern: pattern, public: "the viewer's files hold no data", hidden: true, summary: "File of the viewer",
		serve: func(_ *Server, w http.ResponseWriter, r *request) error { return a.serve(w, r) }}
}

// serve sends a file. The browser keeps it and asks each time whether it is still the same.
func (a *asset) serve(w http.ResponseWriter, r *request) error {
	h := w.Header()
	if len(a.in) > 0 {
		h.Add("Vary", "Accept-Language")
		h.Add("Vary", "Cookie")
		if other := a.in[locale.Of(r.Request)]; other != nil {
			a = other
		}
	}
	h.Set("Content-Type", a.mime)
	h.Set("Cache-Control", "no-cache")
	data, etag := a.data, a.etag
	if small := a.gzip(); small != nil {
		h.Add("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			data, etag = small, strings.TrimSuffix(a.etag, `"`)+`-gzip"` // another representation has another tag
		}
	}
	h.Set("ETag", etag)
	http.ServeContent(w, r.Request, "", time.Time{}, bytes.NewReader(data))
	return nil
}

// takesGzip tells whether a client names gzip among what it takes, and does not rule it out by a weight.
func takesGzip(accepts string) bool {
	for one := range strings.SplitSeq(accepts, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(weight), "q="), "0.") != "" || weight == ""
		}
	}
	return false
}

// compressed gives data compressed, or nil where that does not save a tenth.
func compressed(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // an error only for a level that there is not
	z.Write(data)                                         // a buffer takes everything
	z.Close()
	if b.Len() > len(data)*9/10 {
		return nil
	}
	return b.Bytes()
}

func readAssets(ui fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(ui, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		mime, ok := types[path.Ext(name)]
		if !ok || strings.HasPrefix(path.Base(name), ".") || strings.ContainsAny(name, "{} ") {
			return nil // sources and notes beside the viewer's files
		}
		data, err := fs.ReadFile(ui, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		// Compressing all of them was most of the work of a start, and a browser that has them asks for none.
		assets[name] = &asset{mime: mime, etag: `"` + hex.EncodeToString(sum[:16]) + `"`, data: data, gzip: sync.OnceValue(func() []byte { return compressed(data) })}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the viewer's files: %w", err)
	}
	for name, a := range assets {
		of, l := original(name)
		if l == "" || assets[of] == nil {
			continue
		}
		if assets[of].in == nil {
			assets[of].in = make(map[locale.Language]*asset)
		}
		assets[of].in[l] = a
	}
	return assets, nil
}

// original is the file that another is in a language: page.html of page.de.html. Without a language it is its own.
func original(name string) (of string, l locale.Language) {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	switch in := locale.Language(strings.TrimPrefix(path.Ext(stem), ".")); in {
	case locale.German, locale.Spanish:
		return strings.TrimSuffix(stem, path.Ext(stem)) + ext, in
	}
	return name, ""
}
