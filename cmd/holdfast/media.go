package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"holdfast/gateway/web"
)

// mediaVerbs look at what devices have, and change their pictures.
var mediaVerbs = []verb{
	{"probe", cameraProbe}, {"add", cameraAdd}, {"show", cameraShow}, {"encoder", cameraEncoder}, {"osd", cameraOSD}, {"mask", cameraMask}, {"mode", cameraMode}, {"snapshot", cameraSnapshot},
}

// login is where a device is and how one gets in. The password is on no command line, where others could read it.
type login struct {
	*inquiry
	t                           terminal
	address, user, passwordFile *string
}

func loginOptions(t terminal, name, more string) *login {
	l := &login{inquiry: inquiryOptions(t, "camera "+name, "--address ADDRESS [--username NAME [--password-file FILE]] "+more), t: t}
	l.address = l.fs.String("address", "", "`ADDRESS` of the device: host, host:port or URL (required)")
	l.user = l.fs.String("username", "", "the `NAME` to ask with; the password is asked for, or read from standard input")
	l.passwordFile = l.fs.String("password-file", "", "take the password from this `FILE`, which is its owner's alone")
	return l
}

// maxPassword bounds a file with a password, bytes.
const maxPassword = 4096

// begin reads the command line and the password, and reaches the gateway.
func (l *login) begin(ctx context.Context, args []string) (password string, err error) {
	if err := l.inquiry.begin(ctx, args); err != nil {
		return "", err
	}
	if *l.address == "" {
		return "", errors.New("which device? Say --address ADDRESS")
	}
	return l.password()
}

// password reads the password, if there is a user name or a file.
func (l *login) password() (password string, err error) {
	switch {
	case *l.passwordFile != "":
		f, err := os.Open(*l.passwordFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o077 != 0 {
			return "", fmt.Errorf("%s may be read by others: chmod 600 it", *l.passwordFile)
		}
		text, err := io.ReadAll(io.LimitReader(f, maxPassword))
		return strings.TrimRight(string(text), "\r\n"), err
	case *l.user != "":
		return typed(os.Stdin, l.t.err, "Password of "+*l.user+" at the device: ", false)
	}
	return "", nil
}

// cameraProbe asks a device what it has.
func cameraProbe(ctx context.Context, t terminal, args []string) error {
	l := loginOptions(t, "probe", "")
	password, err := l.begin(ctx, args)
	if err != nil {
		return err
	}
	var dev web.Device
	if err := l.ask(http.MethodPost, "/api/v1/probe", web.ProbeRequest{Address: *l.address, Username: *l.user, Password: password}, &dev); err != nil {
		return err
	}
	return l.print(dev, func(w io.Writer) { printDevice(w, dev) })
}

// cameraAdd enrols a device, or some of its video sources.
func cameraAdd(ctx context.Context, t terminal, args []string) error {
	l := loginOptions(t, "add", "[--name NAME] [--sources TOKENS | --sources all] [--record HOW]")
	name := l.fs.String("name", "", "`NAME` for people; what the device calls itself when left out")
	sources := l.fs.String("sources", "", "the video sources to add, each as a camera, `TOKENS` with commas between; all: each; the first when left out")
	record := l.fs.String("record", "", "record `HOW`: continuous, event or off; continuous when left out")
	password, err := l.begin(ctx, args)
	if err != nil {
		return err
	}
	req := web.AdoptRequest{Address: *l.address, Username: *l.user, Password: password, Name: *name, Record: *record}
	if *sources != "" {
		req.Sources = commaList(*sources)
	}
	var added web.AddedCamera
	if err := l.ask(http.MethodPost, "/api/v1/cameras", req, &added); err != nil {
		return err
	}
	return l.print(added, func(w io.Writer) {
		for _, id := range append([]string{added.ID}, added.Also...) {
			fmt.Fprintln(w, id)
		}
	})
}

// cameraShow tells what was understood of a camera's device.
func cameraShow(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "show", "[--fresh]")
	fresh := d.fs.Bool("fresh", false, "ask the device anew")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	path := d.of("device")
	if *fresh {
		path += "?fresh=1"
	}
	var dev web.Device
	if err := d.ask(http.MethodGet, path, nil, &dev); err != nil {
		return err
	}
	return d.print(dev, func(w io.Writer) { printDevice(w, dev) })
}

func printDevice(w io.Writer, d web.Device) {
	fmt.Fprintf(w, "Device\t%s %s, firmware %s, serial %s\n", d.Manufacturer, d.Model, d.Firmware, d.Serial)
	fmt.Fprintf(w, "Clock\t%s\n", aheadWords(d.Skew))
	fmt.Fprintf(w, "Services\t%s\n", strings.Join(d.Services, ", "))
	fmt.Fprintf(w, "Inputs, relays\t%d, %d\n", d.Inputs, d.Relays)
	sound := fmt.Sprintf("%d inputs, %d outputs", d.Sound.Inputs, d.Sound.Outputs)
	if d.Sound.BackChannel {
		sound += ", can be spoken through"
	}
	fmt.Fprintf(w, "Sound\t%s\n", sound)
	for _, s := range d.Sources {
		is := "not added"
		if len(s.Cameras) > 0 {
			is = "camera " + strings.Join(s.Cameras, ", ")
		}
		fmt.Fprintf(w, "Source %s\t%s, %dx%d, %s\n", s.Token, s.Kind, s.Width, s.Height, is)
		for _, p := range s.Profiles {
			fmt.Fprintf(w, "  %s\t%s %dx%d, %v fps, %.0f kbit/s\t%s\n", p.Token, p.Codec, p.Width, p.Height, p.FPS, p.Bitrate/1000, cmp.Or(p.Role, p.Why))
		}
	}
	for _, text := range d.Warnings {
		fmt.Fprintf(w, "Warning\t%s\n", text)
	}
}

// cameraEncoder shows the video encoders of a camera, or changes one.
func cameraEncoder(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "encoder", "[--encoder TOKEN | --profile TOKEN] [--codec C] [--width W --height H] [--fps N] [--bitrate KBIT] [--gop N] …")
	token := d.fs.String("encoder", "", "the `TOKEN` of the encoder to change; that of the main stream when left out")
	profile := d.fs.String("profile", "", "the encoder of the profile of this `TOKEN`, or of the stream main, sub or third")
	var ch web.EncoderChange
	d.fs.StringVar(&ch.Codec, "codec", "", "encode as `CODEC`: H264, H265 or what the device offers")
	d.fs.StringVar(&ch.Profile, "codec-profile", "", "use this `PROFILE` of the codec, such as Main")
	d.fs.IntVar(&ch.Width, "width", 0, "width of the picture, `PIXELS`")
	d.fs.IntVar(&ch.Height, "height", 0, "height of the picture, `PIXELS`")
	d.fs.Float64Var(&ch.FPS, "fps", 0, "pictures per second, `N`")
	d.fs.IntVar(&ch.Bitrate, "bitrate", 0, "limit of the bit rate, `KBIT`/s")
	d.fs.IntVar(&ch.GOP, "gop", 0, "pictures from one key frame to the next, `N`")
	d.fs.Float64Var(&ch.Quality, "quality", 0, "`QUALITY` in the device's own measure")
	constant := d.fs.String("constant", "", "constant bit rate, `yes` or no")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	switch *constant {
	case "":
	case "yes", "no":
		on := *constant == "yes"
		ch.Constant = &on
	default:
		return fmt.Errorf("--constant: %q is neither yes nor no", *constant)
	}
	var list []web.Encoder
	if err := d.ask(http.MethodGet, d.of("encoders"), nil, &list); err != nil {
		return err
	}
	if ch == (web.EncoderChange{}) {
		return d.print(list, func(w io.Writer) { printEncoders(w, list) })
	}
	e, err := chooseEncoder(list, *token, cmp.Or(*profile, "main"))
	if err != nil {
		return err
	}
	var got web.EncoderChanged
	if err := d.ask(http.MethodPut, d.of("encoders/"+url.PathEscape(e)), ch, &got); err != nil {
		return err
	}
	return d.print(got, func(w io.Writer) {
		printEncoders(w, []web.Encoder{got.Now})
		for _, text := range got.Differences {
			fmt.Fprintf(w, "Differs\t%s\n", text)
		}
	})
}

// chooseEncoder finds the encoder of a token, else the one of a profile or of the stream that a word names.
func chooseEncoder(list []web.Encoder, token, of string) (string, error) {
	for _, e := range list {
		if token != "" && e.Token == token || token == "" && (strings.Contains(" "+strings.Join(e.Profiles, " ")+" ", " "+of+" ") || strings.Contains(" "+strings.Join(e.Roles, " ")+" ", " "+of+" ")) {
			return e.Token, nil
		}
	}
	return "", fmt.Errorf("the camera has no encoder of %q; without options they are listed", cmp.Or(token, of))
}

func printEncoders(w io.Writer, list []web.Encoder) {
	fmt.Fprintln(w, "ENCODER\tSTREAMS\tCODEC\tPICTURE\tFPS\tKBIT/S\tGOP\tQUALITY\tOFFERS")
	for _, e := range list {
		var offers []string
		for _, o := range e.Options {
			sizes := make([]string, len(o.Sizes))
			for i, s := range o.Sizes {
				sizes[i] = fmt.Sprintf("%dx%d", s.Width, s.Height)
			}
			offers = append(offers, o.Codec+" "+strings.Join(sizes, " "))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%dx%d\t%v\t%d\t%d\t%v\t%s\n", e.Token, strings.Join(e.Roles, " "), strings.TrimSpace(e.Codec+" "+e.Profile), e.Width, e.Height, e.FPS, e.Bitrate, e.GOP, e.Quality, strings.Join(offers, "; "))
	}
}

// cameraOSD lists, makes, changes and removes texts in a camera's pictures.
func cameraOSD(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "osd", "[--text TEXT | --show WHAT | --remove TOKEN] [--set TOKEN] [--position WHERE]")
	set := d.fs.String("set", "", "change the text of this `TOKEN` instead of making one")
	remove := d.fs.String("remove", "", "take the text of this `TOKEN` away")
	text := d.fs.String("text", "", "show this `TEXT`")
	show := d.fs.String("show", "", "show `WHAT`: Date, Time or DateAndTime")
	position := d.fs.String("position", "UpperLeft", "`WHERE`: UpperLeft, UpperRight, LowerLeft, LowerRight, or x,y from -1 to 1")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var err error
	switch {
	case *remove != "":
		err = d.ask(http.MethodDelete, d.of("osd/"+url.PathEscape(*remove)), nil, nil)
	case *text != "" || *show != "":
		o := web.OSD{Position: *position, Show: cmp.Or(*show, "Plain"), Text: *text}
		if x, y, is := strings.Cut(*position, ","); is {
			if o.Position, o.X, o.Y, err = custom(x, y); err != nil {
				return err
			}
		}
		err = d.put("osd", *set, o)
	}
	if err != nil {
		return err
	}
	var all web.OSDs
	if err := d.ask(http.MethodGet, d.of("osd"), nil, &all); err != nil {
		return err
	}
	return d.print(all, func(w io.Writer) {
		fmt.Fprintln(w, "TOKEN\tPOSITION\tSHOWS\tTEXT")
		for _, o := range all.Displays {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Token, o.Position, o.Show, o.Text)
		}
	})
}

func custom(x, y string) (position string, fx, fy float64, err error) {
	fx, ex := strconv.ParseFloat(x, 64)
	fy, ey := strconv.ParseFloat(y, 64)
	if ex != nil || ey != nil {
		return "", 0, 0, errors.New("--position: x and y are numbers from -1 to 1")
	}
	return "Custom", fx, fy, nil
}

// put makes something, or changes what has a token.
func (d *deviceInquiry) put(part, token string, v any) error {
	if token == "" {
		return d.ask(http.MethodPost, d.of(part), v, nil)
	}
	return d.ask(http.MethodPut, d.of(part+"/"+url.PathEscape(token)), v, nil)
}

// cameraMask lists, makes, changes and removes privacy masks that a camera paints itself.
func cameraMask(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "mask", "[--points 'x,y x,y x,y …' [--type TYPE] [--off] [--set TOKEN] | --remove TOKEN]")
	set := d.fs.String("set", "", "change the mask of this `TOKEN` instead of making one")
	remove := d.fs.String("remove", "", "take the mask of this `TOKEN` away")
	points := d.fs.String("points", "", "corners of the mask, `POINTS` such as '-1,-1 0,-1 0,0 -1,0': -1 is left and bottom, 1 right and top")
	kind := d.fs.String("type", "Color", "`TYPE`: Color, Pixelated or Blurred")
	off := d.fs.Bool("off", false, "keep the mask, and do not paint it")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var err error
	switch {
	case *remove != "":
		err = d.ask(http.MethodDelete, d.of("masks/"+url.PathEscape(*remove)), nil, nil)
	case *points != "":
		m := web.Mask{Type: *kind, Enabled: !*off}
		for _, p := range strings.Fields(*points) {
			x, y, _ := strings.Cut(p, ",")
			_, fx, fy, err := custom(x, y)
			if err != nil {
				return fmt.Errorf("--points: %q is no point: x,y, each from -1 to 1", p)
			}
			m.Points = append(m.Points, web.Point{X: fx, Y: fy})
		}
		err = d.put("masks", *set, m)
	}
	if err != nil {
		return err
	}
	var all web.Masks
	if err := d.ask(http.MethodGet, d.of("masks"), nil, &all); err != nil {
		return err
	}
	return d.print(all, func(w io.Writer) {
		fmt.Fprintln(w, "TOKEN\tTYPE\tON\tPOINTS")
		for _, m := range all.Masks {
			fmt.Fprintf(w, "%s\t%s\t%t\t%v\n", m.Token, m.Type, m.Enabled, m.Points)
		}
	})
}

// cameraMode lists the modes of a camera's video source, or switches to one.
func cameraMode(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "mode", "[--set TOKEN]")
	set := d.fs.String("set", "", "switch to the mode of this `TOKEN`; the list says whether the device restarts for it")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	if *set != "" {
		var m web.ModeSet
		if err := d.ask(http.MethodPut, d.of("modes/"+url.PathEscape(*set)), nil, &m); err != nil {
			return err
		}
		return d.print(m, func(w io.Writer) {
			if m.Reboots {
				fmt.Fprintln(w, "The device restarts; the camera is offline meanwhile.")
			}
		})
	}
	var list []web.SourceMode
	if err := d.ask(http.MethodGet, d.of("modes"), nil, &list); err != nil {
		return err
	}
	return d.print(list, func(w io.Writer) {
		fmt.Fprintln(w, "MODE\tON\tPICTURE\tFPS\tCODECS\tRESTARTS\tDESCRIPTION")
		for _, m := range list {
			fmt.Fprintf(w, "%s\t%t\t%dx%d\t%v\t%s\t%t\t%s\n", m.Token, m.Enabled, m.Width, m.Height, m.FPS, strings.Join(m.Codecs, " "), m.Reboot, m.Description)
		}
	})
}

// cameraSnapshot fetches a picture that the camera makes itself.
func cameraSnapshot(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "snapshot", "--to FILE [--stream ID]")
	to := d.fs.String("to", "", "write the JPEG to this `FILE`, which must not exist (required)")
	stream := d.fs.String("stream", "", "picture of the stream of this `ID`; main when left out")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	if *to == "" {
		return errors.New("where to? Say --to FILE")
	}
	path := d.of("camera.jpg")
	if *stream != "" {
		path += "?stream=" + url.QueryEscape(*stream)
	}
	res, err := d.l.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f, err := os.OpenFile(*to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, res.Body)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(*to))
	}
	return d.print(map[string]any{"file": *to, "bytes": n}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d bytes\n", *to, n) })
}
