// Package gateway is the trunk of Holdfast: it joins the cameras, the recorder, the live view and the web faces into
// one daemon.
//
// # What it owns
//
// A Gateway owns the data directory: the lock that keeps a second process out, root.key (the root key, unless it is a
// credential) with what lies under it, keyring (of encrypted footage) and vault (of secrets and people), audit (the log of who did and saw what), state.db (adopted
// cameras, people and their rights, sessions and tokens, sealed), endpoint.json (how a program of the same user reaches
// the running gateway), and holdfast.sock (the same, for the command line). The storage engine owns index.db and the
// volumes.
//
// It owns one Camera per camera, and a Camera one feed per stream. A feed is the supervision of one RTSP connection:
// it connects, hands frames to the stream's ring, and when the connection ends states the cause of the gap, waits as
// the failure's class asks, and connects again, for ever.
//
// A Camera also listens to what its device reports (listening.go) and makes events of it (reports.go): a device is subscribed to once,
// by one of its cameras, which hands each notification to the camera whose video source it is about; what is about none is the first camera's.
// At most cameraEvents of a camera and siteReports of all are kept in a minute, and what comes faster is one event that lasts; maxRecent notifications of a
// camera are kept in memory as they came.
//
// The metadata track of a camera's best stream is read too (scene.go): its events go the same way, and one that a subscription told as well is
// known for the same (streamed.go); boxes, temperatures and positions go to whoever watches. At most maxDocuments documents of a camera wait.
//
// A Camera has a card (card.go): once it is back and has been for 12 s, what was lost and is on the camera's own card is fetched by a session of its own
// (cardplay.go, at most cardSpeed times as fast as life and cardRate bytes a second), between the pictures that both have (cardjoint.go), into the store
// (cardfill.go). One camera of a device and siteCards of all fetch at once; it ends when a live stream breaks off. A stretch of which nothing
// comes is tried cardTries times; what was given up is forgotten with the process, and so is asked for once more by the next.
//
// A Camera has a steering (steering.go): who moves it, and the dead man's switch. A continuous movement is a hold, renewed by whoever began it;
// it ends renewTime after the last renewal, with the right to it, when somebody stops it or takes over, when the camera leaves and when the gateway
// stops, and then the camera is told to stop until it confirms, for haltTime; beyond that it is an alarm. The camera's own time-out is the second line.
// Who moved a camera last has it for driveTime: others are told who, and may stop it; who may configure cameras can take it over.
//
// # Order
//
// Run starts what records first and what shows last, so that a taken port or a broken certificate costs no footage:
// lock, keys, audit log, state, storage, cameras, live view, steering, web faces, endpoint file. It stops in the reverse order, in straight-line
// code: faces, what still moves, live view, sessions, recorders (which close their segments), storage, state, audit log.
//
// # Changes while it runs
//
// Reload reads the configuration file again, SetRecordSettings changes what of an adopted camera is recorded. Both leave a camera
// alone about which nothing changed; what needs no other connection and no other recorder is changed in place (adapt), and
// only what does replaces the Camera. A file that is not valid changes nothing.
//
// # Devices
//
// A Camera is one video source. Those of one ONVIF device (by address and credentials) share a unit: the gate, the client, and what was
// learned of the device. Which source one is stands in its declaration, as the device's token; none is the first. A third stream that is
// not recorded is opened while somebody watches it.
//
// # Which cameras there are
//
// Many devices are added by one list (adoption.go), askedAtOnce at a time, each once; passwords of a list are kept no longer than it is worked through.
// A camera that was removed stays in state.db without its password, so that its id, and with it its footage and the rights over it, is never another's and
// is its own again (enrolment.go). Until its footage is gone that is played, locked, exported and erased by whoever could before, at the age that was set of it
// (former.go). Plans with cameras on them (plans.go) are sealed in state.db, at most maxPlans of planBytes.
//
// # The root key
//
// One key seals all that is secret, whether footage is encrypted or not. When another is found than what is there was sealed under, the gateway
// starts all the same: it records the file's cameras, under new keys, names what is locked in alarms, and takes it into use when
// the recovery key is given (KeyOperations).
//
// # Failure classes
//
// A camera that fails is retried for ever and is its own affair. Refused credentials go through the camera's gate, which
// RTSP and ONVIF share: two tries, then one in five minutes. A volume that fails is the storage engine's affair; live
// view goes on. A state.db that cannot be opened, or an index.db that another process holds, ends Run with an error, for the supervisor to restart.
//
// # What it does not do
//
// It has no rules and no masks; packages of their own bring them.
package gateway
