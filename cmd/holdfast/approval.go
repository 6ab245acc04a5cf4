package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"holdfast/gateway/web"
)

// approval lists what people asked another person for. To decide takes a person who can be named, and the local socket is none: the gateway
// says so.
func approval(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "approval", args, verb{"list", approvalList}, verb{"give", approvalGive}, verb{"decline", approvalDecline})
}

func approvalList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "approval list", "/api/v1/approvals", "ID\tSTATE\tBY\tPERMISSION\tCAMERA\tFROM\tTO\tCOPY REACHES BEYOND BY\tUNTIL\tREASON", func(x web.Approval) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", x.ID, x.State, x.ByName, x.Permission, x.Camera, x.From.Format(time.RFC3339), x.To.Format(time.RFC3339), reachOf(x), x.Until.Format(time.RFC3339), x.Reason)
	})
}

// reachOf is by how much bit-exact copies go beyond what is approved, at its begin and its end; a dash where they do not.
func reachOf(x web.Approval) string {
	if x.Before == 0 && x.After == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s before, %.1f s after", x.Before, x.After)
}

func approvalGive(ctx context.Context, t terminal, args []string) error {
	return approvalDecide(ctx, t, args, "give")
}

func approvalDecline(ctx context.Context, t terminal, args []string) error {
	return approvalDecide(ctx, t, args, "decline")
}

func approvalDecide(ctx context.Context, t terminal, args []string, how string) error {
	return askAboutOne(ctx, t, args, "approval "+how, "approval", "POST", func(id string) string { return "/api/v1/approvals/" + url.PathEscape(id) + "/" + how })
}
