package server

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
)

// The bounds that a simulated device sets to its accounts.
const (
	maxAccounts = 8
	minPassword = 4
)

func accountsOf(req *soap.Node) (list []Account) {
	for _, u := range req.All("User") {
		list = append(list, Account{Name: u.Get("Username"), Password: u.Get("Password"), Level: u.Get("UserLevel")})
	}
	return list
}

// createUsers makes accounts: all of them, or none (Core specification section 8.4.3).
func createUsers(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	list := accountsOf(req)
	for _, a := range list {
		switch {
		case slices.ContainsFunc(g.Accounts, func(b Account) bool { return b.Name == a.Name }):
			return "", &fault{"s:Sender", "ter:OperationProhibited", "ter:UsernameClash", "There is such an account."}
		case len(a.Password) < minPassword:
			return "", &fault{"s:Sender", "ter:OperationProhibited", "ter:PasswordTooWeak", "The password is too short."}
		}
	}
	if len(g.Accounts)+len(list) > maxAccounts {
		return "", &fault{"s:Sender", "ter:OperationProhibited", "ter:TooManyUsers", "There are too many accounts."}
	}
	g.Accounts = append(slices.Clone(g.Accounts), list...)
	return deviceDone("CreateUsers"), nil
}

func setUser(s *Server, req *soap.Node, g *Management) (string, *fault) {
	next := slices.Clone(g.Accounts)
	for _, a := range accountsOf(req) {
		i := slices.IndexFunc(next, func(b Account) bool { return b.Name == a.Name })
		if i < 0 {
			return "", invalid("UsernameMissing", "There is no such account.")
		}
		if a.Password == "" {
			a.Password = next[i].Password
		}
		next[i] = a
		if a.Name == s.o.Username {
			s.gate.setPassword(a.Password)
		}
	}
	g.Accounts = next
	return deviceDone("SetUser"), nil
}

func deleteUsers(_ *Server, req *soap.Node, g *Management) (string, *fault) {
	next := slices.Clone(g.Accounts)
	for _, u := range req.All("Username") {
		i := slices.IndexFunc(next, func(b Account) bool { return b.Name == u.Text })
		if i < 0 {
			return "", invalid("UsernameMissing", "There is no such account.")
		}
		next = slices.Delete(next, i, i+1)
	}
	g.Accounts = next
	return deviceDone("DeleteUsers"), nil
}

func accountList(list []Account) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "<tds:User><tt:Username>%s</tt:Username><tt:UserLevel>%s</tt:UserLevel></tds:User>", soap.Escape(a.Name), a.Level)
	}
	return b.String()
}
