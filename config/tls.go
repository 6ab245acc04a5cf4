package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// How a name is proved to an ACME authority (RFC 8737; RFC 8555 section 8.3).
const (
	TLSALPN01 = "tls-alpn-01"
	HTTP01    = "http-01"
)

var tlsObject = &object[TLS]{
	doc: "Which certificate an HTTPS address presents: that of Holdfast's own authority when nothing is said, the one in `certificate` and `key`, or one that `acme` orders. " +
		"While that one is missing, expired or cannot be read, and to whoever comes by an address or a name that it is not good for, the own authority's is presented, so that a way in is left. " +
		"All of it but `loopback` takes effect when the file is read again (`holdfast reload`), and cuts off nothing that runs. TLS 1.2 is the least that is spoken.",
	fields: []field[TLS]{
		setting("certificate", filePath(), func(t *TLS) *string { return &t.Certificate },
			"A PEM file with the certificate of this machine, then those that issued it. It is read again within a minute when it changes. One that cannot be used changes nothing and is an alarm, as is one that ends within 14 days or is not good for one of `names`.").
			otherwise("none").insteadOf("cert", "crt", "chain"),
		setting("key", filePath(), func(t *TLS) *string { return &t.Key },
			"A PEM file with its key, not encrypted. Only its owner may read it (a file of root's may be read by its group); a key that others may read is refused.").
			otherwise("none").insteadOf("private_key", "key_file"),
		setting("acme", optional(acmeObject.kind()), func(t *TLS) **ACME { return &t.ACME },
			"A certificate authority on the premises that issues by ACME (step-ca, Vault and others), instead of `certificate`. What it issues is renewed after two thirds of its life.").
			otherwise("none").groups(acmeObject.table("tls.acme"), false).insteadOf("letsencrypt"),
		setting("hsts", yesNo(), func(t *TLS) *bool { return &t.HSTS },
			"Tells browsers that come by a name of the certificate to use HTTPS only, for that name and every port of it, for 30 days or as long as the certificate is good, whichever is less. Never said with the own authority's certificate: a browser that does not trust it would be locked out.").
			defaults("true").insteadOf("strict_transport_security"),
		setting("loopback", yesNo(), func(t *TLS) *bool { return &t.Loopback },
			"HTTPS also where `listen` is a loopback address. Otherwise that is plain HTTP, which does not leave the machine.").defaults("false"),
	},
	check: checkTLS,
}

var acmeObject = &object[ACME]{
	doc: "An ACME authority. It is asked at the first start and when a certificate is due; until it has issued one, and while it does not answer, what is there is presented. A failure is an alarm, and is tried again after a minute, then ever less often, at least every six hours.",
	fields: []field[ACME]{
		setting("directory", httpsAddress(), func(a *ACME) *string { return &a.Directory },
			"Its directory, such as https://ca.shop.lan/acme/acme/directory. It is dialled as cameras are: within the premises, or under `egress.allow`.").must().insteadOf("url", "server"),
		setting("ca", filePath(), func(a *ACME) *string { return &a.CA },
			"A PEM file with the root certificate by which the directory is known.").otherwise("the machine's own roots").insteadOf("root", "roots"),
		setting("email", mailbox(), func(a *ACME) *string { return &a.Email },
			"Told to the authority as the contact of the account.").otherwise("none").insteadOf("contact"),
		setting("names", list(hostName(), 1, maxNames), func(a *ACME) *[]string { return &a.Names },
			"Host names and addresses to have certified, where not all of `names` can be.").otherwise("`names`").insteadOf("domains"),
		setting("challenge", oneOf([]string{TLSALPN01, HTTP01}), func(a *ACME) *string { return &a.Challenge },
			"How a name is proved. With `tls-alpn-01` the authority comes to port 443 of the name, where `listen` must be reached; with `http-01` to port 80, where `http` must be. "+
				"The service may not open ports below 1024 unless `systemctl edit holdfast` gives it `AmbientCapabilities=CAP_NET_BIND_SERVICE` and the same in `CapabilityBoundingSet=`; or let the firewall forward the port.").defaults(TLSALPN01),
		setting("http", address("host:port; no host means every address, port 0 a free port"), func(a *ACME) *string { return &a.HTTP },
			"Address on which `http-01` is answered. It is open only while the authority looks, and says nothing else.").defaults(`":80"`),
		setting("accept_terms", yesNo(), func(a *ACME) *bool { return &a.AcceptTerms },
			"Accepts the terms of service that the authority names, if it has any.").defaults("false").insteadOf("agree", "terms", "tos"),
		setting("account_id", words(), func(a *ACME) *string { return &a.AccountID },
			"Key id by which the authority knows whose the account is (external account binding), if it wants one.").otherwise("none").insteadOf("eab_kid", "kid"),
		setting("account_key_file", filePath(), func(a *ACME) *string { return &a.AccountKeyFile },
			"A file with the key of `account_id` in base64url, readable as a password file is.").otherwise("none").insteadOf("eab_key", "hmac_key", "account_key"),
	},
	check: checkACME,
}

// checkTLS wants one source of the certificate, whole.
func checkTLS(r *reader, f found, t *TLS) {
	switch {
	case f.has("certificate") && f.has("acme"):
		r.problem(f.of("acme"), "stands beside `certificate`; allowed: one of the two")
	case f.has("certificate") && !f.has("key"):
		r.problem(f.of("key"), "is missing beside `certificate`; allowed: the path of a file")
	case f.has("key") && !f.has("certificate"):
		r.problem(f.of("certificate"), "is missing beside `key`; allowed: the path of a file")
	}
}

// checkACME wants both halves of an account's binding, and reads its key.
func checkACME(r *reader, f found, a *ACME) {
	id, key := f.has("account_id"), f.has("account_key_file")
	switch {
	case id && !key:
		r.problem(f.of("account_key_file"), "is missing beside `account_id`; allowed: the path of a file")
	case key && !id:
		r.problem(f.of("account_id"), "is missing beside `account_key_file`; allowed: text")
	}
	if a.AccountKeyFile == "" || r.secrets == nil {
		return
	}
	secret, err := r.secrets(a.AccountKeyFile)
	if err != nil {
		r.problem(f.of("account_key_file"), "%v; allowed: a file that only its owner may read, with the key in it", err)
	}
	a.AccountKey = secret
}

// checkCertified wants names where a certificate is ordered, and an address where one is presented.
func checkCertified(r *reader, f found, c *Config) {
	if a := c.TLS.ACME; a != nil && len(a.Names) == 0 && len(c.Names) == 0 && !f.broken("names", "tls") {
		r.problem(f.of("tls.acme.names"), "is missing, and so is `names`; allowed: one of the two, since a certificate is ordered for names")
	}
	if f.broken("listen", "tls") || !c.TLS.given() || c.TLS.Loopback || !loopbackOnly(c.Listen) {
		return
	}
	c.Warnings = append(c.Warnings, fmt.Sprintf("tls names a certificate, and listen is %s, which is plain HTTP: it is not presented to anybody; listen on another address, or say loopback: true under tls", c.Listen))
}

// given tells whether there is another certificate than the own authority's.
func (t *TLS) given() bool { return t.Certificate != "" || t.ACME != nil }

func loopbackOnly(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// httpsAddress is the address of a service. Messages never quote it: people paste passwords into addresses.
func httpsAddress() kind[string] {
	return scalar("an https:// address", pattern(`^https://[^@/]+(/.*)?$`), func(s string) (string, error) {
		if len(s) > maxURL {
			return "", errors.New("is too long")
		}
		u, err := url.Parse(s)
		switch {
		case err != nil:
			return "", errors.New("is not an address that can be read")
		case u.User != nil || strings.Contains(u.Host, "@"):
			return "", errors.New("has a user or password in it, where logs and other programs would show it")
		case u.Scheme != "https":
			return "", errors.New("does not begin with https://")
		case u.Hostname() == "" || checkHost(u.Hostname()) != nil:
			return "", errors.New("has no host that can be read")
		case u.Port() != "" && checkPort(u.Port(), false) != nil || strings.HasSuffix(u.Host, ":"):
			return "", errors.New("has no port that can be read")
		case u.RawQuery != "" || strings.Contains(s, "#"):
			return "", errors.New("has a ? or # in it")
		}
		return s, nil
	})
}

// mailbox is an address for mail, as far as it is worth looking at.
func mailbox() kind[string] {
	return scalar("an e-mail address", map[string]any{"type": "string", "maxLength": 254}, func(s string) (string, error) {
		local, host, ok := strings.Cut(s, "@")
		if _, err := checkWords(s); err != nil || !ok || local == "" || strings.ContainsAny(s, " ,;<>?%\"") || checkHost(host) != nil {
			return "", fmt.Errorf("%q is no e-mail address", clip(s))
		}
		return s, nil
	})
}
