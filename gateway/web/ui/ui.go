// Package ui is the viewer: files that are served as they are written here. Vanilla ES modules and custom elements, no
// build step, nothing from another origin, no inline script or style (the content security policy forbids them).
//
//	index.html                 the shell of every page
//	again.js                   what stands there when files of the viewer do not come; start.js, what runs first
//	app.js                     routes, rail, session; the one place that knows the pages
//	rail.js                    the rail: the places that the person may go to, and who it is
//	api.js                     the JSON API and the event stream; the only place that calls fetch, but for again.js, which needs nothing of the others
//	api-*.js                   the same of people, of the audit log, of which cameras there are, of plans, and of what is done with a live one
//	store.js                   what the gateway told last: cameras, health, connection, rights; notices when these change
//	wishes.js                  what takes two people: who asked for what
//	player.js                  one live picture, in the best way that there is
//	player-ways.js             in which ways it can come, and which is taken: the one place that decides
//	player-webrtc.js player-mse.js player-stats.js   WHEP; Media Source Extensions; its figures
//	live-*.js                  the parts of the live page: tiles, layouts, views, arranging, tours, alarms, zoom, the bars
//	ptz.js talk.js             turning a camera, speaking through it; fetched when they are first used
//	live.js timeline.js cameras.js storage.js sign.js people.js me.js approvals.js audit.js join.js wall.js   the pages; all but live and
//	                           sign are fetched when first opened
//	staff.js person.js roles.js groups.js tokens.js sessions.js policy.js unused.js   the parts of the people page
//	grants.js choose.js week.js   what somebody may do: a role over cameras, at hours of the week
//	factor.js token.js         setting up a second factor; making an API token
//	ask.js                     asking another person to approve footage
//	log.js watched.js summary.js quiet.js proof.js entries.js   the parts of the audit page, and what an entry looks like
//	health.js planner.js       how cameras do and what to do; what footage takes (parts of the storage page too)
//	volumes.js kept.js locked.js erased.js encryption.js certificate.js check.js   the parts of the storage page
//	axis.js history.js         the time axis of the timeline, and what is known of every camera's past
//	played.js reel.js stills.js pace.js mp4.js   its pictures: one camera's, every picture of it, its key frames; the clock that they follow; what they come in
//	keydecoder.js              decodes single key frames of many cameras by a few decoders
//	calendar.js chooser.js moments.js   days with footage; which cameras play; what happened, as a list
//	motionsearch.js region.js  looking for motion in a part of the picture that is drawn by hand
//	api-footage.js             the JSON API of what was recorded
//	range.js                   a range of the timeline, and what is locked of it
//	erase.js receipt.js        erasing a range, fetched when it is asked for; what became of an erasure
//	exports.js exportorder.js exportdraft.js exportmask.js   taking footage out: the page, ordering, the case that is being put together, masks and stills
//	unlock.js ages.js          ending a lock; changing how long footage is kept
//	adopt.js adoptcard.js      finding cameras and adding many; what a device is and has before it is added
//	camerachange.js            naming, switching, replacing and removing a camera
//	map.js mapview.js mapnames.js  plans with cameras on them
//	styles.js                  style sheets that are fetched with their pages
//	listing.js                 a list with details beside it
//	parts.js                   what pages are made of: states, bars, notices, dialogs
//	words.js words-*.js        every sentence that people read
//	icons.js icon*             the icon set; the viewer's own icon
//	theme.js look.js           dark or light; how the viewer looks and speaks on this device
//	language.js language-*.js  in which language it speaks; the words of the others than English
//	keys.js                    the keys of a page, in a dialog
//	style.css frame.css storage.css people.css and those of topics   the visual language
//	install-certificate.html   how to trust the gateway's certificate; works without script; install-certificate.de.html and .es.html in other languages
//	app.webmanifest            what the viewer is called when installed; app.de.webmanifest and app.es.webmanifest in other languages
//
// Types are JSDoc comments, checked by tsc --checkJs (scripts/e2e).
package ui

import "embed"

// FS holds the files.
//
//go:embed *.html *.js *.css *.webmanifest *.svg *.png
var FS embed.FS
