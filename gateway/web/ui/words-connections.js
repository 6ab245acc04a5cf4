// What people read about connections.
import { number, spoken } from "./language.js";
export const connectionWords = spoken("connections", {
  title: "Connections", columns: ["What for", "Where to", "Now", "Sent and received", "Refused"],
  noOthers: "There are no others: no updates, no telemetry, no time servers, no STUN, nothing of a maker or a cloud. Nothing can connect without being listed here.",
  nowhere: "Nowhere yet", more: (/** @type {number} */ n) => n === 1 ? "and 1 more" : `and ${n} more`, open: (/** @type {number} */ n) => `${n} open`, closed: "Closed",
  traffic: (/** @type {string} */ sent, /** @type {string} */ received) => `${sent} / ${received}`, never: "never",
  facts: { address: "Address", open: "Open now", opened: "Made since start", sent: "Sent", received: "Received", last: "Last made" },
  refused: (/** @type {number} */ n) => n === 0 ? "Nothing was refused" : `Refused since start: ${number(n)}`, noRefusals: "Nothing has tried to lead this program off the premises.",
  times: (/** @type {number} */ n) => n === 1 ? "once" : `${number(n)} times`,
  kinds: { dial: "Connection", datagram: "Datagram", group: "Multicast group", peer: "Stranger at a media port", candidate: "Address that a browser claimed", redirect: "Redirection by a camera", answer: "Address in a camera's answer", password: "Password in clear, asked for by", tls: "Another certificate at" },
});
