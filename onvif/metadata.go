package onvif

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"holdfast/onvif/internal/soap"
)

// Metadata is a metadata configuration: what beside pictures a stream carries (tt:MetadataConfiguration).
type Metadata struct {
	Token, Name string
	UseCount    int
	Analytics   bool // what the device's analytics see: boxes and objects
	Events      bool
	PTZStatus   bool // whether the camera moves
	PTZPosition bool // where it looks
	Location    bool // where it is

	compression    string
	multicast      multicast
	sessionTimeout string
}

// ErrNoMetadata says that a device has no metadata configuration of a token.
var ErrNoMetadata = errors.New("the device has no such metadata configuration")

// maxMetadata bounds the metadata configurations of a device.
const maxMetadata = 128

// MetadataConfigurations lists the metadata configurations.
func (c *Client) MetadataConfigurations(ctx context.Context) ([]Metadata, error) {
	n, _, err := c.either(ctx, "ask for metadata configurations", `<tr2:GetMetadataConfigurations/>`, `<trt:GetMetadataConfigurations/>`)
	if err != nil {
		return nil, err
	}
	var list []Metadata
	for _, v := range n.All("Configurations") {
		if v.Attribute("token") != "" && len(list) < maxMetadata {
			list = append(list, readMetadata(v))
		}
	}
	return list, nil
}

func readMetadata(n *soap.Node) Metadata {
	return Metadata{Token: n.Attribute("token"), Name: n.Get("Name"), UseCount: number(n.Get("UseCount")), Analytics: isTrue(n.Get("Analytics")), Events: n.Find("Events") != nil,
		PTZStatus: isTrue(n.Get("PTZStatus", "Status")), PTZPosition: isTrue(n.Get("PTZStatus", "Position")), Location: isTrue(n.Attribute("GeoLocation")),
		compression: n.Attribute("CompressionType"), multicast: readMulticast(n.Find("Multicast")), sessionTimeout: n.Get("SessionTimeout")}
}

// SetMetadata changes what a metadata configuration carries, and reads back what the device made of it. Which events it carries,
// where the device had a choice of them, becomes all.
func (c *Client) SetMetadata(ctx context.Context, m Metadata) (Metadata, error) {
	before, err := c.metadata(ctx, m.Token)
	if err != nil {
		return Metadata{}, err
	}
	before.Analytics, before.Events, before.PTZStatus, before.PTZPosition, before.Location = m.Analytics, m.Events, m.PTZStatus, m.PTZPosition, m.Location
	_, _, err = c.either(ctx, "set a metadata configuration",
		`<tr2:SetMetadataConfiguration>`+before.xml("tr2")+`</tr2:SetMetadataConfiguration>`,
		`<trt:SetMetadataConfiguration>`+before.xml("trt")+`<trt:ForcePersistence>true</trt:ForcePersistence></trt:SetMetadataConfiguration>`)
	if err != nil {
		return Metadata{}, err
	}
	return c.metadata(ctx, m.Token)
}

func (c *Client) metadata(ctx context.Context, token string) (Metadata, error) {
	list, err := c.MetadataConfigurations(ctx)
	if err != nil {
		return Metadata{}, err
	}
	for _, m := range list {
		if m.Token == token {
			return m, nil
		}
	}
	return Metadata{}, fail(Refused, "ask for a metadata configuration", ErrNoMetadata)
}

func (m Metadata) xml(prefix string) string {
	var b strings.Builder
	b.WriteString(`<` + prefix + `:Configuration token="` + soap.Escape(m.Token) + `"`)
	if m.compression != "" {
		b.WriteString(` CompressionType="` + soap.Escape(m.compression) + `"`)
	}
	if m.Location {
		b.WriteString(` GeoLocation="true"`)
	}
	b.WriteString(`><tt:Name>` + soap.Escape(m.Name) + `</tt:Name><tt:UseCount>` + strconv.Itoa(m.UseCount) + `</tt:UseCount>`)
	b.WriteString(`<tt:PTZStatus><tt:Status>` + strconv.FormatBool(m.PTZStatus) + `</tt:Status><tt:Position>` + strconv.FormatBool(m.PTZPosition) + `</tt:Position></tt:PTZStatus>`)
	if m.Events {
		b.WriteString(`<tt:Events/>`)
	}
	b.WriteString(`<tt:Analytics>` + strconv.FormatBool(m.Analytics) + `</tt:Analytics>` + m.multicast.xml() +
		`<tt:SessionTimeout>` + soap.Escape(cmp.Or(m.sessionTimeout, "PT60S")) + `</tt:SessionTimeout></` + prefix + `:Configuration>`)
	return b.String()
}
