package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"holdfast/gateway/web"
)

// deviceVerbs set up the devices of cameras.
var deviceVerbs = []verb{
	{"name", deviceName}, {"clock", deviceClock}, {"network", deviceNetwork}, {"account", deviceAccount}, {"restart", deviceRestart}, {"reset", deviceReset},
	{"log", deviceLog}, {"backup", deviceBackup}, {"restore", deviceRestore}, {"firmware", deviceFirmware}, {"say", deviceSay}, {"clip", deviceClip},
}

// deviceInquiry is a command about the device of one camera.
type deviceInquiry struct {
	*inquiry
	camera *string
}

func deviceOptions(t terminal, name, more string) *deviceInquiry {
	d := &deviceInquiry{inquiry: inquiryOptions(t, "camera "+name, "--camera ID "+more)}
	d.camera = d.fs.String("camera", "", "the camera's `ID` (required)")
	return d
}

// begin reads the command line and reaches the gateway.
func (d *deviceInquiry) begin(ctx context.Context, args []string) error {
	err := d.inquiry.begin(ctx, args)
	if err == nil && *d.camera == "" {
		return errNoCamera
	}
	return err
}

var errNoCamera = errors.New("which camera? Say --camera ID")

// of is the path of a part of the API about the camera.
func (d *deviceInquiry) of(part string) string {
	return "/api/v1/cameras/" + url.PathEscape(*d.camera) + "/" + part
}

// path is that of a part of the API about what the camera's device is set to.
func (d *deviceInquiry) path(part string) string { return d.of("device/" + part) }

// said tells whether an option is on the command line, and so is to be changed, be it to nothing.
func (d *deviceInquiry) said(name string) (said bool) {
	d.fs.Visit(func(f *flag.Flag) { said = said || f.Name == name })
	return said
}

// listOf is a list of the command line; dhcp is an empty one.
func listOf(text string) *[]string {
	list := []string{}
	if text != "" && text != "dhcp" {
		list = commaList(text)
	}
	return &list
}

func deviceName(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "name", "[--hostname NAME] [--name NAME] [--location PLACE]")
	host := d.fs.String("hostname", "", "its `NAME` on the network; empty: the network gives it")
	name := d.fs.String("name", "", "the `NAME` that discovery shows")
	location := d.fs.String("location", "", "the `PLACE` that discovery shows")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var n web.DeviceNames
	if err := d.ask(http.MethodGet, d.path("names"), nil, &n); err != nil {
		return err
	}
	change := n
	for option, field := range map[string]struct{ to, from *string }{"hostname": {&change.Hostname, host}, "name": {&change.Name, name}, "location": {&change.Location, location}} {
		if d.said(option) {
			*field.to = *field.from
		}
	}
	if change != n {
		if err := d.ask(http.MethodPut, d.path("names"), change, &n); err != nil {
			return err
		}
	}
	return d.print(n, func(w io.Writer) {
		fmt.Fprintf(w, "Host name\t%s\nName\t%s\nLocation\t%s\n", cmp.Or(n.Hostname, "given by the network"), n.Name, n.Location)
	})
}

func deviceClock(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "clock", "[--now | --servers LIST] [--zone TZ [--daylight]]")
	now := d.fs.Bool("now", false, "set it to the gateway's clock, by hand")
	servers := d.fs.String("servers", "", "have it go by these time servers, a `LIST` with commas between; dhcp: by those that the network names")
	zone := d.fs.String("zone", "", "its time zone, `TZ` as POSIX writes it, such as CET-1CEST,M3.5.0,M10.5.0/3")
	daylight := d.fs.Bool("daylight", false, "the zone has daylight saving")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	change := web.DeviceClockChange{Now: *now, Zone: *zone}
	if d.said("daylight") || *zone != "" {
		change.Daylight = daylight
	}
	if d.said("servers") {
		change.Servers = listOf(*servers)
	}
	var c web.DeviceClock
	var err error
	if change.Now || change.Zone != "" || change.Servers != nil {
		err = d.ask(http.MethodPut, d.path("clock"), change, &c)
	} else {
		err = d.ask(http.MethodGet, d.path("clock"), nil, &c)
	}
	if err != nil {
		return err
	}
	return d.print(c, func(w io.Writer) { printClock(w, c) })
}

func printClock(w io.Writer, c web.DeviceClock) {
	if c.Time != nil {
		fmt.Fprintf(w, "Time\t%s, %s\n", c.Time.Format("2006-01-02 15:04:05Z"), aheadWords(c.Ahead))
	}
	source := "set by hand"
	if c.NTP {
		source = "time servers"
	}
	fmt.Fprintf(w, "Goes by\t%s\n", source)
	if len(c.Servers) > 0 {
		from := ""
		if c.FromDHCP {
			from = " (named by the network)"
		}
		fmt.Fprintf(w, "Time servers\t%s%s\n", strings.Join(c.Servers, ", "), from)
	}
	fmt.Fprintf(w, "Zone\t%s\n", c.Zone)
}

func aheadWords(seconds float64) string {
	switch {
	case seconds >= 1:
		return fmt.Sprintf("%.0f s ahead of the gateway", seconds)
	case seconds <= -1:
		return fmt.Sprintf("%.0f s behind the gateway", -seconds)
	}
	return "as the gateway's"
}

func deviceNetwork(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "network", "[--interface ID --address ADDRESS/BITS|dhcp] [--gateways LIST] [--dns LIST] [--enable LIST] [--disable LIST] [--port PROTOCOL=N]")
	face := d.fs.String("interface", "", "the `ID` of the interface whose address is set")
	address := d.fs.String("address", "", "its `ADDRESS` with prefix length, or dhcp; the camera may be gone from where it was")
	gateways := d.fs.String("gateways", "", "the default gateways, a `LIST` with commas between")
	dns := d.fs.String("dns", "", "the name servers, a `LIST`; dhcp: by those that the network names")
	enable := d.fs.String("enable", "", "switch these on, a `LIST` of http, https, rtsp")
	disable := d.fs.String("disable", "", "switch these off, a `LIST`")
	port := d.fs.String("port", "", "serve a protocol on another port, `PROTOCOL=N`")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	change := web.DeviceNetworkChange{Interface: *face, Address: *address}
	if d.said("gateways") {
		change.Gateways = listOf(*gateways)
	}
	if d.said("dns") {
		change.DNS = listOf(*dns)
	}
	for _, p := range *listOf(*enable) {
		change.Protocols = append(change.Protocols, web.DeviceProtocol{Name: strings.ToUpper(p), Enabled: true})
	}
	for _, p := range *listOf(*disable) {
		change.Protocols = append(change.Protocols, web.DeviceProtocol{Name: strings.ToUpper(p)})
	}
	if *port != "" {
		name, number, _ := strings.Cut(*port, "=")
		n, err := strconv.Atoi(number)
		if err != nil {
			return fmt.Errorf("--port: %q is not PROTOCOL=N", *port)
		}
		change.Protocols = append(change.Protocols, web.DeviceProtocol{Name: strings.ToUpper(name), Enabled: true, Ports: []int{n}})
	}
	var n web.DeviceNetwork
	var err error
	if change.Interface != "" || change.Address != "" || change.Gateways != nil || change.DNS != nil || len(change.Protocols) > 0 {
		err = d.ask(http.MethodPut, d.path("network"), change, &n)
	} else {
		err = d.ask(http.MethodGet, d.path("network"), nil, &n)
	}
	if err != nil {
		return err
	}
	return d.print(n, func(w io.Writer) { printNetwork(w, n) })
}

func printNetwork(w io.Writer, n web.DeviceNetwork) {
	for _, i := range n.Interfaces {
		how := "by hand"
		if i.DHCP {
			how = "by DHCP"
		}
		fmt.Fprintf(w, "Interface %s\t%s\t%s\t%s\n", i.ID, i.MAC, strings.Join(i.Addresses, ", "), how)
	}
	fmt.Fprintf(w, "Gateways\t%s\nName servers\t%s\n", strings.Join(n.Gateways, ", "), strings.Join(n.DNS, ", "))
	for _, p := range n.Protocols {
		state := "off"
		if p.Enabled {
			state = "on"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, state, strings.Trim(fmt.Sprint(p.Ports), "[]"))
	}
	if n.Restart {
		fmt.Fprintln(w, "It counts once the camera has been restarted: holdfast camera restart.")
	}
}

// deviceAccount lists, makes, changes and removes accounts of a camera.
func deviceAccount(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "account", "[--add NAME | --set NAME | --remove NAME] [--level LEVEL] [--password] [--in-clear]")
	add := d.fs.String("add", "", "make the account `NAME`; its password is asked for, or read from standard input")
	set := d.fs.String("set", "", "change the account `NAME`")
	remove := d.fs.String("remove", "", "remove the account `NAME`")
	level := d.fs.String("level", "", "the `LEVEL` of the account: Administrator, Operator or User")
	password := d.fs.Bool("password", false, "with --set: give it another password, which is asked for, or read from standard input")
	inClear := d.fs.Bool("in-clear", false, "the password may go to the camera without TLS, where it is not reached by https")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var list []web.DeviceAccount
	if err := d.ask(http.MethodGet, d.path("accounts"), nil, &list); err != nil {
		return err
	}
	a := web.NewDeviceAccount{Name: cmp.Or(*add, *set), Level: *level, InClear: *inClear}
	for _, b := range list {
		if b.Name == a.Name && a.Level == "" {
			a.Level = b.Level
		}
	}
	var err error
	if a.Name != "" && (*add != "" || *password) {
		if a.Password, err = typed(os.Stdin, t.err, "Password of "+a.Name+" at the camera: ", false); err != nil {
			return err
		}
	}
	switch {
	case *add != "":
		err = d.ask(http.MethodPost, d.path("accounts"), a, nil)
	case *set != "":
		err = d.ask(http.MethodPut, d.path("accounts/"+url.PathEscape(a.Name)), a, nil)
	case *remove != "":
		err = d.ask(http.MethodDelete, d.path("accounts/"+url.PathEscape(*remove)), nil, nil)
	}
	if err == nil && cmp.Or(*add, *set, *remove) != "" {
		err = d.ask(http.MethodGet, d.path("accounts"), nil, &list)
	}
	if err != nil {
		return err
	}
	return d.print(list, func(w io.Writer) {
		fmt.Fprintln(w, "ACCOUNT\tLEVEL\t")
		for _, b := range list {
			own := ""
			if b.Own {
				own = "the gateway's own"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", b.Name, b.Level, own)
		}
	})
}

func deviceRestart(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "restart", "")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var away web.DeviceAway
	if err := d.ask(http.MethodPost, d.path("restart"), nil, &away); err != nil {
		return err
	}
	return d.away(away)
}

// away says that a camera restarts.
func (d *deviceInquiry) away(a web.DeviceAway) error {
	return d.print(a, func(w io.Writer) {
		fmt.Fprint(w, "The camera restarts")
		if a.Seconds > 0 {
			fmt.Fprintf(w, ", which takes it about %.0f s", a.Seconds)
		}
		fmt.Fprintln(w, ". Nothing of it is recorded meanwhile.")
		if a.Says != "" {
			fmt.Fprintln(w, "It says: "+a.Says)
		}
	})
}

func deviceReset(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "reset", "--yes [--hard]")
	yes := d.fs.Bool("yes", false, "it is meant: what was set at the camera is lost")
	hard := d.fs.Bool("hard", false, "its network settings and accounts too: it has to be found and added anew")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	if !*yes {
		return errors.New("what was set at the camera would be lost; say --yes if that is meant")
	}
	if err := d.ask(http.MethodPost, d.path("reset"), web.ResetRequest{Hard: *hard}, nil); err != nil {
		return err
	}
	return d.done(*d.camera)
}

func deviceLog(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "log", "[--kind system|access]")
	kind := d.fs.String("kind", "system", "`WHICH` log: system or access")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	res, err := d.l.do(ctx, http.MethodGet, d.path("log?kind="+url.QueryEscape(*kind)), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if *d.asJSON {
		return printJSON(t.out, map[string]string{"log": string(text)})
	}
	_, err = fmt.Fprintln(t.out, plainText(string(text)))
	return err
}

// plainText keeps of a device's words what cannot change how a terminal shows others.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, strings.TrimRight(s, "\n"))
}

func deviceBackup(ctx context.Context, t terminal, args []string) (err error) {
	d := deviceOptions(t, "backup", "--to FILE")
	to := d.fs.String("to", "", "the `FILE` that is made; it may hold passwords, and only you may read it (required)")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	if *to == "" {
		return errors.New("where to? Say --to FILE")
	}
	res, err := d.l.do(ctx, http.MethodGet, d.path("backup"), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f, err := os.OpenFile(*to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, res.Body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(*to))
	}
	return d.print(map[string]any{"file": *to, "bytes": n}, func(w io.Writer) { fmt.Fprintf(w, "%s: %d bytes\n", *to, n) })
}

func deviceRestore(ctx context.Context, t terminal, args []string) error {
	return deviceFile(ctx, t, args, "restore", "settings that were backed up")
}

func deviceFirmware(ctx context.Context, t terminal, args []string) error {
	return deviceFile(ctx, t, args, "firmware", "firmware of the camera's maker, for its model")
}

// deviceFile sends a file to a camera.
func deviceFile(ctx context.Context, t terminal, args []string, part, what string) error {
	d := deviceOptions(t, part, "--file FILE")
	path := d.fs.String("file", "", "the `FILE`: "+what+" (required)")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var away web.DeviceAway
	if err := d.send(ctx, t, d.path(part), *path, "application/octet-stream", web.MaxDeviceFile, &away); err != nil {
		return err
	}
	return d.away(away)
}

// deviceSay plays a clip through a camera's loudspeaker.
func deviceSay(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "say", "--file FILE")
	path := d.fs.String("file", "", "the `FILE`: WAV of one channel, 8000 samples a second, 16 bits, of a minute at most (required)")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var said web.Spoken
	if err := d.send(ctx, t, d.of("say"), *path, "audio/wav", web.MaxWAV, &said); err != nil {
		return err
	}
	return d.print(said, func(w io.Writer) { fmt.Fprintf(w, "Played: %.1f s\n", said.Seconds) })
}

// send sends a file of at most limit bytes, and reads the answer.
func (d *deviceInquiry) send(ctx context.Context, t terminal, to, path, mime string, limit int64, answer any) error {
	if path == "" {
		return errors.New("which file? Say --file FILE")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > limit {
		return fmt.Errorf("%s: a file of 1 to %d bytes is taken", path, limit)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+to, &shownRead{r: f, size: info.Size(), t: t})
	if err != nil {
		return err
	}
	req.ContentLength = info.Size()
	req.Header.Set("Content-Type", mime)
	res, err := d.l.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the running gateway: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		return problem(res)
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// shownRead shows on a terminal how much of a file was read.
type shownRead struct {
	r       io.Reader
	n, size int64
	shown   int64 // percent
	t       terminal
}

func (s *shownRead) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if percent := s.n * 100 / max(s.size, 1); percent != s.shown && isTerminal(s.t.err) {
		s.shown = percent
		end := ""
		if percent == 100 {
			end = "; the camera takes it\n"
		}
		fmt.Fprintf(s.t.err, "\r%d %%%s", percent, end)
	}
	return n, err
}
