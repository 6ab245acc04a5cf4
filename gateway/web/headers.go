package web

import "net/http"

// policy is what a page of ours may load: its own scripts, styles, pictures and media, and nothing from anywhere else. No script makes
// another from text; the one policy of Trusted Types that there may be is for the addresses of workers.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types holdfast"

const permissions = "camera=(), geolocation=(), microphone=(self), payment=(), usb=(), autoplay=(self), fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self)"

// secure sets the headers that every answer has. No answer may be kept by a cache unless its route says so.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Permissions-Policy", permissions)
	h.Set("X-Robots-Tag", "noindex, nofollow")
}
