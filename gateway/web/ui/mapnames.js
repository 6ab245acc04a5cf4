// Where the names of marks on a plan stand: under their marks, or where they cover no other name and no other mark.

/** @typedef {{x:number,y:number,text:string}} Mark the middle of it, and what it is called */
/** @typedef {{x:number,y:number,anchor:"middle"|"start"|"end"}} Place of a name: where its line begins, has its middle or ends */
/** @typedef {[left:number, top:number, right:number, bottom:number]} Box */

/** What a letter is wide and a line is high, about, and how far a mark reaches from its middle. */
const letter = 7.4, line = 14, reach = 14;

/** @param {Box} a @param {Box} b how much of the two is the same */
const shared = (a, b) => Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));

/** Places the names of marks on a sheet that is so wide. @param {Mark[]} marks @param {number} width @param {number} u how long a pixel of the screen is @returns {Place[]} */
export function placeNames(marks, width, u) {
  const taken = /** @type {Box[]} */ (marks.map(m => [m.x - reach * u, m.y - reach * u, m.x + reach * u, m.y + reach * u]));
  return marks.map((m, i) => {
    const w = Math.min(width, m.text.length * letter * u), x = Math.min(width - w / 2, Math.max(w / 2, m.x)); // a name at the edge is whole
    const ways = /** @type {{at: Place, box: Box}[]} */ ([[m.y + 27 * u], [m.y - 19 * u]].map(([y]) => ({ at: { x, y, anchor: "middle" }, box: [x - w / 2, y - line * 0.8 * u, x + w / 2, y + line * 0.2 * u] })));
    for (const side of [1, -1]) {
      const from = m.x + side * 18 * u, to = from + side * w, y = m.y + 4 * u;
      if (Math.min(from, to) >= 0 && Math.max(from, to) <= width) ways.push({ at: { x: from, y, anchor: side > 0 ? "start" : "end" }, box: [Math.min(from, to), y - line * 0.8 * u, Math.max(from, to), y + line * 0.2 * u] });
    }
    const covers = ways.map(way => taken.reduce((n, box, k) => k === i ? n : n + shared(way.box, box), 0)), best = ways[covers.indexOf(Math.min(...covers))];
    taken.push(best.box);
    return best.at;
  });
}
