package soap

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTokenMatchesOnlyItsPassword(t *testing.T) {
	tok := NewToken("ü", "p@ss<&>ö", time.Now())
	root, err := Parse(strings.NewReader(Envelope(tok.Header(true), "<tds:GetUsers/>")))
	if err != nil {
		t.Fatal(err)
	}
	got, ok, err := ReadToken(root)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if !got.Matches("ü", "p@ss<&>ö") || got.Matches("ü", "other") || got.Matches("u", "p@ss<&>ö") {
		t.Error("the token matches wrongly")
	}
}

func TestTokenWithoutNonceIsRefused(t *testing.T) {
	root, err := Parse(strings.NewReader(Envelope(`<Security><UsernameToken><Username>a</Username><Password>b</Password></UsernameToken></Security>`, "<x/>")))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadToken(root); err == nil {
		t.Error("accepted")
	}
}

func TestFaultsOfBothSOAPVersionsAreUnderstood(t *testing.T) {
	for name, body := range map[string]string{
		"1.2": `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>`,
		"1.1": `<s:Fault><faultcode>ns:NotAuthorized</faultcode><faultstring>no</faultstring></s:Fault>`,
	} {
		root, err := Parse(strings.NewReader(Envelope("", body)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Body(root)
		var f *Fault
		if !errors.As(err, &f) || !f.Unauthorized() || f.Reason != "no" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"entities": `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>`,
		"deep":     strings.Repeat("<a>", 1000),
		"long":     "<a>" + strings.Repeat("x", MaxMessage+1),
		"empty":    "",
		"two":      "<a/><b/>",
		"torn":     "<a><b></a>",
	} {
		if _, err := Parse(strings.NewReader(doc)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Envelope("", "<tds:GetUsers/>"))
	f.Add(`<a b="c">d<e/></a>`)
	f.Fuzz(func(t *testing.T, s string) {
		root, err := Parse(strings.NewReader(s))
		if err == nil {
			Body(root)
			ReadToken(root)
		}
	})
}
