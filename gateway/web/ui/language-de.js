// Deutsch: the words of the first load and of watching; those of the other pages are in language-de-site.js.
import { number, temperature, tongue } from "./language.js";
import site from "./language-de-site.js";

/** @type {Record<string, string>} */
const kinds = { motion: "Bewegung", line: "Linie überquert", intrusion: "Eindringen", loitering: "Herumlungern", person: "Person", vehicle: "Fahrzeug", face: "Gesicht", "left-object": "Gegenstand abgestellt oder entfernt", tamper: "Sabotage", "signal-loss": "Signal verloren", "digital-input": "Digitaleingang", temperature: "Temperatur", audio: "Geräusch", sensor: "Sensor", mark: "Markierung" };
/** @param {string} kind */
const eventKind = kind => kinds[kind] || (kind === "manual" ? "Handaufnahme" : "") || kind.replaceAll("-", " ");
/** @param {string} id */
const stream = id => ({ main: "Hauptstream", sub: "Substream", third: "Drittstream" })[id] || `Stream ${id}`;
/** @param {string} codec */
const codecName = codec => codec.replace("H26", "H.26");
/** @param {number} n bit/s */
const mbit = n => number(n / 1e6, n < 1e6 ? 2 : 1);
/** @param {number} n bit/s */
const bitrate = n => n < 1e6 ? `${Math.round(n / 1e3)} kbit/s` : `${number(n / 1e6, 1)} Mbit/s`;
/** @param {number} n @param {string} one @param {string} many */
const count = (n, one, many) => n === 1 ? `1 ${one}` : `${number(n)} ${many}`;

/** @type {import("./language.js").Tables} */
const words = {
  main: {
    cameraSettings: "Einstellungen der Kamera", settings: "Einstellungen", live: "Live", timeline: "Zeitachse", events: "Ereignisse", exports: "Exporte", cameras: "Kameras", map: "Karte", storage: "Speicher",
    approvals: "Freigaben", people: "Personen", audit: "Protokoll", me: "Ihre Seite", more: "Mehr", health: "Der Rekorder",
    notSignedOut: "Sie sind noch angemeldet: Der Rekorder hat das Abmelden nicht angenommen. Melden Sie sich noch einmal ab.",
    rightsChanged: "Was Sie hier dürfen, hat sich geändert.", notHere: "Diese Kamera gibt es hier nicht", notHereText: "Sie wurde entfernt, oder Sie dürfen sie jetzt nicht sehen.", goOn: "Weiter",
    wishesWait: n => n === 1 ? "1 Anfrage wartet auf Ihre Entscheidung" : `${n} Anfragen warten auf Ihre Entscheidung`, wish: (who, what, why) => `${who} bittet um ${what}: „${why}“`, wishOf: (camera, range) => `${camera}, ${range}`, look: "Ansehen",
    signOut: "Abmelden", signIn: "Anmelden", user: "Benutzername", password: "Passwort",
    setUp: "Administrator anlegen", setUpText: "Hier gibt es noch kein Konto. Das erste darf alles; einen anderen Zugang gibt es nicht.",
    setUpNote: "Mindestens 12 Zeichen. Ein paar Wörter, die Sie sich merken, sind besser als ein kurzes Rätsel.",
    onceFailed: "Dieser Link wurde schon benutzt oder ist zu alt. Melden Sie sich mit Ihrem Passwort an, oder starten Sie die Demo neu.",
    keepKey: "Wiederherstellungsschlüssel aufbewahren", keepKeyText: "holdfast setup hat ihn unter dem Link ausgegeben; holdfast keys recovery auf dem Rekorder gibt ihn noch einmal aus. Er öffnet die Aufnahmen und die Passwörter von Kameras und Personen, wenn dieses Gerät oder sein Wurzelschlüssel verloren geht. Schreiben Sie ihn auf, bewahren Sie ihn anderswo auf, und geben Sie ihn hier ein.",
    recovery: "Wiederherstellungsschlüssel", recoveryNote: "14 Gruppen aus vier Buchstaben und Ziffern. Groß und klein, Leerzeichen und Striche sind gleich.", confirm: "Bestätigen", later: "Später",
    nag: "Niemand hat den Wiederherstellungsschlüssel bestätigt. Geht dieses Gerät oder sein Wurzelschlüssel verloren, ist auch alles verloren, was damit versiegelt ist.", nagDo: "Bestätigen",
    setUpFirst: "Dieser Rekorder hat noch kein Konto. holdfast setup auf seinem Gerät gibt den Link aus, der das erste anlegt.",
    setUpWhere: "Öffnen Sie den Link, den holdfast setup auf dem Rekorder selbst ausgibt.",
    ended: "Ihre Sitzung ist zu Ende: ihre Zeit war um, oder jemand hat sie beendet. Melden Sie sich an, um hier weiterzumachen.",
    code: "Code", codeNote: "Sechs Ziffern Ihrer Authentifizierungs-App oder einer Ihrer Wiederherstellungscodes.", codeWrong: "Das wurde nicht angenommen. Jeder Code gilt einmal und eine halbe Minute lang; prüfen Sie auch das Passwort.", wrongTries: t => `Zu viele falsche Versuche. Der nächste ist in ${t} möglich.`, tryNow: "Sie können es jetzt wieder versuchen.",
    wallShut: "Diese Videowand wird nicht mehr eingelassen", wallShutText: "Ihr Link wurde widerrufen, oder seine Zeit ist um. Öffnen Sie hier einen neuen: Personen, Videowände und Token. Alle paar Sekunden wird es wieder versucht.", wallAgain: "Alle paar Sekunden wird es wieder versucht. Die Aufzeichnung läuft weiter.", noneForWall: "Für diese Videowand ist keine Kamera freigegeben",
    noneForYou: "Für Sie ist jetzt keine Kamera freigegeben", noneForYouText: "Wer diesen Standort betreut, entscheidet, welche Kameras Sie zu welchen Stunden sehen.",
    noLive: "Livebilder gehören nicht zu Ihren Rechten. Wählen Sie einen vergangenen Moment.", whoWatched: "Wer diesen Moment gesehen hat",
    lost: "Verbindung zum Rekorder verloren", lostText: "Die Bilder unten können alt sein. Die Aufzeichnung hängt nicht von dieser Seite ab.", since: "seit",
    removedCamera: n => `${n} (entfernt)`, noCameras: "Noch keine Kameras", noCamerasText: "Holdfast fragt Ihr Netz nach Kameras und listet auf, wer antwortet.", find: "Kameras suchen",
    searching: "Das Netz wird gefragt.", searchedSeconds: (n, s, of) => `${n} haben geantwortet. ${s} von ${of} Sekunden.`, searchedAddresses: (n, done, of) => `${n} haben geantwortet. ${done} von ${of} Adressen gefragt.`,
    stop: "Anhalten", searchAgain: "Noch einmal suchen", foundAll: n => n === 1 ? "1 Kamera hat geantwortet." : `${n} Kameras haben geantwortet.`, foundSome: n => `Angehalten. Bis dahin haben ${n} geantwortet.`, foundNoneAt: "An diesen Adressen hat nichts geantwortet, weder auf die Suche noch auf ONVIF.",
    ranges: "Adressen", rangesNote: "Für Netze, durch die die Suche nicht kommt: 192.168.1.0/24 oder 192.168.1.10-50. Jede Adresse wird gefragt, schonend.", searchRanges: "Adressen absuchen", sharedID: "Hat dieselbe Kennung wie ein anderes Gerät: es kann nicht an eine neue Adresse verfolgt werden.", addedAs: name => `Hinzugefügt als ${name}`,
    foundNone: "Keine Kamera hat geantwortet. Kameras antworten nur in ihrem eigenen Netzsegment und nur, wenn die Suche in ihnen eingeschaltet ist. Sie können eine mit ihrer Adresse hinzufügen.",
    found: "hat geantwortet", add: "Hinzufügen", added: "Hinzugefügt", address: "Adresse", addressNote: "Hostname, IP-Adresse oder eine Adresse mit rtsp://.",
    name: "Name", nameNote: "Leer: wie die Kamera sich selbst nennt.", addCamera: "Kamera hinzufügen", adding: "Die Kamera wird gefragt, wer sie ist.",
    sourcesTitle: n => `Sie hat ${n} Videoquellen`, sourcesNote: "Jede, die Sie wählen, wird eine eigene Kamera.", sourceNumber: (n, name) => name && name !== String(n) ? `${n}: ${name}` : `${n}`, thermalSource: "Wärmebild", sourceUnfit: "Nichts davon kann aufgezeichnet werden", sourcesNone: "Wählen Sie mindestens eine Videoquelle.", addChosen: "Gewählte hinzufügen",
    record: "Aufzeichnen", recordOn: "Immer", recordEvents: "Um Ereignisse herum", recordOff: "Nur live", cancel: "Abbrechen",
    allOffline: "Keine Kamera ist erreichbar", offline: "Offline", plainlyOffline: "Kamera offline", starting: "Verbindet", unauthorized: "Passwort abgelehnt", disabled: "Ausgeschaltet", online: "Online",
    lastPicture: "letztes Bild", retry: s => s > 0 ? `neuer Versuch in ${s} s` : "neuer Versuch",
    stopped: "Es kommen keine Bilder", cannotShow: "Kein Bild in diesem Browser", waiting: "Wartet auf ein Bild", recording: "Zeichnet auf", notRecorded: "Nicht aufgezeichnet",
    recStates: { recording: "Zeichnet auf", waiting: "Wartet auf die Kamera", idle: "Nichts aufzuzeichnen", failing: "Kann nicht geschrieben werden", off: "Nur live" },
    back: "Zurück zu allen Kameras", full: "Vollbild", snapshot: "Standbild", sound: "Ton", info: "Info", showTimeline: "Zeitachse in diesem Moment",
    layouts: { auto: "Auto", 1: "1", 4: "2 × 2", 6: "1 + 5", 9: "3 × 3", 16: "4 × 4" }, layout: "Aufteilung", page: "Seite",
    noFootage: "Von diesem Moment gibt es keine Aufnahme", liveHere: "LIVE", play: "Abspielen", pause: "Anhalten", speed: "Tempo", frameBack: "Bild zurück", frame: "Bild vor", day: "Tag",
    mark: "Markieren", markNote: "Diesen Moment als Ereignis markieren", marked: "Markiert", footage: f => `Aufnahme: ${f}.`, until: "bis", mode: "Modus",
    eventKind, event: (kind, source, len) => `${eventKind(kind)}${source ? ` (${source})` : ""}${len ? `, ${len}` : ""}`,
    unwanted: (len, cause) => `${len} nicht aufgezeichnet: ${cause}`, deleted: (len, cause) => `Gelöscht, ${len}: ${cause}`,
    gap: (len, cause) => `${len} ohne Aufnahme: ${cause}`, jumped: (len, cause) => `${len} lang wurde nichts aufgezeichnet (${cause}). Es geht danach weiter.`,
    nothingLater: "Danach gibt es keine Aufnahme.", playFailed: "Diese Aufnahme kann in diesem Browser nicht abgespielt werden.",
    volume: "Volume", state: "Zustand", free: "Frei", of: "von", sync: "Sync", alarms: "Alarme", noAlarms: "Keine Alarme. Alles, was aufgezeichnet werden soll, wird es.", volumes: "Volumes",
    camera: "Kamera", streams: "Streams", recordingColumn: "Aufzeichnung", newest: "neueste", recordedTo: "Aufgezeichnet auf", encrypted: "Verschlüsselt", inClear: "Im Klartext", volumeAway: "ein Volume", nowhere: "Zurzeit nirgends", mirrored: "Gespiegelt", mirror: "Auf zwei Volumes zugleich aufzeichnen", mirrorNote: "Fällt eine Platte aus, geht nichts davon verloren. Braucht doppelt so viel Platz.", notMirrored: why => `Nicht gespiegelt: ${why}`, means: "Bedeutet", todo: "Zu tun", healthy: { ok: "Alles in Ordnung", warning: "Braucht Aufmerksamkeit", failing: "Aufnahmen in Gefahr" },
    checking: "Wird geprüft", never: "nie",
    loading: "Der Rekorder wird gefragt …",
    copy: "Kopieren", copied: "Kopiert", copyYourself: "Kopieren Sie es aus dem Feld.", save: "Speichern", saved: "Gespeichert", remove: "Entfernen", change: "Ändern", filter: "Filtern", noMatch: "Nichts passt.",
    error: "Etwas ist schiefgegangen", again: "Noch einmal", close: "Schließen", lostPackets: "Pakete verloren", behind: "s zurück", of2: "von",
  },
  look: {
    zone: z => `Zeiten in ${z}`,
    title: "Dieses Gerät", text: "Gilt nur in diesem Browser.", theme: "Farben", themes: { "": "Wie das System", dark: "Dunkel", light: "Hell" },
    language: "Sprache", follow: name => `Wie der Browser: ${name}`, skip: "Zur Seite springen", keys: "Tasten der Oberfläche",
  },
  keys: {
    title: "Tasten", to: "bis",
    everywhere: "Überall", help: "Diese Tasten", find: "Zur Suche der Seite", next: "Zum nächsten bedienbaren Element", use: "Benutzen", leave: "Schließen oder zurück",
    live: "Live", pick: "Zur Kamera daneben", nth: "Kamera öffnen", open: "Kamera öffnen", views: "Ansicht wählen", pages: "Seite der Kameras", full: "Vollbild", past: "Zeitachse in diesem Moment",
    single: "Eine Kamera", others: "Vorige oder nächste Kamera", snapshot: "Standbild", mark: "Moment markieren", record: "Jetzt aufzeichnen oder beenden", sound: "Ton", ptz: "Schwenken und zoomen", speak: "Sprechen, solange gedrückt; kurz drücken lässt es an", boxes: "Rahmen und Temperaturen", info: "Info", ago: "Vor 30 Sekunden", zoom: "Ausschnitt vergrößern, verkleinern", whole: "Ganzes Bild", move: "Ausschnitt bewegen",
    steering: "Beim Schwenken einer Kamera", turn: "Schwenken", optic: "Heran-, herauszoomen", preset: "Zu einer Position", home: "Zur Grundstellung", aim: "Mit dem Zeiger zielen",
    arranging: "Beim Anordnen", take: "Aufnehmen, ablegen", shift: "Bewegen", size: "Größe ändern, bei freier Aufteilung",
    timeline: "Zeitachse", play: "Abspielen, anhalten", seconds: "10 Sekunden zurück, vor", minute: "1 Minute zurück, vor", tenth: "Ein Zehntel der Achse zurück, vor", begin: "Zum Anfang der Achse", now: "Zu jetzt", back30: "30 Sekunden zurück", reverse: "Rückwärts abspielen", faster: "Langsamer, schneller", frame: "Bild zurück, vor", axis: "Achse vergrößern, verkleinern", from: "Bereich beginnt hier", until: "Bereich endet hier", cameras: "Kameras wählen", day: "Tag wählen", search: "Bewegung suchen", event: "Voriges, nächstes Ereignis",
    events: "Ereignisse", choose: "Wählen, oder nicht", chooseTo: "Bis zum nächsten wählen", reviewed: "Gesichtet, oder nicht", chooseNone: "Keine wählen", lists: "Listen", row: "Zeile darüber, darunter", details: "Einzelheiten öffnen",
  },
  keynames: { Space: "Leertaste", Enter: "Eingabe", Escape: "Esc", Tab: "Tab", Home: "Pos1", End: "Ende", PageUp: "Bild ↑", PageDown: "Bild ↓", Shift: "Umschalt", Delete: "Entf" },
  live: {
    all: "Alle Kameras", view: "Ansicht", views: "Ansichten", groups: "Gruppen", layout: "Aufteilung", page: n => `Seite ${n}`,
    layouts: { auto: "So viele, wie es gibt", 1: "Eine", 4: "2 × 2", 6: "Eine groß, fünf klein", 9: "3 × 3", 16: "4 × 4", 25: "5 × 5", free: "Frei" },
    lastFootage: t => `letzte Aufnahme ${t}`,
    arrange: "Anordnen", arrangeDone: "Fertig", arrangeText: "Ziehen Sie eine Kamera an einen anderen Platz. Mit der Tastatur: die Leertaste nimmt sie auf, Pfeile bewegen sie, die Leertaste legt sie ab.", picked: camera => `${camera} aufgenommen`, putDown: camera => `${camera} abgelegt`, arrangeFree: "Ziehen Sie eine Kamera, um sie zu bewegen, ihre Ecke, um ihre Größe zu ändern. Mit der Tastatur: die Leertaste nimmt sie auf, Pfeile bewegen sie, mit Umschalt ändern sie die Größe, die Leertaste legt sie ab.", arrangeReset: "Von vorn",
    moved: (camera, at, of) => `${camera}: Platz ${at} von ${of}`, movedTo: (camera, x, y, wide, high) => `${camera}: Spalte ${x}, Zeile ${y}, ${wide} mal ${high} von 24`,
    saveAs: "Als Ansicht speichern", saveAsTitle: "Eine eigene Ansicht", saveAsText: "Sie bleibt auf diesem Gerät.", viewName: "Name", cameras: "Kameras", saveView: "Speichern", editView: "Ansicht ändern", removeView: "Ansicht entfernen", removeViewTitle: name => `Ansicht „${name}“ entfernen`, removeViewText: "Die Kameras und ihre Aufnahmen bleiben, wie sie sind.", tooMany: n => `Dieses Gerät behält höchstens ${n} Ansichten. Entfernen Sie zuerst eine.`,
    window: "In eigenem Fenster öffnen", address: "Adresse dieser Ansicht", addressText: "Sie öffnet diese Ansicht für alle, die diese Kameras sehen dürfen. Für einen Bildschirm ohne Person setzen Sie sie im Link einer Videowand an die Stelle von „/wall“, vor das „#“.",
    emptyView: "Für Sie ist keine Kamera dieser Ansicht freigegeben", emptyViewText: "Wählen Sie eine andere Ansicht, oder ändern Sie diese.",
    tour: "Rundgang", tourOn: "Rundgang starten", tourOff: "Rundgang beenden", tourTitle: "Rundgang", tourText: "Zeigt Ansichten nacheinander. Eine Berührung oder Taste hält ihn eine Minute lang an.", tourEvery: "Sekunden je Ansicht", tourViews: "Ansichten", tourPages: "Der Rundgang geht durch die Seiten einer Ansicht oder durch mehrere Ansichten.", tourStart: "Starten", tourPaused: s => `Rundgang angehalten, weiter in ${s} s`, tourGoesOn: "Weiter",
    tourShort: "Von 3 bis 3600 Sekunden.", tourOne: "Wählen Sie eine Ansicht mit mehreren Seiten oder zwei Ansichten.",
    alarms: "Alarme nach vorn holen", alarmsText: "Beginnt eines davon, wird seine Kamera groß gezeigt und geht danach zurück. Nur auf diesem Gerät. Eine Kamera, die Sie selbst geöffnet haben, bleibt.", alarmSeconds: "Wie lange, Sekunden", alarmKinds: "Ereignisse", alarmSave: "Speichern", alarmNow: (kind, camera, t) => `${camera}: ${kind} seit ${t}`, alarmShow: "Zeigen", alarmKeep: "Hier bleiben",
    kinds, talk: "Sprechen", ptz: "Schwenken und zoomen",
    controls: camera => `Bedienung von ${camera}`, ago: "Vor 30 Sekunden", pip: "Bild im Bild", pipNot: "Dieser Browser hat es nicht erlaubt.", zoomed: n => `${n} ×`, unzoom: "Ganzes Bild",
    record: "Jetzt aufzeichnen", recordStop: "Aufzeichnung beenden", recordBound: "Wird als Ereignis behalten, bis Sie es beenden, höchstens 15 Minuten", recording: t => `Zeichnet auf ${t}`, recordBegan: "Wird als Ereignis aufgezeichnet, höchstens 15 Minuten.", recordEnded: t => `${t} aufgezeichnet.`,
    saved: name => `${name} gespeichert`, soundOn: "Ton an", soundOff: "Ton aus",
    facts: { state: "Zustand", stream: "Stream", memory: "Speicher", recording: "Aufzeichnung", mode: "Modus", address: "Adresse", device: "Gerät" }, unknown: "–", lostByCamera: n => `${number(n)} Pakete vor dem Rekorder`, sent: "Kamera verlor", chooseWay: "Weg dieses Bildes",
  },
  player: {
    stream, kinds: { webrtc: "WebRTC", mp4: "Media Source" },
    name: (id, kind, codec, made) => `${stream(id)}, ${codecName(codec)} über ${kind}${made ? ", vom Rekorder umgewandelt" : ""}`, automatic: "Automatisch",
    quickest: "Es ist der schnellste Weg und zeigt das Bild, wie die Kamera es sendet.", forSound: codec => `Browser spielen Ton in ${codec} nur auf diesem Weg.`, instead: why => `WebRTC ist nicht möglich: ${why}`, otherStream: (id, why) => `${stream(id)} ist nicht möglich: ${why}`, madeSince: why => `Der Rekorder wandelt es für diesen Browser in H.264 um: ${why}`, yours: "Sie haben ihn gewählt.",
    cannotWebRTC: codec => `Dieser Browser kann ${codecName(codec)} nicht über WebRTC abspielen.`, cannotMSE: codec => `Dieser Browser kann ${codecName(codec)} nicht mit Media Source Extensions abspielen.`, noWebRTC: "Dieser Browser hat kein WebRTC.", noMSE: "Dieser Browser hat keine Media Source Extensions.",
    notConnected: "Es kam keine Verbindung zustande: die UDP- und TCP-Ports des Rekorders für Bilder sind für dieses Gerät vielleicht gesperrt.", nothingShown: "Es war verbunden, aber dieser Browser hat kein Bild gezeigt.", refused: why => why, streamDown: "Der Stream ist jetzt nicht da.",
    fallback: codec => `Dieser Browser kann ${codecName(codec)} nicht abspielen; Sie sehen den kleineren H.264-Stream der Kamera.`, made: codec => `Dieser Browser kann ${codecName(codec)} nicht abspielen; der Rekorder macht daraus ein kleineres Bild in H.264.`, none: codec => `Dieser Browser kann ${codecName(codec)} nicht abspielen, und die Kamera hat keinen H.264-Stream. Aufgezeichnet wird sie trotzdem.`,
    thin: (carries, rate) => carries > 0 && rate > 0 ? `Nur Keyframes: Ihre Verbindung trägt ${mbit(Math.min(carries, rate))} von ${mbit(rate)} Mbit/s.` : "Nur Keyframes: Ihre Verbindung trägt nicht alles.",
    codec: "Codec", picture: "Bild", frames: "Bilder", fps: (shown, sent) => sent > 0 ? `${number(shown, 0)} von ${number(sent, 0)} je Sekunde` : `${number(shown, 0)} je Sekunde`,
    rate: "Bitrate", rateOf: (got, sent) => sent > 0 ? `${bitrate(got)} · Kamera sendet ${bitrate(sent)}` : bitrate(got),
    loss: "Verloren", lossOf: (share, all) => `${number(share * 100, 1)} % jetzt, ${number(all)} insgesamt`, latency: "Verzögerung", ms: s => `${Math.round(s * 1000)} ms`, way: "Kommt über", why: "Grund", others: "Andere Streams", soundOf: "Ton", at: t => t.toLocaleTimeString(tongue()),
  },
  scene: {
    classes: { Human: "Person", Person: "Person", Face: "Gesicht", HumanFace: "Gesicht", Vehicle: "Fahrzeug", Vehical: "Fahrzeug", Car: "Auto", Truck: "Lkw", Bus: "Bus", Bike: "Zweirad", Bicycle: "Fahrrad", Motorcycle: "Motorrad", Animal: "Tier", LicensePlate: "Kennzeichen", Fire: "Feuer", Smoke: "Rauch", Barcode: "Strichcode", Other: "Gegenstand" },
    object: "Gegenstand", boxes: "Rahmen und Temperaturen", nothing: "Im Bild ist nichts zu sehen", seen: list => `Zu sehen: ${list.join(", ")}`, reading: r => `${r.item} ${r.spot !== undefined ? temperature(r.spot) : `${temperature(r.min || 0)} bis ${temperature(r.max || 0)}${r.average === undefined ? "" : `, im Mittel ${temperature(r.average)}`}`}`, unplaced: "Die Kamera sagt nicht, wo:",
  },
  ptz: {
    title: "Schwenken und zoomen", speed: "Tempo", direction: "Richtung", presets: "Positionen", tours: "Rundgänge", home: "Grundstellung",
    up: "Hoch", down: "Runter", left: "Links", right: "Rechts", upLeft: "Links hoch", upRight: "Rechts hoch", downLeft: "Links runter", downRight: "Rechts runter", zoomIn: "Heranzoomen", zoomOut: "Herauszoomen",
    click: "Im Bild zielen", clickText: "Ein Klick bringt die Stelle in die Mitte; ein gezogener Rahmen wird dorthin gebracht und vergrößert.", keep: "Position merken", keepText: "Die Kamera merkt sich unter diesem Namen, wohin sie jetzt sieht.", presetName: "Name", forget: name => `${name} vergessen`,
    nobody: "Niemand steuert sie jetzt.", yours: t => `Sie steuern sie bis ${t}.`, theirs: (who, t) => `${who} steuert sie bis ${t}.`, lock: "Für mich behalten", letGo: "Andere steuern lassen", takeOver: "Übernehmen",
  },
  talk: {
    talk: "Sprechen", hint: "Zum Sprechen halten; kurz drücken lässt es an. Alle bei der Kamera hören Sie, und im Protokoll steht, dass Sie gesprochen haben.", connecting: "Verbindet", now: t => `Spricht ${t}`, began: "Sprechen Sie jetzt.", over: "Man hört Sie nicht mehr.", other: (who, t) => `${who} spricht seit ${t}`,
    insecure: "Diese Adresse ist nicht sicher, deshalb gibt der Browser kein Mikrofon frei. Öffnen Sie den Rekorder unter seiner https-Adresse.", notAllowed: "Der Browser gibt dieser Seite das Mikrofon nicht. Erlauben Sie es in der Adresszeile, und versuchen Sie es noch einmal.", noMicrophone: "Der Browser findet kein Mikrofon. Schließen Sie eines an, und drücken Sie noch einmal.", failed: "Das Mikrofon konnte nicht verbunden werden.", ended: "Das Sprechen ist zu Ende: die Verbindung oder das Recht dazu ist weg, oder fünf Minuten sind um.",
  },
  timeline: {
    axis: "Zeitachse", pictures: "Bilder", chooseCameras: "Kameras wählen", chosen: n => n === 1 ? "1 Kamera" : `${n} Kameras`, chooseMost: n => `Höchstens ${n} laufen zusammen.`, all: "Alle", none: "Keine", allOf: n => `Alle ${n}`,
    backwards: "Rückwärts", forwards: "Vorwärts", ago: "30 s zurück", agoHow: "Vor dreißig Sekunden (J)", calendar: "Tage mit Aufnahmen", month: d => d.toLocaleDateString(tongue(), { month: "long", year: "numeric" }), earlier: "Monat davor", later: "Monat danach", today: "Heute",
    hasFootage: day => `${day}, Aufnahmen`, noFootageOn: day => `${day}, keine Aufnahmen`, copyLink: "Link zu diesem Moment kopieren", copied: "Link zu diesem Moment kopiert.", copyFailed: "Der Browser ließ den Link nicht kopieren. Er steht in der Adresszeile.",
    moments: "Was geschah", momentsNone: "In der Zeit, die die Achse zeigt, geschah nichts.", momentsMore: n => `Nur die ersten ${n} sind aufgelistet. Vergrößern Sie die Achse für die übrigen.`, jumpOver: "Zur nächsten Aufnahme",
    zoomIn: "Vergrößern", zoomOut: "Verkleinern", noneThen: "Keine Aufnahme", outOfReach: "Aufnahme nicht erreichbar", outOfReachWhy: "Sie wurde aufgezeichnet und ist jetzt nicht lesbar: das Laufwerk oder die Datei, auf der sie liegt, ist nicht da. Mehr steht unter Speicher.", waits: "Wartet auf das Bild", failed: "Diese Aufnahme kann hier nicht abgespielt werden", locked: "Gesperrt",
    facts: "Wie jedes Bild läuft", fact: (id, w, hgt, codec, ms) => `${id} · ${w} × ${hgt} · ${codec}${Number.isNaN(ms) ? "" : ` · ${Math.abs(Math.round(ms))} ms ${ms < 0 ? "zurück" : "voraus"}`}`,
    search: "Suchen", searchMotion: "Bewegung suchen", searchTitle: "Bewegung suchen", searchText: (camera, range) => `${camera}, ${range}. Der Zeitraum ist, was die Achse zeigt, oder der gewählte; höchstens ein Tag.`, where: "Wo", drawHow: "Oder zeichnen Sie einen Teil über das Bild.", howMuch: "Was zählt", comparePictures: "Auch dort Bilder vergleichen, wo die Kamera Rahmen gezeichnet hat",
    places: { whole: "Im ganzen Bild", left: "In der linken Hälfte", right: "In der rechten Hälfte", upper: "In der oberen Hälfte", lower: "In der unteren Hälfte", middle: "In der Mitte", drawn: "Im gezeichneten Teil" }, leasts: { much: "Große Änderungen", some: "Übliche Änderungen", little: "Kleine Änderungen" },
    searching: "Sucht", searchPart: n => `${n} % durchsucht`, byPictures: (n, every, pace) => `${count(n, "Bild", "Bilder")} verglichen, eines je ${number(every, 1)} s, ${Math.round(pace)}× so schnell wie das Leben.`, byBoxes: pace => `Nach den Rahmen der Kamera, ${Math.round(pace)}× so schnell wie das Leben.`, left: t => `Noch etwa ${t}.`,
    hits: n => n === 1 ? "1 Stelle gefunden." : `${n} Stellen gefunden.`, hitsMore: n => `${n} Stellen gefunden, und es gibt mehr. Wählen Sie einen kürzeren Zeitraum.`, noHits: "Dort hat sich nichts bewegt.", nothingThere: "Dort gibt es keine Aufnahmen, in denen gesucht werden könnte. Die Zeitachse sagt, warum.", stoppedAt: n => n === 0 ? "Angehalten. Bis dahin wurde nichts gefunden." : n === 1 ? "Angehalten. Bis dahin wurde 1 Stelle gefunden." : `Angehalten. Bis dahin wurden ${n} Stellen gefunden.`, moved: "Etwas hat sich bewegt", changed: n => `${number(n, n < 10 ? 1 : 0)} % geändert`,
    keysOnly: "Keyframes", keysNote: "Ab 8× und rückwärts werden nur die Keyframes gezeigt.", filled: "Von der Karte der Kamera nachgeholt",
    partly: cause => `Hier fehlt etwas: ${cause}`, count: (n, kind) => n === 1 ? kind : `${n} Ereignisse, zuerst ${kind}`, at: when => `Um ${when}`, gapAt: (when, what) => `${when}. ${what}`, showHere: "Diese Kamera groß zeigen",
    mark: "Diesen Moment markieren", markAbout: "Worum geht es? (muss nicht sein)", markAt: t => `Worte zur Markierung um ${t}`, markSave: "Speichern", markSkip: "Ohne Worte", markKept: text => `Bei der Markierung gespeichert: ${text}`, markLong: "Das ist länger als 500 Bytes.",
    sound: "Ton", soundOff: "Ton aus", soundOnce: "Ton gibt es nur vorwärts bei 1×", soundNone: "Hier wurde kein Ton aufgezeichnet", soundFailed: "Der Ton kann hier nicht abgespielt werden", soundNotYours: "Sie dürfen diese Kamera nicht hören: Der Ton fehlt bei Ihnen",
    removed: "Entfernte Kameras", removedNote: "Ihre Aufnahmen bleiben, bis ihr Höchstalter erreicht ist. Ein Bereich davon lässt sich auf der Achse wählen und exportieren, sperren oder früher löschen.", removedSince: "Diese Kamera wurde entfernt", newest: t => `Ihre neueste Aufnahme: ${t}`,
    twice: (from, to, chosen) => `Die Uhr des Rekorders wurde zurückgestellt: Von ${from} bis ${to} gibt es zwei Aufnahmen. ${chosen ? "Ein Export von Zeiten darin enthält die gewählte." : "Ein Export dieser Zeit enthält beide, nacheinander."}`,
    whichRecording: "Welche Aufnahme gezeigt wird", recordingOf: (n, of) => `Aufnahme ${n} von ${of}`,
  },
  ...site,
};
export default words;
