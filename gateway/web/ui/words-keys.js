// What the dialog of the keys says. Fetched with it.
import { spoken } from "./language.js";

export const keyWords = spoken("keys", {
  title: "Keys", to: "to",
  everywhere: "Everywhere", help: "These keys", find: "To the search of the page", next: "To the next thing that can be used", use: "Use it", leave: "Close, or go back",
  live: "Live", pick: "To the camera beside", nth: "Open a camera", open: "Open the camera", views: "Choose a view", pages: "Page of cameras", full: "Full screen", past: "Timeline at this moment",
  single: "One camera", others: "The camera before or after", snapshot: "Snapshot", mark: "Mark this moment", record: "Record now, or stop", sound: "Sound", ptz: "Turn and zoom", speak: "Talk while held; a short press keeps it on", boxes: "Boxes and temperatures", info: "Info", ago: "30 seconds ago", zoom: "Enlarge a part, and back", whole: "The whole picture", move: "Move the enlarged part",
  steering: "While you turn a camera", turn: "Turn", optic: "Zoom in, out", preset: "To a preset", home: "To its home position", aim: "Aim by the pointer",
  arranging: "While you arrange", take: "Take up, put down", shift: "Move it", size: "Resize it, in the free layout",
  timeline: "Timeline", play: "Play, pause", seconds: "10 seconds back, forward", minute: "1 minute back, forward", tenth: "A tenth of the axis back, forward", begin: "To the beginning of the axis", now: "To now", back30: "30 seconds back", reverse: "Play backwards", faster: "Slower, faster", frame: "Frame back, forward", axis: "Zoom the axis in, out", from: "Range begins here", until: "Range ends here", cameras: "Choose cameras", day: "Choose a day", search: "Look for motion", event: "Event before, after",
  events: "Events", choose: "Choose, or not", chooseTo: "Choose on to the next", reviewed: "Reviewed, or not", chooseNone: "Choose none",
  lists: "Lists", row: "Row above, below", details: "Open the details",
});

/** What is printed on the keys that have names. */
export const keyNames = spoken("keynames", /** @type {Record<string, string>} */ ({ Space: "Space", Enter: "Enter", Escape: "Esc", Tab: "Tab", Home: "Home", End: "End", PageUp: "Page up", PageDown: "Page down", Shift: "Shift", Delete: "Del" }));
