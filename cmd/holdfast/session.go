package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"holdfast/gateway/web"
)

// session lists who is signed in, and ends sessions.
func session(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "session", args, verb{"list", sessionList}, verb{"end", sessionEnd})
}

func sessionList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "session list", "/api/v1/sessions", "ID\tUSER\tKIND\tBEGUN\tUSED\tFROM\tBROWSER", func(s web.SessionEntry) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s", s.ID, s.User, s.Kind, s.Created.Format(time.RFC3339), s.Seen.Format(time.RFC3339), s.From, s.Agent)
	})
}

func sessionEnd(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "session end", "session", "DELETE", func(id string) string { return "/api/v1/sessions/" + url.PathEscape(id) })
}
