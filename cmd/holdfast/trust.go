package main

import (
	"context"
	"fmt"
	"net/http"

	"holdfast/gateway/web"
)

// cameraTrust shows by which keys a camera is known over TLS, or lets them be forgotten.
func cameraTrust(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "trust", "[--forget]")
	forget := d.fs.Bool("forget", false, "forget the keys, as after the camera was reset, replaced or given a new certificate; it is known by those that it shows next")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var c web.CameraCertificate
	if err := d.ask(http.MethodGet, d.of("certificate"), nil, &c); err != nil {
		return err
	}
	if *forget {
		if err := d.ask(http.MethodDelete, d.of("certificate"), nil, nil); err != nil {
			return err
		}
	}
	switch {
	case *d.asJSON:
		return printJSON(t.out, c)
	case len(c.Keys) == 0:
		fmt.Fprintf(t.out, "Camera %s at %s is known by no key: it was not reached over TLS.\n", c.Camera, c.Host)
	}
	for _, k := range c.Keys {
		fmt.Fprintf(t.out, "%s  %s  %s\n", k.Protocol, c.Host, k.SHA256)
	}
	if *forget && len(c.Keys) > 0 {
		fmt.Fprintln(t.out, "Forgotten. The key that the camera shows next is the one that it is known by.")
	}
	return nil
}
