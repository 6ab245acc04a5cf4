package onvif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Encoder is a video encoder configuration.
type Encoder struct {
	Token, Name   string
	UseCount      int     // profiles that have it
	Codec         string  // "H264", "H265", "JPEG", "MPEG4"
	Profile       string  // of the codec: "Main", "High", …; "" where the device does not say
	Width, Height int     // pixels
	FPS           float64 // limit, pictures per second; 0 where the device does not say
	Bitrate       int     // limit, kbit/s; 0 where the device does not say
	GOP           int     // pictures from one key frame to the next; 0 where the device does not say
	Quality       float64 // in the device's own measure
	Constant      bool    // constant bit rate; Media2 only
	Media2        bool    // it was read from Media2

	interval       int // of Media: every which picture is encoded
	guaranteed     bool
	multicast      multicast
	sessionTimeout string
}

// multicast is where a configuration is sent to a group. It is given back to the device as it came.
type multicast struct {
	version, address, port, ttl string
	auto                        bool
}

// EncoderChange is what is to be changed of an encoder. Zero leaves a value as it is.
type EncoderChange struct {
	Codec, Profile string
	Width, Height  int
	FPS            float64
	Bitrate        int // kbit/s
	GOP            int
	Quality        float64
	Constant       *bool
}

// EncoderChanged is what became of a change.
type EncoderChanged struct {
	Before, Asked, Now Encoder
	Differences        []string // between what was asked for and what the device made of it, in plain words
}

// ErrNoEncoder says that a device has no video encoder configuration of a token.
var ErrNoEncoder = errors.New("the device has no such video encoder")

// ErrOption says that a device does not offer what is asked of it. Nothing was sent to it.
var ErrOption = errors.New("the device does not offer this")

// maxEncoders bounds the video encoders of a device.
const maxEncoders = 512

// Encoders lists the video encoder configurations.
func (c *Client) Encoders(ctx context.Context) ([]Encoder, error) {
	n, second, err := c.either(ctx, "ask for video encoders", `<tr2:GetVideoEncoderConfigurations/>`, `<trt:GetVideoEncoderConfigurations/>`)
	if err != nil {
		return nil, err
	}
	var list []Encoder
	for _, v := range n.All("Configurations") {
		if v.Attribute("token") != "" && len(list) < maxEncoders {
			list = append(list, readEncoder(v, second))
		}
	}
	return list, nil
}

// Encoder reads the video encoder configuration of a token, of the service that wrote, or of Media2 where it may.
func (c *Client) Encoder(ctx context.Context, token string) (Encoder, error) {
	const doing = "ask for a video encoder"
	list, err := c.Encoders(ctx)
	if err != nil {
		return Encoder{}, err
	}
	for _, e := range list {
		if e.Token == token {
			return e, nil
		}
	}
	return Encoder{}, fail(Refused, doing, ErrNoEncoder)
}

func readEncoder(n *soap.Node, second bool) Encoder {
	e := Encoder{Token: n.Attribute("token"), Name: n.Get("Name"), UseCount: number(n.Get("UseCount")), Codec: codecName(n.Get("Encoding")), Media2: second,
		Width: number(n.Get("Resolution", "Width")), Height: number(n.Get("Resolution", "Height")), Quality: decimal(n.Get("Quality")),
		FPS: decimal(n.Get("RateControl", "FrameRateLimit")), Bitrate: number(n.Get("RateControl", "BitrateLimit")),
		interval: number(n.Get("RateControl", "EncodingInterval")), guaranteed: isTrue(n.Attribute("GuaranteedFrameRate")),
		sessionTimeout: n.Get("SessionTimeout")}
	e.multicast = readMulticast(n.Find("Multicast"))
	switch {
	case second:
		e.GOP, e.Profile = number(n.Attribute("GovLength")), n.Attribute("Profile")
		e.Constant = isTrue(n.Find("RateControl").Attribute("ConstantBitRate"))
	case e.Codec == "H264":
		e.GOP, e.Profile = number(n.Get("H264", "GovLength")), n.Get("H264", "H264Profile")
	case e.Codec == "MPEG4":
		e.GOP, e.Profile = number(n.Get("MPEG4", "GovLength")), n.Get("MPEG4", "Mpeg4Profile")
	}
	return e
}

func isTrue(s string) bool { return strings.EqualFold(s, "true") || s == "1" }

func readMulticast(n *soap.Node) multicast {
	m := multicast{version: n.Get("Address", "Type"), port: n.Get("Port"), ttl: n.Get("TTL"), auto: isTrue(n.Get("AutoStart"))}
	m.address = cmp.Or(n.Get("Address", "IPv4Address"), n.Get("Address", "IPv6Address"))
	return m
}

// xml writes it as tt:MulticastConfiguration, which Media wants of every configuration.
func (m multicast) xml() string {
	version, address := "IPv4", cmp.Or(m.address, "0.0.0.0")
	if m.version == "IPv6" {
		version = "IPv6"
	}
	return `<tt:Multicast><tt:Address><tt:Type>` + version + `</tt:Type><tt:` + version + `Address>` + soap.Escape(address) + `</tt:` + version +
		`Address></tt:Address><tt:Port>` + strconv.Itoa(number(m.port)) + `</tt:Port><tt:TTL>` + strconv.Itoa(number(cmp.Or(m.ttl, "1"))) + `</tt:TTL><tt:AutoStart>` +
		strconv.FormatBool(m.auto) + `</tt:AutoStart></tt:Multicast>`
}

// with gives the encoder with a change.
func (e Encoder) with(ch EncoderChange) Encoder {
	e.Codec, e.Profile = cmp.Or(codecName(ch.Codec), e.Codec), cmp.Or(ch.Profile, e.Profile)
	if ch.Width > 0 || ch.Height > 0 {
		e.Width, e.Height = cmp.Or(ch.Width, e.Width), cmp.Or(ch.Height, e.Height)
	}
	e.FPS, e.Bitrate, e.GOP, e.Quality = cmp.Or(ch.FPS, e.FPS), cmp.Or(ch.Bitrate, e.Bitrate), cmp.Or(ch.GOP, e.GOP), cmp.Or(ch.Quality, e.Quality)
	if ch.Constant != nil {
		e.Constant = *ch.Constant
	}
	return e
}

// Bounds of reading back: some devices say for a moment what was before.
const (
	readBacks    = 4
	readBackWait = 500 * time.Millisecond
)

// SetEncoder changes a video encoder, and reads back what the device made of it: many round or ignore what does not suit them.
// What the device's options do not offer is an error that wraps ErrOption, and is not asked for.
func (c *Client) SetEncoder(ctx context.Context, token string, ch EncoderChange) (EncoderChanged, error) {
	before, err := c.Encoder(ctx, token)
	if err != nil {
		return EncoderChanged{}, err
	}
	asked := before.with(ch)
	options, err := c.EncoderOptions(ctx, token)
	if err != nil && !fallsBack(err) {
		return EncoderChanged{}, err
	}
	if asked, err = fit(asked, ch, options); err != nil {
		return EncoderChanged{}, unasked("set a video encoder", err)
	}
	if asked.Media2 {
		_, err = c.ask(ctx, soap.NSMedia2, "set a video encoder", asked.xml2())
	} else {
		_, err = c.ask(ctx, soap.NSMedia, "set a video encoder", asked.xml1())
	}
	if err != nil {
		return EncoderChanged{}, err
	}
	out := EncoderChanged{Before: before, Asked: asked}
	for i := 0; ; i++ {
		if out.Now, err = c.Encoder(ctx, token); err != nil {
			return out, err
		}
		out.Differences = differences(asked, out.Now)
		if len(out.Differences) == 0 || i == readBacks-1 || len(differences(before, out.Now)) > 0 {
			return out, nil
		}
		select {
		case <-time.After(readBackWait):
		case <-ctx.Done():
			return out, fail(Offline, "read a video encoder back", ctx.Err())
		}
	}
}

// unasked is the error of a question that was not sent, because the device would not take it.
func unasked(doing string, err error) *Error {
	e := fail(Refused, doing, err)
	e.Hint = "Ask for something else; nothing was sent to the device."
	return e
}

// differences says in plain words how two encoders differ.
func differences(asked, now Encoder) (list []string) {
	say := func(what string, a, b any) {
		if a != b {
			list = append(list, fmt.Sprintf("%s: asked for %v, the device has %v", what, a, b))
		}
	}
	say("codec", asked.Codec, now.Codec)
	if asked.Profile != "" {
		say("profile", asked.Profile, now.Profile)
	}
	say("picture", fmt.Sprintf("%dx%d", asked.Width, asked.Height), fmt.Sprintf("%dx%d", now.Width, now.Height))
	say("pictures per second", asked.FPS, now.FPS)
	say("bit rate in kbit/s", asked.Bitrate, now.Bitrate)
	if asked.Codec != "JPEG" {
		say("pictures between key frames", asked.GOP, now.GOP)
	}
	say("quality", asked.Quality, now.Quality)
	if asked.Media2 {
		say("constant bit rate", asked.Constant, now.Constant)
	}
	return list
}

// xml2 writes the question of Media2 (section 5.3.4).
func (e Encoder) xml2() string {
	var b strings.Builder
	b.WriteString(`<tr2:SetVideoEncoderConfiguration><tr2:Configuration token="` + soap.Escape(e.Token) + `"`)
	if e.GOP > 0 && e.Codec != "JPEG" {
		fmt.Fprintf(&b, ` GovLength="%d"`, e.GOP)
	}
	if e.Profile != "" {
		b.WriteString(` Profile="` + soap.Escape(e.Profile) + `"`)
	}
	if e.guaranteed {
		b.WriteString(` GuaranteedFrameRate="true"`)
	}
	fmt.Fprintf(&b, `><tt:Name>%s</tt:Name><tt:UseCount>%d</tt:UseCount><tt:Encoding>%s</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution>`,
		soap.Escape(e.Name), e.UseCount, soap.Escape(encoding2(e.Codec)), e.Width, e.Height)
	if e.FPS > 0 || e.Bitrate > 0 {
		fmt.Fprintf(&b, `<tt:RateControl ConstantBitRate="%t"><tt:FrameRateLimit>%s</tt:FrameRateLimit><tt:BitrateLimit>%d</tt:BitrateLimit></tt:RateControl>`,
			e.Constant, plainFloat(e.FPS), e.Bitrate)
	}
	if e.multicast.address != "" {
		b.WriteString(e.multicast.xml())
	}
	fmt.Fprintf(&b, `<tt:Quality>%s</tt:Quality></tr2:Configuration></tr2:SetVideoEncoderConfiguration>`, plainFloat(e.Quality))
	return b.String()
}

// encoding2 is how Media2 spells a codec (section 5.2.2: IANA media types).
func encoding2(codec string) string {
	if codec == "MPEG4" {
		return "MPV4-ES"
	}
	return codec
}

// xml1 writes the question of Media (section 5.5.6). It is to survive a restart of the device.
func (e Encoder) xml1() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<trt:SetVideoEncoderConfiguration><trt:Configuration token="%s"><tt:Name>%s</tt:Name><tt:UseCount>%d</tt:UseCount><tt:Encoding>%s</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution><tt:Quality>%s</tt:Quality>`,
		soap.Escape(e.Token), soap.Escape(e.Name), e.UseCount, soap.Escape(e.Codec), e.Width, e.Height, plainFloat(e.Quality))
	if e.FPS > 0 || e.Bitrate > 0 {
		fmt.Fprintf(&b, `<tt:RateControl><tt:FrameRateLimit>%d</tt:FrameRateLimit><tt:EncodingInterval>%d</tt:EncodingInterval><tt:BitrateLimit>%d</tt:BitrateLimit></tt:RateControl>`,
			int(e.FPS+0.5), max(e.interval, 1), e.Bitrate)
	}
	switch e.Codec {
	case "H264":
		fmt.Fprintf(&b, `<tt:H264><tt:GovLength>%d</tt:GovLength><tt:H264Profile>%s</tt:H264Profile></tt:H264>`, max(e.GOP, 1), soap.Escape(cmp.Or(e.Profile, "Main")))
	case "MPEG4":
		fmt.Fprintf(&b, `<tt:MPEG4><tt:GovLength>%d</tt:GovLength><tt:Mpeg4Profile>%s</tt:Mpeg4Profile></tt:MPEG4>`, max(e.GOP, 1), soap.Escape(cmp.Or(e.Profile, "SP")))
	}
	b.WriteString(e.multicast.xml() + `<tt:SessionTimeout>` + soap.Escape(cmp.Or(e.sessionTimeout, "PT60S")) +
		`</tt:SessionTimeout></trt:Configuration><trt:ForcePersistence>true</trt:ForcePersistence></trt:SetVideoEncoderConfiguration>`)
	return b.String()
}

func plainFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Instances is how many encoders of a video source configuration can run at once, as the device promises.
type Instances struct {
	Total  int
	Codecs map[string]int // of each codec alone
}

// EncoderInstances asks how many encoders are guaranteed to run at once (GetVideoEncoderInstances of Media2, section 5.3.6;
// GetGuaranteedNumberOfVideoEncoderInstances of Media, section 5.5.8). configuration is a video source configuration's token.
func (c *Client) EncoderInstances(ctx context.Context, configuration string) (Instances, error) {
	token := `ConfigurationToken>` + soap.Escape(configuration) + `</`
	n, second, err := c.either(ctx, "ask how many encoders run at once",
		`<tr2:GetVideoEncoderInstances><tr2:`+token+`tr2:ConfigurationToken></tr2:GetVideoEncoderInstances>`,
		`<trt:GetGuaranteedNumberOfVideoEncoderInstances><trt:`+token+`trt:ConfigurationToken></trt:GetGuaranteedNumberOfVideoEncoderInstances>`)
	if err != nil {
		return Instances{}, err
	}
	in := Instances{Codecs: make(map[string]int)}
	if second {
		in.Total = number(n.Get("Info", "Total"))
		for _, k := range n.Find("Info").All("Codec") {
			if name := codecName(k.Get("Encoding")); name != "" && len(in.Codecs) < maxCodec {
				in.Codecs[name] = number(k.Get("Number"))
			}
		}
		return in, nil
	}
	in.Total = number(n.Get("TotalNumber"))
	for _, name := range []string{"JPEG", "H264", "MPEG4"} {
		if v := n.Get(name); v != "" {
			in.Codecs[name] = number(v)
		}
	}
	return in, nil
}

// Resolution is the size of a picture, pixels.
type Resolution struct{ Width, Height int }

// Bounds are from Min to Max, both of them part of it. Max 0 means that the device does not say.
type Bounds struct{ Min, Max float64 }

func (r Bounds) has(v float64) bool { return r.Max == 0 || v >= r.Min && v <= r.Max }

func (r Bounds) String() string { return plainFloat(r.Min) + " to " + plainFloat(r.Max) }

// EncoderOptions is what a video encoder offers with a codec.
type EncoderOptions struct {
	Codec       string
	Profiles    []string // of the codec
	Resolutions []Resolution
	Rates       []float64 // pictures per second, where the device lists them
	Rate        Bounds    // else between these
	Bitrate     Bounds    // kbit/s
	GOP         Bounds    // pictures
	Quality     Bounds
	Constant    bool // constant bit rate can be switched on
}

// maxOptions bounds a list in a device's options.
const maxOptions = 256

// EncoderOptions asks what an encoder offers, for each codec.
func (c *Client) EncoderOptions(ctx context.Context, token string) ([]EncoderOptions, error) {
	t := `ConfigurationToken>` + soap.Escape(token) + `</`
	n, second, err := c.either(ctx, "ask what a video encoder offers",
		`<tr2:GetVideoEncoderConfigurationOptions><tr2:`+t+`tr2:ConfigurationToken></tr2:GetVideoEncoderConfigurationOptions>`,
		`<trt:GetVideoEncoderConfigurationOptions><trt:`+t+`trt:ConfigurationToken></trt:GetVideoEncoderConfigurationOptions>`)
	if err != nil {
		return nil, err
	}
	if !second {
		return readOptions1(n.Find("Options")), nil
	}
	var list []EncoderOptions
	for _, o := range n.All("Options") {
		if len(list) < maxCodec && o.Get("Encoding") != "" {
			list = append(list, readOptions2(o))
		}
	}
	return list, nil
}

func readOptions2(n *soap.Node) EncoderOptions {
	o := EncoderOptions{Codec: codecName(n.Get("Encoding")), Profiles: wordList(n.Attribute("ProfilesSupported")), Resolutions: resolutions(n),
		Bitrate: readBounds(n.Find("BitrateRange")), Quality: readBounds(n.Find("QualityRange")), Constant: isTrue(n.Attribute("ConstantBitRateSupported"))}
	for _, s := range wordList(n.Attribute("FrameRatesSupported")) {
		if f := decimal(s); f > 0 {
			o.Rates = append(o.Rates, f)
		}
	}
	if g := wordList(n.Attribute("GovLengthRange")); len(g) > 0 {
		o.GOP = Bounds{decimal(g[0]), decimal(g[len(g)-1])}
	}
	return o
}

func wordList(s string) []string {
	list := strings.Fields(s)
	return list[:min(len(list), maxOptions)]
}

func readBounds(n *soap.Node) Bounds { return Bounds{decimal(n.Get("Min")), decimal(n.Get("Max"))} }

func resolutions(n *soap.Node) (list []Resolution) {
	for _, r := range n.All("ResolutionsAvailable") {
		if w, h := number(r.Get("Width")), number(r.Get("Height")); w > 0 && h > 0 && len(list) < maxOptions {
			list = append(list, Resolution{w, h})
		}
	}
	return list
}

func readOptions1(n *soap.Node) (list []EncoderOptions) {
	for _, k := range []struct{ codec, profiles string }{{"H264", "H264ProfilesSupported"}, {"JPEG", ""}, {"MPEG4", "Mpeg4ProfilesSupported"}} {
		v := n.Find(k.codec)
		if v == nil {
			continue
		}
		o := EncoderOptions{Codec: k.codec, Resolutions: resolutions(v), Rate: readBounds(v.Find("FrameRateRange")), GOP: readBounds(v.Find("GovLengthRange")),
			Quality: readBounds(n.Find("QualityRange")), Bitrate: readBounds(n.Find("Extension", k.codec, "BitrateRange"))}
		for _, p := range v.All(k.profiles) {
			o.Profiles = append(o.Profiles, p.Text)
		}
		list = append(list, o)
	}
	return list
}

// fit checks what is to be asked of a device against its options: what a person changes, and not what the device had itself.
// With another codec it takes a profile of that one where none is named. No options allow everything.
func fit(e Encoder, ch EncoderChange, options []EncoderOptions) (Encoder, error) {
	if len(options) == 0 {
		return e, nil
	}
	i := slices.IndexFunc(options, func(o EncoderOptions) bool { return o.Codec == e.Codec })
	if i < 0 {
		var has []string
		for _, o := range options {
			has = append(has, o.Codec)
		}
		return e, fmt.Errorf("%w: codec %s; it offers %s", ErrOption, e.Codec, strings.Join(has, ", "))
	}
	o := options[i]
	if len(o.Profiles) > 0 && !slices.Contains(o.Profiles, e.Profile) {
		if ch.Profile != "" {
			return e, fmt.Errorf("%w: %s profile %s; it offers %s", ErrOption, e.Codec, e.Profile, strings.Join(o.Profiles, ", "))
		}
		if ch.Codec != "" {
			e.Profile = o.Profiles[len(o.Profiles)-1]
		}
	}
	if (ch.Width > 0 || ch.Height > 0 || ch.Codec != "") && len(o.Resolutions) > 0 && !slices.Contains(o.Resolutions, Resolution{e.Width, e.Height}) {
		return e, fmt.Errorf("%w: a picture of %dx%d; it offers %s", ErrOption, e.Width, e.Height, o.sizes())
	}
	if ch.FPS > 0 && len(o.Rates) > 0 && !slices.Contains(o.Rates, e.FPS) {
		return e, fmt.Errorf("%w: %v pictures per second; it offers %v", ErrOption, e.FPS, o.Rates)
	}
	for _, x := range []struct {
		what    string
		changed bool
		v       float64
		r       Bounds
	}{
		{"pictures per second", ch.FPS > 0, e.FPS, o.Rate}, {"kbit/s", ch.Bitrate > 0, float64(e.Bitrate), o.Bitrate},
		{"pictures between key frames", ch.GOP > 0, float64(e.GOP), o.GOP}, {"quality", ch.Quality > 0, e.Quality, o.Quality},
	} {
		if x.changed && !x.r.has(x.v) {
			return e, fmt.Errorf("%w: %v %s; it offers %v", ErrOption, x.v, x.what, x.r)
		}
	}
	if ch.Constant != nil && *ch.Constant && !(e.Media2 && o.Constant) {
		return e, fmt.Errorf("%w: constant bit rate", ErrOption)
	}
	return e, nil
}

func (o EncoderOptions) sizes() string {
	var list []string
	for _, r := range o.Resolutions {
		list = append(list, fmt.Sprintf("%dx%d", r.Width, r.Height))
	}
	return strings.Join(list, ", ")
}
