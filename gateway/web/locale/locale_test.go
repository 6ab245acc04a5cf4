package locale

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFormsFitThemselves: a sentence of each form is said by that form and by no other, and every language has its parameters.
func TestFormsFitThemselves(t *testing.T) {
	table, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range table.open {
		text := f.english
		for i, name := range f.names {
			value := "Q" + strings.Repeat("x", i+1)
			if name[0] == 'n' {
				value = strings.Repeat("7", i+1)
			}
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		for _, l := range []Language{German, Spanish} {
			said, want := l.Say(text), f.in[l]
			for i, name := range f.names {
				if !strings.Contains(f.in[l], "{"+name+"}") {
					t.Errorf("%s %q lacks {%s}", l, f.english, name)
				}
				value := "Q" + strings.Repeat("x", i+1)
				if name[0] == 'n' {
					value = strings.Repeat("7", i+1)
				}
				want = strings.ReplaceAll(want, "{"+name+"}", value)
			}
			if said != want {
				t.Errorf("%s %q:\n got %q\nwant %q", l, text, said, want)
			}
		}
	}
}

func TestSentencesAreSaidOneByOneAndWithinEachOther(t *testing.T) {
	for english, german := range map[string]string{
		"":               "",
		"camera offline": "Kamera offline",
		"3 of 4 cameras are being recorded. 1 more waits for an event or its schedule.":      "3 von 4 Kameras werden aufgezeichnet. 1 weitere wartet auf ein Ereignis oder ihren Zeitplan.",
		"It cannot be recorded: disk full.":                                                  "Sie kann nicht aufgezeichnet werden: Laufwerk voll.",
		"1 h 30 min of the last week is missing, in 3 gaps; most for: camera offline.":       "1 h 30 min der letzten Woche fehlen, in 3 Lücken; die meiste Zeit wegen: Kamera offline.",
		"Nobody knows this sentence. Try again in a moment.":                                 "Nobody knows this sentence. Versuchen Sie es gleich noch einmal.",
		"Volume /srv/a is missing: it has not been looked at yet.":                           "Volume /srv/a ist nicht da: es wurde noch nicht angesehen.",
		"Kept for 30 days, its maximum age, 14 days promised. The oldest is of 5 hours ago.": "Es bleiben 30 Tage, das Höchstalter; zugesagt sind 14 Tage. Die älteste ist 5 Stunden alt.",
		"{1} is damaged: {2}": "{1} ist beschädigt: {2}",
	} {
		if said := German.Say(english); said != german {
			t.Errorf("%q:\n got %q\nwant %q", english, said, german)
		}
		if said := English.Say(english); said != english {
			t.Errorf("English changed %q to %q", english, said)
		}
	}
}

func TestTheLanguageIsTheViewersElseTheBrowsers(t *testing.T) {
	for _, c := range []struct {
		cookie, accept string
		want           Language
	}{
		{"", "", English}, {"", "de-CH,de;q=0.9,en;q=0.8", German}, {"", "fr,es;q=0.5", Spanish}, {"", "ja", English}, {"", "en;q=0.1,es", Spanish},
		{"es", "de", Spanish}, {"en", "de", English}, {"qps", "de", Marked}, {"xx", "de", German}, {"", strings.Repeat("de,", 200), English}, {"", ";;;", English},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if c.accept != "" {
			r.Header.Set("Accept-Language", c.accept)
		}
		if c.cookie != "" {
			r.Header.Set("Cookie", Cookie+"="+c.cookie)
		}
		if got := Of(r); got != c.want {
			t.Errorf("cookie %q, accepts %.20q: %s, want %s", c.cookie, c.accept, got, c.want)
		}
	}
}

type Told struct {
	ID    string   `json:"id"`
	Cause string   `json:"cause" people:"read"`
	More  []string `json:"more" people:"read"`
}

type named struct {
	Name  string `json:"name" people:"read if Ready"`
	Says  string `json:"says" people:"read if ours"`
	Ready bool   `json:"ready"`
	ours  bool
}

func TestWordsOfPeopleAreLeftAsTheyWroteThem(t *testing.T) {
	for ready, want := range map[bool]string{true: "Laufwerk voll", false: "disk full"} {
		got := German.Answer([]named{{Name: "disk full", Says: "disk full", Ready: ready, ours: ready}}).([]named)[0]
		if got.Name != want || got.Says != want || got.Ready != ready || got.ours != ready {
			t.Errorf("ours %v: %+v", ready, got)
		}
	}
}

type answered struct {
	Told
	List  []Told          `json:"list"`
	Named map[string]Told `json:"named"`
	One   *Told           `json:"one"`
	Any   any             `json:"any"`
	Loop  *answered       `json:"loop,omitempty"`
}

func TestAnswersAreCopiedAndNotChanged(t *testing.T) {
	one := Told{ID: "disk full", Cause: "disk full", More: []string{"no event"}}
	a := answered{Told: one, List: []Told{one}, Named: map[string]Told{"disk full": one}, One: &one, Any: one}
	before, _ := json.Marshal(a)
	said, err := json.Marshal(German.Answer(a))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(said), `"cause":"Laufwerk voll","more":["kein Ereignis"]`); n != 5 {
		t.Errorf("%d of 5 are said: %s", n, said)
	}
	if n := strings.Count(string(said), `"id":"disk full"`); n != 5 {
		t.Errorf("%d of 5 ids are left alone: %s", n, said)
	}
	if after, _ := json.Marshal(a); string(after) != string(before) {
		t.Errorf("the answer itself was changed: %s", after)
	}
}

func FuzzSay(f *testing.F) {
	f.Add("Volume /srv/a is missing: it has not been looked at yet.")
	f.Add("a: b: c: d. e; f? g! h")
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range []Language{English, German, Spanish, Marked} {
			if l.Say(text) == "" && text != "" {
				t.Errorf("%s says nothing of %q", l, text)
			}
		}
	})
}
