package onvif

import (
	"context"
	"slices"

	"holdfast/onvif/internal/soap"
)

// Audio is what a device does with sound.
type Audio struct {
	Inputs      int          // microphones and line inputs
	Encoders    []AudioCodec // what its sound can be encoded as
	Outputs     int          // loudspeakers and line outputs
	Decoders    []AudioCodec // what it plays
	BackChannel bool         // sound can be sent to it: it has an output and plays something
}

// AudioCodec is a codec of sound with what it can be set to.
type AudioCodec struct {
	Codec       string // "PCMU", "G726", "AAC", or what the device says
	SampleRates []int  // kHz as the device lists them
	Bitrates    []int  // kbit/s
}

// maxAudio bounds each list of codecs.
const maxAudio = 32

// Audio asks what the device does with sound. What it does not answer is not there; an error says that it does not answer at all.
func (c *Client) Audio(ctx context.Context) (Audio, error) {
	var a Audio
	for _, q := range []struct {
		doing, two, one string
		take            func(n *soap.Node, second bool)
	}{
		{"ask for audio inputs", "", "GetAudioSources", func(n *soap.Node, _ bool) { a.Inputs = len(n.All("AudioSources")) }},
		{"ask for audio encodings", "GetAudioEncoderConfigurationOptions", "GetAudioEncoderConfigurationOptions", func(n *soap.Node, second bool) {
			list := n.All("Options")
			if !second {
				list = n.Find("Options").All("Options")
			}
			a.Encoders = audioCodecs(list)
		}},
		{"ask for audio outputs", "", "GetAudioOutputs", func(n *soap.Node, _ bool) { a.Outputs = len(n.All("AudioOutputs")) }},
		{"ask for what it plays", "GetAudioDecoderConfigurationOptions", "GetAudioDecoderConfigurationOptions", func(n *soap.Node, second bool) {
			if second {
				a.Decoders = audioCodecs(n.All("Options"))
				return
			}
			a.Decoders = decoders1(n.Find("Options"))
		}},
	} {
		one, two := `<trt:`+q.one+`/>`, ""
		if q.two != "" {
			two = `<tr2:` + q.two + `/>`
		}
		n, second, err := c.either(ctx, q.doing, two, one)
		if err != nil && !fallsBack(err) {
			return a, err
		}
		if err == nil {
			q.take(n, second)
		}
	}
	if a.Inputs == 0 && a.Outputs == 0 { // devices of Media2 alone count them by their configurations
		if err := c.audioConfigurations(ctx, &a); err != nil {
			return a, err
		}
	}
	a.BackChannel = a.Outputs > 0 && len(a.Decoders) > 0
	return a, nil
}

// audioConfigurations counts inputs and outputs by the sources and outputs that Media2's configurations name.
func (c *Client) audioConfigurations(ctx context.Context, a *Audio) error {
	if two, err := c.has(ctx, soap.NSMedia2); !two {
		return err
	}
	for _, q := range []struct {
		doing, operation, token string
		count                   *int
	}{
		{"ask for audio inputs", "GetAudioSourceConfigurations", "SourceToken", &a.Inputs},
		{"ask for audio outputs", "GetAudioOutputConfigurations", "OutputToken", &a.Outputs},
	} {
		n, err := c.ask(ctx, soap.NSMedia2, q.doing, `<tr2:`+q.operation+`/>`)
		if err != nil && !fallsBack(err) {
			return err
		}
		var seen []string
		for _, v := range n.All("Configurations") {
			if t := v.Get(q.token); t != "" && !slices.Contains(seen, t) && len(seen) < maxAudio {
				seen = append(seen, t)
			}
		}
		*q.count = len(seen)
	}
	return nil
}

func audioCodecs(list []*soap.Node) (out []AudioCodec) {
	for _, n := range list {
		k := AudioCodec{Codec: codecName(n.Get("Encoding")), SampleRates: integers(n.Find("SampleRateList")), Bitrates: integers(n.Find("BitrateList"))}
		if k.Codec != "" && len(out) < maxAudio {
			out = append(out, k)
		}
	}
	return out
}

// integers reads a tt:IntItems.
func integers(n *soap.Node) (list []int) {
	for _, v := range n.All("Items") {
		if i := number(v.Text); i > 0 && len(list) < maxOptions {
			list = append(list, i)
		}
	}
	return list
}

// decoders1 reads Media's tt:AudioDecoderConfigurationOptions.
func decoders1(n *soap.Node) (out []AudioCodec) {
	for _, k := range []struct{ element, codec, rates string }{{"AACDecOptions", "AAC", "SampleRateRange"}, {"G711DecOptions", "PCMU", "SampleRateRange"}, {"G726DecOptions", "G726", "SampleRateRange"}} {
		if v := n.Find(k.element); v != nil {
			out = append(out, AudioCodec{Codec: k.codec, SampleRates: integers(v.Find(k.rates)), Bitrates: integers(v.Find("Bitrate"))})
		}
	}
	return out
}
