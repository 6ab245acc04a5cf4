package main

import (
	"testing"

	"holdfast/gateway/web"
)

func TestHowFarACopyReachesBeyondAnApprovalIsListed(t *testing.T) {
	for want, x := range map[string]web.Approval{"-": {}, "1.5 s before, 0.0 s after": {Before: 1.5}, "0.2 s before, 0.9 s after": {Before: 0.25, After: 0.875}} {
		if got := reachOf(x); got != want {
			t.Errorf("%v and %v: %q, want %q", x.Before, x.After, got, want)
		}
	}
}
