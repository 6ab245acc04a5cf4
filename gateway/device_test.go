package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/onvif"
	"holdfast/rtsp"
)

// asked is a camera of which only the device is asked, at an address.
func asked(t *testing.T, address, password string) *Camera {
	t.Helper()
	gate := newGate(time.Now)
	c := &Camera{gate: gate, unit: &unit{gate: gate}, now: time.Now, log: slog.New(slog.DiscardHandler), trust: trusting(nil, "127.0.0.1", "127.0.0.1"),
		way: egress.New(egress.Options{}).For(egress.Cameras, egress.Use{})}
	c.told.Store(&config.Camera{ID: "door", ONVIF: address, Username: "u", Password: config.Secret(password)})
	return c
}

// picky is a device that counts the credentials that it is given. It refuses all of them, or knows the account and lets it see who the
// device is and no more.
func picky(t *testing.T, knows bool) (address string, given *atomic.Int32) {
	t.Helper()
	given = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		with := strings.Contains(string(body), "UsernameToken")
		if with {
			given.Add(1)
		}
		if with && knows && strings.Contains(string(body), "GetDeviceInformation") {
			io.WriteString(w, `<Envelope><Body><GetDeviceInformationResponse><Model>m</Model></GetDeviceInformationResponse></Body></Envelope>`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `<Envelope><Body><Fault><Code><Value>Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code><Reason><Text>no</Text></Reason></Fault></Body></Envelope>`)
	}))
	t.Cleanup(s.Close)
	return s.URL, given
}

func probed(ctx context.Context, c *onvif.Client) error { _, err := c.Probe(ctx); return err }

// However often a device is asked, a wrong password is tried twice and then not again for five minutes, whoever asks.
func TestAWrongPasswordIsNotTriedAgainAndAgain(t *testing.T) {
	address, given := picky(t, false)
	c := asked(t, address, "wrong")
	for range 50 {
		if err := c.ask(t.Context(), probed); classOf(err) != rtsp.Unauthorized {
			t.Fatalf("%v", err)
		}
	}
	if n := given.Load(); n != freeRefusals {
		t.Errorf("the device saw %d wrong passwords, want %d", n, freeRefusals)
	}
}

// An account that may not do something is no wrong password: nobody else waits because of it.
func TestWhatAnAccountMayNotDoShutsNoGate(t *testing.T) {
	address, _ := picky(t, true)
	c := asked(t, address, "right")
	for range 5 {
		if err := c.ask(t.Context(), probed); !errors.Is(err, onvif.ErrForbidden) || classOf(err) != rtsp.Refused {
			t.Fatalf("%v", err)
		}
	}
	if !c.gate.isProven() || !c.gate.opens().IsZero() {
		t.Error("the gate is shut")
	}
	if _, hint := explain(c.ask(t.Context(), probed)); !strings.Contains(hint, "operator") {
		t.Errorf("the hint is %q", hint)
	}
}
