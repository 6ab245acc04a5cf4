// The one clock that every picture of the timeline follows.

export class Pace {
  constructor() {
    this.from = Date.now(); // of the footage, when the clock was last set
    this.since = 0; // performance.now() then
    this.speed = 1; // below 0: backwards
    this.running = false;
  }
  /** What moment of the footage is shown now, ms since 1970. */
  get at() { return this.running ? this.from + (performance.now() - this.since) * this.speed : this.from; }
  /** @param {number} t */
  set(t) { this.from = t; this.since = performance.now(); }
  /** @param {boolean} on */
  run(on) { this.set(this.at); this.running = on; }
  /** @param {number} speed */
  go(speed) { this.set(this.at); this.speed = speed; }
}
