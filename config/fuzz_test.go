package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the file holds, there is a configuration or there are problems, never a panic, and a password that could be
// read is in no message.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/v1/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			f.Add(string(read(f, file)))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("fuzz.yaml", []byte(text))
		if (c == nil) == (err == nil) {
			t.Fatalf("configuration %v, error %v", c, err)
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatal("an error without words")
		}
		if c == nil {
			return
		}
		for i := range c.Cameras {
			if err := c.Cameras[i].Check(); err != nil {
				t.Errorf("a valid file has a camera that does not pass: %v", err)
			}
		}
	})
}

func FuzzUnits(f *testing.F) {
	for _, s := range []string{"14d", "5GiB", "10%", "1w2d", "0.5TB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil {
			if again, err := ParseDuration(d.String()); err != nil || again != d {
				t.Errorf("%q is written as %s and read as %v, %v", s, d, again, err)
			}
		}
		if z, err := ParseSize(s); err == nil && (z.Bytes < 0 || z.Percent < 0) {
			t.Errorf("%q is %+v", s, z)
		}
	})
}
