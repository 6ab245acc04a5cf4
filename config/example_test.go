package config

import (
	"regexp"
	"strings"
	"testing"
)

const exampleFile = "../scripts/holdfast.yaml.example"

func TestExampleFileIsValid(t *testing.T) {
	c := mustParse(t, exampleFile)
	if c.Listen != ":8443" || len(c.Volumes) != 1 {
		t.Errorf("listens at %s, %d volumes", c.Listen, len(c.Volumes))
	}
}

// Whoever takes the comment sign away gets what the comment promised.
func TestExampleFileIsValidWithItsCommentsTakenAway(t *testing.T) {
	var b strings.Builder
	shown := regexp.MustCompile(`^( *)#(\S.*|  .*)$`) // prose has exactly one space after the sign
	for line := range strings.Lines(string(read(t, exampleFile))) {
		if line == "listen: :8443\n" || line == "cameras: []\n" {
			continue // shown once more in a comment
		}
		b.WriteString(shown.ReplaceAllString(strings.TrimSuffix(line, "\n"), "$1$2") + "\n")
	}
	c, err := Parse("example", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if len(c.Cameras) != 2 || len(c.Names) != 1 || len(c.Egress.Allow) != 1 || c.Cameras[0].Password.Reveal() != "any # characters: at all" {
		t.Errorf("%+v", c)
	}
}
