package config

import "time"

// Bounds of lists.
const (
	maxCameras  = 512
	maxStreams  = 8 // of one camera
	maxVolumes  = 64
	maxNames    = 64
	maxNetworks = 256
	maxWitness  = 8
)

// The tables below are the grammar. Order is the order of the reference.

var fileObject = &object[Config]{
	doc: "The file.",
	fields: []field[Config]{
		setting("listen", address("host:port; no host means every address, port 0 a free port"), func(c *Config) *string { return &c.Listen },
			"Address of the viewer and the API. On a loopback address it is plain HTTP; on any other it is HTTPS with a certificate of Holdfast's own authority. "+
				"A port that is taken raises an alarm and is tried again; recording does not wait for it.").defaults(`"127.0.0.1:8080"`).insteadOf("address", "bind", "http"),
		setting("names", list(hostName(), 0, maxNames), func(c *Config) *[]string { return &c.Names },
			"Host names and addresses by which browsers reach this machine, for its certificate. Its own host name and addresses are added without being listed.").
			otherwise("none besides the machine's own").insteadOf("hostnames", "hosts"),
		setting("time_zone", zone(), func(c *Config) *string { return &c.TimeZone },
			"Time zone of the site, for schedules. Footage is kept in UTC and is never moved by it.").otherwise("the machine's").insteadOf("timezone", "tz"),
		setting("data", directory(), func(c *Config) *string { return &c.Data },
			"Directory of the databases (index.db, state.db), keys and endpoint.json. It must be on a local disk and needs a few GB. It is made if it is missing. "+
				"A relative path starts at the directory of this file.").defaults("/var/lib/holdfast").insteadOf("data_dir", "state"),
		setting("volumes", list(volumeObject.kind(), 1, maxVolumes), func(c *Config) *[]Volume { return &c.Volumes },
			"Directories for footage. A directory that recorded before and has lost its identity file is not written to: an unmounted disk must not fill the system disk.").
			must().groups(volumeObject.table("volumes[]"), true).insteadOf("volume", "storage"),
		setting("disk_health", filePath(), func(c *Config) *string { return &c.DiskHealth },
			"Where a helper of root's (`scripts/disk-health`, the timer `holdfast-disks`) leaves what the disks say of themselves. Without that file nothing is known of the disks but what reading and writing tell.").
			defaults("/run/holdfast-disks/disks.json").insteadOf("disks", "smart"),
		setting("retention", retentionObject.kind(), func(c *Config) *Retention { return &c.Retention },
			"How long footage is kept where a camera says nothing else.").defaults("{}").groups(retentionObject.table("retention"), false),
		setting("verify", verifyObject.kind(), func(c *Config) *Verify { return &c.Verify },
			"Reading footage again in the background, which finds rot while a copy may still help.").defaults("{}").groups(verifyObject.table("verify"), false),
		setting("encryption", encryptionObject.kind(), func(c *Config) *Encryption { return &c.Encryption },
			"How footage lies on its volumes.").defaults("{}").groups(encryptionObject.table("encryption"), false),
		setting("tls", tlsObject.kind(), func(c *Config) *TLS { return &c.TLS },
			"The certificate of the viewer and the API.").defaults("{}").groups(tlsObject.table("tls"), false).insteadOf("https", "ssl", "certificates"),
		setting("audit", auditObject.kind(), func(c *Config) *Audit { return &c.Audit },
			"The log of who did and saw what.").defaults("{}").groups(auditObject.table("audit"), false).insteadOf("audit_log", "log"),
		setting("exports", exportsObject.kind(), func(c *Config) *Exports { return &c.Exports },
			"Footage that is taken out, until it is fetched.").defaults("{}").groups(exportsObject.table("exports"), false).insteadOf("export"),
		setting("webrtc", webrtcObject.kind(), func(c *Config) *WebRTC { return &c.WebRTC },
			"Where browsers exchange live media with Holdfast.").defaults("{}").groups(webrtcObject.table("webrtc"), false),
		setting("live", liveObject.kind(), func(c *Config) *Live { return &c.Live },
			"How live pictures are shown.").defaults("{}").groups(liveObject.table("live"), false).insteadOf("viewers"),
		setting("egress", egressObject.kind(), func(c *Config) *Egress { return &c.Egress },
			"Where Holdfast may open connections to.").defaults("{}").groups(egressObject.table("egress"), false),
		setting("access", accessObject.kind(), func(c *Config) *Access { return &c.Access },
			"How people get in.").defaults("{}").groups(accessObject.table("access"), false),
		setting("cameras", list(cameraObject.kind(), 0, maxCameras), func(c *Config) *[]Camera { return &c.Cameras },
			"Cameras that this file declares. The viewer shows them and cannot change them; cameras found and added in the viewer are kept elsewhere and stand beside them.").
			otherwise("none: add cameras in the viewer").groups(cameraObject.table("cameras[]"), true).insteadOf("camera", "devices"),
	},
	check: checkFile,
}

var volumeObject = &object[Volume]{
	doc: "One directory for footage.",
	fields: []field[Volume]{
		setting("path", directory(), func(v *Volume) *string { return &v.Path },
			"The directory. Mount a disk there before the first start.").must().insteadOf("dir", "directory"),
		setting("min_free", space(), func(v *Volume) *Size { return &v.MinFree },
			"Space that is kept free: the oldest footage goes before this is used.").defaults("5%").insteadOf("free", "reserve"),
	},
}

var retentionObject = &object[Retention]{
	doc: "How long footage is kept.",
	fields: []field[Retention]{
		setting("max_age", age(), func(r *Retention) *Duration { return &r.MaxAge },
			"Footage older than this is deleted, also when there is room. Keep it no longer than the purpose needs; many authorities expect about 72h where nothing else is justified.").
			defaults("14d").insteadOf("days", "keep"),
		setting("event_max_age", age(), func(r *Retention) *Duration { return &r.EventMaxAge },
			"Footage that an event overlaps, with its pre- and post-roll, is kept this long instead. At least `max_age`.").otherwise("`max_age`").insteadOf("events", "event_age"),
		setting("min_age", age(), func(r *Retention) *Duration { return &r.MinAge },
			"Footage is promised to be kept at least this long. Nothing can make a disk larger: an alarm says what to do before the space forces older footage out sooner, and another when it did. At most `max_age`.").
			otherwise("nothing is promised").insteadOf("promise", "minimum"),
		setting("lock_max", age(), func(r *Retention) *Duration { return &r.LockMax },
			"How long a lock may last. Locked footage is never deleted, neither by age nor for space: when only locked footage is left on a volume, recording goes on on the others, and what none takes is a gap `disk full` with an alarm that names the locks.").
			defaults("366d").insteadOf("max_lock", "locks"),
	},
}

var verifyObject = &object[Verify]{
	doc: "How footage is read again.",
	fields: []field[Verify]{
		setting("rate", byteRate(), func(v *Verify) *Size { return &v.Rate },
			"Read at most so much a second, of one volume at a time, when the disk has nothing else to do and the volume is not slow. At 8MB/s 20 TB take a month. `off`: rot is found only when footage is played or checked.").
			defaults("8MB/s").insteadOf("speed", "limit"),
		setting("every", span(time.Hour, 400*24*time.Hour), func(v *Verify) *Duration { return &v.Every },
			"From the beginning of a pass over a volume to that of the next. A pass that takes longer is followed by the next at once.").defaults("30d").insteadOf("period", "interval"),
	},
}

var encryptionObject = &object[Encryption]{
	doc: "Encryption of footage on its volumes, by ISO Common Encryption under a key of its own for each segment.",
	fields: []field[Encryption]{
		setting("at_rest", yesNo(), func(e *Encryption) *bool { return &e.AtRest },
			"Encrypt footage. Whoever takes a disk sees nothing without the root key (a systemd credential, or `root.key` in the data directory), and an erasure holds for every copy of the disk. Whoever loses the root key and its recovery key has lost the footage: keep what `holdfast keys recovery` prints. With `false` footage is written in clear, whoever has the disk sees it, an erasure removes files only, and what was encrypted before cannot be shown until this is `true` again.").
			defaults("true").insteadOf("enabled"),
	},
}

var auditObject = &object[Audit]{
	doc: "The log of who did and saw what: append-only, and signed so that every later change shows (`holdfast audit verify`).",
	fields: []field[Audit]{
		setting("keep", age(), func(a *Audit) *Duration { return &a.Keep },
			"Entries older than this are deleted; their hashes stay, so that the rest can be proved. Who watched what, and from where, is personal too: keep it no longer than somebody may ask for it.").
			defaults("400d").insteadOf("max_age", "retention"),
		setting("when_failing", oneOf([]string{AuditGoesOn, AuditRefuses}), func(a *Audit) *string { return &a.WhenFailing },
			"What becomes of exports, erasures, and changes of people, rights and settings while the log cannot be written. `go-on`: they are done, the entries wait in memory, those that find no room are counted, and an alarm says so. "+
				"`refuse`: they are refused until the log can be written again. Recording and watching never wait for the log.").defaults(AuditGoesOn).insteadOf("on_failure", "policy"),
		setting("witness", list(directory(), 0, maxWitness), func(a *Audit) *[]string { return &a.Witness },
			"Directories, each on another disk or machine (a USB stick, a share), that get a copy of every signed checkpoint, some 250 bytes a minute. Whoever has this machine and its keys can write the log anew; a copy that they do not reach shows it. "+
				"A directory that cannot be written raises an alarm and delays nothing.").otherwise("none: cut off or rewritten as a whole by somebody who has the keys, the log does not show it").insteadOf("witnesses", "copies"),
	},
}

var webrtcObject = &object[WebRTC]{
	doc: "Ports of live video. One port serves all viewers. Nothing outside the local network is asked for help (no STUN, no TURN).",
	fields: []field[WebRTC]{
		setting("udp", address("host:port; no host means every address, port 0 a free port"), func(w *WebRTC) *string { return &w.UDP },
			"UDP address for live video.").defaults(`":8190"`),
		setting("tcp", address("host:port; no host means every address, port 0 a free port"), func(w *WebRTC) *string { return &w.TCP },
			"TCP address, for networks that let no UDP through.").defaults(`":8190"`),
	},
}

var egressObject = &object[Egress]{
	doc: "Connections that Holdfast may open.",
	fields: []field[Egress]{
		setting("allow", list(network(), 0, maxNetworks), func(e *Egress) *[]prefix { return &e.Allow },
			"Networks beside loopback, private and link-local addresses. A camera on a public address needs its address here.").
			otherwise("none"),
	},
}

var accessObject = &object[Access]{
	doc: "How people get in.",
	fields: []field[Access]{
		setting("breached_passwords", filePath(), func(a *Access) *string { return &a.BreachedPasswords },
			"A list of leaked passwords that new ones are looked up in, beside the small one that is built in: the file that the downloader of Pwned Passwords writes, SHA-1 ordered by hash, one `HASH:COUNT` a line. It may have any size: it is searched on disk, and nothing is sent anywhere. While it cannot be read, new passwords are taken without it, and an alarm says so.").
			otherwise("only what is built in").insteadOf("pwned_passwords", "breached", "leaked_passwords"),
	},
}

var cameraObject = &object[Camera]{
	doc: "One camera. It has `rtsp`, or `onvif`, or both: then ONVIF gives control and events, and `rtsp` the picture.",
	fields: []field[Camera]{
		setting("id", identifier(), func(c *Camera) *string { return &c.ID },
			"Names the camera in the API and the directory of its footage. Never give an id that was used to another camera.").must(),
		setting("name", words(), func(c *Camera) *string { return &c.Name },
			"What people call it.").otherwise("the id").insteadOf("title", "label"),
		setting("rtsp", rtspAddress(), func(c *Camera) *string { return &c.RTSP },
			"Address of the main stream. User and password are fields of their own. A # in it is written %23.").insteadOf("url", "address"),
		setting("onvif", deviceHost(), func(c *Camera) *string { return &c.ONVIF },
			"Host of the camera. Streams, model and abilities are asked of it over ONVIF.").insteadOf("host", "ip"),
		setting("source", words(), func(c *Camera) *string { return &c.Source },
			"Token of the video source that this camera is, of a device with several: an encoder, a recorder, a camera with several lenses. `holdfast camera probe` lists them. Declare each as a camera of its own.").
			otherwise("the device's first").insteadOf("video_source", "channel", "input"),
		setting("username", loginText[string]("text"), func(c *Camera) *string { return &c.Username },
			"User at the camera, for ONVIF and RTSP.").insteadOf("user", "login"),
		setting("password", loginText[Secret]("text; with special characters between 'single quotes'"), func(c *Camera) *Secret { return &c.Password },
			"Its password, with any characters. It is sent to the camera alone, and never shown, logged or put into an address.").insteadOf("pass", "secret"),
		setting("password_file", filePath(), func(c *Camera) *string { return &c.PasswordFile },
			"A file that holds the password, instead of `password`. Only its owner may read it (a file of root's may be read by its group). One line end at its end is not part of the password.").
			insteadOf("passwordfile", "passfile"),
		setting("transport", oneOf([]string{"auto", "tcp", "udp", "multicast"}), func(c *Camera) *string { return &c.Transport },
			"How RTSP media travel. `auto` tries TCP, then UDP, then multicast if the camera offers it.").defaults("auto").insteadOf("protocol"),
		setting("audio", yesNo(), func(c *Camera) *bool { return &c.Audio },
			"Whether sound is taken from the camera. Recording sound needs a stronger reason than recording pictures, and in places is a crime.").defaults("false").insteadOf("sound"),
		setting("streams", list(streamObject.kind(), 1, maxStreams), func(c *Camera) *[]Stream { return &c.Streams },
			"The camera's encodings. `main` is shown full screen and recorded, `sub` is shown in the grid; `third` is a further one, opened while somebody watches it or it is recorded.").
			otherwise("`main` at the camera's `rtsp` address; without one, `main` and `sub` as ONVIF tells").groups(streamObject.table("cameras[].streams[]"), true),
		setting("record", recordObject.kind(), func(c *Camera) *Record { return &c.Record },
			"What is recorded.").defaults("{}").groups(recordObject.table("cameras[].record"), false).insteadOf("recording"),
		setting("events", reported(), func(c *Camera) *Events { return &c.Events },
			"What the camera reports itself over ONVIF (motion, a crossed line, a covered lens, an input) is kept with the footage as events, and begins recordings with `mode: event`. "+
				"`off` asks for nothing; a list of kinds keeps those alone. What a camera makes of people is personal: keep what the purpose needs.").defaults("on").insteadOf("event", "detections"),
		setting("purpose", words(), func(c *Camera) *string { return &c.Purpose },
			"Why this camera records, in words for the people it sees. Optional for now.").otherwise("not stated"),
		setting("legal_basis", words(), func(c *Camera) *string { return &c.LegalBasis },
			"The legal ground, such as \"legitimate interest\". Optional for now.").otherwise("not stated"),
		setting("disabled", yesNo(), func(c *Camera) *bool { return &c.Disabled },
			"Leaves the camera alone: no connection, no recording. What it recorded stays until its age ends.").defaults("false").insteadOf("off"),
	},
	check: checkCamera,
}

var streamObject = &object[Stream]{
	doc: "One encoding of the camera's picture.",
	fields: []field[Stream]{
		setting("id", identifier(), func(s *Stream) *string { return &s.ID },
			"`main`, `sub`, or another name.").must().insteadOf("name"),
		setting("rtsp", streamAddress(), func(s *Stream) *string { return &s.RTSP },
			"Address of this stream, or a path on the camera's `rtsp` address.").insteadOf("url", "path", "address"),
		setting("profile", words(), func(s *Stream) *string { return &s.Profile },
			"Token of the ONVIF media profile, instead of `rtsp`.").otherwise("chosen by its picture size").insteadOf("token"),
	},
}

var recordObject = &object[Record]{
	doc: "What of a camera is recorded.",
	fields: []field[Record]{
		setting("mode", oneOf([]string{Continuous, Event, Scheduled, Off}), func(r *Record) *string { return &r.Mode },
			"`continuous` keeps everything, `event` what comes before, while and after an event, `schedule` what `schedule` says, `off` nothing. "+
				"What is not kept shows on the timeline as not wanted, never as lost.").defaults(Continuous),
		setting("pre_roll", span(0, maxPreRoll), func(r *Record) *Duration { return &r.PreRoll },
			"How much from before an event is kept; recording begins with the key frame at or before that. It is held in memory, all the time: "+
				"three seconds more than it says, so for 5s of a 4 Mbit/s stream 4 MB, and up to one group of pictures. The camera's state shows how much it is.").defaults("5s").insteadOf("preroll", "pre"),
		setting("post_roll", span(0, maxPostRoll), func(r *Record) *Duration { return &r.PostRoll },
			"How much after an event is kept. An event that comes meanwhile extends the recording.").defaults("10s").insteadOf("postroll", "post"),
		setting("schedule", optional(scheduleObject.kind()), func(r *Record) **Schedule { return &r.Schedule },
			"When what is recorded, with `mode: schedule`.").otherwise("none").groups(scheduleObject.table("cameras[].record.schedule"), false),
		setting("streams", list(identifier(), 0, maxStreams), func(r *Record) *[]string { return &r.Streams },
			"Ids of the streams that are recorded.").defaults("[main]"),
		setting("max_age", age(), func(r *Record) *Duration { return &r.MaxAge },
			"Footage of this camera older than this is deleted.").otherwise("`retention.max_age`").insteadOf("retention", "keep"),
		setting("event_max_age", age(), func(r *Record) *Duration { return &r.EventMaxAge },
			"Footage of this camera that an event overlaps is kept this long instead.").otherwise("`retention.event_max_age`, or this camera's `max_age` where that is longer"),
		setting("min_age", age(), func(r *Record) *Duration { return &r.MinAge },
			"Footage of this camera is promised to be kept at least this long.").otherwise("`retention.min_age`").insteadOf("promise", "minimum"),
		setting("volumes", list(words(), 0, maxVolumes), func(r *Record) *[]string { return &r.Volumes },
			"Paths or ids of the volumes that this camera is recorded on, while one of them takes footage. Otherwise it is recorded on the others, with an alarm, and returns with the next segment.").
			otherwise("all volumes, as they have room"),
		setting("mirror", yesNo(), func(r *Record) *bool { return &r.Mirror },
			"Records this camera to two volumes at once, on two disks if there are: should one fail, nothing is lost. It takes twice the room. The first copy is on one of `volumes`, the second "+
				"too where one of them is left. While only one volume takes footage it is recorded once, with an alarm, and what has one copy gets its second one afterwards. "+
				"Footage is deleted from both volumes at once, whichever of them needs the room. Needs two volumes in this file.").defaults("false").insteadOf("mirrored", "copies", "redundancy"),
		setting("fill", oneOf([]string{FillCard, FillOff}), func(r *Record) *string { return &r.Fill },
			"Where footage that was lost is fetched from afterwards: from the camera's own card or disk (ONVIF Profile G), where it has one. What was filled is marked as that. With off, gaps stay.").defaults(FillCard).insteadOf("edge", "backfill"),
	},
}

// Bounds of what is kept around an event. The pre-roll is memory of every stream.
const (
	maxPreRoll  = 30 * time.Second
	maxPostRoll = 10 * time.Minute
)

var modeOfRule = []string{Continuous, Event, Off}

var scheduleObject = &object[Schedule]{
	doc: "Times are those of the site's `time_zone`. Where clocks are set, a rule begins when its time is first shown and ends when its time is last shown, and a time that " +
		"is skipped counts as the moment of the change: nothing is lost, and nothing is recorded twice.",
	fields: []field[Schedule]{
		setting("rules", list(ruleObject.kind(), 0, maxRules), func(s *Schedule) *[]Rule { return &s.Rules },
			"Rules of the days of the week; the first that fits holds.").otherwise("none").groups(ruleObject.table("cameras[].record.schedule.rules[]"), true).insteadOf("weekly", "times"),
		setting("otherwise", oneOf(modeOfRule), func(s *Schedule) *string { return &s.Otherwise },
			"How it is recorded where no rule fits.").must().insteadOf("else", "default"),
		setting("exceptions", list(exceptionObject.kind(), 0, maxExceptions), func(s *Schedule) *[]Exception { return &s.Exceptions },
			"Days that are not like their day of the week, such as holidays. Of several for one day the first holds.").otherwise("none").
			groups(exceptionObject.table("cameras[].record.schedule.exceptions[]"), true).insteadOf("holidays"),
	},
}

var ruleObject = &object[Rule]{
	doc: "A stretch of each of some days. One that ends at or before the time it begins at ends on the next day.",
	fields: append([]field[Rule]{
		setting("days", weekdays(), func(r *Rule) *Weekdays { return &r.Days },
			"Days on which it begins.").otherwise("every day").insteadOf("day")}, stretchFields...),
	check: checkRule,
}

var stretchFields = []field[Rule]{
	setting("from", clock(), func(r *Rule) *Clock { return &r.From },
		"When it begins.").must().insteadOf("begin", "start"),
	setting("to", clock(), func(r *Rule) *Clock { return &r.To },
		"When it ends.").must().insteadOf("end", "until"),
	setting("mode", oneOf(modeOfRule), func(r *Rule) *string { return &r.Mode },
		"How it is recorded then.").must(),
}

var exceptionObject = &object[Exception]{
	doc: "One or more days. What began on the day before goes on to its end.",
	fields: []field[Exception]{
		setting("dates", list(dates(), 1, maxDates), func(e *Exception) *[]Dates { return &e.Dates },
			"The days.").must().insteadOf("date", "days"),
		setting("rules", list(exceptionRuleObject.kind(), 0, maxRules), func(e *Exception) *[]Rule { return &e.Rules },
			"Rules of these days; the first that fits holds.").otherwise("none").groups(exceptionRuleObject.table("cameras[].record.schedule.exceptions[].rules[]"), true),
		setting("otherwise", oneOf(modeOfRule), func(e *Exception) *string { return &e.Otherwise },
			"How it is recorded where no rule of theirs fits.").must().insteadOf("else", "default", "mode"),
	},
}

var exceptionRuleObject = &object[Rule]{
	doc:    "A stretch of each of these days.",
	fields: stretchFields,
	check:  checkRule,
}
