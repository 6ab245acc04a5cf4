package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast/gateway/egress"
	"holdfast/gateway/web/locale"
	"holdfast/storage"
)

// TestTitlesCausesAndNamesAreSaid: what is no sentence, and so is not found by the test of cmd/holdfast that reads the source.
func TestTitlesCausesAndNamesAreSaid(t *testing.T) {
	var all []string
	for _, k := range kinds {
		all = append(all, k.title, k.hint)
	}
	for _, c := range []storage.Cause{storage.CauseOffline, storage.CauseNetwork, storage.CauseAuth, storage.CauseStalled, storage.CauseRefused, storage.CauseSlow, storage.CauseFull,
		storage.CauseReadOnly, storage.CauseMissing, storage.CauseFailing, storage.CauseClock, storage.CauseDisabled, storage.CauseOff, storage.CauseNoEvent, storage.CauseSchedule,
		storage.CausePreRoll, storage.CauseErased, storage.CauseRestart, storage.CauseStopped, storage.CauseStarting, storage.CauseRetention, storage.CauseLost, storage.CauseUnknown} {
		all = append(all, string(c))
	}
	for _, c := range egress.Classes() {
		all = append(all, c.Name(), c.Why(), c.How())
	}
	for _, h := range inventory {
		all = append(all, h.What, h.Where, h.Why, h.Until)
	}
	for _, text := range all {
		if text != "" && !locale.Knows(text) {
			t.Errorf("in no table of locale/texts: %s", text)
		}
	}
}

// TestAProblemIsSaidInTheLanguageOfWhoeverAsks: to the class that programs branch on it makes no difference.
func TestAProblemIsSaidInTheLanguageOfWhoeverAsks(t *testing.T) {
	for language, want := range map[string]string{"": `"title":"Sign in first"`, "de-AT, en;q=0.5": `"title":"Melden Sie sich erst an"`, "es": `"title":"Inicie sesión primero"`} {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Language", language)
		p := kindSignIn.with("")
		p.write(newPaced(w, r))
		if body := w.Body.String(); !strings.Contains(body, want) || !strings.Contains(body, `"type":"/problems/sign-in"`) {
			t.Errorf("%q: %s", language, body)
		}
		if p.Title != "Sign in first" {
			t.Errorf("%q: the problem itself was changed", language)
		}
	}
}
