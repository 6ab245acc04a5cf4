package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// plainCatcher is the listener of an HTTPS face. Somebody who types the address without https:// is sent to the right
// one instead of seeing a broken page.
type plainCatcher struct {
	net.Listener
	known func(host string, local net.Addr) bool
}

func (p *plainCatcher) Accept() (net.Conn, error) {
	conn, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &caught{Conn: conn, known: p.known}, nil
}

// caught looks at the first byte that comes: a TLS record begins with 22, an HTTP request with a capital letter. It is
// read in the goroutine, and within the time, of the handshake.
type caught struct {
	net.Conn
	known  func(host string, local net.Addr) bool
	looked bool // by the goroutine that reads first
}

var errPlain = errors.New("plain HTTP on an HTTPS face")

func (c *caught) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.looked || n == 0 {
		return n, err
	}
	c.looked = true
	if p[0] < 'A' || p[0] > 'Z' {
		return n, err
	}
	c.redirect(bytes.Clone(p[:n]))
	return 0, errPlain
}

// maxPlain bounds what is read of a plain request, bytes.
const maxPlain = 8 << 10

// redirect answers a plain request. Only reading is redirected: a request that carries a body or a secret has been sent
// in the clear already, and should fail where its sender looks.
func (c *caught) redirect(begun []byte) {
	r, err := http.ReadRequest(bufio.NewReader(io.LimitReader(io.MultiReader(bytes.NewReader(begun), c.Conn), maxPlain)))
	answer := "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis address speaks HTTPS.\n"
	if err == nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.HasPrefix(r.URL.Path, "/") && c.known(r.Host, c.LocalAddr()) {
		to := url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath} // the query stays behind: it may be secret
		answer = "HTTP/1.1 307 Temporary Redirect\r\nLocation: " + to.String() + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	}
	io.WriteString(c.Conn, answer)
}
