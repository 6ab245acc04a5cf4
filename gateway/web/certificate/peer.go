package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/acme"

	"holdfast/config"
)

// Bounds of what is heard of an ACME authority.
const (
	answerTime = 30 * time.Second
	maxAnswer  = 1 << 20 // bytes of one answer
	maxRetries = 5       // of one request
)

// errNoDialer says that the gateway was made without a way to an authority.
var errNoDialer = errors.New("there is no way to an authority")

// client makes what speaks to the authority: through the given dialer, to nobody else.
func (h *Holder) client(a config.ACME) (*acme.Client, error) {
	if h.o.Dial == nil {
		return nil, errNoDialer
	}
	roots, err := trustedRoots(a.CA)
	if err != nil {
		return nil, err
	}
	key, err := h.accountKey(a)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: h.o.Dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: answerTime, ResponseHeaderTimeout: answerTime, MaxIdleConnsPerHost: 2}
	return &acme.Client{Key: key, DirectoryURL: a.Directory, UserAgent: "holdfast", RetryBackoff: pause,
		HTTPClient: &http.Client{Transport: bounded{transport}, CheckRedirect: noRedirect}}, nil
}

// trustedRoots reads the roots that the authority's own certificate is checked by; nil are the machine's.
func trustedRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := config.ReadFile(file, maxFile)
	if err != nil {
		return nil, fmt.Errorf("root certificate %s under tls.acme.ca: %w", file, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("root certificate %s under tls.acme.ca: there is no certificate in it", file)
	}
	return roots, nil
}

func noRedirect(*http.Request, []*http.Request) error {
	return errors.New("the authority sends us elsewhere, which is not followed")
}

// pause is how long to wait before the nth retry of a request.
func pause(n int, _ *http.Request, _ *http.Response) time.Duration {
	if n > maxRetries {
		return -1
	}
	return time.Duration(n) * 500 * time.Millisecond
}

// bounded is a transport whose answers end.
type bounded struct{ *http.Transport }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.Transport.RoundTrip(r)
	if err == nil {
		res.Body = &boundedBody{Reader: io.LimitReader(res.Body, maxAnswer), Closer: res.Body}
	}
	return res, err
}

type boundedBody struct {
	io.Reader
	io.Closer
}

// hint says what to do about an order that did not come about.
func hint(err error) string {
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var denied *acme.AuthorizationError
	var said *acme.Error
	switch {
	case errors.Is(err, errTerms):
		return "Read them, and say accept_terms: true under tls.acme if you accept them."
	case errors.As(err, &unknown):
		return "Give the file with the authority's root certificate as ca under tls.acme."
	case errors.As(err, &wrongName):
		return "Write the directory's address under tls.acme with the name that its certificate has."
	case errors.As(err, &denied):
		return "The authority comes to this gateway by the name itself: to port 443 with tls-alpn-01, to port 80 with http-01. Look at its name service and at what is between it and this machine."
	case errors.As(err, &said) && strings.HasSuffix(said.ProblemType, ":externalAccountRequired"):
		return "The authority wants to know whose account it is: give account_id and account_key_file under tls.acme, as it hands them out."
	case errors.As(err, &said):
		return "The authority has answered, and refused; its log says more."
	case strings.Contains(err.Error(), "egress.allow"):
		return "List its network under egress.allow if the authority is to be reached there."
	}
	return "Look whether the authority runs and is reached from this machine."
}

// plainAuthorization gives what the authority said when a proof did not convince it.
func plainAuthorization(err error) error {
	var denied *acme.AuthorizationError
	if !errors.As(err, &denied) || len(denied.Errors) == 0 {
		return err
	}
	return &refusal{denied}
}

// refusal is an authorization that was refused, in fewer words.
type refusal struct{ denied *acme.AuthorizationError }

func (r *refusal) Error() string {
	var said *acme.Error
	if first := r.denied.Errors[0]; errors.As(first, &said) {
		return "the authority says: " + clip(said.Detail)
	}
	return clip(r.denied.Errors[0].Error())
}

func (r *refusal) Unwrap() error { return r.denied }

// maxSaid bounds what is repeated of an authority's words, bytes.
const maxSaid = 300

// clip makes somebody else's words one line of bounded length.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
	if len(s) > maxSaid {
		s = strings.ToValidUTF8(s[:maxSaid], "") + "…"
	}
	return strings.TrimSuffix(s, ".")
}
