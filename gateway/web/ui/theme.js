// In which colours the viewer is drawn on this device: dark, light, or as the system is. The browser waits for this module before it draws
// anything, so that no page appears in the wrong ones first.

/** What can be chosen; "" follows the system. */
export const themes = /** @type {const} */ (["", "dark", "light"]);
const kept = "holdfast.theme";
/** The colour of what the browser draws around the page: --bg of style.css. */
const around = { dark: "#0b0d0f", light: "#f6f7f8" };
const system = matchMedia("(prefers-color-scheme: light)");

/** What this device was told; "" when it follows the system. */
export function theme() {
  try { const t = localStorage.getItem(kept) || ""; return t === "dark" || t === "light" ? t : ""; } catch { return ""; }
}

/** Has this device draw in a theme from now on. @param {string} t "" to follow the system */
export function chooseTheme(t) {
  try { if (t) localStorage.setItem(kept, t); else localStorage.removeItem(kept); } catch { /* private windows keep nothing: it holds until the page is loaded again */ }
  draw(t);
}

/** What is drawn on a canvas reads the colours whenever it is drawn, several times a second. */
function draw(t = theme()) {
  const now = t === "dark" || t === "light" ? t : system.matches ? "light" : "dark", root = document.documentElement;
  if (root.dataset.theme === now) return;
  root.dataset.theme = now;
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", around[now]);
}

system.addEventListener("change", () => draw());
window.addEventListener("storage", e => { if (e.key === kept) draw(); }); // another window of this browser
draw();
