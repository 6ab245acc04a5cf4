package live

import "github.com/pion/logging"

// quiet is the WebRTC library's logger: it says nothing. What matters of a session is logged once, by the session;
// the library's lines name addresses of viewers and repeat at a stranger's will.
type quiet struct{}

// NewLogger gives the silent logger for every part of the library.
func (quiet) NewLogger(string) logging.LeveledLogger { return quiet{} }

func (quiet) Trace(string)          {}
func (quiet) Tracef(string, ...any) {}
func (quiet) Debug(string)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Info(string)           {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warn(string)           {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Error(string)          {}
func (quiet) Errorf(string, ...any) {}
