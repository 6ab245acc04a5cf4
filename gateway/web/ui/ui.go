// Package ui is the viewer: files that are served as they are written here. Vanilla ES modules and custom elements, no
// build step, nothing from another origin, no inline script or style (the content security policy forbids them).
//
//	index.html                 the shell of every page
//	app.js                     routes, rail, session; the one place that knows the pages
//	api.js                     the JSON API and the event stream; the only place that calls fetch
//	store.js                   what the gateway told last: cameras, health, connection
//	player.js                  one live picture: WHEP, else Media Source Extensions, else the sub stream
//	live.js timeline.js cameras.js storage.js sign.js   the pages; all but live and sign are fetched when first opened
//	volumes.js encryption.js check.js   the parts of the storage page
//	range.js                   a range of the timeline, and locks
//	parts.js                   what pages are made of: states, bars, notices, dialogs
//	words.js words-storage.js  every sentence that people read
//	icons.js                   the icon set
//	style.css storage.css      the visual language
//	install-certificate.html   how to trust the gateway's certificate; works without script
//
// Types are JSDoc comments, checked by tsc --checkJs (scripts/e2e).
package ui

import "embed"

// FS holds the files.
//
//go:embed *.html *.js *.css *.webmanifest *.svg
var FS embed.FS
