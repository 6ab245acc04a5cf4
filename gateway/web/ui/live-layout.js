// How tiles lie: a layout is cells on a grid of columns and rows.

/** A place on the grid, in columns and rows. @typedef {{x:number,y:number,w:number,h:number}} Cell */
/** @typedef {{cols:number,rows:number,cells:Cell[]}} Laid */

/** Steps of the free layout's grid, across and down: on a screen of 16:9 what is as wide as high has that shape too. */
export const free = 24;
/** The least side of a free tile, steps. */
export const least = 3;

/** What can be chosen, in the order of the bar. */
export const layouts = ["auto", "1", "4", "6", "9", "16", "25", "free"];

/** How many tiles a layout shows at once; 0: as many as there are. @param {string} layout */
export const sizeOf = layout => layout === "auto" || layout === "free" ? 0 : Number(layout);

/** n tiles in rows of cols. @param {number} n @param {number} cols @returns {Laid} */
function even(n, cols) {
  return { cols, rows: Math.max(1, Math.ceil(n / cols)), cells: Array.from({ length: n }, (_, i) => ({ x: i % cols, y: Math.floor(i / cols), w: 1, h: 1 })) };
}

/**
 * How many columns show most of the pictures, each in its own shape.
 * @param {number[]} shapes width by height of each picture @param {number} width @param {number} height of all there is
 */
export function columns(shapes, width, height) {
  let best = 1, most = 0;
  for (let cols = 1; cols <= shapes.length; cols++) {
    const w = width / cols, h = height / Math.ceil(shapes.length / cols);
    const area = shapes.reduce((sum, a) => { const seen = Math.min(w, h * a); return sum + seen * seen / a; }, 0);
    if (area > most * 1.001) { most = area; best = cols; }
  }
  return best;
}

/**
 * Where the tiles of a layout lie.
 * @param {string} layout @param {number[]} shapes of the pictures that are shown, in their order @param {number} width @param {number} height px of the grid
 * @returns {Laid}
 */
export function lay(layout, shapes, width, height) {
  if (layout === "6") return { cols: 3, rows: 3, cells: [[0, 0, 2], [2, 0, 1], [2, 1, 1], [0, 2, 1], [1, 2, 1], [2, 2, 1]].map(([x, y, w]) => ({ x, y, w, h: w })) };
  const n = sizeOf(layout);
  if (n) return even(n, Math.sqrt(n));
  return centred(even(shapes.length, columns(shapes.length ? shapes : [16 / 9], width, height)));
}

/** What the last row leaves free is on both sides of it. @param {Laid} l @returns {Laid} */
function centred(l) {
  const left = (l.cols - l.cells.length % l.cols) % l.cols;
  if (!left) return l;
  return { cols: 2 * l.cols, rows: l.rows, cells: l.cells.map(c => ({ ...c, x: 2 * c.x + (c.y === l.rows - 1 ? left : 0), w: 2 })) };
}

/** The cells of another layout in the steps of the free one. @param {Laid} l @returns {Cell[]} */
export function loosen(l) {
  const at = (/** @type {number} */ v, /** @type {number} */ of) => Math.round(v * free / of);
  return l.cells.map(c => { const x = at(c.x, l.cols), y = at(c.y, l.rows); return { x, y, w: Math.max(least, at(c.x + c.w, l.cols) - x), h: Math.max(least, at(c.y + c.h, l.rows) - y) }; });
}

/** A cell within the grid. @param {Cell} c @returns {Cell} */
export function within(c) {
  const w = Math.min(free, Math.max(least, Math.round(c.w))), h = Math.min(free, Math.max(least, Math.round(c.h)));
  return { w, h, x: Math.min(free - w, Math.max(0, Math.round(c.x))), y: Math.min(free - h, Math.max(0, Math.round(c.y))) };
}

/** @param {Cell} a @param {Cell} b */
export const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** A place for one more free tile: the first that is not taken, else over the last ones. @param {Cell[]} taken @returns {Cell} */
export function place(taken) {
  for (const size of [8, 6, 4, least]) {
    for (let y = 0; y + size <= free; y++) {
      for (let x = 0; x + size <= free; x++) {
        const c = { x, y, w: size, h: size };
        if (!taken.some(t => overlap(t, c))) return c;
      }
    }
  }
  return { x: free - least, y: free - least, w: least, h: least };
}
