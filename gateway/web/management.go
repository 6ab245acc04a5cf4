package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Management sets up the devices of cameras. *gateway.Gateway implements it. What a device answers to the effect of no is an error of
// Refused; ErrNotFound when there is no such camera.
type Management interface {
	DeviceNames(ctx context.Context, camera string) (DeviceNames, error)
	SetDeviceNames(ctx context.Context, camera string, n DeviceNames) (DeviceNames, error)
	DeviceClock(ctx context.Context, camera string) (DeviceClock, error)
	SetDeviceClock(ctx context.Context, camera string, c DeviceClockChange) (DeviceClock, error)
	DeviceNetwork(ctx context.Context, camera string) (DeviceNetwork, error)
	SetDeviceNetwork(ctx context.Context, camera string, c DeviceNetworkChange) (DeviceNetwork, error)
	DeviceAccounts(ctx context.Context, camera string) ([]DeviceAccount, error)
	AddDeviceAccount(ctx context.Context, camera string, a NewDeviceAccount) error
	SetDeviceAccount(ctx context.Context, camera string, a NewDeviceAccount) error
	RemoveDeviceAccount(ctx context.Context, camera, name string) error
	RestartDevice(ctx context.Context, camera string) (DeviceAway, error)
	ResetDevice(ctx context.Context, camera string, hard bool) error
	DeviceLog(ctx context.Context, camera, kind string) (string, error)
	BackupDevice(ctx context.Context, camera string, w io.Writer) error
	RestoreDevice(ctx context.Context, camera string, file io.Reader) (DeviceAway, error)   // file has at most MaxDeviceFile bytes
	UpgradeFirmware(ctx context.Context, camera string, file io.Reader) (DeviceAway, error) // the same
}

// DeviceNames are what a camera's device calls itself.
type DeviceNames struct {
	Hostname string `json:"hostname" doc:"Of its network. Empty: the network gives it."`
	Name     string `json:"name" doc:"As discovery shows it."`
	Location string `json:"location" doc:"The same."`
}

// DeviceClock is how a device's clock is set.
type DeviceClock struct {
	Time     *time.Time `json:"time,omitempty" doc:"By the device; left out when it does not say."`
	Ahead    float64    `json:"ahead" doc:"Seconds, of the gateway's clock; negative when it is behind."`
	NTP      bool       `json:"ntp" doc:"It goes by time servers."`
	Servers  []string   `json:"servers"`
	FromDHCP bool       `json:"servers_from_dhcp"`
	Zone     string     `json:"zone,omitempty" doc:"POSIX, such as CET-1CEST,M3.5.0,M10.5.0/3."`
	Daylight bool       `json:"daylight"`
}

// DeviceClockChange is how a device's clock is to be set.
type DeviceClockChange struct {
	Now      bool      `json:"now,omitempty" doc:"Set it to the gateway's clock once, by hand."`
	Servers  *[]string `json:"servers,omitempty" doc:"Have it go by these time servers; by those that its network names when the list is empty."`
	Zone     string    `json:"zone,omitempty" doc:"POSIX."`
	Daylight *bool     `json:"daylight,omitempty" doc:"Whether the zone has daylight saving; goes with zone."`
}

// DeviceNetwork is how a device is on its network.
type DeviceNetwork struct {
	Interfaces  []DeviceInterface `json:"interfaces"`
	Gateways    []string          `json:"gateways"`
	DNS         []string          `json:"dns"`
	DNSFromDHCP bool              `json:"dns_from_dhcp"`
	Protocols   []DeviceProtocol  `json:"protocols"`
	Restart     bool              `json:"restart,omitempty" doc:"What was changed counts once the device has been restarted."`
}

// DeviceInterface is a network interface of a device.
type DeviceInterface struct {
	ID        string   `json:"id"`
	Name      string   `json:"name,omitempty"`
	MAC       string   `json:"mac,omitempty"`
	DHCP      bool     `json:"dhcp"`
	Addresses []string `json:"addresses" doc:"With prefix length."`
}

// DeviceProtocol is a protocol that a device serves.
type DeviceProtocol struct {
	Name    string `json:"name" enum:"HTTP,HTTPS,RTSP"`
	Enabled bool   `json:"enabled"`
	Ports   []int  `json:"ports"`
}

// DeviceNetworkChange is what is to be changed of a device's network; what is left out stays.
type DeviceNetworkChange struct {
	Interface string           `json:"interface,omitempty" doc:"Id of the interface whose address is set."`
	Address   string           `json:"address,omitempty" doc:"IPv4 with prefix length, such as 192.168.1.5/24, or dhcp. The camera may be gone from where it was; an adopted one is looked for."`
	Gateways  *[]string        `json:"gateways,omitempty"`
	DNS       *[]string        `json:"dns,omitempty" doc:"Empty: by DHCP."`
	Protocols []DeviceProtocol `json:"protocols,omitempty" doc:"Those to be changed; ports are kept when left out."`
}

// DeviceAccount is an account of a device.
type DeviceAccount struct {
	Name  string `json:"name"`
	Level string `json:"level" doc:"Administrator, Operator, User, or a word of the device's own."`
	Own   bool   `json:"own,omitempty" doc:"It is the one that the gateway uses."`
}

// NewDeviceAccount is an account to be made, or changed.
type NewDeviceAccount struct {
	Name     string `json:"name"`
	Level    string `json:"level" enum:"Administrator,Operator,User"`
	Password string `json:"password,omitempty" doc:"When an account is changed: kept when left out."`
	InClear  bool   `json:"in_clear,omitempty" doc:"The password may go to the camera without TLS, where it is not reached by https."`
}

// DeviceAway says that a device restarts.
type DeviceAway struct {
	Says    string  `json:"says,omitempty" doc:"In its own words."`
	Seconds float64 `json:"seconds,omitempty" doc:"How long it takes, as it says."`
}

// ResetRequest asks for a device to be as it was delivered.
type ResetRequest struct {
	Hard bool `json:"hard,omitempty" doc:"Its network settings and accounts too: it has to be found and added anew."`
}

const (
	mimeFile = "application/octet-stream"
	// MaxDeviceFile bounds firmware and settings that are sent to a device, bytes.
	MaxDeviceFile = 512 << 20
)

func managementRoutes() []route {
	const device = "/api/v1/cameras/{id}/device"
	of := []param{paramCamera}
	account := []param{paramCamera, {"name", "path", true, "string", "Of the account."}}
	file := &body{mime: mimeFile, max: MaxDeviceFile, streams: true}
	return []route{
		{method: "GET", pattern: device + "/names", needs: auth.Configure, serve: (*Server).getDeviceNames, summary: "What a camera's device calls itself", params: of, answers: gives[DeviceNames](200, "The names.")},
		{method: "PUT", pattern: device + "/names", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putDeviceNames, summary: "Change that, as a whole", params: of, body: jsonBody[DeviceNames](), answers: gives[DeviceNames](200, "The names, as the device has them now.")},
		{method: "GET", pattern: device + "/clock", needs: auth.Configure, serve: (*Server).getDeviceClock, summary: "How a camera's clock is set", params: of, answers: gives[DeviceClock](200, "The clock.")},
		{method: "PUT", pattern: device + "/clock", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putDeviceClock, summary: "Set a camera's clock, its zone, or its time servers", params: of, body: jsonBody[DeviceClockChange](), answers: gives[DeviceClock](200, "The clock, as the device has it now.")},
		{method: "GET", pattern: device + "/network", needs: auth.Configure, serve: (*Server).getDeviceNetwork, summary: "How a camera is on its network", params: of, answers: gives[DeviceNetwork](200, "Its network.")},
		{method: "PUT", pattern: device + "/network", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putDeviceNetwork, summary: "Change that in part", params: of, body: jsonBody[DeviceNetworkChange](), answers: gives[DeviceNetwork](200, "Its network, as the device says.")},
		{method: "GET", pattern: device + "/accounts", needs: auth.Configure, serve: (*Server).getDeviceAccounts, summary: "The accounts of a camera's device", params: of, answers: gives[[]DeviceAccount](200, "The accounts.")},
		{method: "POST", pattern: device + "/accounts", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postDeviceAccount, summary: "Make an account at a camera", params: of, body: jsonBody[NewDeviceAccount](), answers: done("Made.")},
		{method: "PUT", pattern: device + "/accounts/{name}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putDeviceAccount, summary: "Change an account of a camera; of the gateway's own, which it goes on with, the password", params: account, body: jsonBody[NewDeviceAccount](), answers: done("Changed.")},
		{method: "DELETE", pattern: device + "/accounts/{name}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).deleteDeviceAccount, summary: "Remove an account of a camera", params: account, answers: done("Removed.")},
		{method: "POST", pattern: device + "/restart", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postDeviceRestart, summary: "Restart a camera; nothing of it is recorded meanwhile", params: of, answers: gives[DeviceAway](202, "It restarts.")},
		{method: "POST", pattern: device + "/reset", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postDeviceReset, summary: "Set a camera back to how it was delivered", params: of, body: jsonBody[ResetRequest](), answers: done("It is reset, and restarts.")},
		{method: "GET", pattern: device + "/log", needs: auth.Configure, serve: (*Server).getDeviceLog, summary: "A camera's own log", params: append(of[:1:1], param{"kind", "query", false, "string", "system, which is the default, or access."}), answers: sends("text/plain", "The log, as the device writes it.")},
		{method: "GET", pattern: device + "/backup", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).getDeviceBackup, summary: "A camera's settings, as its maker packs them; they may hold passwords", params: of, answers: sends(mimeFile, "The settings.")},
		{method: "POST", pattern: device + "/restore", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postDeviceRestore, summary: "Give a camera back settings that were backed up; it restarts", params: of, body: file, answers: gives[DeviceAway](202, "It restarts.")},
		{method: "POST", pattern: device + "/firmware", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).postDeviceFirmware, summary: "Upgrade a camera's firmware; it restarts", params: of, body: file, answers: gives[DeviceAway](202, "It restarts.")},
	}
}

// told answers with what a device told.
func told[T any](w http.ResponseWriter, status int, v T, err error) error {
	if err != nil {
		return err
	}
	return reply(w, status, v)
}

// changeDevice reads a change, has the log say what was before, makes it, and answers with what is so now.
func changeDevice[C, T any](w http.ResponseWriter, r *request, what string, before func(context.Context, string) (T, error), change func(context.Context, string, C) (T, error)) error {
	var c C
	if err := decode(r.body, &c); err != nil {
		return err
	}
	r.entry.Target = what
	was, err := before(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	now, err := change(r.Context(), r.PathValue("id"), c)
	r.changed(was, now)
	return told(w, http.StatusOK, now, err)
}

func (s *Server) getDeviceNames(w http.ResponseWriter, r *request) error {
	n, err := s.o.Cameras.DeviceNames(r.Context(), r.PathValue("id"))
	return told(w, http.StatusOK, n, err)
}

func (s *Server) putDeviceNames(w http.ResponseWriter, r *request) error {
	return changeDevice(w, r, "names", s.o.Cameras.DeviceNames, s.o.Cameras.SetDeviceNames)
}

func (s *Server) getDeviceClock(w http.ResponseWriter, r *request) error {
	c, err := s.o.Cameras.DeviceClock(r.Context(), r.PathValue("id"))
	return told(w, http.StatusOK, c, err)
}

func (s *Server) putDeviceClock(w http.ResponseWriter, r *request) error {
	return changeDevice(w, r, "clock", s.o.Cameras.DeviceClock, s.o.Cameras.SetDeviceClock)
}

func (s *Server) getDeviceNetwork(w http.ResponseWriter, r *request) error {
	n, err := s.o.Cameras.DeviceNetwork(r.Context(), r.PathValue("id"))
	return told(w, http.StatusOK, n, err)
}

func (s *Server) putDeviceNetwork(w http.ResponseWriter, r *request) error {
	return changeDevice(w, r, "network", s.o.Cameras.DeviceNetwork, s.o.Cameras.SetDeviceNetwork)
}

func (s *Server) getDeviceAccounts(w http.ResponseWriter, r *request) error {
	list, err := s.o.Cameras.DeviceAccounts(r.Context(), r.PathValue("id"))
	return told(w, http.StatusOK, list, err)
}

func (s *Server) postDeviceAccount(w http.ResponseWriter, r *request) error {
	return s.account(w, r, "", s.o.Cameras.AddDeviceAccount)
}

func (s *Server) putDeviceAccount(w http.ResponseWriter, r *request) error {
	return s.account(w, r, r.PathValue("name"), s.o.Cameras.SetDeviceAccount)
}

// account makes or changes the account of a name, or the one that the body names. The log says of its password only that it was set.
func (s *Server) account(w http.ResponseWriter, r *request, name string, do func(context.Context, string, NewDeviceAccount) error) error {
	var a NewDeviceAccount
	if err := decode(r.body, &a); err != nil {
		return err
	}
	if name != "" {
		a.Name = name
	}
	r.entry.Target = "account"
	r.changed(nil, struct {
		Account  string `json:"account"`
		Level    string `json:"level"`
		Password bool   `json:"password"`
	}{clipID(a.Name), clipID(a.Level), a.Password != ""})
	if err := do(r.Context(), r.PathValue("id"), a); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) deleteDeviceAccount(w http.ResponseWriter, r *request) error {
	r.entry.Target = "account"
	r.changed(map[string]string{"account": clipID(r.PathValue("name"))}, nil)
	if err := s.o.Cameras.RemoveDeviceAccount(r.Context(), r.PathValue("id"), r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postDeviceRestart(w http.ResponseWriter, r *request) error {
	r.entry.Target = "restart"
	away, err := s.o.Cameras.RestartDevice(r.Context(), r.PathValue("id"))
	return told(w, http.StatusAccepted, away, err)
}

func (s *Server) postDeviceReset(w http.ResponseWriter, r *request) error {
	var req ResetRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	r.entry.Target = "reset"
	r.changed(nil, req)
	if err := s.o.Cameras.ResetDevice(r.Context(), r.PathValue("id"), req.Hard); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getDeviceLog(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	text, err := s.o.Cameras.DeviceLog(r.Context(), r.PathValue("id"), q.Get("kind"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, err = io.WriteString(w, text)
	return err
}

func (s *Server) getDeviceBackup(w http.ResponseWriter, r *request) error {
	r.entry.Target = "backup"
	h := w.Header()
	h.Set("Content-Type", mimeFile)
	h.Set("Content-Disposition", `attachment; filename="camera-settings.bin"`)
	h.Set("Cache-Control", "no-store")
	return s.o.Cameras.BackupDevice(r.Context(), r.PathValue("id"), w)
}

func (s *Server) postDeviceRestore(w http.ResponseWriter, r *request) error {
	r.entry.Target = "restore"
	away, err := s.o.Cameras.RestoreDevice(r.Context(), r.PathValue("id"), r.Body)
	return told(w, http.StatusAccepted, away, err)
}

func (s *Server) postDeviceFirmware(w http.ResponseWriter, r *request) error {
	r.entry.Target = "firmware"
	away, err := s.o.Cameras.UpgradeFirmware(r.Context(), r.PathValue("id"), r.Body)
	return told(w, http.StatusAccepted, away, err)
}
