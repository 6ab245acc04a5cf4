package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written with the units w, d, h, m and s: 14d, 72h, 1h30m. A day has 24 hours.
type Duration time.Duration

const (
	day  = 24 * time.Hour
	week = 7 * day
)

var durationUnits = []struct {
	name string
	size time.Duration
}{{"w", week}, {"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

// ParseDuration reads a Duration. Numbers are whole and units go from large to small.
func ParseDuration(s string) (Duration, error) {
	rest, total := s, time.Duration(0)
	for _, u := range durationUnits {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || !strings.HasPrefix(rest[digits:], u.name) {
			continue
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || n > int64((math.MaxInt64-total)/u.size) {
			return 0, fmt.Errorf("%q is too long a time", s)
		}
		total += time.Duration(n) * u.size
		rest = rest[digits+len(u.name):]
	}
	if s == "" || rest != "" {
		return 0, fmt.Errorf("%q is not a length of time", s)
	}
	return Duration(total), nil
}

// String writes the duration as the file would, weeks as days: 14d, 1h30m.
func (d Duration) String() string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	left := time.Duration(d)
	for _, u := range durationUnits[1:] {
		if n := left / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			left -= n * u.size
		}
	}
	return b.String()
}

// MarshalJSON writes the duration as the file would.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// Size is an amount of disk space: bytes, or a share of a disk. One of the two is zero.
type Size struct {
	Bytes   int64
	Percent float64
}

var sizeUnits = []struct {
	name string
	size float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"PiB", 1 << 50},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"PB", 1e15},
}

// ParseSize reads a Size: 5GiB, 1.5TB, 500MB, 10%.
func ParseSize(s string) (Size, error) {
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ% ")
	unit := strings.TrimSpace(s[len(number):])
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" {
		return Size{}, fmt.Errorf("%q is not a size", s)
	}
	if unit == "%" {
		return Size{Percent: n}, nil
	}
	for _, u := range sizeUnits {
		if unit != u.name {
			continue
		}
		if n*u.size >= math.MaxInt64 {
			return Size{}, fmt.Errorf("%q is too large", s)
		}
		return Size{Bytes: int64(n * u.size)}, nil
	}
	if unit == "" {
		return Size{}, errors.New("the unit is missing")
	}
	return Size{}, fmt.Errorf("%q is not a unit of size", unit)
}

// Of returns the size in bytes on a disk of total bytes.
func (s Size) Of(total int64) int64 {
	if s.Percent > 0 {
		return int64(float64(total) * s.Percent / 100)
	}
	return s.Bytes
}

// String writes the size as the file would.
func (s Size) String() string {
	if s.Percent > 0 {
		return strconv.FormatFloat(s.Percent, 'f', -1, 64) + "%"
	}
	for i := 4; i >= 0; i-- {
		if u := sizeUnits[i]; s.Bytes > 0 && s.Bytes%int64(u.size) == 0 {
			return fmt.Sprintf("%d%s", s.Bytes/int64(u.size), u.name)
		}
	}
	return strconv.FormatFloat(float64(s.Bytes)/1e3, 'f', -1, 64) + "kB"
}
