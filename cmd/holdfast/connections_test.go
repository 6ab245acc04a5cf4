package main

import (
	"strings"
	"testing"

	"holdfast/gateway/egress"
	"holdfast/gateway/web"
)

func TestConnectionsArePrintedWithWhatWasRefused(t *testing.T) {
	g := egress.New(egress.Options{})
	g.For(egress.Cameras, egress.Use{Camera: "door", Targets: []string{"192.168.1.20:80"}}).Refuse(egress.Redirect, "198.51.100.7\nfine", "another host")
	var b strings.Builder
	if err := printConnections(&b, web.Connections{Connections: g.Connections(), Refused: g.Refused(), Refusals: g.Refusals()}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"192.168.1.20:80", "Search for cameras", "Name servers", `redirect  door  "198.51.100.7\nfine"  another host  1 times`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing:\n%s", want, b.String())
		}
	}
}
