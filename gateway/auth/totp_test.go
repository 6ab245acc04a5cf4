package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// codeAt is what an authenticator shows whose clock says now.
func codeAt(t TOTP, now time.Time) string {
	return fmt.Sprintf("%06d", hotp(t.Secret, now.Unix()/30))
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// enrolled is a second factor whose authenticator is ahead of our clock.
func enrolled(t *testing.T, ahead time.Duration) TOTP {
	t.Helper()
	f := NewTOTP()
	f, ok := f.Enrol(codeAt(f, noon.Add(ahead)), noon)
	if !ok {
		t.Fatal("the first code is refused")
	}
	return f
}

func TestCodesAreThoseOfTheStandard(t *testing.T) {
	secret := []byte("12345678901234567890")
	for _, c := range []struct {
		unix int64 // RFC 6238 appendix B, SHA-1; it gives eight digits, of which six are ours
		code string
	}{
		{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"}, {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
	} {
		if got := codeAt(TOTP{Secret: secret}, time.Unix(c.unix, 0)); got != c.code[2:] {
			t.Errorf("at %d: %s, want %s", c.unix, got, c.code[2:])
		}
		if _, err := (TOTP{Secret: secret}).Check(c.code[2:], time.Unix(c.unix, 0), false); err != nil {
			t.Errorf("at %d: %v", c.unix, err)
		}
	}
	for counter, want := range []uint32{755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489} {
		if got := hotp(secret, int64(counter)); got != want { // RFC 4226 appendix D
			t.Errorf("counter %d: %d, want %d", counter, got, want)
		}
	}
}

// program finds a program that a test needs: missing, the test is skipped, or fails where everything must be there.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("HOLDFAST_CI") != "" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

func TestAnAuthenticatorProgramAgrees(t *testing.T) {
	oathtool := program(t, "oathtool")
	for i := range 20 {
		f, now := NewTOTP(), noon.Add(time.Duration(i)*1234567*time.Second)
		out, err := exec.Command(oathtool, "--totp", "--base32", "--now", now.Format("2006-01-02 15:04:05 UTC"), f.Text()).Output()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Check(strings.TrimSpace(string(out)), now, false); err != nil {
			t.Errorf("%s at %s: %v", out, now, err)
		}
	}
}

func TestACodeIsGoodOnceAlsoOverARestart(t *testing.T) {
	f := enrolled(t, 0)
	if _, err := f.Check(codeAt(f, noon), noon, false); !errors.Is(err, ErrCredentials) {
		t.Fatalf("the code of the enrolment signs in: %v", err)
	}
	now := noon.Add(5 * time.Minute)
	code := codeAt(f, now)
	f = must[TOTP](t)(f.Check(code, now, false))
	kept := must[[]byte](t)(json.Marshal(f))
	var again TOTP
	if err := json.Unmarshal(kept, &again); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{now, now.Add(29 * time.Second), now.Add(-time.Minute)} {
		for _, code := range []string{code, codeAt(f, now.Add(-30*time.Second))} { // it, and the one before, which was never used
			if _, err := again.Check(code, at, true); !errors.Is(err, ErrCredentials) {
				t.Errorf("a code is taken twice: %v", err)
			}
		}
	}
	must[TOTP](t)(again.Check(codeAt(f, now.Add(30*time.Second)), now.Add(30*time.Second), false))
}

func TestACodeIsGoodForOneStepBeforeAndAfter(t *testing.T) {
	for ahead, good := range map[time.Duration]bool{
		0: true, 30 * time.Second: true, -30 * time.Second: true, time.Minute: false, -time.Minute: false,
		10 * time.Minute: false, 24 * time.Hour: false,
	} {
		now := noon.Add(time.Hour)
		f := enrolled(t, 0)
		if _, err := f.Check(codeAt(f, now.Add(ahead)), now, false); (err == nil) != good {
			t.Errorf("%s ahead: %v", ahead, err)
		}
	}
}

func TestClocksMayDifferAndDriftApartAndBeSetRight(t *testing.T) {
	f := NewTOTP()
	if _, ok := f.Enrol(codeAt(f, noon.Add(11*time.Minute)), noon); ok {
		t.Error("a clock eleven minutes ahead is taken")
	}
	ahead := 4 * time.Minute
	f = enrolled(t, ahead)
	now := noon
	for range 6 {
		now, ahead = now.Add(10*24*time.Hour), ahead+30*time.Second // three seconds a day
		f = must[TOTP](t)(f.Check(codeAt(f, now.Add(ahead)), now, false))
	}
	now = now.Add(24 * time.Hour) // NTP came: both agree
	f = must[TOTP](t)(f.Check(codeAt(f, now), now, false))
	if f.Drift != 0 {
		t.Errorf("drift %d after the clocks agree", f.Drift)
	}
	for range 50 {
		now, ahead = now.Add(24*time.Hour), ahead+30*time.Second
		f, _ = f.Check(codeAt(f, now.Add(time.Duration(f.Drift+1)*30*time.Second)), now, false)
	}
	if f.Drift > totpDrift {
		t.Errorf("drift %d has no bound", f.Drift)
	}
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	f, now := enrolled(t, 0), noon.Add(time.Hour)
	code := codeAt(f, now)
	for _, typed := range []string{code, code[:3] + " " + code[3:], " " + code + " ", code[:3] + "-" + code[3:]} {
		if _, err := f.Check(typed, now, false); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, bad := range []string{"", " ", "12345", code + "0", "0" + code, "x" + code[1:], "٣٣٣٣٣٣", "-12345", "+" + code, strings.Repeat(" ", 1<<20) + code} {
		if _, err := f.Check(bad, now, false); !errors.Is(err, ErrCredentials) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// wrongCode is six digits that are right at no moment near now.
func wrongCode(f TOTP, now time.Time) string {
	for n := range uint32(1_000_000) {
		near := false
		for step := now.Unix()/30 - 60; step <= now.Unix()/30+60; step++ {
			near = near || hotp(f.Secret, step) == n
		}
		if !near {
			return fmt.Sprintf("%06d", n)
		}
	}
	panic("every code is right")
}

// guess tries wrong codes as fast as it may for a time, and gives how many were looked at.
func guess(f TOTP, from time.Time, during time.Duration) (after TOTP, looked int, err error) {
	now := from
	for now.Sub(from) <= during {
		f, err = f.Check(wrongCode(f, now), now, false)
		var wait *ThrottledError
		switch {
		case errors.Is(err, ErrCredentials):
			looked++
		case errors.As(err, &wait):
			now = now.Add(wait.After)
		default:
			return f, looked, err
		}
	}
	return f, looked, nil
}

func TestGuessersOfCodesWait(t *testing.T) {
	f := enrolled(t, 0)
	now := noon.Add(time.Hour)
	for range freeCodes {
		_, err := f.Check(wrongCode(f, now), now, false)
		wants(t, err, ErrCredentials)
		f, _ = f.Check(wrongCode(f, now), now, false)
	}
	var wait *ThrottledError
	if _, err := f.Check(codeAt(f, now), now, false); !errors.As(err, &wait) || wait.After != firstWait {
		t.Fatalf("%v, want a wait of %s", err, firstWait)
	}
	must[TOTP](t)(f.Check(codeAt(f, now), now, true)) // a device of theirs need not
	right := must[TOTP](t)(f.Check(codeAt(f, now.Add(firstWait)), now.Add(firstWait), false))
	if right.Wrong != freeCodes-1 {
		t.Errorf("a right code leaves %d wrong ones, want %d", right.Wrong, freeCodes-1)
	}
}

func TestTheOddsOfGuessingACodeAreAsStated(t *testing.T) {
	f := enrolled(t, 0)
	_, day, err := guess(f, noon, 24*time.Hour)
	if err != nil || day != 15 {
		t.Errorf("%d guesses in the first day, %v; want 15", day, err)
	}
	f, all, err := guess(f, noon, 365*24*time.Hour)
	if !errors.Is(err, ErrCodesClosed) || all != maxCodes {
		t.Errorf("%d guesses in a year, %v; want %d", all, err, maxCodes)
	}
	if _, err := f.Check(codeAt(f, noon.Add(400*24*time.Hour)), noon.Add(400*24*time.Hour), true); !errors.Is(err, ErrCodesClosed) {
		t.Errorf("a closed second factor takes a code: %v", err)
	}
	reopened := f.Reopened()
	must[TOTP](t)(reopened.Check(codeAt(f, noon.Add(400*24*time.Hour)), noon.Add(400*24*time.Hour), false))
	const valid = 2 * (2*totpWindow + 1) // at most, when the clocks differ
	t.Logf("first day: %d guesses, 1 in %d; ever: %d guesses, 1 in %d", day, 1_000_000/(day*valid), all, 1_000_000/(all*valid))
}

func TestAClockSetBackDoesNotShutCodesForYears(t *testing.T) {
	f := enrolled(t, 0)
	f, _, _ = guess(f, noon.Add(100*365*24*time.Hour), time.Hour)
	if wait := f.wait(noon); wait != 0 {
		t.Errorf("a wait of %s", wait)
	}
}

func TestTheURIIsEscaped(t *testing.T) {
	f := NewTOTP()
	uri := f.URI("Bäckerei: Nord & Söhne/2", "grace+x@shop?secret=A#1")
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Bäckerei  Nord & Söhne/2:grace+x@shop?secret=A#1" || u.Fragment != "" {
		t.Errorf("%s: path %q, fragment %q", uri, u.Path, u.Fragment)
	}
	q := u.Query()
	if q.Get("issuer") != "Bäckerei  Nord & Söhne/2" || q.Get("secret") != strings.ReplaceAll(f.Text(), " ", "") || len(q["secret"]) != 1 {
		t.Errorf("query %v", q)
	}
	if q.Get("algorithm") != "SHA1" || q.Get("digits") != "6" || q.Get("period") != "30" || strings.ContainsAny(uri, "+ ") {
		t.Errorf("URI %s", uri)
	}
	if long := f.URI(strings.Repeat("ö", 999), strings.Repeat("x", 999)); len(long) > 1000 {
		t.Errorf("a URI of %d bytes", len(long))
	}
}

func TestTheQRCodeIsReadByAScanner(t *testing.T) {
	zbarimg := program(t, "zbarimg")
	f := NewTOTP()
	for _, c := range []struct{ site, account string }{{"Shop", "grace"}, {"Bäckerei Nord & Söhne", "jürgen@nord"}, {strings.Repeat("東京", 30), strings.Repeat("x", 64)}} {
		png := must[[]byte](t)(f.QR(c.site, c.account))
		cmd := exec.Command(zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "png:-")
		cmd.Stdin = strings.NewReader(string(png))
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", c.site, err)
		}
		if got := strings.TrimSpace(string(out)); got != f.URI(c.site, c.account) {
			t.Errorf("read %q", got)
		}
	}
}

func FuzzCode(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "", "\xff", "0000000", "١٢٣٤٥٦", "--------------"} {
		f.Add(s)
	}
	factor := TOTP{Secret: []byte("12345678901234567890")}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := parseCode(s)
		if ok && n >= 1_000_000 {
			t.Errorf("%q is read as %d", s, n)
		}
		next, err := factor.Check(s, noon, false)
		if (err == nil) != (next.Step > 0) || (err != nil) != (next.Wrong == 1) {
			t.Errorf("%q: %+v, %v", s, next, err)
		}
		if ok && IsRecoveryCode(s) {
			t.Errorf("%q is both kinds of code", s)
		}
	})
}
