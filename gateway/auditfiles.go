package gateway

import (
	"errors"
	"log/slog"

	"holdfast/config"
	"holdfast/gateway/audit"
)

// AuditFiles reads the audit log of a gateway that is not running. Without the root key what is personal stays sealed. The returned
// function lets go of the data directory.
func AuditFiles(conf *config.Config, log *slog.Logger) (*audit.Reader, func() error, error) {
	lock, err := lockData(conf.Data)
	if err != nil {
		return nil, nil, err
	}
	var keys audit.Keys
	v, err := New(Options{Config: conf, Log: log}).vaultOffline()
	if err == nil && v != nil {
		keys = v
	}
	var r *audit.Reader
	if err == nil {
		r, err = audit.OpenReader(AuditPath(conf.Data), keys)
	}
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return r, lock.Close, nil
}
