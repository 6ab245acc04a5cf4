package config

import (
	"testing"
	"time"
)

func TestDurationsAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"14d": 14 * day, "72h": 72 * time.Hour, "1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "90m": 90 * time.Minute,
	} {
		d, err := ParseDuration(text)
		if err != nil || time.Duration(d) != want {
			t.Errorf("%s: %v, %v", text, time.Duration(d), err)
		}
		again, err := ParseDuration(d.String())
		if err != nil || again != d {
			t.Errorf("%s is written as %s and read as %v, %v", text, d, again, err)
		}
	}
}

func TestWrongDurationsAreRefused(t *testing.T) {
	for _, text := range []string{"", "14", "d", "14 d", "1.5d", "-1d", "1h2d", "1d1d", "999999999999w", "99999999999999999999s", "1y"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is taken for %v", text, d)
		}
	}
}

func TestSizesAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]Size{
		"5GiB": {Bytes: 5 << 30}, "1.5TB": {Bytes: 15e11}, "500MB": {Bytes: 5e8}, "10%": {Percent: 10}, "0.5 %": {Percent: 0.5}, "64 MiB": {Bytes: 64 << 20},
	} {
		z, err := ParseSize(text)
		if err != nil || z != want {
			t.Errorf("%s: %+v, %v", text, z, err)
		}
		again, err := ParseSize(z.String())
		if err != nil || again != z {
			t.Errorf("%s is written as %s and read as %+v, %v", text, z, again, err)
		}
	}
}

func TestWrongSizesAreRefused(t *testing.T) {
	for _, text := range []string{"", "5", "GiB", "5 gib", "-5GiB", "1e9GB", "NaN%", "Inf%", "99999999PB", "5GiBs", "+5GB", "0x5GB"} {
		if z, err := ParseSize(text); err == nil {
			t.Errorf("%q is taken for %+v", text, z)
		}
	}
}

func TestSizeOfADisk(t *testing.T) {
	if got := (Size{Percent: 5}).Of(1000); got != 50 {
		t.Errorf("5%% of 1000 is %d", got)
	}
	if got := (Size{Bytes: 7}).Of(1000); got != 7 {
		t.Errorf("7 bytes are %d", got)
	}
}
