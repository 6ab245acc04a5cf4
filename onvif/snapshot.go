package onvif

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"

	"holdfast/onvif/internal/soap"
)

// MaxSnapshot bounds a picture that a device gives, bytes.
const MaxSnapshot = 8 << 20

// Picture is a JPEG that a device made.
type Picture struct {
	Data          []byte
	Width, Height int // pixels
}

var (
	errNoPicture  = errors.New("the device gives no address for single pictures")
	errNoJPEG     = errors.New("the answer is no JPEG picture")
	errPictureBig = fmt.Errorf("the picture has more than %d bytes", MaxSnapshot)
)

// Snapshot fetches a picture of a profile as the device makes it (GetSnapshotUri, Media2 section 5.5.3). It is asked for at the
// device only, wherever the device says, with HTTP Digest where it wants credentials; the password is never sent in clear.
func (c *Client) Snapshot(ctx context.Context, p *Profile) (Picture, error) {
	const doing = "fetch a picture"
	addresses, err := c.snapshotURIs(ctx, p)
	if err != nil {
		return Picture{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if err := c.turn(ctx); err != nil {
		return Picture{}, fail(Offline, doing, err)
	}
	defer func() { <-c.turns }()
	var first error
	for _, u := range addresses {
		pic, err := c.fetch(ctx, u)
		if err == nil {
			return pic, nil
		}
		if first == nil || classify(doing, err).Class != Offline {
			first = err // nobody at the second address says nothing about the first
		}
		if errors.Is(err, ErrForbidden) {
			return Picture{}, classify(doing, err)
		}
		if refusedCredentials(err) || ctx.Err() != nil {
			break
		}
	}
	return Picture{}, classify(doing, first)
}

// snapshotURIs are the addresses at the device where a picture may be, the likelier first: pictures often have the port of the
// web page, which a device behind address translation does not know.
func (c *Client) snapshotURIs(ctx context.Context, p *Profile) ([]*url.URL, error) {
	const doing = "ask where pictures are"
	token := soap.Escape(p.Token)
	one, two := "", ""
	if p.Media2 {
		two = `<tr2:GetSnapshotUri><tr2:ProfileToken>` + token + `</tr2:ProfileToken></tr2:GetSnapshotUri>`
	}
	if p.Media1 || !p.Media2 {
		one = `<trt:GetSnapshotUri><trt:ProfileToken>` + token + `</trt:ProfileToken></trt:GetSnapshotUri>`
	}
	n, second, err := c.either(ctx, doing, two, one)
	if err != nil {
		return nil, err
	}
	said := n.Get("MediaUri", "Uri")
	if second {
		said = n.Get("Uri")
	}
	named, err := url.Parse(strings.TrimSpace(said))
	if err != nil || named.Path == "" || named.Scheme != "http" && named.Scheme != "https" {
		return nil, fail(Refused, doing, errNoPicture)
	}
	mine := c.own(named.String())
	there := &url.URL{Scheme: named.Scheme, Host: hostport(c.device.Hostname(), named.Port()), Path: named.Path, RawPath: named.RawPath, RawQuery: named.RawQuery}
	mine.RawPath = named.RawPath
	switch {
	case c.device.Scheme == "https" && named.Scheme != "https": // pictures are no less private than questions
		return []*url.URL{mine}, nil
	case *mine == *there:
		return []*url.URL{mine}, nil
	case strings.EqualFold(named.Hostname(), c.device.Hostname()):
		return []*url.URL{there}, nil
	}
	return []*url.URL{mine, there}, nil
}

// fetch gets a picture.
func (c *Client) fetch(ctx context.Context, u *url.URL) (Picture, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Picture{}, err
	}
	res, err := c.transfer(req, false)
	if err != nil {
		return Picture{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, MaxSnapshot+1))
	if err != nil {
		return Picture{}, fail(Offline, "read picture", plain(err))
	}
	if len(data) > MaxSnapshot {
		return Picture{}, errPictureBig
	}
	conf, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Picture{}, errNoJPEG
	}
	return Picture{Data: data, Width: conf.Width, Height: conf.Height}, nil
}
