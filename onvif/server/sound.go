package server

import (
	"strings"

	"holdfast/onvif/internal/soap"
)

func (s *Server) sound() Sound {
	if d, ok := s.o.Device.(Sounding); ok {
		return d.Sound()
	}
	return Sound{}
}

const outputBody = `<tt:Name>Loudspeaker</tt:Name><tt:UseCount>1</tt:UseCount><tt:OutputToken>output</tt:OutputToken><tt:OutputLevel>50</tt:OutputLevel>`

// encodingOf is how the Media service spells a codec of sound.
func encodingOf(codec string) string {
	if codec == "PCMU" {
		return "G711"
	}
	return codec
}

func audioEncoder1(p Profile) string {
	return `<tt:Name>Microphone</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>` + encodingOf(p.Audio) + `</tt:Encoding><tt:Bitrate>64</tt:Bitrate><tt:SampleRate>8</tt:SampleRate>` + noMulticast + `<tt:SessionTimeout>PT60S</tt:SessionTimeout>`
}

func audioEncoder2(p Profile) string {
	return `<tt:Name>Microphone</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>` + p.Audio + `</tt:Encoding><tt:Bitrate>64</tt:Bitrate><tt:SampleRate>8</tt:SampleRate>`
}

func (s *Server) getAudioSources(req *soap.Node) (string, *fault) {
	if len(s.sound().Sends) == 0 {
		return answer(req, "")
	}
	return answer(req, `<trt:AudioSources token="microphone"><tt:Channels>1</tt:Channels></trt:AudioSources>`)
}

func (s *Server) getAudioOutputs(req *soap.Node) (string, *fault) {
	if len(s.sound().Plays) == 0 {
		return answer(req, "")
	}
	return answer(req, `<trt:AudioOutputs token="output"/>`)
}

func (s *Server) getAudioEncoderConfigurationOptions(req *soap.Node) (string, *fault) {
	var b strings.Builder
	for _, codec := range s.sound().Sends {
		element := "tr2:Options"
		if req.Space == soap.NSMedia {
			element, codec = "tt:Options", encodingOf(codec)
		}
		b.WriteString("<" + element + "><tt:Encoding>" + codec + "</tt:Encoding><tt:BitrateList><tt:Items>64</tt:Items></tt:BitrateList><tt:SampleRateList><tt:Items>8</tt:Items></tt:SampleRateList></" + element + ">")
	}
	if b.Len() == 0 {
		return "", &notSupported
	}
	if req.Space == soap.NSMedia {
		return answer(req, "<trt:Options>"+b.String()+"</trt:Options>")
	}
	return answer(req, b.String())
}

func (s *Server) getAudioDecoderConfigurationOptions(req *soap.Node) (string, *fault) {
	plays := s.sound().Plays
	if len(plays) == 0 {
		return "", &notSupported
	}
	if req.Space == soap.NSMedia {
		return answer(req, "<trt:Options><tt:G711DecOptions><tt:Bitrate><tt:Items>64</tt:Items></tt:Bitrate><tt:SampleRateRange><tt:Items>8</tt:Items></tt:SampleRateRange></tt:G711DecOptions></trt:Options>")
	}
	var b strings.Builder
	for _, codec := range plays {
		b.WriteString("<tr2:Options><tt:Encoding>" + codec + "</tt:Encoding><tt:BitrateList><tt:Items>64</tt:Items></tt:BitrateList><tt:SampleRateList><tt:Items>8</tt:Items></tt:SampleRateList></tr2:Options>")
	}
	return answer(req, b.String())
}
