package rtsp

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// waits takes the waits of an outage that lasts d.
func waits(r *Retry, err error, d time.Duration) (list []time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
		w := r.Next(err)
		list = append(list, w)
		time.Sleep(w)
	}
	return list
}

func TestRetryIsAtMostOneSecondApartForTwoMinutesThenTen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Retry
		for _, w := range waits(&r, errors.New("gone"), retryEager) {
			if w > retryShort || w <= 0 {
				t.Fatalf("waited %v in the first two minutes", w)
			}
		}
		late := waits(&r, errors.New("gone"), 10*time.Minute)
		for _, w := range late {
			if w > retryLong {
				t.Fatalf("waited %v", w)
			}
		}
		if last := late[len(late)-1]; last < retryLong*3/4 {
			t.Errorf("after minutes the wait is %v, not near %v", last, retryLong)
		}
	})
}

func TestRetryOfRefusedCredentialsIsTwoTriesThenOneInFiveMinutes(t *testing.T) {
	var r Retry
	err := fail(Unauthorized, errors.New("401"))
	for i, want := range []time.Duration{retryShort, authInterval, authInterval} {
		if got := r.Next(err); got != want {
			t.Errorf("wait %d is %v, want %v", i+1, got, want)
		}
	}
	r.CredentialsChanged()
	if got := r.Next(err); got != retryShort {
		t.Errorf("with new credentials the wait is %v", got)
	}
}

func TestRetryStartsAfreshAfterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Retry
		waits(&r, errors.New("gone"), 10*time.Minute)
		r.Reset()
		if w := r.Next(errors.New("gone")); w > retryFirst {
			t.Errorf("first wait of a new outage is %v", w)
		}
	})
}
