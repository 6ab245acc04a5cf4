package auth

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// enrol sets the administrator up with an authenticator, from the shop.
func (b *bench) enrol() (s Session, codes []string) {
	b.t.Helper()
	s = b.setUp()
	e, err := b.BeginFactor(b.t.Context(), s.Identity, shop, goodPassword)
	if err != nil || e.URI == "" || len(e.QR) == 0 {
		b.t.Fatal(err)
	}
	codes, err = b.ConfirmFactor(s.Identity, shop, b.code(func(f factor) *TOTP { return f.Pending }))
	if err != nil {
		b.t.Fatal(err)
	}
	return s, codes
}

// code is what the authenticator shows.
func (b *bench) code(which func(factor) *TOTP) string {
	return codeAt(*which(b.named(goodName).Factor), b.clock())
}

func confirmed(f factor) *TOTP { return f.TOTP }

// with signs in with a code.
func (b *bench) with(at Attempt, code string) (Session, error) {
	return b.Auth.Login(b.t.Context(), at, Credentials{Name: goodName, Password: goodPassword, Code: code})
}

func TestASecondFactorIsAskedForAfterTheRightPassword(t *testing.T) {
	b := newBench(t)
	b.enrol()
	b.pass(time.Minute)
	_, err := b.Login(t.Context(), shop, goodName, "not the password")
	wants(t, err, ErrCredentials)
	_, err = b.with(shop, "")
	wants(t, err, ErrSecondFactor)
	code := b.code(confirmed)
	must[Session](t)(b.with(shop, code))
	_, err = b.with(shop, code)
	wants(t, err, ErrCredentials)
	b.reopen()
	_, err = b.with(shop, code)
	wants(t, err, ErrCredentials)
	b.pass(30 * time.Second)
	must[Session](t)(b.with(shop, b.code(confirmed)))
}

func TestOfTwoWhoUseACodeAtOnceOneSignsIn(t *testing.T) {
	b := newBench(t)
	_, recoveryCodes := b.enrol()
	b.pass(time.Minute)
	for _, code := range []string{b.code(confirmed), recoveryCodes[0]} {
		var both sync.WaitGroup
		in := make(chan error, 4)
		for range cap(in) {
			both.Go(func() {
				_, err := b.with(shop, code)
				in <- err
			})
		}
		both.Wait()
		close(in)
		won := 0
		for err := range in {
			if err == nil {
				won++
			} else {
				wants(t, err, ErrCredentials)
			}
		}
		if won != 1 {
			t.Errorf("%d signed in with one code", won)
		}
	}
}

func TestASlowSignInDoesNotBringBackAUsedCode(t *testing.T) {
	b := newBench(t)
	_, codes := b.enrol()
	b.pass(time.Minute)
	slow := b.named(goodName) // as it was when a sign-in by a link from the console began
	must[Session](t)(b.with(shop, codes[0]))
	must[Session](t)(b.begin(shop, slow.seenFrom(shop.From, b.clock())))
	_, err := b.with(shop, codes[0])
	wants(t, err, ErrCredentials)
}

func TestGuessersOfCodesAreHeldBackAndTheOwnersBrowserIsNot(t *testing.T) {
	b := newBench(t)
	b.enrol()
	b.pass(time.Minute)
	owner := shop
	owner.Device = must[Session](t)(b.with(shop, b.code(confirmed))).Device
	b.pass(time.Minute)
	wrong := wrongCode(*b.named(goodName).Factor.TOTP, b.clock())
	for range freeCodes {
		_, err := b.with(thief, wrong)
		wants(t, err, ErrCredentials)
	}
	var wait *ThrottledError
	if _, err := b.with(thief, wrong); !errors.As(err, &wait) {
		t.Fatalf("a guesser need not wait: %v", err)
	}
	b.reopen()
	if _, err := b.with(thief, b.code(confirmed)); !errors.As(err, &wait) {
		t.Errorf("after a restart a guesser need not wait: %v", err)
	}
	b.devices.key = [32]byte{1} // the gateway's key outlives the process; here it does not
	owner.Device = b.devices.issue("", b.named(goodName).ID, b.named(goodName).Changed, b.clock())
	must[Session](t)(b.with(owner, b.code(confirmed)))
}

func TestAStolenDeviceCookieIsWorthAFewCodes(t *testing.T) {
	b := newBench(t)
	b.enrol()
	b.pass(time.Minute)
	stolen := thief
	stolen.Device = must[Session](t)(b.with(shop, b.code(confirmed))).Device
	b.pass(time.Minute)
	looked := 0
	for range 3 * codeTries {
		b.pass(ownForgive) // what counts passwords is not in the way
		if _, err := b.with(stolen, wrongCode(*b.named(goodName).Factor.TOTP, b.clock())); errors.Is(err, ErrCredentials) {
			looked++
		}
	}
	if looked > codeTries+4 { // in those seven minutes strangers have three or four
		t.Errorf("%d codes were looked at", looked)
	}
}

func TestARecoveryCodeOpensWhatAGuesserShut(t *testing.T) {
	b := newBench(t)
	_, codes := b.enrol()
	b.pass(time.Minute)
	for i := range freeCodes {
		_, err := b.with(thief, fmt.Sprintf("%06d", i))
		wants(t, err, ErrCredentials)
	}
	must[Session](t)(b.with(shop, codes[3]))
	_, err := b.with(shop, codes[3])
	wants(t, err, ErrCredentials)
	b.pass(30 * time.Second)
	must[Session](t)(b.with(thief, b.code(confirmed)))
	if left := b.named(goodName).Factor.codesLeft(); left != recoveryCodes-1 {
		t.Errorf("%d codes are left", left)
	}
}
