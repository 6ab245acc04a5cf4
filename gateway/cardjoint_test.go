package gateway

import (
	"testing"
	"time"
)

// shots makes pictures, one a second, each letter one of its own.
func shots(begin time.Time, letters string, size int) (list []cardPicture) {
	for i, c := range letters {
		p := cardPicture{size: size, at: begin.Add(time.Duration(i) * time.Second)}
		p.sum[0] = byte(c)
		list = append(list, p)
	}
	return list
}

// An end of footage is found on a card by its pictures; where they are there more than once, that which is nearest by the clock is
// taken, and it is said how far the other is; a few bytes prove nothing.
func TestAnEndOfFootageIsFoundByItsPictures(t *testing.T) {
	recorded, card := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	at := func(n int) time.Time { return card.Add(time.Duration(n) * time.Second) }
	for _, c := range []struct {
		name, own, card string
		size            int
		near            int
		last            bool
		found           bool
		at              int
		doubt           time.Duration
	}{
		{"before a gap", "abcd", "xxabcdefgh", 100, 3, true, true, 5, 0},
		{"after a gap", "ghij", "abcdefghij", 100, 9, false, true, 6, 0},
		{"the longest agreement counts", "abcd", "xxxdxxabcdxx", 100, 3, true, true, 9, 0},
		{"twice", "abab", "xababxxxababx", 100, 10, true, true, 11, 7 * time.Second},
		{"cut off by where playing began", "abcd", "cdefgh", 100, 0, true, true, 1, 0},
		{"another encoding", "abcd", "mnopqrst", 100, 3, true, false, 0, 0},
		{"one picture alone", "abcd", "xxxxdyyy", 100, 4, true, false, 0, 0},
		{"too few bytes", "abcd", "xxabcdefgh", 10, 3, true, false, 0, 0},
		{"nothing recorded", "", "abcd", 100, 0, true, false, 0, 0},
	} {
		e := edge{pictures: shots(recorded, c.own, c.size)}
		j := e.find(shots(card, c.card, c.size), at(c.near), c.last)
		if j.found != c.found || c.found && (!j.at.Equal(at(c.at)) || j.doubt != c.doubt) {
			t.Errorf("%s: %+v", c.name, j)
		}
		if c.found && c.last && !j.wall.Equal(recorded.Add(time.Duration(len(c.own)-1)*time.Second)) || c.found && !c.last && !j.wall.Equal(recorded) {
			t.Errorf("%s: it was recorded at %v", c.name, j.wall)
		}
	}
}

// Between two pictures that were recorded too, time is spread evenly, whatever the card's clock did.
func TestTimesOnACardAreThoseOfTheRecording(t *testing.T) {
	recorded, card := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	f := filling{first: joint{found: true, at: card, wall: recorded}, last: joint{found: true, at: card.Add(1001 * time.Second), wall: recorded.Add(1000 * time.Second)}}
	if got := f.wall(card.Add(500500 * time.Millisecond)).Sub(recorded); (got - 500*time.Second).Abs() > time.Millisecond {
		t.Errorf("the middle is at %v", got)
	}
	if m := f.marks(); m.Within != time.Second || !m.Before || !m.After {
		t.Errorf("%+v", m)
	}
	f.first = joint{}
	if got := f.wall(card).Sub(recorded); got != -time.Second {
		t.Errorf("by its end it begins at %v", got)
	}
	f.last, f.ahead = joint{}, time.Hour
	if got := f.wall(recorded.Add(time.Hour)); !got.Equal(recorded) || f.marks().Within != clockDoubt {
		t.Errorf("by the clock it is at %v, %+v", got, f.marks())
	}
}
