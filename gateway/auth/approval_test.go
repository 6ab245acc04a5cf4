package auth

import (
	"errors"
	"testing"
	"time"
)

// pair is a site that asks for two people before footage of the door is shown: ann plays back, pat approves.
type pair struct {
	*bench
	admin    Identity
	ann, pat Session
	from, to time.Time
}

func newPair(t *testing.T) *pair {
	b := newBench(t)
	p := &pair{bench: b, admin: b.setUp().Identity}
	p.ann, p.pat = b.staff(p.admin, "ann", over("operator", "door", "till")), b.staff(p.admin, "pat", over("privacy-officer", "*"))
	if _, err := b.SetPolicy(p.admin, Policy{TwoPeople: []TwoPeople{{Permissions: SetOf(Playback), Cameras: []string{"door"}}}}); err != nil {
		t.Fatal(err)
	}
	p.from = b.clock().Add(-2 * time.Hour)
	p.to = p.from.Add(time.Hour)
	return p
}

func (p *pair) shown(from, to time.Time) error {
	return p.MayShow(p.again(p.ann), Playback, "door", from, to)
}

func (p *pair) ask() Approval {
	p.t.Helper()
	return must[Approval](p.t)(p.Ask(p.again(p.ann), Playback, "door", p.from, p.to, "a parcel is missing"))
}

func TestFootageTakesASecondPersonWhereTheSiteAsksForOne(t *testing.T) {
	p := newPair(t)
	wants(t, p.shown(p.from, p.to), ErrNeedsApproval)
	well(t, p.MayShow(p.again(p.ann), Playback, "till", p.from, p.to))
	well(t, p.MayShow(p.again(p.ann), Export, "door", p.from, p.to)) // not asked for of export
	well(t, p.MayShow(p.Local(), Playback, "door", p.from, p.to))
	wants(t, p.MayShow(p.again(p.ann), Playback, "yard", p.from, p.to), ErrNone)
	process := must[Identity](t)(p.Bearer(p.ProcessToken(), shop))
	wants(t, p.MayShow(process, Playback, "door", p.from, p.to), ErrNeedsApproval)

	x := p.ask()
	wants(t, p.shown(p.from, p.to), ErrNeedsApproval)
	_, err := p.Decide(p.again(p.ann), x.ID, true)
	wants(t, err, ErrNone) // ann may not approve at all
	given := must[Approval](t)(p.Decide(p.again(p.pat), x.ID, true))
	if given.State != Given || given.Decider != p.pat.Person || !given.Until.Equal(p.clock().Add(approvedLife)) {
		t.Errorf("given as %+v", given)
	}
	well(t, p.shown(p.from, p.to))
	well(t, p.shown(p.from.Add(time.Minute), p.to.Add(-time.Minute)))
	wants(t, p.shown(p.from.Add(-time.Second), p.to), ErrNeedsApproval)
	wants(t, p.shown(p.from, p.to.Add(time.Second)), ErrNeedsApproval)
	wants(t, p.MayShow(p.again(p.pat), Playback, "door", p.from, p.to), ErrNeedsApproval) // it is ann's
	_, err = p.Decide(p.again(p.pat), x.ID, false)
	wants(t, err, ErrInUse)
	p.pass(approvedLife)
	wants(t, p.shown(p.from, p.to), ErrNeedsApproval)
}

func TestNobodyApprovesWhatTheyAskedForThemselves(t *testing.T) {
	p := newPair(t)
	x := must[Approval](t)(p.Ask(p.again(p.pat), Playback, "door", p.from, p.to, "a request"))
	if x.MayDecide(p.again(p.pat)) {
		t.Error("it is shown as one's own to decide")
	}
	_, err := p.Decide(p.again(p.pat), x.ID, true)
	wants(t, err, ErrOwnApproval)
	_, err = p.Decide(p.Local(), x.ID, true) // nobody who can be named
	wants(t, err, ErrOwnApproval)
	_, err = p.Ask(p.Local(), Playback, "door", p.from, p.to, "because")
	var rule *RuleError
	if !errors.As(err, &rule) {
		t.Errorf("a program asks: %v", err)
	}
	_, secret, err := p.MakeAPIToken(p.again(p.pat), NewToken{Name: "own", Permissions: SetOf(See, Approve), Cameras: []string{"*"}, Until: p.clock().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Decide(must[Identity](t)(p.Bearer(secret, shop)), x.ID, true)
	wants(t, err, ErrOwnApproval)
	admin := p.staff(p.admin, "boss", over(Administrator, "*"))
	must[Approval](t)(p.Decide(admin.Identity, x.ID, true))
}

func TestAnApprovalEndsByEitherAndByTime(t *testing.T) {
	p := newPair(t)
	x := p.ask()
	_, err := p.Decide(p.again(p.pat), x.ID, false)
	well(t, err)
	wants(t, p.shown(p.from, p.to), ErrNeedsApproval)
	y := p.ask()
	must[Approval](t)(p.Decide(p.again(p.pat), y.ID, true))
	third := p.staff(p.admin, "third", over("operator", "*"))
	_, err = p.EndApproval(third.Identity, y.ID)
	wants(t, err, ErrNone)
	if list := p.Approvals(third.Identity); len(list) != 0 {
		t.Errorf("a third person is told of %d", len(list))
	}
	must[Approval](t)(p.EndApproval(p.again(p.ann), y.ID))
	_, err = p.EndApproval(p.again(p.ann), y.ID)
	wants(t, err, ErrInUse)
	wants(t, p.shown(p.from, p.to), ErrNeedsApproval)
	z := p.ask()
	p.pass(askedLife)
	pat := must[Session](t)(p.Login(t.Context(), shop, "pat", goodPassword))
	_, err = p.Decide(pat.Identity, z.ID, true)
	wants(t, err, ErrInUse)
}

func TestApprovalsAreBounded(t *testing.T) {
	p := newPair(t)
	for range maxAskedAtOnce {
		p.ask()
	}
	_, err := p.Ask(p.again(p.ann), Playback, "door", p.from, p.to, "one more")
	var rule *RuleError
	if !errors.As(err, &rule) {
		t.Fatalf("a ninth waits: %v", err)
	}
	pat := p.again(p.pat)
	for range 3 * maxApprovals {
		for _, x := range p.Approvals(pat) {
			if x.State == Asked {
				must[Approval](t)(p.Decide(pat, x.ID, false))
				break
			}
		}
		p.ask()
	}
	if n := len(p.Auth.approvals); n > maxApprovals {
		t.Errorf("%d are kept", n)
	}
}

func TestPlaybackEndsWhenItsApprovalDoes(t *testing.T) {
	p := newPair(t)
	need := Need{Permission: Playback, Camera: "door", Footage: true, From: p.from, To: p.to}
	if _, ok := p.Hold(p.again(p.ann), need, func() {}); ok {
		t.Fatal("footage is held without an approval")
	}
	for name, end := range map[string]func(id string){
		"taken back": func(id string) { must[Approval](t)(p.EndApproval(p.again(p.ann), id)) },
		"withdrawn":  func(id string) { must[Approval](t)(p.EndApproval(p.again(p.pat), id)) },
		"over":       func(string) { p.pass(approvedLife); p.review() },
	} {
		x := p.ask()
		must[Approval](t)(p.Decide(p.again(p.pat), x.ID, true))
		lost := 0
		if _, ok := p.Hold(p.again(p.ann), need, func() { lost++ }); !ok {
			t.Fatal("footage is not held")
		}
		end(x.ID)
		if lost != 1 || p.Leases() != 0 {
			t.Errorf("%s: lost %d times, %d leases", name, lost, p.Leases())
		}
	}
}

func TestThoseWhomAnApprovalConcernsAreTold(t *testing.T) {
	p := newPair(t)
	third := p.staff(p.admin, "third", over("operator", "*"))
	told := make(map[string]<-chan struct{})
	for name, s := range map[string]Session{"ann": p.ann, "pat": p.pat, "third": third} {
		changed, stop := p.WatchApprovals(p.again(s))
		defer stop()
		told[name] = changed
	}
	heard := func(name string) bool {
		select {
		case <-told[name]:
			return true
		default:
			return false
		}
	}
	first, second := p.ask(), p.ask() // two changes, told once: what there is is asked for anew
	if !heard("ann") || heard("ann") || !heard("pat") || heard("third") {
		t.Error("asking is not told to the two whom it concerns, once")
	}
	must[Approval](t)(p.Decide(p.again(p.pat), first.ID, true))
	if !heard("ann") || !heard("pat") || heard("third") {
		t.Error("giving is not told")
	}
	must[Approval](t)(p.EndApproval(p.again(p.ann), second.ID))
	if !heard("ann") || !heard("pat") || heard("third") {
		t.Error("taking back is not told")
	}
}
