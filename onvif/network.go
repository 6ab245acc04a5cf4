package onvif

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
)

// Network is how a device is on its network.
type Network struct {
	Interfaces  []NetworkInterface
	Gateways    []string // addresses
	DNSFromDHCP bool
	DNS         []string // addresses
	Protocols   []NetworkProtocol
}

// NetworkInterface is one of a device's.
type NetworkInterface struct {
	Token, Name string
	MAC         string
	MTU         int // bytes; 0 when it does not say
	Enabled     bool
	IPv4        NetworkAddress
	IPv6        NetworkAddress
}

// NetworkAddress is how an interface has addresses of one family.
type NetworkAddress struct {
	Enabled  bool
	DHCP     bool
	Manual   []string // with prefix length: 192.168.1.5/24
	Obtained []string // by DHCP, from the router, or link-local; the same
}

// NetworkProtocol is one that a device serves.
type NetworkProtocol struct {
	Name    string // HTTP, HTTPS or RTSP
	Enabled bool
	Ports   []int
}

// maxInterfaces bounds interfaces, addresses of one, and protocols.
const maxInterfaces = 32

// Network asks how the device is on its network (Core specification section 8.2). What it does not tell stays empty.
func (c *Client) Network(ctx context.Context) (Network, error) {
	var w Network
	n, err := c.ask(ctx, soap.NSDevice, "ask for the network interfaces", `<tds:GetNetworkInterfaces/>`)
	if err != nil {
		return w, err
	}
	for _, e := range n.All("NetworkInterfaces") {
		if len(w.Interfaces) < maxInterfaces {
			w.Interfaces = append(w.Interfaces, readInterface(e))
		}
	}
	for _, q := range []struct {
		doing, body string
		read        func(*soap.Node)
	}{
		{"ask for the gateways", `<tds:GetNetworkDefaultGateway/>`, func(n *soap.Node) { w.Gateways = addresses(n.Find("NetworkGateway")) }},
		{"ask for the name servers", `<tds:GetDNS/>`, func(n *soap.Node) {
			info, from := n.Find("DNSInformation"), "DNSManual"
			if w.DNSFromDHCP = isTrue(info.Get("FromDHCP")); w.DNSFromDHCP {
				from = "DNSFromDHCP"
			}
			w.DNS = hosts(info.All(from))
		}},
		{"ask for the protocols", `<tds:GetNetworkProtocols/>`, func(n *soap.Node) { w.Protocols = readProtocols(n) }},
	} {
		n, err := c.ask(ctx, soap.NSDevice, q.doing, q.body)
		switch {
		case err == nil:
			q.read(n)
		case !isRefusal(err):
			return w, err
		}
	}
	return w, nil
}

func addresses(n *soap.Node) (list []string) {
	for _, field := range []string{"IPv4Address", "IPv6Address"} {
		for _, a := range n.All(field) {
			if a.Text != "" && len(list) < maxInterfaces {
				list = append(list, a.Text)
			}
		}
	}
	return list
}

func readInterface(e *soap.Node) NetworkInterface {
	i := NetworkInterface{Token: e.Attribute("token"), Name: e.Get("Info", "Name"), MAC: e.Get("Info", "HwAddress"), MTU: number(e.Get("Info", "MTU")), Enabled: isTrue(e.Get("Enabled"))}
	if mac, err := net.ParseMAC(i.MAC); err == nil {
		i.MAC = mac.String()
	}
	v4 := e.Find("IPv4")
	i.IPv4 = NetworkAddress{Enabled: isTrue(v4.Get("Enabled")), DHCP: isTrue(v4.Get("Config", "DHCP")),
		Manual: prefixed(v4.Find("Config"), "Manual"), Obtained: prefixed(v4.Find("Config"), "LinkLocal", "FromDHCP")}
	v6 := e.Find("IPv6")
	how := v6.Get("Config", "DHCP")
	i.IPv6 = NetworkAddress{Enabled: isTrue(v6.Get("Enabled")), DHCP: how != "" && !strings.EqualFold(how, "Off"),
		Manual: prefixed(v6.Find("Config"), "Manual"), Obtained: prefixed(v6.Find("Config"), "LinkLocal", "FromDHCP", "FromRA")}
	return i
}

func prefixed(config *soap.Node, kinds ...string) (list []string) {
	for _, k := range kinds {
		for _, a := range config.All(k) {
			if ip := a.Get("Address"); ip != "" && len(list) < maxInterfaces {
				list = append(list, ip+"/"+a.Get("PrefixLength"))
			}
		}
	}
	return list
}

func readProtocols(n *soap.Node) (list []NetworkProtocol) {
	for _, e := range n.All("NetworkProtocols") {
		if len(list) == maxInterfaces {
			break
		}
		p := NetworkProtocol{Name: e.Get("Name"), Enabled: isTrue(e.Get("Enabled"))}
		for _, port := range e.All("Port") {
			if v := number(port.Text); v > 0 && len(p.Ports) < maxInterfaces {
				p.Ports = append(p.Ports, v)
			}
		}
		list = append(list, p)
	}
	return list
}

// SetIPv4 has an interface take its address by DHCP (address is "") or be given one with its prefix length, such as
// 192.168.1.5/24. It tells whether the device must be restarted for it. The device may be gone from where it was afterwards.
func (c *Client) SetIPv4(ctx context.Context, token, address string) (reboot bool, err error) {
	const doing = "set the address"
	manual := ""
	if address != "" {
		p, err := netip.ParsePrefix(address)
		if err != nil || !p.Addr().Is4() || p.Bits() == 0 {
			return false, fail(Refused, doing, fmt.Errorf("%q is no IPv4 address with its prefix length, such as 192.168.1.5/24", address))
		}
		manual = fmt.Sprintf(`<tt:Manual><tt:Address>%s</tt:Address><tt:PrefixLength>%d</tt:PrefixLength></tt:Manual>`, p.Addr(), p.Bits())
	}
	n, err := c.ask(ctx, soap.NSDevice, doing, fmt.Sprintf(`<tds:SetNetworkInterfaces><tds:InterfaceToken>%s</tds:InterfaceToken><tds:NetworkInterface><tt:Enabled>true</tt:Enabled><tt:IPv4><tt:Enabled>true</tt:Enabled>%s<tt:DHCP>%t</tt:DHCP></tt:IPv4></tds:NetworkInterface></tds:SetNetworkInterfaces>`,
		soap.Escape(token), manual, address == ""))
	if err != nil {
		return false, err
	}
	return isTrue(n.Get("RebootNeeded")), nil
}

// SetGateways sets the default gateways.
func (c *Client) SetGateways(ctx context.Context, gateways []string) error {
	const doing = "set the gateways"
	v4, v6, err := families(doing, gateways)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range v4 {
		b.WriteString("<tds:IPv4Address>" + a + "</tds:IPv4Address>")
	}
	for _, a := range v6 {
		b.WriteString("<tds:IPv6Address>" + a + "</tds:IPv6Address>")
	}
	_, err = c.ask(ctx, soap.NSDevice, doing, "<tds:SetNetworkDefaultGateway>"+b.String()+"</tds:SetNetworkDefaultGateway>")
	return err
}

// SetDNS sets the name servers; without any the network names them.
func (c *Client) SetDNS(ctx context.Context, servers []string) error {
	const doing = "set the name servers"
	v4, v6, err := families(doing, servers)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range append(v4, v6...) {
		b.WriteString(hostXML("tds:DNSManual", a))
	}
	_, err = c.ask(ctx, soap.NSDevice, doing, fmt.Sprintf("<tds:SetDNS><tds:FromDHCP>%t</tds:FromDHCP>%s</tds:SetDNS>", len(servers) == 0, b.String()))
	return err
}

// families sorts addresses, written anew, into those of IPv4 and of IPv6.
func families(doing string, list []string) (v4, v6 []string, err error) {
	if len(list) > maxServers {
		return nil, nil, fail(Refused, doing, fmt.Errorf("at most %d addresses are taken", maxServers))
	}
	for _, s := range list {
		a, err := netip.ParseAddr(s)
		switch {
		case err != nil || a.Zone() != "":
			return nil, nil, fail(Refused, doing, fmt.Errorf("%q is no IP address", s))
		case a.Unmap().Is4():
			v4 = append(v4, a.Unmap().String())
		default:
			v6 = append(v6, a.String())
		}
	}
	return v4, v6, nil
}

// SetProtocol switches a protocol on or off, and sets its ports where some are given. Who switches off the one by which the device
// is reached cannot switch it on again.
func (c *Client) SetProtocol(ctx context.Context, p NetworkProtocol) error {
	const doing = "set the protocol"
	p.Name = strings.ToUpper(p.Name)
	if !slices.Contains([]string{"HTTP", "HTTPS", "RTSP"}, p.Name) {
		return fail(Refused, doing, fmt.Errorf("%q is none of HTTP, HTTPS and RTSP", p.Name))
	}
	if strings.EqualFold(p.Name, c.device.Scheme) && !p.Enabled {
		return fail(Refused, doing, fmt.Errorf("the device is reached by %s: switched off, it could not be reached any more", p.Name))
	}
	if len(p.Ports) == 0 { // the schema wants one
		now, err := c.Network(ctx)
		if err != nil {
			return err
		}
		for _, q := range now.Protocols {
			if strings.EqualFold(q.Name, p.Name) {
				p.Ports = q.Ports
			}
		}
	}
	var b strings.Builder
	for _, port := range p.Ports {
		if port < 1 || port > 65535 {
			return fail(Refused, doing, fmt.Errorf("%d is no port", port))
		}
		fmt.Fprintf(&b, "<tt:Port>%d</tt:Port>", port)
	}
	if b.Len() == 0 {
		return fail(Refused, doing, fmt.Errorf("the device does not say on which port %s is: name one", p.Name))
	}
	_, err := c.ask(ctx, soap.NSDevice, doing, fmt.Sprintf(`<tds:SetNetworkProtocols><tds:NetworkProtocols><tt:Name>%s</tt:Name><tt:Enabled>%t</tt:Enabled>%s</tds:NetworkProtocols></tds:SetNetworkProtocols>`, p.Name, p.Enabled, b.String()))
	return err
}
