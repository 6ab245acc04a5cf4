// The icon set: 20 px, 1.5 px stroke.
const paths = {
  live: "M3 5h14v10H3zM8 8l4 2-4 2z",
  timeline: "M3 10h14M6 6v8M10 4v12M14 7v6",
  cameras: "M3 6h9v8H3zM12 9l5-2v6l-5-2z",
  storage: "M4 5c0-1 3-2 6-2s6 1 6 2v10c0 1-3 2-6 2s-6-1-6-2zM4 5c0 1 3 2 6 2s6-1 6-2M4 10c0 1 3 2 6 2s6-1 6-2",
  out: "M8 3H4v14h4M8 10h9M14 7l3 3-3 3",
  full: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
  sound: "M4 8v4h3l4 3V5L7 8zM14 7c1 1.500 1 4.500 0 6",
  mute: "M4 8v4h3l4 3V5L7 8zM14 8l4 4M18 8l-4 4",
  snap: "M3 6h4l1.500-2h3L13 6h4v10H3zM10 8.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 9v5M10 6.500v.2",
  back: "M12 4l-6 6 6 6",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4v12M14 4v12",
  map: "M3 5l5-2 4 2 5-2v12l-5 2-4-2-5 2zM8 3v12M12 5v12",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  grid: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  search: "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3M13.500 13.500L17 17",
  backwards: "M14 4L4 10l10 6z",
  list: "M8 5h9M8 10h9M8 15h9M3.500 5h.1M3.500 10h.1M3.500 15h.1",
  step: "M5 4l7 6-7 6zM15 4v12",
  stepBack: "M15 4l-7 6 7 6zM5 4v12",
  next: "M8 4l6 6-6 6",
  close: "M5 5l10 10M15 5L5 15",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  erase: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11M9 9v5M11 9v5",
  range: "M4 4v12M16 4v12M4 10h12M7 7l-3 3 3 3M13 7l3 3-3 3",
  day: "M4 5h12v11H4zM4 8h12M7 3v3M13 3v3",
  people: "M7.500 4a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5M2.500 16c0-3 2-5 5-5s5 2 5 5M13 4.500a2.300 2.300 0 0 1 0 4.300M14.500 11.500c2 .600 3 2.300 3 4.500",
  person: "M10 3.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6M4 17c0-3.500 2.500-5.500 6-5.500s6 2 6 5.500",
  approvals: "M10 3l6 2v5c0 3.500-2.500 6-6 7-3.500-1-6-3.500-6-7V5zM7 10l2 2 4-4",
  audit: "M5 3h7l3 3v11H5zM12 3v3h3M7.500 9h5M7.500 12h5M7.500 15h3",
  more: "M5 10h.1M10 10h.1M15 10h.1",
  copy: "M7 7h9v9H7zM4 13V4h9",
  print: "M6 8V3h8v5M6 14H3V8h14v6h-3M6 12h8v5H6z",
  eye: "M2.500 10c2-3.500 4.500-5 7.500-5s5.500 1.500 7.500 5c-2 3.500-4.500 5-7.500 5s-5.500-1.500-7.500-5M10 7.800a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400",
  tick: "M4 10.500l4 4 8-9",
  settings: "M3 6h7M14 6h3M12 4v4M3 14h3M10 14h7M8 12v4",
  boxes: "M3 6V3h3M14 3h3v3M17 14v3h-3M6 17H3v-3M7 7h6v6H7z",
  ptz: "M10 2.500v15M2.500 10h15M10 2.500l-2 2M10 2.500l2 2M10 17.500l-2-2M10 17.500l2-2M2.500 10l2-2M2.500 10l2 2M17.500 10l-2-2M17.500 10l-2 2",
  mark: "M5.500 3h9v14l-4.500-3.500L5.500 17z",
  talk: "M10 3a2.200 2.200 0 0 0-2.200 2.200v4.300a2.200 2.200 0 0 0 4.400 0V5.200A2.200 2.200 0 0 0 10 3M5 9.500a5 5 0 0 0 10 0M10 14.500V17",
  record: "M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13M10 7.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5",
  pip: "M3 4h14v12H3zM10 10h5v4h-5z",
  ago: "M4 10a6 6 0 1 0 2-4.500M6 2.500v3h3M10 7v3.500l2.500 1.500",
  arrange: "M3 3h6v9H3zM12 3h5v5h-5zM12 11h5v6h-5zM3 15h6v2H3z",
  keep: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM14 11v6M11 14h6",
  tour: "M4 8a6.200 6.200 0 0 1 11-1.500M16 12a6.200 6.200 0 0 1-11 1.500M15 3v3.500h-3.500M5 17v-3.500h3.500",
  window: "M8 4H3v13h13v-5M11 3h6v6M17 3l-8 8",
  bell: "M5 14h10l-1.500-2V8.500a3.500 3.500 0 0 0-7 0V12zM8.500 16.500h3",
  home: "M3 10l7-6 7 6M5 9v7h10V9",
  save: "M10 3v9M6 8.500l4 4 4-4M4 16h12",
};
/** @typedef {keyof typeof paths} IconName */

/**
 * @param {keyof typeof paths} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const p = document.createElementNS(ns, "path");
  p.setAttribute("d", paths[name]);
  svg.append(p);
  return svg;
}
