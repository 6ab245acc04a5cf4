package live

import "errors"

// What a caller tells apart; each is wrapped with what it is about.
var (
	ErrOffer         = errors.New("offer not understood")                                  // malformed, or asks for what is not served
	ErrReordered     = errors.New("stream has reordered frames, which WebRTC cannot show") // watch by MSE
	ErrCodec         = errors.New("browser did not offer the stream's codec")              // watch another stream, or by MSE
	ErrNotTranscoded = errors.New("not transcoded")                                        // not allowed, not installed, too many at once, or ffmpeg cannot
	ErrOffline       = errors.New("camera is offline")                                     // nothing to show now
	ErrTooMany       = errors.New("too many viewers")                                      // Options.MaxSessions
	ErrDisabled      = errors.New("no port for WebRTC")                                    // neither port could be opened: see Server.Fault
	ErrNotFound      = errors.New("no such session")                                       // ended, never was, or another owner's
)

// NotTranscoded is why something is not transcoded, one plain sentence for whoever asked. errors.Is finds ErrNotTranscoded.
type NotTranscoded struct{ Why string }

// Error tells why.
func (e *NotTranscoded) Error() string { return ErrNotTranscoded.Error() + ": " + e.Why }

// Is makes errors.Is(err, ErrNotTranscoded) true.
func (e *NotTranscoded) Is(target error) bool { return target == ErrNotTranscoded }
