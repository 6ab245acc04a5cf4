package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of single values.
const (
	maxText  = 256  // characters of a name, a purpose, a user name
	maxPath  = 4096 // bytes of a path
	maxURL   = 2048 // bytes of a camera's address
	minAge   = 10 * time.Minute
	maxAge   = 3650 * day
	maxShare = 90.0 // per cent of a disk that may be kept free
)

// idPattern is what camera and stream ids look like: they name directories and appear in addresses.
const idPattern = `^[a-z0-9][a-z0-9_-]{0,62}$`

var idRegexp = regexp.MustCompile(idPattern)

func pattern(p string) map[string]any { return map[string]any{"type": "string", "pattern": p} }

// words is free text on one line.
func words() kind[string] {
	schema := map[string]any{"type": []string{"string", "number", "boolean"}, "minLength": 1, "maxLength": maxText}
	return scalar(fmt.Sprintf("text of at most %d characters on one line", maxText), schema, checkWords)
}

func checkWords(s string) (string, error) {
	switch {
	case strings.TrimSpace(s) == "":
		return "", errors.New("is empty")
	case utf8.RuneCountInString(s) > maxText:
		return "", errors.New("is too long")
	case strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) || c == unicode.ReplacementChar }):
		return "", errors.New("has a control character")
	}
	return s, nil
}

// identifier is the id of a camera or stream.
func identifier() kind[string] {
	return scalar("a small letter or digit, then up to 62 of a-z 0-9 - _", pattern(idPattern), checkID)
}

func checkID(s string) (string, error) {
	if !idRegexp.MatchString(s) {
		return "", fmt.Errorf("%q cannot be an id", clip(s))
	}
	return s, nil
}

// clip shortens a wrong value for a message, and makes it one line.
func clip(s string) string {
	const most = 40
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '·'
		}
		return c
	}, s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

func yesNo() kind[bool] {
	return scalar("true or false", map[string]any{"type": "boolean"}, func(s string) (bool, error) {
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return false, fmt.Errorf("is %q", clip(s))
	})
}

// oneOf is a choice; later names choices that are known and not there yet.
func oneOf(choices []string, later ...string) kind[string] {
	return scalar(strings.Join(choices, ", "), map[string]any{"enum": choices}, func(s string) (string, error) {
		switch {
		case slices.Contains(choices, s):
			return s, nil
		case slices.Contains(later, s):
			return "", fmt.Errorf("%q comes in a later version", s)
		}
		if meant := nearest(s, choices); meant != "" {
			return "", fmt.Errorf("is %q, did you mean %q?", clip(s), meant)
		}
		return "", fmt.Errorf("is %q", clip(s))
	})
}

// directory is a path; a relative one starts at the directory of the file.
func directory() kind[string] {
	k := scalar("the path of a directory", map[string]any{"type": "string", "minLength": 1, "maxLength": maxPath}, checkPath)
	return resolved(k)
}

func filePath() kind[string] {
	k := scalar("the path of a file", map[string]any{"type": "string", "minLength": 1, "maxLength": maxPath}, checkPath)
	return resolved(k)
}

func resolved(k kind[string]) kind[string] {
	read := k.read
	k.read = func(r *reader, at place, n ast.Node) (string, bool) {
		s, ok := read(r, at, n)
		if !ok {
			return "", false
		}
		return r.abs(s), true
	}
	return k
}

func checkPath(s string) (string, error) {
	switch {
	case s == "":
		return "", errors.New("is empty")
	case len(s) > maxPath:
		return "", errors.New("is too long")
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", errors.New("has a control character")
	}
	return s, nil
}

func age() kind[Duration] {
	allowed := fmt.Sprintf("a time such as 72h or 14d, from %s to %s", Duration(minAge), Duration(maxAge))
	return scalar(allowed, pattern(`^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`), func(s string) (Duration, error) {
		d, err := ParseDuration(s)
		if err != nil && strings.Trim(s, "0") != "" {
			return 0, err
		}
		return d, checkAge(d)
	})
}

func checkAge(d Duration) error {
	switch {
	case d <= 0:
		return errors.New("is nothing: recording would keep nothing (to record nothing, say record: {mode: off})")
	case time.Duration(d) < minAge:
		return fmt.Errorf("%s is too short", d)
	case time.Duration(d) > maxAge:
		return fmt.Errorf("%s is too long", d)
	}
	return nil
}

// byteRate is a rate of reading, or off.
func byteRate() kind[Size] {
	return scalar("a rate such as 8MB/s (at least 100kB/s), or off", pattern(`^(off|[0-9.]+ ?([kMG]B|[KMG]iB)/s)$`), func(s string) (Size, error) {
		if s == "off" {
			return Size{}, nil
		}
		number, ok := strings.CutSuffix(s, "/s")
		z, err := ParseSize(number)
		switch {
		case !ok:
			return z, errors.New("is no rate: write it with /s")
		case err != nil:
			return z, err
		case z.Percent > 0 || z.Bytes < 100e3 || z.Bytes > 1e12:
			return z, errors.New("is out of bounds")
		}
		return z, nil
	})
}

// space is an amount of disk, or a share of one.
func space() kind[Size] {
	allowed := fmt.Sprintf("a size such as 5GiB or 500MB (at least 1MB), or a share of the disk such as 5%% (more than 0%%, at most %g%%)", maxShare)
	return scalar(allowed, pattern(`^[0-9.]+ ?(%|[kMGTP]B|[KMGTP]iB)$`), func(s string) (Size, error) {
		z, err := ParseSize(s)
		switch {
		case err != nil:
			return z, err
		case z.Percent > maxShare:
			return z, fmt.Errorf("%s of the disk is too much: recording would keep nothing", z)
		case z.Percent == 0 && z.Bytes < 1e6:
			return z, errors.New("is too little: a disk without free space can neither record nor delete")
		}
		return z, nil
	})
}

// address is host:port to listen on. An empty host means every address of the machine.
func address(allowed string) kind[string] {
	return scalar(allowed, map[string]any{"type": "string", "maxLength": maxText}, func(s string) (string, error) {
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			return "", fmt.Errorf("%q is not an address with a port", clip(s))
		}
		if err := checkPort(port, true); err != nil {
			return "", err
		}
		if host != "" && checkHost(host) != nil {
			return "", fmt.Errorf("%q is not a host", clip(host))
		}
		return s, nil
	})
}

func checkPort(s string, zero bool) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 && !zero {
		return fmt.Errorf("%q is not a port", clip(s))
	}
	return nil
}

var hostRegexp = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

// checkHost wants a host name (RFC 1123, with the underscore that cameras like) or an IP address.
func checkHost(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if len(s) > 253 || !hostRegexp.MatchString(s) {
		return fmt.Errorf("%q is neither a host name nor an IP address", clip(s))
	}
	return nil
}

func hostName() kind[string] {
	return scalar("a host name or an IP address", map[string]any{"type": "string", "maxLength": 253}, func(s string) (string, error) {
		return s, checkHost(s)
	})
}

// deviceHost is the control address of an ONVIF device.
func deviceHost() kind[string] {
	return scalar("host or host:port", map[string]any{"type": "string", "maxLength": 260}, checkDeviceHost)
}

func checkDeviceHost(s string) (string, error) {
	if strings.Contains(s, "/") || strings.Contains(s, "@") {
		return "", errors.New("is more than a host; scheme, path, user and password do not belong here")
	}
	if checkHost(strings.Trim(s, "[]")) == nil {
		return s, nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || checkHost(host) != nil {
		return "", fmt.Errorf("%q is neither a host nor host:port", clip(s))
	}
	return s, checkPort(port, false)
}

// network is a range of addresses.
func network() kind[netip.Prefix] {
	return scalar("a network such as 203.0.113.0/24 or a single address, not the whole internet", map[string]any{"type": "string", "maxLength": 64}, parseNetwork)
}

func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return p, fmt.Errorf("%q is not a network", clip(s))
	case p.Bits() == 0:
		return p, fmt.Errorf("%s is every address there is", p)
	case p != p.Masked():
		return p, fmt.Errorf("%s has bits beyond its length; %s was probably meant", p, p.Masked())
	}
	return p, nil
}

// loginText is a user name or password as written, never quoted in a message.
func loginText[V ~string](allowed string) kind[V] {
	schema := map[string]any{"type": []string{"string", "number", "boolean"}, "maxLength": maxText}
	return scalar(allowed, schema, func(s string) (V, error) {
		switch {
		case s == "":
			return "", errors.New("is empty (leave the line out)")
		case utf8.RuneCountInString(s) > maxText:
			return "", errors.New("is too long")
		}
		return V(s), nil
	})
}

const userinfoHint = "has a user or password in it, where logs and other programs would show it; write them as `username` and `password`"

// rtspAddress is a camera's RTSP address. Messages never quote it: people paste passwords into it.
func rtspAddress() kind[string] {
	return scalar("rtsp:// or rtsps:// with host, port and path", pattern(`^rtsps?://[^@/]+(/.*)?$`), checkRTSP)
}

func checkRTSP(s string) (string, error) {
	if len(s) > maxURL {
		return "", errors.New("is too long")
	}
	u, err := url.Parse(s)
	if authority(s, u, err) {
		return "", errors.New(userinfoHint)
	}
	switch {
	case err != nil:
		return "", errors.New("is not an address that can be read")
	case u.Scheme != "rtsp" && u.Scheme != "rtsps":
		return "", errors.New("does not begin with rtsp:// or rtsps://")
	case strings.Contains(s, "#"):
		return "", errors.New("has a #, which ends an address; in a path it is written %23")
	case u.Hostname() == "" || checkHost(u.Hostname()) != nil:
		return "", errors.New("has no host that can be read")
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && checkPort(u.Port(), false) != nil:
		return "", errors.New("has no port that can be read")
	}
	return s, nil
}

// authority tells whether the address carries a user or password, also one that breaks the address: in
// rtsp://admin:p/w@host the password looks like a path.
func authority(s string, u *url.URL, err error) bool {
	_, rest, _ := strings.Cut(s, "://")
	host, _, _ := strings.Cut(rest, "/")
	if strings.Contains(host, "@") || err == nil && u.User != nil {
		return true
	}
	_, port, colon := strings.Cut(host, ":")
	return strings.Contains(rest, "@") && (err != nil || colon && !strings.HasPrefix(host, "[") && checkPort(port, false) != nil)
}

// streamAddress is a whole RTSP address, or a path on the camera's.
func streamAddress() kind[string] {
	return scalar("an rtsp:// address, or a path beginning with / on the camera's", pattern(`^(rtsps?://[^@/]+)?(/.*)?$`), checkStreamAddress)
}

func checkStreamAddress(s string) (string, error) {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") {
		return checkRTSP(s)
	}
	switch _, err := url.Parse(s); {
	case len(s) > maxURL:
		return "", errors.New("is too long")
	case strings.Contains(s, "#"):
		return "", errors.New("has a #, which ends an address; in a path it is written %23")
	case err != nil:
		return "", errors.New("is not a path that can be read")
	}
	return s, nil
}
