// Package live shows streams as they come: to browsers over WebRTC (WHEP) and as endless fragmented MP4 for Media
// Source Extensions, and as snapshots.
//
// # WebRTC
//
// One UDP and one TCP port serve all viewers. There is no STUN or TURN server, no multicast DNS and no name lookup:
// an answer holds host candidates of this machine alone, and the candidates in an offer are not used at all. The
// browser comes to us; the address that it really comes from is checked against AllowPeer at the socket, before
// anything reads the packet, and becomes the peer by ICE's own discovery (RFC 8445, 7.3.1.3). So an offer cannot make
// the program send a packet to an address of its choosing. Addresses that a browser claims and AllowPeer refuses are told to
// Options.Refused, to be counted.
//
// An offer is reduced to what is needed before the WebRTC library sees it: listed attributes only, the one payload
// type that fits the stream, no data channels. A session belongs to its owner; nobody else can change or end it. It
// ends when the browser goes away (DTLS close, or iceFailed without a sign of life), when it does not connect within
// connectTime, by Delete or Revoke, when the stream is closed, or when the stream can no longer be sent (its codec
// changed, or frames turned out to be reordered). While the camera is away the session stays and nothing is sent;
// when a new run begins the picture goes on with continuous timestamps.
//
// Each frame is packetised once, whoever watches; a viewer has its own RTP headers, encryption and cursor. A viewer
// starts with the stored key frame and everything since, with the original timestamps, in bursts that a receiver's
// socket buffer can hold. Lost packets are sent again from the viewer's history, within bounds; a picture lost for good starts
// again at the newest key frame.
//
// # Slow connections
//
// A viewer whose connection does not carry the stream gets key frames only, no faster than the connection was seen to carry, and so
// a picture that is late by little instead of one that stands still. By WebRTC this shows by lost packets, by more than a second
// of packets that are under way, and by TCP's refusals; by MP4 (and where this machine's own way out is slow) by frames that go out
// more than tooLate after they came. It lasts thinFirst, and twice as long each time it happens again, up to thinLongest. View tells
// of it, and what the connection carries, so that the player can say so.
//
// # Speaking
//
// Talk answers a WHIP offer of somebody who speaks through a camera: G.711 as the loudspeaker takes it, so that nothing is transcoded; the caller
// gives what takes it. Lost packets are silence, late ones are dropped. It ends as other sessions do, after MaxTalk, when no sound arrives for
// talkSilence, and when the loudspeaker is gone.
//
// # Ways
//
// Ways says of a stream in which ways it can be shown, those that cost least first, and why not in others: WebRTC as it comes (not
// with reordered frames), MP4 as it comes, and what is made of it by ffmpeg: H.264 without reordered frames and Opus, at most
// madeWidth × madeHeight, madeFPS and madeRate. What is made is a stream like others, one for all who watch it: it begins with
// the first viewer and ends madeLinger after the last. At most Transcoding.Most at once, each one thread of decoding and one of
// encoding; ffmpeg gets pipes and, by Options.Run, no network.
//
// Sound: G.711 and Opus by WebRTC as they come; AAC and Opus by MP4 as they come, G.711 there as FLAC. None unless asked for.
//
// # Bounds
//
// Viewers of both kinds, and speakers beside them: Options.MaxSessions, one owner's Options.MaxOwned, also those that never connect (connectTime). Streams transcoded: Transcoding.Most, each holding madeRing and read in boxes of at most maxMade. An offer or fragment: maxOffer bytes. Waiting TCP connections:
// maxTCP. Claims looked at in an offer or fragment: maxClaims. A write to an MSE viewer: writeTime. Snapshots decoded at once: maxDecoders, each decodeTime and maxJPEG.
//
// Not done here: who may watch (the caller asks), recorded footage.
package live
