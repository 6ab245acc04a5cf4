// Digital zoom: the wheel, a pinch or + and − make the picture larger about the place that is meant; a drag or the arrows move it.

/** The most that a picture is enlarged, and by how much a key does. */
const most = 12, step = 1.4;

export class Zoom {
  /** @param {HTMLElement} view what is made larger @param {HTMLElement} frame what it is seen through, and where hands are @param {() => boolean} on whether it is @param {() => void} [told] */
  constructor(view, frame, on, told = () => {}) {
    this.view = view;
    this.frame = frame;
    this.on = on;
    this.told = told;
    this.scale = 1;
    this.x = 0; // of the picture's left upper corner, px
    this.y = 0;
    /** Whether the last press of the hand moved the picture, so that it is no click. */
    this.moved = false;
    /** @type {Map<number, {x:number,y:number}>} */
    this.hands = new Map();
    /** @type {[string, (e: any) => void, AddEventListenerOptions?][]} */
    this.listens = [["wheel", e => this.wheel(e), { passive: false }], ["pointerdown", e => this.down(e)], ["pointermove", e => this.move(e)], ["pointerup", e => this.up(e)], ["pointercancel", e => this.up(e)]];
    for (const [type, f, o] of this.listens) frame.addEventListener(type, f, o);
  }

  /** @param {number} scale @param {number} px @param {number} py about where, px of the frame */
  to(scale, px = this.frame.clientWidth / 2, py = this.frame.clientHeight / 2) {
    scale = Math.min(most, Math.max(1, scale));
    const k = scale / this.scale;
    this.x = px - (px - this.x) * k;
    this.y = py - (py - this.y) * k;
    this.scale = scale;
    this.paint();
  }

  paint() {
    const w = this.frame.clientWidth * (1 - this.scale), hgt = this.frame.clientHeight * (1 - this.scale);
    this.x = Math.min(0, Math.max(w, this.x));
    this.y = Math.min(0, Math.max(hgt, this.y));
    this.view.style.setProperty("--zoom", String(this.scale));
    this.view.style.setProperty("transform", this.scale === 1 ? "none" : `translate(${this.x}px, ${this.y}px) scale(${this.scale})`);
    this.frame.classList.toggle("zoomed", this.scale > 1);
    this.told();
  }

  reset() { this.scale = 1; this.x = this.y = 0; this.hands.clear(); this.paint(); }

  /** @param {PointerEvent|WheelEvent} e */
  at(e) { const r = this.frame.getBoundingClientRect(); return { x: e.clientX - r.left, y: e.clientY - r.top }; }

  /** @param {WheelEvent} e */
  wheel(e) {
    if (!this.on() || e.ctrlKey && e.deltaY === 0) return;
    e.preventDefault();
    const p = this.at(e);
    this.to(this.scale * Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0018)), p.x, p.y);
  }

  /** @param {PointerEvent} e */
  down(e) {
    if (!this.on() || e.button !== 0) return;
    this.moved = false;
    this.hands.set(e.pointerId, this.at(e));
    if (this.hands.size > 1 || this.scale > 1) { try { this.frame.setPointerCapture(e.pointerId); } catch { /* a hand that is gone already */ } }
  }

  /** @param {PointerEvent} e */
  move(e) {
    const was = this.hands.get(e.pointerId);
    if (!was || !this.on()) return;
    const now = this.at(e), others = [...this.hands].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
    if (others.length === 0 && this.scale === 1) return;
    if (Math.hypot(now.x - was.x, now.y - was.y) > 2) this.moved = true;
    if (others.length > 0) {
      const o = others[0], far = Math.hypot(now.x - o.x, now.y - o.y), near = Math.hypot(was.x - o.x, was.y - o.y);
      if (near > 0) this.to(this.scale * far / near, (now.x + o.x) / 2, (now.y + o.y) / 2);
    } else { this.x += now.x - was.x; this.y += now.y - was.y; this.paint(); }
    this.hands.set(e.pointerId, now);
  }

  /** @param {PointerEvent} e */
  up(e) { this.hands.delete(e.pointerId); }

  /** @param {KeyboardEvent} e */
  key(e) {
    if (!this.on()) return false;
    if (e.key === "+" || e.key === "=") { this.to(this.scale * step); return true; }
    if (e.key === "-" && this.scale > 1) { this.to(this.scale / step); return true; }
    if (e.key === "0" && this.scale > 1) { this.reset(); return true; }
    const d = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] })[e.key];
    if (d && this.scale > 1) { this.x += d[0] * this.frame.clientWidth / 8; this.y += d[1] * this.frame.clientHeight / 8; this.paint(); return true; }
    return false;
  }

  end() { for (const [type, f, o] of this.listens) this.frame.removeEventListener(type, f, o); this.view.style.removeProperty("transform"); this.frame.classList.remove("zoomed"); }
}
