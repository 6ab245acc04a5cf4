package web

import (
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// table is every route of the API, in the order of the API description.
func table() []route {
	var all []route
	all = append(all, sessionRoutes()...)
	all = append(all, joinRoutes()...)
	all = append(all, meRoutes()...)
	all = append(all, factorRoutes()...)
	all = append(all, peopleRoutes()...)
	all = append(all, roleRoutes()...)
	all = append(all, groupRoutes()...)
	all = append(all, policyRoutes()...)
	all = append(all, tokenRoutes()...)
	all = append(all, approvalRoutes()...)
	all = append(all, cameraRoutes()...)
	all = append(all, enrolmentRoutes()...)
	all = append(all, formerRoutes()...)
	all = append(all, planRoutes()...)
	all = append(all, plannerRoutes()...)
	all = append(all, deviceRoutes()...)
	all = append(all, settingsRoutes()...)
	all = append(all, managementRoutes()...)
	all = append(all, talkRoutes()...)
	all = append(all, clipRoutes()...)
	all = append(all, trustRoutes()...)
	all = append(all, liveRoutes()...)
	all = append(all, sceneRoutes()...)
	all = append(all, steeringRoutes()...)
	all = append(all, controlRoutes()...)
	all = append(all, footageRoutes()...)
	all = append(all, eventRoutes()...)
	all = append(all, reelRoutes()...)
	all = append(all, overviewRoutes()...)
	all = append(all, motionRoutes()...)
	all = append(all, cardRoutes()...)
	all = append(all, volumeRoutes()...)
	all = append(all, lockRoutes()...)
	all = append(all, erasureRoutes()...)
	all = append(all, exportRoutes()...)
	all = append(all, retentionRoutes()...)
	all = append(all, keyRoutes()...)
	all = append(all, auditRoutes()...)
	all = append(all, certificateRoutes()...)
	return append(all, systemRoutes()...)
}

func sessionRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "GET", pattern: v1 + "/session", needs: auth.Self, serve: (*Server).getSession,
			summary: "Who is signed in", answers: gives[SessionInfo](200, "The session.")},
		{method: "POST", pattern: v1 + "/session", does: audit.ActionSignIn, public: "it is how one signs in", serve: (*Server).postSession,
			summary: "Sign in by user name and password", body: jsonBody[Credentials](), answers: gives[SessionInfo](200, "Signed in; a cookie is set.")},
		{method: "POST", pattern: v1 + "/session/once", does: audit.ActionSignIn, public: "it is how one signs in", serve: (*Server).postSessionOnce,
			summary: "Sign in by a one-time token", body: jsonBody[OnceToken](), answers: gives[SessionInfo](200, "Signed in; a cookie is set.")},
		{method: "DELETE", pattern: v1 + "/session", does: audit.ActionSignOut, needs: auth.Self, serve: (*Server).deleteSession,
			summary: "Sign out", answers: done("Signed out; what streams with the session ends.")},
		{method: "PUT", pattern: v1 + "/session/password", does: audit.ActionPasswordChange, needs: auth.Self, serve: (*Server).putPassword,
			summary: "Change one's own password", body: jsonBody[NewPassword](), answers: done("Changed; one's other sessions have ended.")},
		{method: "GET", pattern: v1 + "/setup", public: "the sign-in page says so", serve: (*Server).getSetup,
			summary: "Whether the administrator must still be made", answers: gives[SetupState](200, "The state.")},
		{method: "POST", pattern: v1 + "/setup", does: audit.ActionPersonCreate, public: "nobody can have signed in before", serve: (*Server).postSetup,
			summary: "Make the administrator, once, with the set-up token", body: jsonBody[Setup](), answers: gives[SessionInfo](200, "Made and signed in; a cookie is set.")},
		{method: "GET", pattern: v1 + "/sessions", needs: auth.People, serve: (*Server).getSessions,
			summary: "Everybody's sessions", answers: gives[[]SessionEntry](200, "The sessions, last used first.")},
		{method: "DELETE", pattern: v1 + "/sessions/{id}", does: audit.ActionSessionEnd, needs: auth.People, serve: (*Server).deleteSessions,
			summary: "End a session", params: []param{{"id", "path", true, "string", "Id of the session."}}, answers: done("Ended; what streams with it ends.")},
	}
}

func cameraRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "GET", pattern: v1 + "/cameras", filters: "cameras that may not be seen are left out", needs: auth.See, serve: (*Server).getCameras,
			summary: "All cameras and their states", answers: gives[[]Camera](200, "The cameras.")},
		{method: "POST", pattern: v1 + "/cameras", does: audit.ActionCameraAdd, needs: auth.Configure, serve: (*Server).postCameras,
			summary: "Add a camera", body: jsonBody[AdoptRequest](), answers: gives[AddedCamera](201, "The camera, as added.")},
		{method: "GET", pattern: v1 + "/cameras/{id}", needs: auth.See, serve: (*Server).getCamera,
			summary: "One camera and its state", params: []param{paramCamera}, answers: gives[Camera](200, "The camera.")},
		{method: "GET", pattern: v1 + "/discover", needs: auth.Configure, serve: (*Server).getDiscover, streams: true,
			summary: "Ask the networks of this machine for ONVIF devices; takes some seconds, and tells of each as it is found", answers: tells[SearchLine]("A device, or how far it is, on each line.")},
		{method: "POST", pattern: v1 + "/discover", does: audit.ActionCameraSearch, needs: auth.Configure, serve: (*Server).postDiscover, streams: true,
			summary: "Ask chosen networks, or addresses one by one, for ONVIF devices; ends when the request is cancelled", body: jsonBody[SearchRequest](), answers: tells[SearchLine]("A device, or how far it is, on each line.")},
		{method: "GET", pattern: v1 + "/events/stream", filters: "cameras that may not be seen, and trouble of others, are left out", needs: auth.See, serve: (*Server).getEvents, streams: true,
			summary: "Camera states and health as they change, as server-sent events",
			answers: sends("text/event-stream", "event: camera with a camera; event: camera-removed with its id; event: health with the health; event: events with the id of a camera whose events changed; event: ptz with the id of a camera that somebody began or ceased to steer; event: export with the state, step, progress (0 to 1), seconds left and bytes of an export that one may take away; event: export-removed with its id; event: approvals when one that one asked for, or may decide, changed; event: ready once all that is known was sent. A comment every fifteen seconds.")},
	}
}

func liveRoutes() []route {
	const camera = "/api/v1/cameras/{id}"
	session := param{"session", "path", true, "string", "Id of the WHEP session, from the Location header."}
	audio := param{"audio", "query", false, "flag", "1: with sound, where the camera's sound may be heard."}
	made := param{"transcode", "query", false, "flag", "1: what the gateway makes of it with ffmpeg, H.264 and Opus, at most 1280 × 720, 30 frames a second and 1.5 Mbit/s; where the operator allows it. ways of the stream says."}
	return []route{
		{method: "OPTIONS", pattern: camera + "/whep", needs: auth.Live, serve: (*Server).optionsWHEP,
			summary: "What a WHEP offer may be", params: []param{paramCamera}, answers: done("The Accept-Post header.")},
		{method: "POST", pattern: camera + "/whep", does: audit.ActionLiveStart, needs: auth.Live, serve: (*Server).postWHEP,
			summary: "Watch live by WebRTC (WHEP); at most 256 watch at once, 128 of one person or link, and who does not connect within 15 s is gone", params: []param{paramCamera, paramStream, audio, made}, body: &body{mime: "application/sdp", max: maxSDP},
			answers: []answer{{status: 201, mime: "application/sdp", doc: "The answer; Location is the session's address."}}},
		{method: "PATCH", pattern: camera + "/whep/{session}", unlogged: "part of a view that is in the log", needs: auth.Live, serve: (*Server).patchWHEP,
			summary: "Send trickled candidates of a WHEP session", params: []param{paramCamera, session}, body: &body{mime: "application/trickle-ice-sdpfrag", max: maxSDP},
			answers: append(done("Taken."), answer{status: 200, mime: "application/trickle-ice-sdpfrag", doc: "Taken, with an answer."})},
		{method: "DELETE", pattern: camera + "/whep/{session}", unlogged: "the end of the view is in the log", needs: auth.Live, serve: (*Server).deleteWHEP,
			summary: "End a WHEP session", params: []param{paramCamera, session}, answers: done("Ended.")},
		{method: "GET", pattern: camera + "/live.mp4", does: audit.ActionLiveStart, needs: auth.Live, serve: (*Server).getLiveMP4, streams: true,
			summary: "Watch live as endless fragmented MP4", params: []param{paramCamera, paramStream, audio, made}, answers: sends("video/mp4", "Initialisation segment, the newest group of pictures, and then what comes.")},
		{method: "GET", pattern: camera + "/views/{view}", unlogged: "part of a view that is in the log", needs: auth.Live, serve: (*Server).getView,
			summary: "How it is with a live picture of one's own: what is sent, lost and left out, and how to tell how late it is", params: []param{paramCamera, {"view", "path", true, "string", "Id of the WHEP session, or what live.mp4 said in X-Live-View."}},
			answers: gives[LiveView](200, "The view.")},
		{method: "GET", pattern: camera + "/snapshot.jpg", does: audit.ActionSnapshot, needs: auth.Live, serve: (*Server).getSnapshot,
			summary: "The newest key frame as a picture", params: []param{paramCamera, paramStream},
			answers: append(sends("image/jpeg", "The picture."), answer{status: 200, mime: "video/mp4", doc: "An MP4 of the one frame, where no decoder is installed."})},
		{method: "GET", pattern: camera + "/snapshot.mp4", does: audit.ActionSnapshot, needs: auth.Live, serve: (*Server).getSnapshot,
			summary: "The newest key frame as it came", params: []param{paramCamera, paramStream}, answers: sends("video/mp4", "An MP4 of the one frame.")},
	}
}

func footageRoutes() []route {
	const camera = "/api/v1/cameras/{id}"
	ranged := []param{paramCamera, paramFrom, paramTo, paramStream}
	ofRun := append(ranged[:4:4], paramRuns)
	return []route{
		{method: "GET", pattern: camera + "/spans", needs: auth.Playback, serve: (*Server).getSpans,
			summary: "What is recorded, and why the rest is not", params: ranged, answers: gives[[]Span](200, "Spans in order, covering the range up to now.")},
		{method: "GET", pattern: camera + "/events", needs: auth.Playback, serve: (*Server).getCameraEvents,
			summary: "What happened before a camera", params: []param{paramCamera, paramFrom, paramTo}, answers: gives[[]Event](200, "Events that overlap the range, in the order of their starts, at most 10000.")},
		{method: "GET", pattern: camera + "/notifications", needs: auth.Playback, serve: (*Server).getNotifications,
			summary: "What the camera's device reported last, as it said it: the last 100 of what is listened to, kept in memory only", params: []param{paramCamera, paramAfter},
			answers: gives[[]CameraNotification](200, "Notifications, oldest first.")},
		{method: "POST", pattern: camera + "/events", does: audit.ActionEventRaise, needs: auth.Raise, serve: (*Server).postEvent,
			summary: "Raise, extend or end an event; at most 30 a minute of a camera and 300 in all", params: []param{paramCamera},
			body:    &body{mime: "application/json", schema: typeOf[EventRequest](), max: maxEventBody},
			answers: append(gives[RaisedEvent](201, "The event, as raised."), answer{status: 200, mime: "application/json", schema: typeOf[RaisedEvent](), doc: "The event, as changed."})},
		{method: "GET", pattern: camera + "/segments", needs: auth.Playback, serve: (*Server).getSegments,
			summary: "The files of a range of footage", params: ofRun, answers: gives[[]SegmentFile](200, "The segments in order.")},
		{method: "GET", pattern: camera + "/segments/keys", does: audit.ActionKeysShown, needs: auth.Keys, serve: (*Server).getSegmentKeys,
			summary: "The keys of a range's files, through the local socket only", params: ofRun, answers: gives[[]SegmentKey](200, "The keys, of encrypted segments.")},
		{method: "GET", pattern: camera + "/video.mp4", does: audit.ActionPlayback, needs: auth.Playback, serve: (*Server).getVideo, streams: true,
			summary: "Footage of any range as one MP4; byte ranges are served", params: ofRun, answers: sends("video/mp4", "The footage, gaps left out; without sound, and X-Sound: withheld says so, for whoever has not the right audio for the camera.")},
		{method: "GET", pattern: camera + "/video.json", needs: auth.Playback, serve: (*Server).getVideoMap,
			summary: "What times the frames of video.mp4 are of", params: ofRun, answers: gives[VideoMap](200, "The map.")},
	}
}

func systemRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "GET", pattern: v1 + "/health", filters: "volumes are for who maintains them, trouble of cameras for who sees them", needs: auth.See, serve: (*Server).getHealth,
			summary: "How the gateway is", answers: gives[Health](200, "The health.")},
		{method: "GET", pattern: v1 + "/egress", needs: auth.Maintain, serve: (*Server).getEgress,
			summary: "Outbound connections that were refused", answers: gives[Egress](200, "The refusals.")},
		{method: "GET", pattern: v1 + "/connections", needs: auth.Maintain, serve: (*Server).getConnections,
			summary: "Every connection that the program can make, what for, and what was refused", answers: gives[Connections](200, "The connections.")},
		{method: "POST", pattern: v1 + "/check", does: audit.ActionCheckStart, needs: auth.Maintain, serve: (*Server).postCheck,
			summary: "Compare index, files and hashes, or repair them; goes on in the background, one at a time", body: jsonBody[CheckRequest](), answers: gives[CheckJob](202, "It runs.")},
		{method: "GET", pattern: v1 + "/check", needs: auth.Maintain, serve: (*Server).getCheck,
			summary: "The check that runs, or that ran last", answers: gives[CheckJob](200, "How far it is, or what was found.")},
		{method: "DELETE", pattern: v1 + "/check", does: audit.ActionCheckCancel, needs: auth.Maintain, serve: (*Server).deleteCheck,
			summary: "End the check that runs", answers: gives[CheckJob](200, "It has ended.")},
		{method: "GET", pattern: v1 + "/openapi.json", public: "it describes the program, not the site", serve: (*Server).getOpenAPI,
			summary: "This description", answers: gives[any](200, "OpenAPI 3.1.")},
		{method: "GET", pattern: v1 + "/ca", public: "whoever installs the certificate has not signed in", serve: (*Server).getCA,
			summary: "The certificate of this gateway's authority, to compare with what was downloaded", answers: gives[CA](200, "Fingerprint and names.")},
		{method: "GET", pattern: "/ca.crt", public: "whoever installs the certificate has not signed in", serve: (*Server).getCACert,
			summary: "The certificate of this gateway's authority, to install", answers: sends("application/x-x509-ca-cert", "The certificate in PEM.")},
		{method: "GET", pattern: "/problems/{slug}", public: "it describes the program, not the site", serve: (*Server).getProblem,
			summary: "What a class of problem means", params: []param{{"slug", "path", true, "string", "The class."}}, answers: gives[Problem](200, "The class.")},
		{method: "GET", pattern: "/healthz", public: "supervisors ask; it tells nothing", serve: (*Server).getHealthz,
			summary: "Whether the program answers", answers: sends("text/plain", "ok")},
		{method: "GET", pattern: "/readyz", public: "supervisors ask; it tells nothing", serve: (*Server).getReadyz,
			summary: "Whether the gateway is ready", answers: append(sends("text/plain", "ready"), answer{status: http.StatusServiceUnavailable, mime: "text/plain", doc: "not ready"})},
		{method: "GET", pattern: "/metrics", needs: auth.Metrics, serve: (*Server).getMetrics,
			summary: "Counters for Prometheus", answers: sends("text/plain", "Prometheus text format.")},
	}
}
