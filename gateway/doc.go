// Package gateway is the trunk of Holdfast: it joins the cameras, the recorder, the live view and the web faces into
// one daemon.
//
// # What it owns
//
// A Gateway owns the data directory: the lock that keeps a second process out, state.db (adopted cameras, the
// administrator, sessions), state.key (the key that seals them), endpoint.json (how a program of the same user reaches
// the running gateway), root.key (the root key of encrypted footage, unless it is a credential) with keyring, and holdfast.sock (the same, for the command line). The storage engine owns index.db and the
// volumes.
//
// It owns one Camera per camera, and a Camera one feed per stream. A feed is the supervision of one RTSP connection:
// it connects, hands frames to the stream's ring, and when the connection ends states the cause of the gap, waits as
// the failure's class asks, and connects again, for ever.
//
// # Order
//
// Run starts what records first and what shows last, so that a taken port or a broken certificate costs no footage:
// lock, state, storage, cameras, live view, web faces, endpoint file. It stops in the reverse order, in straight-line
// code: faces, live view, sessions, recorders (which close their segments), storage, state.
//
// # Failure classes
//
// A camera that fails is retried for ever and is its own affair. Refused credentials go through the camera's gate, which
// RTSP and ONVIF share: two tries, then one in five minutes. A volume that fails is the storage engine's affair; live
// view goes on. A state.db that cannot be opened, or an index.db that another process holds, ends Run with an error, for the supervisor to restart.
//
// # What it does not do
//
// It has no rules, no roles but the administrator, no masks; packages of their own bring them.
package gateway
