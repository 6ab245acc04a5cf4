package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"holdfast/gateway/auth"
	"holdfast/gateway/web"
)

// tokenCommand lists and revokes tokens, and makes those of walls and kiosks. API tokens are made by the person whose they are, in the viewer.
func tokenCommand(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "token", args, verb{"list", tokenList}, verb{"device", tokenDevice}, verb{"revoke", tokenRevoke})
}

func tokenList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "token list", "/api/v1/tokens", "ID\tKIND\tNAME\tPERSON\tPERMISSIONS\tCAMERAS\tUNTIL\tUSED", func(x web.Token) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", x.ID, x.Kind, x.Name, x.PersonName, strings.Join(x.Permissions, " "), strings.Join(x.Cameras, " "), x.Until.Format(time.RFC3339), dateOf(x.Used))
	})
}

// deviceDays is how long a wall or kiosk may watch where nothing else is said.
const deviceDays = 365

func tokenDevice(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "token device", "[--cameras IDS] [--permissions LIST] [--until TIME] NAME")
	cameras := q.fs.String("cameras", "*", "what it shows, `IDS` of cameras or group: and the id of a group, with commas between; * for all")
	permissions := q.fs.String("permissions", "see,live", "what it may do, a `LIST` of see, live and audio")
	until := q.fs.String("until", "", "when it ends, as 2027-01-01T00:00:00Z; after a year when left out")
	if err := q.begin(ctx, args, "one wall or kiosk"); err != nil {
		return err
	}
	end, err := time.Parse(time.RFC3339, cmp.Or(*until, time.Now().AddDate(0, 0, deviceDays).UTC().Format(time.RFC3339)))
	if err != nil {
		return fmt.Errorf("--until: %q is no time of RFC 3339", *until)
	}
	var made web.MadeDevice
	n := web.NewDevice{Kind: auth.DeviceToken, NewToken: web.NewToken{Name: q.fs.Arg(0), Permissions: commaList(*permissions), Cameras: commaList(*cameras), Until: end}}
	if err := q.ask("POST", "/api/v1/tokens", n, &made); err != nil {
		return err
	}
	return q.print(made, func(w io.Writer) {
		fmt.Fprintln(w, made.Link)
		fmt.Fprintf(t.err, "Open the link on the wall or kiosk. Its token is %s, good until %s; holdfast token revoke ends it.\n", made.ID, made.Until.Format(time.RFC3339))
	})
}

func tokenRevoke(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "token revoke", "token", "DELETE", func(id string) string { return "/api/v1/tokens/" + url.PathEscape(id) })
}
