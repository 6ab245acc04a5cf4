// Package locale says what the gateway has to say in the language of who asks: English, German or Spanish.
//
// # Why it is done here
//
// Everywhere else the program speaks English: its log, its command line, the errors of its packages, and the answers of the API to whoever asks for
// nothing else. A browser asks for another language, by a cookie of the viewer or by Accept-Language (RFC 9110 section 12.5.4; RFC 9457 section 3
// names it for problems), and the one place that writes answers (reply and its like in package web) has the fields that people read said in it. So no
// package knows of languages, nothing is stored in one, a sentence is written once where it is meant, and the viewer needs no second table of the
// server's sentences in its first load. What programs branch on (slugs, states, ids, classes) is never translated.
//
// # The table
//
// The code of a sentence is its English form, as in gettext: "{n} of {of} cameras are being recorded." Names in braces are its parameters. texts holds,
// for each form, what it is in each language:
//
//	Volume {path} is {state}: {cause}.
//	de: Volume {path} ist {state}: {cause}.
//	es: El volumen {path} está {state}: {cause}.
//
// Sentences come finished: the packages that make them (storage, onvif, rtsp, auth) import nothing of ours, and join errors of each other. So parameters
// are found again by the fixed parts around them, the form with the most fixed letters first, and are looked up themselves: a cause within a sentence is
// said in the language too. One whose name begins with n takes numbers only. What is put together of several sentences is said one by one. What is in no
// table stays English: never nothing.
//
// A test of cmd/holdfast reads the sentences of the program out of its source, and fails for each that a language lacks.
package locale

import (
	"net/http"

	"golang.org/x/text/language"
)

// Language is one that the gateway speaks.
type Language string

// The languages. Marked is the one that no person speaks, to find what is in no table: every sentence in brackets.
const (
	English Language = "en"
	German  Language = "de"
	Spanish Language = "es"
	Marked  Language = "qps"
)

// Cookie is what the viewer names its language by. It is no secret, and says nothing about who looks.
const Cookie = "holdfast_language"

// spoken are the languages that may be asked for; the first is taken where none fits.
var (
	spoken  = []Language{English, German, Spanish}
	matcher = language.NewMatcher([]language.Tag{language.English, language.German, language.Spanish})
)

// maxAccept bounds what is read of Accept-Language, bytes.
const maxAccept = 256

// Of gives the language that a request asks for: the viewer's, else the browser's, else English.
func Of(r *http.Request) Language {
	if c, err := r.Cookie(Cookie); err == nil {
		switch l := Language(c.Value); l {
		case English, German, Spanish, Marked:
			return l
		}
	}
	accepts := r.Header.Get("Accept-Language")
	if accepts == "" || len(accepts) > maxAccept {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(accepts)
	if err != nil {
		return English
	}
	_, at, sure := matcher.Match(tags...)
	if sure == language.No {
		return English
	}
	return spoken[at]
}
