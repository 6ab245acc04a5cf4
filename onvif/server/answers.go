package server

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"holdfast/onvif/internal/soap"
)

// operation is one thing that can be asked.
type operation struct {
	space  string // namespace; "" when several services have it
	public bool   // PRE_AUTH
	do     func(*Server, *soap.Node) (string, *fault)
}

// operations are all that is answered.
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

		"GetNodes":          {soap.NSPTZ, false, (*Server).getNodes},
		"GetNode":           {soap.NSPTZ, false, (*Server).getNodes},
		"GetConfigurations": {soap.NSPTZ, false, (*Server).getConfigurations},
		"GetStatus":         {soap.NSPTZ, false, (*Server).getStatus},
		"AbsoluteMove":      {soap.NSPTZ, false, (*Server).absoluteMove},
		"RelativeMove":      {soap.NSPTZ, false, (*Server).relativeMove},
		"ContinuousMove":    {soap.NSPTZ, false, (*Server).continuousMove},
		"Stop":              {soap.NSPTZ, false, (*Server).stop},
		"GetPresets":        {soap.NSPTZ, false, (*Server).getPresets},
		"SetPreset":         {soap.NSPTZ, false, (*Server).setPreset},
		"RemovePreset":      {soap.NSPTZ, false, (*Server).removePreset},
		"GotoPreset":        {soap.NSPTZ, false, (*Server).gotoPreset},
	}
}

func (s *Server) getSystemDateAndTime(*soap.Node) (string, *fault) {
	n := s.o.Device.Now().UTC()
	return fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
		n.Hour(), n.Minute(), n.Second(), n.Year(), n.Month(), n.Day()), nil
}

func (s *Server) getDeviceInformation(*soap.Node) (string, *fault) {
	i := s.o.Device.Info()
	return fmt.Sprintf(`<tds:GetDeviceInformationResponse><tds:Manufacturer>%s</tds:Manufacturer><tds:Model>%s</tds:Model><tds:FirmwareVersion>%s</tds:FirmwareVersion><tds:SerialNumber>%s</tds:SerialNumber><tds:HardwareId>%s</tds:HardwareId></tds:GetDeviceInformationResponse>`,
		soap.Escape(i.Manufacturer), soap.Escape(i.Model), soap.Escape(i.Firmware), soap.Escape(i.Serial), soap.Escape(i.Hardware)), nil
}

// service is one that the device has.
type service struct{ space, path, capabilities string }

const (
	deviceCapabilities = `<tds:Capabilities><tds:Network/><tds:Security UsernameToken="true" HttpDigest="true"/><tds:System DiscoveryResolve="false" DiscoveryBye="false" RemoteDiscovery="false" SystemBackup="false" SystemLogging="false" FirmwareUpgrade="false"/></tds:Capabilities>`
	mediaCapabilities  = `<trt:Capabilities><trt:ProfileCapabilities MaximumNumberOfProfiles="8"/><trt:StreamingCapabilities RTPMulticast="false" RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities>`
	media2Capabilities = `<tr2:Capabilities><tr2:ProfileCapabilities MaximumNumberOfProfiles="8" ConfigurationsSupported="VideoSource VideoEncoder"/><tr2:StreamingCapabilities RTSPStreaming="true" RTPMulticast="false" RTP_RTSP_TCP="true"/></tr2:Capabilities>`
	ptzCapabilities    = `<tptz:Capabilities/>`
	thermalService     = `<tth:Capabilities Radiometry="false"/>`
)

func (s *Server) list() []service {
	l := []service{{soap.NSDevice, "device_service", deviceCapabilities}, {soap.NSMedia, "media_service", mediaCapabilities},
		{soap.NSMedia2, "media2_service", media2Capabilities}}
	if s.o.Device.PTZ() != nil {
		l = append(l, service{soap.NSPTZ, "ptz_service", ptzCapabilities})
	}
	if s.o.Device.Info().Thermal {
		l = append(l, service{soap.NSThermal, "thermal_service", thermalService})
	}
	return l
}

func (s *Server) getServices(req *soap.Node) (string, *fault) {
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

var prefixes = map[string]string{soap.NSDevice: "tds", soap.NSMedia: "trt", soap.NSMedia2: "tr2", soap.NSPTZ: "tptz", soap.NSThermal: "tth"}

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
	fmt.Fprintf(&b, `<tt:Device><tt:XAddr>%s</tt:XAddr></tt:Device><tt:Media><tt:XAddr>%s</tt:XAddr><tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>`,
		s.address("device_service"), s.address("media_service"))
	if s.o.Device.PTZ() != nil {
		fmt.Fprintf(&b, `<tt:PTZ><tt:XAddr>%s</tt:XAddr></tt:PTZ>`, s.address("ptz_service"))
	}
	return "<tds:GetCapabilitiesResponse><tds:Capabilities>" + b.String() + "</tds:Capabilities></tds:GetCapabilitiesResponse>", nil
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
	return "<tds:GetScopesResponse>" + b.String() + "</tds:GetScopesResponse>", nil
}

func (s *Server) getHostname(*soap.Node) (string, *fault) {
	return `<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP><tt:Name>camera</tt:Name></tds:HostnameInformation></tds:GetHostnameResponse>`, nil
}

func (s *Server) getNetworkInterfaces(*soap.Node) (string, *fault) {
	host, _, _ := net.SplitHostPort(s.Addr())
	return fmt.Sprintf(`<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>%s</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info><tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config><tt:Manual><tt:Address>%s</tt:Address><tt:PrefixLength>24</tt:PrefixLength></tt:Manual><tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>`,
		hardwareAddress(s.o.Device.Info().Endpoint), host), nil
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
	return "<tds:GetUsersResponse><tds:User><tt:Username>" + soap.Escape(s.o.Username) + "</tt:Username><tt:UserLevel>Administrator</tt:UserLevel></tds:User></tds:GetUsersResponse>", nil
}
