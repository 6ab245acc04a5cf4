package server

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Managed is a device whose settings can be changed.
type Managed interface {
	Manage(change func(*Management) error) error // makes the change one act; what is left of the settings when it fails is as before
	Reboot()
}

// Management is how a device is set up.
type Management struct {
	Hostname    string
	DHCPName    bool
	Scopes      []string // that may be set
	ByNTP       bool
	Zone        string
	Daylight    bool
	Set         time.Duration // how far the clock was set from what it was
	NTP         []string      // empty: by DHCP
	DNS         []string      // the same
	Gateways    []string
	Address     netip.Prefix // of its one interface
	DHCP        bool
	Protocols   []Protocol
	Accounts    []Account
	Log, Access string
	Settings    []byte // as a backup packs them
	Firmware    []byte // that was sent last
	Reset       string // how it was reset last: Hard or Soft
}

// Protocol is one that a device serves.
type Protocol struct {
	Name    string
	Enabled bool
	Ports   []int
}

// Account is one of a device's.
type Account struct{ Name, Password, Level string }

// managed answers an operation of a device whose settings can be changed.
func managed(do func(*Server, *soap.Node, *Management) (string, *fault)) func(*Server, *soap.Node) (string, *fault) {
	return func(s *Server, req *soap.Node) (answer string, f *fault) {
		m, ok := s.o.Device.(Managed)
		if !ok {
			return "", &notSupported
		}
		err := m.Manage(func(g *Management) error {
			s.admit(g)
			if answer, f = do(s, req, g); f != nil {
				return errRefused
			}
			return nil
		})
		if err != nil && f == nil {
			f = &fault{"s:Receiver", "ter:Action", "", "The device could not do it."}
		}
		return answer, f
	}
}

var errRefused = fmt.Errorf("refused")

// managing are the operations of a device whose settings can be changed.
func managing() map[string]operation {
	all := map[string]operation{}
	for name, do := range map[string]func(*Server, *soap.Node, *Management) (string, *fault){
		"SetHostname": setHostname, "SetHostnameFromDHCP": setHostnameFromDHCP, "SetScopes": setScopes,
		"GetNTP": getNTP, "SetNTP": setNTP, "GetDNS": getDNS, "SetDNS": setDNS,
		"GetNetworkDefaultGateway": getGateway, "SetNetworkDefaultGateway": setGateway, "SetNetworkInterfaces": setInterfaces,
		"GetNetworkProtocols": getProtocols, "SetNetworkProtocols": setProtocols,
		"CreateUsers": createUsers, "SetUser": setUser, "DeleteUsers": deleteUsers,
		"SetSystemFactoryDefault": reset, "GetSystemUris": systemURIs, "GetSystemLog": systemLog,
		"StartFirmwareUpgrade": startUpload("StartFirmwareUpgrade", "firmware"), "StartSystemRestore": startUpload("StartSystemRestore", "restore"),
	} {
		all[name] = operation{soap.NSDevice, false, managed(do)}
	}
	all["SetSystemDateAndTime"] = operation{soap.NSDevice, false, setSystemDateAndTime}
	all["SystemReboot"] = operation{soap.NSDevice, false, reboot}
	return all
}

// admit has the account that the device is asked by among its accounts, until it is removed.
func (s *Server) admit(g *Management) {
	if len(g.Accounts) == 0 && s.o.Username != "" {
		g.Accounts = []Account{{Name: s.o.Username, Password: s.o.Password, Level: "Administrator"}}
	}
}

// settings are how the device is set up now; of one that is not managed, how it is for ever.
func (s *Server) settings() (now Management) {
	m, ok := s.o.Device.(Managed)
	if !ok {
		return Management{Hostname: "camera", ByNTP: true, Zone: "UTC0", Accounts: []Account{{Name: s.o.Username, Level: "Administrator"}}}
	}
	m.Manage(func(g *Management) error { s.admit(g); now = *g; return nil })
	return now
}

func deviceDone(name string) string { return "<tds:" + name + "Response/>" }

func invalid(detail, reason string) *fault {
	return &fault{"s:Sender", "ter:InvalidArgVal", "ter:" + detail, reason}
}

func setHostname(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	name := req.Get("Name")
	if name == "" || strings.ContainsAny(name, " _/") {
		return "", invalid("InvalidHostname", "It is no host name.")
	}
	g.Hostname, g.DHCPName = name, false
	return deviceDone("SetHostname"), nil
}

func setHostnameFromDHCP(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	g.DHCPName = req.Get("FromDHCP") == "true"
	return "<tds:SetHostnameFromDHCPResponse><tds:RebootNeeded>false</tds:RebootNeeded></tds:SetHostnameFromDHCPResponse>", nil
}

func setScopes(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	g.Scopes = nil
	for _, s := range req.All("Scopes") {
		g.Scopes = append(g.Scopes, s.Text)
	}
	return deviceDone("SetScopes"), nil
}

func setSystemDateAndTime(s *Server, req *soap.Node) (string, *fault) {
	now := s.o.Device.Now() // before the settings are taken, which the clock is one of
	return managed(func(_ *Server, req *soap.Node, g *Management) (string, *fault) { return setTime(req, g, now) })(s, req)
}

func setTime(req *soap.Node, g *Management, now time.Time) (string, *fault) {
	if zone := req.Get("TimeZone", "TZ"); zone != "" {
		if !strings.ContainsAny(zone, "0123456789") {
			return "", invalid("InvalidTimeZone", "It is no time zone.")
		}
		g.Zone = zone
	}
	g.Daylight = req.Get("DaylightSavings") == "true"
	if g.ByNTP = req.Get("DateTimeType") == "NTP"; g.ByNTP {
		return deviceDone("SetSystemDateAndTime"), nil
	}
	var v [6]int
	at := req.Find("UTCDateTime")
	for i, path := range [][]string{{"Date", "Year"}, {"Date", "Month"}, {"Date", "Day"}, {"Time", "Hour"}, {"Time", "Minute"}, {"Time", "Second"}} {
		n, err := strconv.Atoi(at.Get(path...))
		if err != nil {
			return "", invalid("InvalidDateTime", "It is no date and time.")
		}
		v[i] = n
	}
	g.Set += time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.UTC).Sub(now)
	return deviceDone("SetSystemDateAndTime"), nil
}

// hostList writes addresses and names as tt:NetworkHost or tt:IPAddress.
func hostList(element string, list []string) string {
	var b strings.Builder
	for _, h := range list {
		kind, field := "DNS", "DNSname"
		if ip, err := netip.ParseAddr(h); err == nil {
			kind, field = "IPv4", "IPv4Address"
			if ip.Is6() {
				kind, field = "IPv6", "IPv6Address"
			}
		}
		b.WriteString("<" + element + "><tt:Type>" + kind + "</tt:Type><tt:" + field + ">" + soap.Escape(h) + "</tt:" + field + "></" + element + ">")
	}
	return b.String()
}

func hostsOf(list []*soap.Node) (out []string) {
	for _, h := range list {
		out = append(out, h.Get("IPv4Address")+h.Get("IPv6Address")+h.Get("DNSname"))
	}
	return out
}

func getNTP(_ *Server, _ *soap.Node, g *Management) (string, *fault) {
	if len(g.NTP) == 0 {
		return "<tds:GetNTPResponse><tds:NTPInformation><tt:FromDHCP>true</tt:FromDHCP>" + hostList("tt:NTPFromDHCP", []string{"192.168.1.1"}) + "</tds:NTPInformation></tds:GetNTPResponse>", nil
	}
	return "<tds:GetNTPResponse><tds:NTPInformation><tt:FromDHCP>false</tt:FromDHCP>" + hostList("tt:NTPManual", g.NTP) + "</tds:NTPInformation></tds:GetNTPResponse>", nil
}

func setNTP(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	g.NTP = hostsOf(req.All("NTPManual"))
	return deviceDone("SetNTP"), nil
}

func getDNS(_ *Server, _ *soap.Node, g *Management) (string, *fault) {
	if len(g.DNS) == 0 {
		return "<tds:GetDNSResponse><tds:DNSInformation><tt:FromDHCP>true</tt:FromDHCP>" + hostList("tt:DNSFromDHCP", []string{"192.168.1.1"}) + "</tds:DNSInformation></tds:GetDNSResponse>", nil
	}
	return "<tds:GetDNSResponse><tds:DNSInformation><tt:FromDHCP>false</tt:FromDHCP>" + hostList("tt:DNSManual", g.DNS) + "</tds:DNSInformation></tds:GetDNSResponse>", nil
}

func setDNS(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	g.DNS = hostsOf(req.All("DNSManual"))
	return deviceDone("SetDNS"), nil
}

func getGateway(_ *Server, _ *soap.Node, g *Management) (string, *fault) {
	var b strings.Builder
	for _, a := range g.Gateways {
		b.WriteString("<tt:IPv4Address>" + soap.Escape(a) + "</tt:IPv4Address>")
	}
	return "<tds:GetNetworkDefaultGatewayResponse><tds:NetworkGateway>" + b.String() + "</tds:NetworkGateway></tds:GetNetworkDefaultGatewayResponse>", nil
}

func setGateway(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	g.Gateways = nil
	for _, a := range req.All("IPv4Address") {
		g.Gateways = append(g.Gateways, a.Text)
	}
	return deviceDone("SetNetworkDefaultGateway"), nil
}

func setInterfaces(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	if req.Get("InterfaceToken") != "eth0" {
		return "", invalid("InvalidNetworkInterface", "There is no such interface.")
	}
	v4 := req.Find("NetworkInterface", "IPv4")
	if g.DHCP = v4.Get("DHCP") == "true"; !g.DHCP {
		p, err := netip.ParsePrefix(v4.Get("Manual", "Address") + "/" + v4.Get("Manual", "PrefixLength"))
		if err != nil {
			return "", invalid("InvalidIPv4Address", "It is no IPv4 address.")
		}
		g.Address = p
	}
	return "<tds:SetNetworkInterfacesResponse><tds:RebootNeeded>true</tds:RebootNeeded></tds:SetNetworkInterfacesResponse>", nil
}

func getProtocols(_ *Server, _ *soap.Node, g *Management) (string, *fault) {
	var b strings.Builder
	for _, p := range g.Protocols {
		fmt.Fprintf(&b, "<tds:NetworkProtocols><tt:Name>%s</tt:Name><tt:Enabled>%t</tt:Enabled>", p.Name, p.Enabled)
		for _, port := range p.Ports {
			fmt.Fprintf(&b, "<tt:Port>%d</tt:Port>", port)
		}
		b.WriteString("</tds:NetworkProtocols>")
	}
	return "<tds:GetNetworkProtocolsResponse>" + b.String() + "</tds:GetNetworkProtocolsResponse>", nil
}

func setProtocols(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	for _, e := range req.All("NetworkProtocols") {
		i := slices.IndexFunc(g.Protocols, func(p Protocol) bool { return p.Name == e.Get("Name") })
		if i < 0 {
			return "", invalid("ServiceNotSupported", "There is no such protocol.")
		}
		p := Protocol{Name: e.Get("Name"), Enabled: e.Get("Enabled") == "true"}
		for _, port := range e.All("Port") {
			n, _ := strconv.Atoi(port.Text)
			p.Ports = append(p.Ports, n)
		}
		g.Protocols = slices.Clone(g.Protocols)
		g.Protocols[i] = p
	}
	return deviceDone("SetNetworkProtocols"), nil
}

func systemURIs(s *Server, _ *soap.Node, _ *Management) (string, *fault) {
	return "<tds:GetSystemUrisResponse><tds:SystemLogUris><tt:SystemLog><tt:Type>System</tt:Type><tt:Uri>" + soap.Escape(s.file("log")) +
		"</tt:Uri></tt:SystemLog></tds:SystemLogUris><tds:SystemBackupUri>" + soap.Escape(s.file("backup")) + "</tds:SystemBackupUri></tds:GetSystemUrisResponse>", nil
}

func systemLog(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	text := g.Log
	if req.Get("LogType") == "Access" {
		text = g.Access
	}
	return "<tds:GetSystemLogResponse><tds:SystemLog><tt:String>" + soap.Escape(text) + "</tt:String></tds:SystemLog></tds:GetSystemLogResponse>", nil
}

func startUpload(name, file string) func(*Server, *soap.Node, *Management) (string, *fault) {
	return func(s *Server, _ *soap.Node, _ *Management) (string, *fault) {
		delay := ""
		if name == "StartFirmwareUpgrade" {
			delay = "<tds:UploadDelay>PT0S</tds:UploadDelay>"
		}
		return "<tds:" + name + "Response><tds:UploadUri>" + soap.Escape(s.file(file)) + "</tds:UploadUri>" + delay + "<tds:ExpectedDownTime>PT30S</tds:ExpectedDownTime></tds:" + name + "Response>", nil
	}
}

func (s *Server) file(name string) string {
	u, _ := url.Parse(s.XAddr())
	u.Path = filesPath + name
	return u.String()
}

func reboot(s *Server, _ *soap.Node) (string, *fault) {
	m, ok := s.o.Device.(Managed)
	if !ok {
		return "", &notSupported
	}
	m.Reboot()
	return "<tds:SystemRebootResponse><tds:Message>Restarting in 2 seconds.</tds:Message></tds:SystemRebootResponse>", nil
}

func reset(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	g.Reset = req.Get("FactoryDefault")
	return deviceDone("SetSystemFactoryDefault"), nil
}
