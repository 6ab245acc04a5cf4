// A floor plan of the shop of site.js with its cameras, and the yard as a piece of the earth.

/** Walls, doors and words of the ground floor. */
const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1600 1000" width="1600" height="1000" style="display:block;background:#fff" font-family="sans-serif" font-size="26" fill="#555" text-anchor="middle">
<g fill="none" stroke="#222" stroke-width="10"><path d="M60 60H1540V940H900M780 940H60V60"/><path d="M60 420H330M450 420H620V60M620 420V560M1080 60V300M1080 420V620H1540M1240 620V700M1240 820V940M620 680V940"/></g>
<g fill="none" stroke="#999" stroke-width="3"><path d="M700 520h280v40H700zM700 620h280v40H700zM700 720h280v40H700zM120 760h120v60H120zM120 860h120v60H120z"/><path d="M780 940a120 120 0 0 1 120-120M330 420a120 120 0 0 0 120 120M1080 300a120 120 0 0 1 120 120"/></g>
<text x="340" y="240">Stockroom</text><text x="850" y="240">Shop floor</text><text x="1310" y="340">Corridor</text><text x="340" y="620">Tills</text><text x="1390" y="790">Lift</text><text x="840" y="905">Entrance</text></svg>`;

/** Where cameras are, and what they see: shares of the picture, degrees. @type {[string, number, number, number, number, number][]} */
const inside = [["entrance", 0.525, 0.9, 350, 80, 0.2], ["till", 0.06, 0.47, 120, 75, 0.2], ["shop", 0.4, 0.09, 150, 90, 0.28], ["stockroom", 0.36, 0.09, 230, 80, 0.22], ["corridor", 0.94, 0.1, 215, 60, 0.24], ["lift", 0.94, 0.9, 315, 100, 0.12], ["loading", 0.06, 0.09, 130, 70, 0.16]];
/** By longitude and latitude, metres. @type {[string, number, number, number, number, number][]} */
const outside = [["gate", 13.40495, 52.52012, 200, 70, 40], ["yard", 13.40552, 52.51985, 290, 90, 30], ["roof", 13.40520, 52.52001, 0, 360, 20]];

/** @param {{ask: (method: string, path: string, json?: any) => Promise<any>, page: import("playwright-core").Page, browser: import("playwright-core").Browser}} s */
export async function plans({ ask, page, browser }) {
  const sheet = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  await sheet.setContent(drawing);
  const picture = (await sheet.locator("svg").screenshot()).toString("base64");
  await sheet.close();
  for (const [name, kind, cameras] of /** @type {const} */ ([["Ground floor", "floor", inside], ["Yard", "geo", outside]])) {
    const { id } = await ask("POST", "plans", { name, kind });
    if (kind === "floor") await page.evaluate(async ([id, picture]) => {
      const { csrf } = await (await fetch("/api/v1/session")).json();
      await fetch(`/api/v1/plans/${id}/picture`, { method: "PUT", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/octet-stream" }, body: Uint8Array.from(atob(picture), c => c.charCodeAt(0)) });
    }, [id, picture]);
    for (const [camera, x, y, direction, view, range] of cameras) await ask("PUT", `plans/${id}/cameras/${camera}`, { x, y, direction, view, range });
  }
}
