// What stands in place of the viewer when files of its own do not come, because the network changed or the gateway ended while they were
// fetched: the page would stay empty until somebody loads it anew. It is no module and needs none, so it is there when they are not.
{
  /** How long a tab waits before it loads the page anew, ms: the first tries, and from then on; a wall has nobody who would. */
  const tries = 3, wait = 2000, seldom = 60000, kept = "holdfast.again";
  const says = /** @type {Record<string, {broke: string, waits: string, again: string}>} */ ({
    en: { broke: "The viewer did not come whole: the connection broke off.", waits: "It is loaded again as soon as the gateway answers.", again: "Load it again" },
    de: { broke: "Die Oberfläche kam nicht ganz an: Die Verbindung brach ab.", waits: "Sie wird neu geladen, sobald der Rekorder antwortet.", again: "Neu laden" },
    es: { broke: "El visor no llegó entero: se cortó la conexión.", waits: "Se carga otra vez en cuanto el grabador responda.", again: "Cargar otra vez" },
  });
  let failing = false;

  const failed = () => {
    const app = document.getElementById("app");
    if (failing || !app || app.firstChild) return; // what fails later has a page to say it
    failing = true;
    let count = tries, chosen = "";
    try {
      chosen = localStorage.getItem("holdfast.language") || "";
      count = Number(sessionStorage.getItem(kept));
      sessionStorage.setItem(kept, String(count + 1));
    } catch { /* a browser that keeps nothing cannot count: seldom */ }
    const w = says[[chosen, ...navigator.languages.map(l => l.slice(0, 2)), "en"].find(l => says[l]) || "en"];
    const page = document.createElement("main"), note = document.createElement("p"), button = document.createElement("button");
    note.textContent = `${w.broke} ${w.waits}`;
    button.textContent = w.again;
    button.className = "button";
    button.onclick = () => location.reload();
    page.className = "empty";
    page.setAttribute("role", "alert");
    page.append(note, button);
    app.append(page);
    setTimeout(ask, count < tries ? wait : seldom);
  };

  const ask = () => fetch("/start.js", { cache: "no-store" }).then(r => { if (r.ok) location.reload(); else setTimeout(ask, wait); }, () => setTimeout(ask, wait));

  addEventListener("error", e => { if (e.target === window || e.target instanceof HTMLScriptElement || e.target instanceof HTMLLinkElement && e.target.rel === "stylesheet") failed(); }, true);
  addEventListener("unhandledrejection", failed);
}
