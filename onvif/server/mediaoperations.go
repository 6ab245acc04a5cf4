package server

import (
	"net/http"

	"holdfast/onvif/internal/soap"
)

// mediaOperations are those of Media and Media2 beside finding profiles and their streams.
func mediaOperations() map[string]operation {
	return map[string]operation{
		"GetSnapshotUri":                             {"", false, (*Server).getSnapshotURI},
		"GetVideoEncoderConfigurationOptions":        {"", false, (*Server).getVideoEncoderConfigurationOptions},
		"SetVideoEncoderConfiguration":               {"", false, (*Server).setVideoEncoderConfiguration},
		"GetVideoEncoderInstances":                   {soap.NSMedia2, false, (*Server).getVideoEncoderInstances},
		"GetGuaranteedNumberOfVideoEncoderInstances": {soap.NSMedia, false, (*Server).getVideoEncoderInstances},
		"GetOSDs":                             {"", false, (*Server).getOSDs},
		"GetOSDOptions":                       {"", false, (*Server).getOSDOptions},
		"CreateOSD":                           {"", false, (*Server).putOSD},
		"SetOSD":                              {"", false, (*Server).putOSD},
		"DeleteOSD":                           {"", false, (*Server).deleteOSD},
		"GetMasks":                            {soap.NSMedia2, false, (*Server).getMasks},
		"GetMaskOptions":                      {soap.NSMedia2, false, (*Server).getMaskOptions},
		"CreateMask":                          {soap.NSMedia2, false, (*Server).putMask},
		"SetMask":                             {soap.NSMedia2, false, (*Server).putMask},
		"DeleteMask":                          {soap.NSMedia2, false, (*Server).deleteMask},
		"GetVideoSourceModes":                 {"", false, (*Server).getVideoSourceModes},
		"SetVideoSourceMode":                  {"", false, (*Server).setVideoSourceMode},
		"GetAudioSources":                     {soap.NSMedia, false, (*Server).getAudioSources},
		"GetAudioOutputs":                     {soap.NSMedia, false, (*Server).getAudioOutputs},
		"GetAudioEncoderConfigurationOptions": {"", false, (*Server).getAudioEncoderConfigurationOptions},
		"GetAudioDecoderConfigurationOptions": {"", false, (*Server).getAudioDecoderConfigurationOptions},
		"GetMetadataConfigurations":           {"", false, (*Server).getMetadataConfigurations},
		"SetMetadataConfiguration":            {"", false, (*Server).setMetadataConfiguration},
	}
}

// The faults of the media services that occur here.
var (
	noConfig       = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoConfig", "There is no such configuration."}
	configModify   = fault{"s:Sender", "ter:InvalidArgVal", "ter:ConfigModify", "The configuration cannot be set so."}
	noMulticasting = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidStreamSetup", "The profile is not sent to a group."}
	maxOSDs        = fault{"s:Receiver", "ter:Action", "ter:MaxOSDs", "There are as many as there can be."}
	maxMasks       = fault{"s:Receiver", "ter:Action", "ter:MaxMasks", "There are as many as there can be."}
	invalidPolygon = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidPolygon", "A mask cannot have this shape."}
	noMode         = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoVideoSourceMode", "There is no such mode."}
	noVideoSource  = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoVideoSource", "There is no such video source."}
)

// picturePath is where pictures are.
const picturePath = "/onvif/snapshot"

// picture serves the picture of a profile to who has credentials.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	d, ok := s.o.Device.(Pictured)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !s.gate.admitsGet(r) {
		w.Header().Set("WWW-Authenticate", s.gate.challenge())
		http.Error(w, "who asks?", http.StatusUnauthorized)
		return
	}
	data := d.Picture(r.URL.Query().Get("profile"))
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Write(data)
}

// mediaHas tells what the device has that the capabilities of the media services name.
func (s *Server) mediaHas() (picture, modes, osd, mask bool) {
	_, picture = s.o.Device.(Pictured)
	if d, ok := s.o.Device.(Switched); ok {
		for _, v := range s.sources() {
			modes = modes || len(d.Modes(v.Token)) > 0
		}
	}
	_, _, _, none := s.overlaid()
	_, _, _, bare := s.masked()
	return picture, modes, none == nil, bare == nil
}
