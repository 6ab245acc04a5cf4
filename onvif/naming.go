package onvif

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"holdfast/onvif/internal/soap"
)

// Names are what a device calls itself, and where it says that it is.
type Names struct {
	Hostname string // of its network; "" when it has none of its own
	FromDHCP bool   // the network gives it
	Name     string // of its scopes, as discovery shows it
	Location string // the same
}

const (
	scopeName     = "onvif://www.onvif.org/name/"
	scopeLocation = "onvif://www.onvif.org/location/"
	// maxNaming bounds what is written into a device's names, bytes.
	maxNaming = 63
)

// Names asks what the device calls itself (Core specification sections 8.2.8 and 8.3.5).
func (c *Client) Names(ctx context.Context) (Names, error) {
	const doing = "ask for the device's names"
	n, err := c.ask(ctx, soap.NSDevice, doing, `<tds:GetHostname/>`)
	if err != nil {
		return Names{}, err
	}
	h := n.Find("HostnameInformation")
	names := Names{Hostname: h.Get("Name"), FromDHCP: isTrue(h.Get("FromDHCP"))}
	scopes, err := c.scopes(ctx, doing)
	names.Name, names.Location = namedBy(scopes, scopeName), namedBy(scopes, scopeLocation)
	return names, err
}

// scopeOf is one scope; fixed ones belong to the device.
type scopeOf struct {
	item  string
	fixed bool
}

// maxScopes bounds the scopes that are kept of a device.
const maxScopes = 128

func (c *Client) scopes(ctx context.Context, doing string) (list []scopeOf, err error) {
	n, err := c.ask(ctx, soap.NSDevice, doing, `<tds:GetScopes/>`)
	for _, s := range n.All("Scopes") {
		if item := s.Get("ScopeItem"); item != "" && len(list) < maxScopes {
			list = append(list, scopeOf{item: item, fixed: strings.EqualFold(s.Get("ScopeDef"), "Fixed")})
		}
	}
	return list, err
}

// namedBy is what the scopes of a prefix say: those that may be set, before what the device came with.
func namedBy(scopes []scopeOf, prefix string) (said string) {
	for _, s := range scopes {
		v, ok := scopeValue(s.item, prefix)
		if ok && (said == "" || !s.fixed) {
			said = v
		}
	}
	return said
}

func scopeValue(item, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(item, prefix)
	if !ok || rest == "" {
		return "", false
	}
	if v, err := url.PathUnescape(rest); err == nil {
		rest = v
	}
	return rest, true
}

// SetHostname gives the device a name on its network; "" has the network give it one.
func (c *Client) SetHostname(ctx context.Context, name string) error {
	const doing = "set the host name"
	if name == "" {
		_, err := c.ask(ctx, soap.NSDevice, doing, `<tds:SetHostnameFromDHCP><tds:FromDHCP>true</tds:FromDHCP></tds:SetHostnameFromDHCP>`)
		return err
	}
	if !isHostname(name) {
		return fail(Refused, doing, fmt.Errorf("%q is no host name: letters, digits and hyphens, at most %d", name, maxNaming))
	}
	_, err := c.ask(ctx, soap.NSDevice, doing, `<tds:SetHostname><tds:Name>`+soap.Escape(name)+`</tds:Name></tds:SetHostname>`)
	return err
}

// isHostname tells whether a name is one label, or several with points between (RFC 1123 section 2.1).
func isHostname(name string) bool {
	if len(name) == 0 || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > maxNaming || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// SetScopeNames sets the name and the location that discovery shows. Other scopes that may be set stay.
func (c *Client) SetScopeNames(ctx context.Context, name, location string) error {
	const doing = "set the device's name and location"
	if len(name) > maxNaming || len(location) > maxNaming {
		return fail(Refused, doing, fmt.Errorf("name and location may have %d bytes each", maxNaming))
	}
	scopes, err := c.scopes(ctx, doing)
	if err != nil {
		return err
	}
	var b strings.Builder
	keep := func(item string) { b.WriteString("<tds:Scopes>" + soap.Escape(item) + "</tds:Scopes>") }
	for _, s := range scopes {
		if !s.fixed && !strings.HasPrefix(s.item, scopeName) && !strings.HasPrefix(s.item, scopeLocation) {
			keep(s.item)
		}
	}
	if name != "" {
		keep(scopeName + url.PathEscape(name))
	}
	if location != "" {
		keep(scopeLocation + url.PathEscape(location))
	}
	_, err = c.ask(ctx, soap.NSDevice, doing, `<tds:SetScopes>`+b.String()+`</tds:SetScopes>`)
	return err
}
