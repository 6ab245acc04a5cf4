// What a camera keeps on a card of its own, in the viewer: against the demo, whose cameras have none, and with what one would tell that has.

/** @param {import("./scene.js").Scene} s */
export async function card({ page, base, test, must }) {
  const dialog = page.getByRole("dialog", { name: "Shop floor: what it keeps itself" });
  async function open() {
    await page.goto(`${base}/cameras`);
    await page.getByRole("row", { name: /Shop floor/ }).first().click();
    await page.getByRole("button", { name: "Memory card" }).click();
    await dialog.waitFor();
  }

  await test("a camera without a card is said to have none", async () => {
    await open();
    await dialog.getByText("No card that can be asked").waitFor({ timeout: 40000 });
    must(await dialog.getByRole("button", { name: "Fetch now" }).isHidden(), "what cannot be fetched is offered");
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  await test("what was lost and is fetched from a card shows how far it is, and can be stopped", async () => {
    const from = "2026-03-01T08:00:00Z", to = "2026-03-01T08:01:00Z", gap = { stream: "main", from, to, cause: "camera offline", tries: 0 };
    const told = { detail: "", recordings: [{ token: "card", source: "source", name: "Shop floor", running: true, own: true, spans: [{ from: "2026-02-28T08:00:00Z", to }] }], ended: [], reach: 604800, speed: 4, rate: 4194304, tries: 3 };
    let fetching = true;
    await page.route("**/card", r => r.fulfill({ json: fetching ? { ...told, state: "filling", gaps: [{ ...gap, state: "filling" }], job: { stream: "main", from, to, until: "2026-03-01T08:00:30Z", bytes: 4e6, started: from, left: 8 } } : { ...told, state: "idle", gaps: [{ ...gap, state: "given_up", why: "It was stopped." }] } }));
    await page.route("**/card/fill", r => { fetching = false; return r.fulfill({ json: { ...told, state: "idle", gaps: [{ ...gap, state: "given_up", why: "It was stopped." }] } }); });
    await open();
    must(await dialog.getByRole("progressbar").getAttribute("aria-valuenow") === "50", "it does not show how far it is");
    await dialog.getByRole("button", { name: "Stop" }).click();
    await dialog.getByText("It was stopped.").waitFor();
    must(await dialog.getByRole("button", { name: "Fetch now" }).isVisible(), "it cannot be begun again");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.unroute("**/card");
    await page.unroute("**/card/fill");
  });
}
