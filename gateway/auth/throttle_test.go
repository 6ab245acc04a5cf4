package auth

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// at is a stranger's try.
func at(address, account string) try {
	return try{from: netip.MustParseAddr(address), account: account}
}

// spend makes wrong tries at one moment until one must wait, n at most, and tells how many were looked at.
func spend(w *throttle, now time.Time, n int, next func(i int) try) (looked int) {
	for i := range n {
		if w.charge(now, next(i)) == 0 {
			looked++
		}
	}
	return looked
}

func TestAnAddressWaitsForOneAccountAndNotForAll(t *testing.T) {
	w := newThrottle()
	if n := spend(w, noon, 100, func(int) try { return at("192.168.1.66", "grace") }); n != addressTries {
		t.Errorf("%d tries at one account", n)
	}
	if wait := w.charge(noon, at("192.168.1.66", "grace")); wait != addressForgive {
		t.Errorf("a wait of %s, want %s", wait, addressForgive)
	}
	if wait := w.charge(noon, at("192.168.1.66", "ada")); wait != 0 {
		t.Errorf("another account waits %s", wait)
	}
	if n := spend(w, noon, 1000, func(i int) try { return at("192.168.1.66", fmt.Sprint(i)) }); n != crowdTries-addressTries-1 {
		t.Errorf("%d more tries at other accounts", n)
	}
	if wait := w.charge(noon, at("192.168.1.67", "ada")); wait != 0 {
		t.Errorf("another address waits %s", wait)
	}
	if wait := w.charge(noon.Add(addressForgive), at("192.168.1.66", "grace")); wait != 0 {
		t.Errorf("a wait of %s after %s", wait, addressForgive)
	}
}

func TestAGuesserAtTheOwnersAddressDoesNotKeepTheirBrowserOut(t *testing.T) {
	w := newThrottle()
	now := noon
	for range 10_000 { // ten seconds at a thousand a second, and the owner in their midst
		now = now.Add(time.Millisecond)
		w.charge(now, try{from: shop.From, account: goodName, trusted: true})
	}
	owner := try{from: shop.From, account: goodName, trusted: true, device: "d1"}
	if wait := w.charge(now, owner); wait != 0 {
		t.Errorf("the owner's browser waits %s", wait)
	}
	w.forgive(now, owner)
	if n := spend(w, now, 100, func(int) try { return owner }); n != ownTries {
		t.Errorf("a known browser has %d tries, want %d", n, ownTries)
	}
	if wait := w.charge(now, try{from: thief.From, account: goodName, device: "d1"}); wait != 0 {
		t.Errorf("with its own tries used up it is worse off than a stranger's: %s", wait)
	}
}

func TestAKnownBrowsersTriesAreOfOneAccount(t *testing.T) {
	w := newThrottle()
	spend(w, noon, ownTries, func(int) try { return try{from: shop.From, account: "grace", device: "d1"} })
	if n := spend(w, noon, 100, func(int) try { return try{from: shop.From, account: "ada", device: "d1"} }); n != ownTries+addressTries {
		t.Errorf("%d tries at the other account, want %d", n, ownTries+addressTries)
	}
}

func TestAnAccountAttackedFromEverywhereIsOpenToItsOwner(t *testing.T) {
	w := newThrottle()
	next := func(i int) try {
		return try{from: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), account: goodName}
	}
	if n := spend(w, noon, 2000, next); n != accountTries {
		t.Errorf("%d tries were looked at, want %d", n, accountTries)
	}
	for what, y := range map[string]try{
		"their address": {from: shop.From, account: goodName, trusted: true},
		"their browser": {from: netip.MustParseAddr("203.0.113.9"), account: goodName, device: "d1"},
	} {
		if wait := w.charge(noon, y); wait != 0 {
			t.Errorf("%s waits %s", what, wait)
		}
	}
}

func TestStrangersTogetherMayNotHaveHashesComputedWithoutEnd(t *testing.T) {
	w := newThrottle()
	next := func(i int) try { // each from an address, and at an account, of its own
		return try{from: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), account: fmt.Sprint(i)}
	}
	if n := spend(w, noon, 60_000, next); n != strangerTries {
		t.Errorf("%d tries were looked at, want %d", n, strangerTries)
	}
	if wait := w.charge(noon, try{from: shop.From, account: goodName, trusted: true}); wait != 0 {
		t.Errorf("a person at their own address waits %s", wait)
	}
}

func TestNetworksOfIPv6AreCountedAsWhatTheyAre(t *testing.T) {
	count := func(format string, n int) int {
		w, now := newThrottle(), noon
		looked := 0
		for i := range n { // slowly enough for what is common to all strangers
			now = now.Add(strangerForgive)
			if w.charge(now, try{from: netip.MustParseAddr(fmt.Sprintf(format, i)), account: fmt.Sprint(i)}) == 0 {
				looked++
			}
		}
		return looked
	}
	for _, c := range []struct {
		what, format string
		most         float64 // tries in the time
	}{
		{"the 64 bits of one host", "2001:db8:1:2::%x", crowdTries + 1000*float64(strangerForgive)/float64(crowdForgive)},
		{"the 48 bits of one customer", "2001:db8:1:%x::1", siteTries + 1000*float64(strangerForgive)/float64(siteForgive)},
		{"a site's own networks", "fd00:1:2:%x::1", 1000},
		{"IPv4 written as IPv6", "::ffff:10.0.0.%d", 256},
	} {
		n := 1000
		if c.most == 256 {
			n = 256
		}
		if got := count(c.format, n); float64(got) > c.most+1 || float64(got) < c.most-2 {
			t.Errorf("%s: %d tries, want %g", c.what, got, c.most)
		}
	}
	if network(netip.MustParseAddr("::ffff:10.0.0.1")) != network(netip.MustParseAddr("10.0.0.1")) || network(netip.MustParseAddr("fe80::1%eth0")) != network(netip.MustParseAddr("fe80::2%eth1")) {
		t.Error("one address is counted as two")
	}
}

func TestRecoveryCodesAreCountedPerAddressAndAccountAlone(t *testing.T) {
	w := newThrottle()
	guess := func(address, device string) try {
		return try{from: netip.MustParseAddr(address), account: goodName, device: device, kind: recovery}
	}
	if n := spend(w, noon, 100, func(int) try { return guess("192.168.1.66", "") }); n != recoveryTries {
		t.Errorf("%d tries, want %d", n, recoveryTries)
	}
	if w.charge(noon, guess("192.168.1.10", "")) != 0 || w.charge(noon, guess("192.168.1.66", "d1")) != 0 {
		t.Error("the owner waits for a guesser elsewhere, or at their own address")
	}
	if w.charge(noon, at("192.168.1.66", goodName)) != 0 {
		t.Error("recovery codes count as passwords")
	}
	// Ten codes of 80 bits. From every address of a /16, for a year:
	guesses := 65536 * (recoveryTries + 365*24*time.Hour.Seconds()/recoveryForgive.Seconds())
	if odds := guesses * recoveryCodes / (1 << 80 * 1.0); odds > 1e-12 {
		t.Errorf("odds of %g", odds)
	}
}

func TestAKnownBrowserHasFewCodesOfItsOwn(t *testing.T) {
	w := newThrottle()
	stolen := try{from: thief.From, account: goodName, device: "d1", kind: byCode}
	if n := spend(w, noon, 100, func(int) try { return stolen }); n != codeTries {
		t.Errorf("%d codes, want %d", n, codeTries)
	}
	if w.charge(noon, try{from: shop.From, account: goodName, kind: byCode}) == 0 {
		t.Error("a stranger's browser has codes of its own")
	}
	if w.charge(noon, try{from: shop.From, account: goodName, device: "d2", kind: byCode}) != 0 {
		t.Error("the owner's browser waits for a stolen one")
	}
}

func TestWhatSucceedsIsNotCounted(t *testing.T) {
	w := newThrottle()
	for _, y := range []try{
		at("192.168.1.10", goodName), at("2001:db8::1", goodName), {from: shop.From}, {from: shop.From, account: goodName, trusted: true},
		{from: shop.From, account: goodName, device: "d1"}, {from: shop.From, account: goodName, kind: recovery},
		{from: shop.From, account: goodName, device: "d1", kind: recovery}, {from: shop.From, account: goodName, device: "d1", kind: byCode},
	} {
		for range 1000 {
			if wait := w.charge(noon, y); wait != 0 {
				t.Fatalf("%+v waits %s", y, wait)
			}
			w.forgive(noon, y)
		}
	}
	for _, c := range w.all() {
		if len(c.by) != 0 {
			t.Errorf("%d counts are left", len(c.by))
		}
	}
}

// all is everything that is counted.
func (t *throttle) all() []*counts {
	return []*counts{&t.own, &t.pairs, &t.addresses, &t.sites, &t.accounts, &t.strangers, &t.recovery, &t.codes}
}

func TestAClockSetBackForgivesNothingAndShutsNobodyOutForLong(t *testing.T) {
	w := newThrottle()
	later := noon.Add(24 * time.Hour)
	spend(w, later, addressTries, func(int) try { return at("192.168.1.66", goodName) })
	if wait := w.charge(noon, at("192.168.1.66", goodName)); wait <= 0 || wait > addressForgive {
		t.Errorf("a wait of %s", wait)
	}
}

func TestTheGuiltiestAreRememberedLongest(t *testing.T) {
	w := newThrottle()
	spend(w, noon, addressTries, func(int) try { return at("192.168.1.66", goodName) })
	for i := range 10 * maxCounted {
		y := try{from: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), account: fmt.Sprint(i), trusted: true}
		w.charge(noon, y)
		w.charge(noon, try{from: y.from, account: y.account, device: fmt.Sprint(i)})
	}
	for i, c := range w.all() {
		if len(c.by) > maxCounted {
			t.Errorf("count %d keeps %d", i, len(c.by))
		}
	}
	if w.charge(noon, at("192.168.1.66", goodName)) == 0 {
		t.Error("the guiltiest address was forgotten")
	}
}

func TestCountsAreForgottenInLevelOrder(t *testing.T) {
	c := counts{by: make(map[string]count), tries: 10, forgive: time.Minute}
	for i := range maxCounted {
		c.add(noon, fmt.Sprint(i), float64(1+i%10))
	}
	c.add(noon, "one more", 1)
	if n := len(c.by); n > maxCounted*3/4+1 || n < maxCounted/2 {
		t.Errorf("%d are left", n)
	}
	for i := range maxCounted {
		if _, kept := c.by[fmt.Sprint(i)]; !kept && i%10 >= 4 {
			t.Errorf("one of level %d is forgotten", 1+i%10)
		}
	}
	late := noon.Add(time.Hour)
	for i := range maxCounted {
		c.add(late, "late "+fmt.Sprint(i), 1)
	}
	for i := range maxCounted {
		if _, kept := c.by[fmt.Sprint(i)]; kept {
			t.Fatal("what is forgiven takes room")
		}
	}
}

// BenchmarkGuessing is a minute at a thousand tries a second, each with a wrong password at the standard cost.
func BenchmarkGuessing(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		next func(i int) try
	}{
		{"OneAddressOneAccount", func(int) try { return at("192.168.1.66", goodName) }},
		{"OneAddressAllNames", func(i int) try { return at("192.168.1.66", fmt.Sprint(i)) }},
		{"AllAddressesOneAccount", func(int) try {
			return try{from: netip.AddrFrom4([4]byte{10, byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())}), account: goodName}
		}},
		{"AllAddressesAllNames", func(i int) try {
			return try{from: netip.AddrFrom4([4]byte{10, byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())}), account: fmt.Sprint(i)}
		}},
		{"StolenDeviceCookies", func(i int) try {
			return try{from: thief.From, account: goodName, device: fmt.Sprint(i % 100)}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var looked int
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				w := newThrottle()
				looked = 0
				for i := range 60_000 {
					if w.charge(noon.Add(time.Duration(i)*time.Millisecond), c.next(i)) == 0 {
						looked++
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(w)
			}
			b.ReportMetric(float64(looked), "hashes/min")
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1024, "KiB-kept")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/60_000, "µs/try")
		})
	}
}

// BenchmarkHash is one password hash at the standard cost.
func BenchmarkHash(b *testing.B) {
	h := newHashing(standard)
	for b.Loop() {
		if _, _, err := h.verify(b.Context(), h.dummy, "wet paint on the stairs"); err != nil {
			b.Fatal(err)
		}
	}
}
