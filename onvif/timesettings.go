package onvif

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// TimeSettings are those of a device's clock.
type TimeSettings struct {
	UTC             time.Time     // by the device; zero when it does not say
	Ahead           time.Duration // of our clock
	ByNTP           bool
	TimeZone        string // POSIX 1003.1, such as CET-1CEST,M3.5.0,M10.5.0/3; "" when it does not say
	DaylightSavings bool
	ServersFromDHCP bool
	Servers         []string // of NTP: addresses or names
}

// maxServers bounds NTP and DNS servers, and maxZone a time zone, bytes.
const (
	maxServers = 8
	maxZone    = 128
)

// TimeSettings asks how the device's clock is set (Core specification sections 8.2.5 and 8.2.14). A device without NTP has no servers.
func (c *Client) TimeSettings(ctx context.Context) (TimeSettings, error) {
	const doing = "ask how the clock is set"
	n, err := c.ask(ctx, soap.NSDevice, doing, `<tds:GetSystemDateAndTime/>`)
	if err != nil {
		return TimeSettings{}, err
	}
	d := n.Find("SystemDateAndTime")
	t := TimeSettings{ByNTP: strings.EqualFold(d.Get("DateTimeType"), "NTP"), DaylightSavings: isTrue(d.Get("DaylightSavings")), TimeZone: d.Get("TimeZone", "TZ")}
	if at, ok := partsOf(d.Find("UTCDateTime")); ok {
		t.UTC, t.Ahead = at, at.Sub(c.o.Now()).Round(time.Second)
	}
	n, err = c.ask(ctx, soap.NSDevice, "ask for the time servers", `<tds:GetNTP/>`)
	if err != nil {
		if isRefusal(err) {
			return t, nil
		}
		return t, err
	}
	info := n.Find("NTPInformation")
	t.ServersFromDHCP = isTrue(info.Get("FromDHCP"))
	from := "NTPManual"
	if t.ServersFromDHCP {
		from = "NTPFromDHCP"
	}
	t.Servers = hosts(info.All(from))
	return t, nil
}

// hosts reads tt:NetworkHost and tt:IPAddress elements.
func hosts(list []*soap.Node) (out []string) {
	for _, h := range list {
		for _, field := range []string{"IPv4Address", "IPv6Address", "DNSname"} {
			if v := h.Get(field); v != "" && len(v) <= 255 && len(out) < maxServers {
				out = append(out, v)
				break
			}
		}
	}
	return out
}

// hostXML writes a server as tt:NetworkHost.
func hostXML(element, host string) string {
	kind, field := "DNS", "DNSname"
	if ip, err := netip.ParseAddr(host); err == nil {
		kind, field = "IPv6", "IPv6Address"
		if ip.Unmap().Is4() {
			kind, field = "IPv4", "IPv4Address"
		}
	}
	return "<" + element + "><tt:Type>" + kind + "</tt:Type><tt:" + field + ">" + soap.Escape(host) + "</tt:" + field + "></" + element + ">"
}

// SetTimeZone sets the zone, and whether it has daylight saving; the clock goes on by NTP where it does.
func (c *Client) SetTimeZone(ctx context.Context, zone string, daylight bool) error {
	const doing = "set the time zone"
	if zone == "" || len(zone) > maxZone || strings.ContainsAny(zone, " \t\r\n") {
		return fail(Refused, doing, fmt.Errorf("%q is no POSIX time zone, such as CET-1CEST,M3.5.0,M10.5.0/3", zone))
	}
	t, err := c.TimeSettings(ctx)
	if err != nil {
		return err
	}
	return c.setTime(ctx, doing, t.ByNTP, zone, daylight)
}

// SetClock sets the device's clock to ours, by hand.
func (c *Client) SetClock(ctx context.Context) error {
	const doing = "set the clock"
	t, err := c.TimeSettings(ctx)
	if err != nil {
		return err
	}
	return c.setTime(ctx, doing, false, t.TimeZone, t.DaylightSavings)
}

func (c *Client) setTime(ctx context.Context, doing string, ntp bool, zone string, daylight bool) error {
	kind, at := "NTP", ""
	if !ntp {
		kind = "Manual"
		n := c.o.Now().UTC()
		at = fmt.Sprintf(`<tds:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tds:UTCDateTime>`,
			n.Hour(), n.Minute(), n.Second(), n.Year(), n.Month(), n.Day())
	}
	tz := ""
	if zone != "" {
		tz = `<tds:TimeZone><tt:TZ>` + soap.Escape(zone) + `</tt:TZ></tds:TimeZone>`
	}
	_, err := c.ask(ctx, soap.NSDevice, doing, fmt.Sprintf(`<tds:SetSystemDateAndTime><tds:DateTimeType>%s</tds:DateTimeType><tds:DaylightSavings>%t</tds:DaylightSavings>%s%s</tds:SetSystemDateAndTime>`,
		kind, daylight, tz, at))
	return err
}

// SetTimeServers has the device go by NTP servers, or, without any, by those that the network names.
func (c *Client) SetTimeServers(ctx context.Context, servers []string) error {
	const doing = "set the time servers"
	if len(servers) > maxServers {
		return fail(Refused, doing, fmt.Errorf("at most %d servers are taken", maxServers))
	}
	var b strings.Builder
	for _, s := range servers {
		if _, err := netip.ParseAddr(s); err != nil && !isHostname(s) {
			return fail(Refused, doing, fmt.Errorf("%q is neither an address nor a host name", s))
		}
		b.WriteString(hostXML("tds:NTPManual", s))
	}
	if _, err := c.ask(ctx, soap.NSDevice, doing, fmt.Sprintf(`<tds:SetNTP><tds:FromDHCP>%t</tds:FromDHCP>%s</tds:SetNTP>`, len(servers) == 0, b.String())); err != nil {
		return err
	}
	t, err := c.TimeSettings(ctx)
	if err != nil || t.ByNTP {
		return err
	}
	return c.setTime(ctx, doing, true, t.TimeZone, t.DaylightSavings)
}

// isRefusal tells whether the device answered and said no.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == Refused
}
