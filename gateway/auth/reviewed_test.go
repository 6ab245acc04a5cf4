package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestReviewedEventsAreSealedAndGoWithThePerson(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	p, inv, err := b.CreatePerson(admin, NewPerson{Name: "ann", Grants: []Grant{over("operator", "*")}})
	well(t, err)
	ann := must[Session](t)(b.Join(t.Context(), shop, inv.Token, goodPassword)).Identity
	const canary = "CANARYEVENT00001"
	day := CameraDay{"door", "2026-03-01"}
	well(t, b.Review(ann, map[CameraDay][]string{day: {canary, "b"}, {"door", "2026-03-02"}: {"c"}}, true))
	well(t, b.Review(admin, map[CameraDay][]string{day: {"b"}}, true))
	well(t, b.Review(ann, map[CameraDay][]string{day: {"b", "never"}}, false))
	if got := must[map[string]bool](t)(b.ReviewedOf(ann, day)); len(got) != 1 || !got[canary] {
		t.Errorf("Ann: %v", got)
	}
	if got := must[map[string]bool](t)(b.ReviewedOf(admin, day)); len(got) != 1 || !got["b"] {
		t.Errorf("administrator: %v", got)
	}
	if strings.Contains(b.kept(), canary) {
		t.Error("what is reviewed is in the database in clear")
	}
	well(t, b.SweepReviewed(func(d CameraDay) (bool, error) { return d == day, nil }))
	if got := must[map[string]bool](t)(b.ReviewedOf(ann, CameraDay{"door", "2026-03-02"})); len(got) != 0 {
		t.Errorf("a day whose events are gone: %v", got)
	}
	if _, err := b.DeletePerson(admin, p.ID); err != nil {
		t.Fatal(err)
	}
	if got := must[map[string]bool](t)(b.ReviewedOf(ann, day)); len(got) != 0 {
		t.Errorf("of who was deleted: %v", got)
	}
	if err := b.Review(ann, map[CameraDay][]string{day: {"b"}}, true); !errors.Is(err, ErrNobody) || len(b.keys.PersonKeys(stateKey(p.ID))) != 0 {
		t.Errorf("who was deleted marks: %v", err)
	}
	if got := must[map[string]bool](t)(b.ReviewedOf(admin, day)); len(got) != 1 {
		t.Errorf("the others' marks went too: %v", got)
	}
}

func TestReviewedEventsAreBounded(t *testing.T) {
	b := newBench(t)
	admin := b.setUp().Identity
	day := CameraDay{"door", "2026-03-01"}
	var many []string
	for i := range maxReviewedOfDay {
		many = append(many, fmt.Sprint("event", i))
	}
	well(t, b.Review(admin, map[CameraDay][]string{day: many}, true))
	if err := b.Review(admin, map[CameraDay][]string{day: {"one more"}}, true); !errors.Is(err, ErrManyReviewed) {
		t.Errorf("one more: %v", err)
	}
	if got := must[map[string]bool](t)(b.ReviewedOf(admin, day)); len(got) != maxReviewedOfDay || got["one more"] {
		t.Errorf("%d are kept", len(got))
	}
	if err := b.Review(Identity{Kind: ByProcess}, map[CameraDay][]string{day: many[:1]}, true); !errors.Is(err, ErrNobody) {
		t.Errorf("by nobody: %v", err)
	}
}
