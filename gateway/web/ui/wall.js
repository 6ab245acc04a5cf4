// A wall: all the cameras of a screen without a person at it, and nothing else. It comes back by itself, for ever.
import { api } from "./api.js";
import { store } from "./store.js";
import { h, Undo } from "./dom.js";
import { livePage } from "./live.js";
import { words, clock } from "./words.js";

/** Until a wall tries again that the gateway did not answer, and one that was not let in; until the hand's pointer is hidden, ms. */
const again = 3000, shut = 15000, rests = 2500;

/**
 * @param {string} token of the wall; "" for whoever is signed in already @param {(path: string) => void} go
 * @returns {HTMLElement}
 */
export function wallPage(token, go) {
  const undo = new Undo();
  const says = h("p.wall-says", { role: "status" }), place = h("div.place");
  const element = h("div.wall", { ondblclick: () => element.requestFullscreen?.() }, place, says);
  /** @type {import("./dom.js").Page|null} */
  let page = null;
  let timer = 0;

  /** Gets in: with the token, or with what the browser has of before. */
  async function enter() {
    clearTimeout(timer);
    try {
      store.session = token ? await api.device(token) : await api.session();
      says.textContent = "";
      show();
    } catch (e) {
      const p = /** @type {import("./api.js").Problem} */ (e), refused = p.status === 401 || p.status === 404;
      store.clear();
      page?.leave();
      page = null;
      says.textContent = "";
      place.replaceChildren(h("section.empty", null, h("h1", null, refused ? words.wallShut : words.lost), h("p", null, refused ? words.wallShutText : words.wallAgain)));
      timer = setTimeout(enter, refused ? shut : again);
    }
  }

  function show() {
    page?.leave();
    page = livePage("", go, true);
    place.replaceChildren(page.element);
    store.start();
    wake();
  }

  /** Asks that the screen stays on, where the browser can. */
  function wake() { /** @type {any} */ (navigator).wakeLock?.request?.("screen").catch(() => {}); }

  undo.on(store, "change", () => { says.textContent = store.lost ? `${words.lost}, ${words.since} ${clock(store.lost)}` : ""; });
  undo.on(store, "rights", show);
  undo.on(store, "ended", enter);
  undo.on(document, "visibilitychange", () => { if (!document.hidden) wake(); });

  undo.on(document, "keydown", e => { if (!e.ctrlKey && !e.metaKey && page?.key?.(e)) e.preventDefault(); });

  // The pointer is seen while a hand moves it.
  let still = 0;
  function moved() { element.classList.remove("still"); clearTimeout(still); still = setTimeout(() => element.classList.add("still"), rests); }
  undo.on(document, "pointermove", moved);
  moved();
  enter();
  return element;
}
