package server

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
)

// operation is one thing that can be asked.
type operation struct {
	space  string // namespace; "" when several services have it
	public bool   // PRE_AUTH
	do     func(*Server, *soap.Node) (string, *fault)
}

// operations are all that is answered, by name. Where two services have one of a name, it stands with the prefix of its service,
// as in "timg:Stop".
var operations map[string]operation

func init() { // a composite literal would refer to itself through the methods
	operations = map[string]operation{
		"GetSystemDateAndTime":   {soap.NSDevice, true, (*Server).getSystemDateAndTime},
		"GetDeviceInformation":   {soap.NSDevice, false, (*Server).getDeviceInformation},
		"GetServices":            {soap.NSDevice, true, (*Server).getServices},
		"GetServiceCapabilities": {"", true, (*Server).getServiceCapabilities},
		"GetCapabilities":        {soap.NSDevice, true, (*Server).getCapabilities},
		"GetScopes":              {soap.NSDevice, false, (*Server).getScopes},
		"GetHostname":            {soap.NSDevice, true, (*Server).getHostname},
		"GetNetworkInterfaces":   {soap.NSDevice, false, (*Server).getNetworkInterfaces},
		"GetWsdlUrl":             {soap.NSDevice, true, (*Server).getWsdlURL},
		"GetEndpointReference":   {soap.NSDevice, true, (*Server).getEndpointReference},
		"GetUsers":               {soap.NSDevice, false, (*Server).getUsers},

		"GetProfiles":                   {"", false, (*Server).getProfiles},
		"GetProfile":                    {soap.NSMedia, false, (*Server).getProfile},
		"GetStreamUri":                  {"", false, (*Server).getStreamURI},
		"GetVideoSources":               {soap.NSMedia, false, (*Server).getVideoSources},
		"GetVideoSourceConfigurations":  {"", false, (*Server).getVideoSourceConfigurations},
		"GetVideoEncoderConfigurations": {"", false, (*Server).getVideoEncoderConfigurations},
	}
	maps.Copy(operations, mediaOperations())
	maps.Copy(operations, clipOperations())
	maps.Copy(operations, ptzOperations())
	maps.Copy(operations, controlOperations())
	maps.Copy(operations, analyticsOperations())
	maps.Copy(operations, managing())
	maps.Copy(operations, recordingOperations())
}

func (s *Server) getSystemDateAndTime(*soap.Node) (string, *fault) {
	n := s.o.Device.Now().UTC()
	m := s.settings()
	kind := "Manual"
	if m.ByNTP {
		kind = "NTP"
	}
	return fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>%s</tt:DateTimeType><tt:DaylightSavings>%t</tt:DaylightSavings><tt:TimeZone><tt:TZ>%s</tt:TZ></tt:TimeZone><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
		kind, m.Daylight, soap.Escape(m.Zone), n.Hour(), n.Minute(), n.Second(), n.Year(), n.Month(), n.Day()), nil
}

func (s *Server) getDeviceInformation(*soap.Node) (string, *fault) {
	i := s.o.Device.Info()
	return fmt.Sprintf(`<tds:GetDeviceInformationResponse><tds:Manufacturer>%s</tds:Manufacturer><tds:Model>%s</tds:Model><tds:FirmwareVersion>%s</tds:FirmwareVersion><tds:SerialNumber>%s</tds:SerialNumber><tds:HardwareId>%s</tds:HardwareId></tds:GetDeviceInformationResponse>`,
		soap.Escape(i.Manufacturer), soap.Escape(i.Model), soap.Escape(i.Firmware), soap.Escape(i.Serial), soap.Escape(i.Hardware)), nil
}

// service is one that the device has.
type service struct{ space, path, capabilities string }

const (
	deviceCapabilities = `<tds:Capabilities><tds:Network/><tds:Security UsernameToken="true" HttpDigest="true"/><tds:System DiscoveryResolve="false" DiscoveryBye="false" RemoteDiscovery="false" SystemBackup="false" SystemLogging="false" FirmwareUpgrade="false"/>%s</tds:Capabilities>`
	mediaCapabilities  = `<trt:Capabilities SnapshotUri="%t" VideoSourceMode="%t" OSD="%t"><trt:ProfileCapabilities MaximumNumberOfProfiles="8"/><trt:StreamingCapabilities RTPMulticast="false" RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities>`
	media2Capabilities = `<tr2:Capabilities SnapshotUri="%t" VideoSourceMode="%t" OSD="%t" Mask="%t"><tr2:ProfileCapabilities MaximumNumberOfProfiles="8" ConfigurationsSupported="VideoSource VideoEncoder"/><tr2:StreamingCapabilities RTSPStreaming="true" RTPMulticast="false" RTP_RTSP_TCP="true"/>%s</tr2:Capabilities>`
)

func (s *Server) list() []service {
	picture, modes, osd, mask := s.mediaHas()
	l := []service{{soap.NSDevice, "device_service", fmt.Sprintf(deviceCapabilities, s.auxiliaryCapabilities())}, {soap.NSMedia, "media_service", fmt.Sprintf(mediaCapabilities, picture, modes, osd)}}
	if !s.o.Device.Info().Legacy {
		l = append(l, service{soap.NSMedia2, "media2_service", fmt.Sprintf(media2Capabilities, picture, modes, osd, mask, s.clipCapabilities())})
	}
	if s.events != nil {
		l = append(l, service{soap.NSEvents, "event_service", s.events.eventCapabilities()})
	}
	return slices.Concat(l, s.controlServices(), s.analyticsServices(), s.recordingServices())
}

func (s *Server) getServices(req *soap.Node) (string, *fault) {
	if s.o.Device.Info().Legacy {
		return "", &notSupported
	}
	var b strings.Builder
	for _, v := range s.list() {
		fmt.Fprintf(&b, `<tds:Service><tds:Namespace>%s</tds:Namespace><tds:XAddr>%s</tds:XAddr>`, v.space, s.address(v.path))
		if c := req.Get("IncludeCapability"); c == "true" || c == "1" {
			b.WriteString("<tds:Capabilities>" + v.capabilities + "</tds:Capabilities>")
		}
		b.WriteString(`<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>`)
	}
	return "<tds:GetServicesResponse>" + b.String() + "</tds:GetServicesResponse>", nil
}

var prefixes = map[string]string{soap.NSDevice: "tds", soap.NSMedia: "trt", soap.NSMedia2: "tr2", soap.NSPTZ: "tptz", soap.NSThermal: "tth", soap.NSAnalytics: "tan",
	soap.NSImaging: "timg", soap.NSDeviceIO: "tmd", soap.NSEvents: "tev", soap.NSSearch: "tse", soap.NSReplay: "trp"}

func (s *Server) getServiceCapabilities(req *soap.Node) (string, *fault) {
	for _, v := range s.list() {
		if v.space == req.Space {
			p := prefixes[v.space]
			return "<" + p + ":GetServiceCapabilitiesResponse>" + v.capabilities + "</" + p + ":GetServiceCapabilitiesResponse>", nil
		}
	}
	return "", &notSupported
}

func (s *Server) getCapabilities(*soap.Node) (string, *fault) {
	var b strings.Builder
	fmt.Fprintf(&b, `<tt:Device><tt:XAddr>%s</tt:XAddr>%s</tt:Device>%s%s<tt:Media><tt:XAddr>%s</tt:XAddr><tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>`,
		s.address("device_service"), s.oldIO(), s.eventsOld(), s.oldImaging(), s.address("media_service"))
	if s.o.Device.PTZ() != nil {
		fmt.Fprintf(&b, `<tt:PTZ><tt:XAddr>%s</tt:XAddr></tt:PTZ>`, s.address("ptz_service"))
	}
	return "<tds:GetCapabilitiesResponse><tds:Capabilities>" + b.String() + s.oldDeviceIO() + "</tds:Capabilities></tds:GetCapabilitiesResponse>", nil
}

// scopes are the fixed scopes of Core specification section 7.3.2.2.
func scopes(d Device) []string {
	i := d.Info()
	list := []string{"onvif://www.onvif.org/type/video_encoder", "onvif://www.onvif.org/Profile/Streaming",
		"onvif://www.onvif.org/name/" + url.PathEscape(i.Name), "onvif://www.onvif.org/hardware/" + url.PathEscape(i.Hardware),
		"onvif://www.onvif.org/location/" + url.PathEscape(i.Location)}
	if d.PTZ() != nil {
		list = append(list, "onvif://www.onvif.org/type/ptz")
	}
	return list
}

func (s *Server) getScopes(*soap.Node) (string, *fault) {
	var b strings.Builder
	for _, sc := range scopes(s.o.Device) {
		fmt.Fprintf(&b, `<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>%s</tt:ScopeItem></tds:Scopes>`, soap.Escape(sc))
	}
	for _, sc := range s.settings().Scopes {
		fmt.Fprintf(&b, `<tds:Scopes><tt:ScopeDef>Configurable</tt:ScopeDef><tt:ScopeItem>%s</tt:ScopeItem></tds:Scopes>`, soap.Escape(sc))
	}
	return "<tds:GetScopesResponse>" + b.String() + "</tds:GetScopesResponse>", nil
}

func (s *Server) getHostname(*soap.Node) (string, *fault) {
	m := s.settings()
	return fmt.Sprintf(`<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>%t</tt:FromDHCP><tt:Name>%s</tt:Name></tds:HostnameInformation></tds:GetHostnameResponse>`, m.DHCPName, soap.Escape(m.Hostname)), nil
}

func (s *Server) getNetworkInterfaces(*soap.Node) (string, *fault) {
	host, _, _ := net.SplitHostPort(s.Addr())
	m, bits := s.settings(), 24
	if m.Address.IsValid() && !m.DHCP {
		host, bits = m.Address.Addr().String(), m.Address.Bits()
	}
	return fmt.Sprintf(`<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>%s</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>%s</tt:Address><tt:PrefixLength>%d</tt:PrefixLength></tt:Manual><tt:DHCP>%t</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>`,
		hardwareAddress(s.o.Device.Info().Endpoint), host, bits, m.DHCP), nil
}

// hardwareAddress makes a locally administered address of a device's identity.
func hardwareAddress(endpoint string) string {
	hex := strings.ReplaceAll(endpoint, "-", "")
	if len(hex) < 10 {
		return "02:00:00:00:00:01"
	}
	t := hex[len(hex)-10:]
	return "02:" + t[0:2] + ":" + t[2:4] + ":" + t[4:6] + ":" + t[6:8] + ":" + t[8:10]
}

func (s *Server) getWsdlURL(*soap.Node) (string, *fault) {
	return `<tds:GetWsdlUrlResponse><tds:WsdlUrl>http://www.onvif.org/</tds:WsdlUrl></tds:GetWsdlUrlResponse>`, nil
}

func (s *Server) getEndpointReference(*soap.Node) (string, *fault) {
	return "<tds:GetEndpointReferenceResponse><tds:GUID>" + soap.Escape(s.o.Device.Info().Endpoint) + "</tds:GUID></tds:GetEndpointReferenceResponse>", nil
}

func (s *Server) getUsers(*soap.Node) (string, *fault) {
	return "<tds:GetUsersResponse>" + accountList(s.settings().Accounts) + "</tds:GetUsersResponse>", nil
}
