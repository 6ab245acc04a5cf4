// What is asked of a page from within: these functions run in the browser, and so use nothing around them.

/**
 * In the language that no person speaks every sentence of a table is in brackets. What is shown and is neither in such, nor a number with its
 * unit, nor a date, nor told by the gateway (names, addresses, sentences of its own), is in no table.
 * @param {string[]} told what the gateway told @returns {string[]}
 */
export function unspoken(told) {
  const known = told.filter(t => t.length > 1).sort((a, b) => b.length - a.length);
  const plain = /\b(Holdfast|Chrome|Linux|[kMGTP]?B|[kM]?bit\/s|fps|ms|min|h|s|px|UTC|AM|PM|H\.?26[45]|MJPEG|AAC|G\.711|SHA-256|ONVIF|RTSP|HTTPS?|HTTP\/2|MSE|WebRTC|UDP|TCP|MP4|x|Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec|January|February|March|April|August|September|October|November|December|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|at|GMT[+-]?\d*|Europe\/Berlin)\b/g;
  /** @type {Set<string>} */
  const faults = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement, text = (n.textContent || "").trim();
    // What is typed as it stands, codes and the keys of a keyboard, and the names of languages in their own tongue.
    if (!e || !text || e.closest("script, style, noscript, code, kbd, textarea, [hidden], [lang]:not(html)") || !e.checkVisibility()) continue;
    let rest = text.replace(/\b\p{L}+day, \p{L}+ \d{1,2}, \d{4}\b/gu, " "); // a date, before parts of its words are taken for something that was told
    for (let before = ""; before !== rest;) { before = rest; rest = rest.replace(/\[[^[\]]*\]/g, " "); }
    for (const t of known) if (/\p{L}{2}/u.test(rest)) rest = rest.split(t).join(" ");
    rest = rest.replace(plain, " ").replace(/\b[0-9a-f]{8,}\b/g, " "); // and fingerprints
    if (/\p{L}{2}/u.test(rest)) faults.add(text.slice(0, 90));
  }
  return [...faults];
}

/** What does not fit: text that lies outside the window or of the box that it is in, where nothing scrolls it into sight. @returns {string[]} */
export function clipped() {
  const faults = /** @type {string[]} */ ([]), wide = document.documentElement.clientWidth;
  const scrolls = (/** @type {Element|null} */ e) => { for (; e && e !== document.body; e = e.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(e).overflowX)) return true; return false; };
  if (document.documentElement.scrollWidth > wide + 1) faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const e of document.querySelectorAll("body *")) {
    if (!(e instanceof HTMLElement) || !e.checkVisibility() || e.matches(".unseen, .skip, select, option, canvas, video, input")) continue;
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent?.trim());
    if (!own && !e.matches("button, a, td, th")) continue;
    const style = getComputedStyle(e), r = e.getBoundingClientRect();
    if (r.width === 0 || style.display === "inline" || style.position === "absolute" && style.clipPath !== "none") continue;
    const says = `${e.localName}.${e.className} “${(e.textContent || "").trim().slice(0, 40)}”`;
    if (e.scrollWidth > e.clientWidth + 2 && style.overflowX === "visible" && e.clientWidth > 0) faults.push(`${says} is ${e.scrollWidth - e.clientWidth} px wider than its box`);
    else if ((r.right > wide + 1 || r.left < -1) && !scrolls(e.parentElement)) faults.push(`${says} lies outside the window`);
  }
  return [...new Set(faults)];
}
