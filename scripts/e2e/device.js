// A camera's own pages, as whoever sets it up uses them: each change is made in the page and looked up through the API.
import { open, until } from "./browser.js";
import { demo } from "./gateway.js";

/** @param {import("./scene.js").Scene} s */
export async function device({ test, must, clean }) {
  const shop = await demo(["--cameras", "4"]), b = await open({ base: shop.base }), p = b.page;
  /** @param {string} path */
  const ask = path => p.evaluate(async path => (await fetch(`/api/v1/cameras/${path}`)).json(), path);
  /** @param {string} path */
  const go = async path => { await p.goto(shop.base + path); await p.waitForSelector(".device"); };
  /** A part of the page by its title. @param {string} title */
  const part = title => p.getByRole("region", { name: title, exact: true });

  await p.goto(shop.link);
  await until(p, "document.querySelectorAll('.tile').length === 4");

  await test("boxes of what a camera sees lie over its picture, and can be switched off", async () => {
    await p.goto(`${shop.base}/live/gate`);
    await until(p, "document.querySelector('.tile.playing video')");
    await until(p, "[...document.querySelectorAll('canvas.overlay')].some(c => !c.hidden && /person|vehicle/.test(c.getAttribute('aria-label') || ''))");
    const drawn = "[...document.querySelectorAll('canvas.overlay')].some(c => !c.hidden && c.width > 0 && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v !== 0))";
    await until(p, drawn);
    await p.getByRole("button", { name: "Boxes and temperatures" }).click();
    must(await p.evaluate("[...document.querySelectorAll('.tile.playing canvas.overlay')].every(c => c.hidden)"), "still shown");
    await p.getByRole("button", { name: "Boxes and temperatures" }).click();
    clean(b.faults);
  });

  await test("boxes and temperatures lie over the main stream too that takes a tile's place when it is enlarged", async () => {
    const before = p.viewportSize();
    await p.setViewportSize({ width: 800, height: 600 }); // too small for main streams in tiles
    await p.goto(`${shop.base}/live`);
    await until(p, "document.querySelector('.tile.playing[data-camera=yard-thermal]')?.dataset.stream === 'sub'");
    await p.locator(".tile[data-camera=yard-thermal]").click();
    await until(p, "document.querySelector('.tile.large.playing[data-camera=yard-thermal]')?.dataset.stream === 'main'");
    const under = await p.evaluate(() => [...document.querySelectorAll(".tile.large video")].map(v => v.compareDocumentPosition(/** @type {Node} */ (document.querySelector(".tile.large .measured"))) & Node.DOCUMENT_POSITION_FOLLOWING));
    must(under.length > 0 && under.every(Boolean), "the picture lies over what is drawn over it");
    if (before) await p.setViewportSize(before);
    clean(b.faults);
  });

  for (const [size, width, height] of /** @type {[string, number, number][]} */ ([["desktop", 1440, 900], ["phone", 390, 844]])) {
    await test(`temperatures stand where the camera measures them, and stay there when the picture is zoomed (${size})`, async () => {
      const before = p.viewportSize();
      await p.setViewportSize({ width, height });
      await p.goto(`${shop.base}/live/yard-thermal`);
      await until(p, "document.querySelector('.tile.playing.large video.now, .tile.playing video')");
      const label = p.locator(".tile.large .measured span").filter({ hasText: /^Bearing .* °[CF]$/ });
      await label.waitFor();
      // The spot is at 470, 206 of 640 by 480 pixels: the label begins right of it, or ends left of it where there is more room, at its height.
      const away = () => p.evaluate(() => {
        const v = /** @type {HTMLVideoElement} */ (document.querySelector(".tile.large video.now") || document.querySelector(".tile.large video")), b = v.getBoundingClientRect();
        const l = /** @type {HTMLElement} */ ([...document.querySelectorAll(".tile.large .measured span")].find(s => /^Bearing/.test(s.textContent || ""))).getBoundingClientRect();
        const s = (getComputedStyle(v).objectFit === "cover" ? Math.max : Math.min)(b.width / v.videoWidth, b.height / v.videoHeight), w = v.videoWidth * s, h = v.videoHeight * s;
        const x = b.left + (b.width - w) / 2 + w * 470 / 640, y = b.top + (b.height - h) / 2 + h * 206 / 480;
        return { gap: Math.max(l.left - x, x - l.right), y: l.top + l.height / 2 - y, w, at: [x, y] };
      });
      await until(p, `(() => { const l = [...document.querySelectorAll(".tile.large .measured span")].map(s => s.textContent || ""); return l.some(t => /^Machine .* to .* on average$/.test(t)) && !l.some(t => /does not say/.test(t)); })()`);
      const plain = await away();
      must(plain.gap > 0 && plain.gap < 24 && Math.abs(plain.y) < 14, `${size}: ${JSON.stringify(plain)}`);
      if (process.env.LOOK) await p.screenshot({ path: `${process.env.LOOK}/temperatures-${size}.png` });
      await p.mouse.move(plain.at[0], plain.at[1]);
      await p.mouse.wheel(0, -240);
      await until(p, "Number(document.querySelector('.tile.large .tile-view')?.style.getPropertyValue('--zoom') || '1') > 1.2");
      let near = await away();
      for (const until = Date.now() + 40000; Date.now() < until && !(near.gap > 0 && near.gap < 24 * near.w / plain.w && Math.abs(near.y) < 14);) near = await away(); // it is drawn with the next readings
      must(near.w > plain.w * 1.2 && near.gap > 0 && near.gap < 24 * near.w / plain.w && Math.abs(near.y) < 14, `${size}, zoomed: ${JSON.stringify(near)}`);
      if (process.env.LOOK) await p.screenshot({ path: `${process.env.LOOK}/temperatures-${size}-zoomed.png` });
      if (before) await p.setViewportSize(before);
      clean(b.faults);
    });
  }

  await test("from the camera's picture to its settings: what it is, and its encoders, changed and read back", async () => {
    await p.goto(`${shop.base}/live/gate`);
    await p.getByRole("button", { name: "Settings of the camera" }).click();
    await part("What it is").getByText("HF-PTZ 1MP").waitFor();
    await p.getByRole("link", { name: "Video", exact: true }).click();
    const main = part("Encoders").locator("article").first();
    await main.getByLabel("Pictures from one key frame to the next").fill("75");
    await main.getByRole("button", { name: "Change" }).click();
    await main.getByText("The camera took all of it.").or(p.getByRole("dialog")).waitFor();
    must((await ask("gate/encoders")).some((/** @type {any} */ e) => e.gop === 75), "the encoder was not changed");
    clean(b.faults);
  });

  await test("the picture of a camera is set beside the picture, and its relays are switched; it keeps a clip and plays it", async () => {
    await go("/camera/shop-floor/picture");
    await part("Picture").getByRole("slider", { name: "Brightness" }).fill("70");
    await until(p, "fetch('/api/v1/cameras/shop-floor/imaging').then(r => r.json()).then(i => i.settings.brightness === 70)");
    await p.getByRole("link", { name: "Inputs and outputs" }).click();
    await part("Relays").locator("article").first().getByRole("button", { name: "Switch on" }).click();
    await part("Relays").getByText("active", { exact: true }).waitFor();
    must((await ask("shop-floor/relays"))[0].active === true, "the relay is not active");
    await part("Clips").getByLabel("Name").fill("Leave");
    await part("Clips").getByLabel("Sound file").setInputFiles({ name: "leave.mp3", mimeType: "audio/mpeg", buffer: Buffer.concat([Buffer.from("ID3"), Buffer.alloc(2048)]) });
    await part("Clips").getByRole("button", { name: "Give it to the camera" }).click();
    await part("Clips").getByRole("button", { name: "Play" }).click();
    await part("Clips").getByText("plays", { exact: true }).waitFor();
    await part("Clips").getByRole("button", { name: "Stop" }).click();
    await part("Clips").getByRole("button", { name: "Play" }).waitFor();
    clean(b.faults);
  });

  await test("a privacy mask is drawn over the picture, and a text written in it", async () => {
    await go("/camera/hall/masks");
    await until(p, "document.querySelector('.picture video')?.videoWidth > 0");
    await part("Privacy masks").getByRole("button", { name: "Draw a mask" }).click();
    const at = /** @type {{x: number, y: number, width: number, height: number}} */ (await p.locator("svg.board").boundingBox());
    await p.mouse.move(at.x + at.width * 0.25, at.y + at.height * 0.25);
    await p.mouse.down();
    await p.mouse.move(at.x + at.width * 0.5, at.y + at.height * 0.5, { steps: 4 });
    await p.mouse.up();
    await part("Privacy masks").getByText("Mask 1").waitFor();
    const m = (await ask("hall/masks")).masks[0], xs = m.points.map((/** @type {any} */ q) => q.x), ys = m.points.map((/** @type {any} */ q) => q.y);
    must(m.enabled && Math.abs(Math.min(...xs) + 0.5) < 0.02 && Math.abs(Math.max(...xs)) < 0.02 && Math.abs(Math.max(...ys) - 0.5) < 0.02 && Math.abs(Math.min(...ys)) < 0.02, JSON.stringify(m));
    await part("Texts in the picture").getByRole("button", { name: "Add a text" }).click();
    await part("Texts in the picture").getByLabel("Text", { exact: true }).fill("Hall, east");
    await part("Texts in the picture").getByRole("button", { name: "Add a text" }).first().click();
    await until(p, "fetch('/api/v1/cameras/hall/osd').then(r => r.json()).then(o => o.displays.some(d => d.text === 'Hall, east'))");
    await part("Privacy masks").getByRole("button", { name: "Remove: Mask 1" }).click();
    await p.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await part("Privacy masks").getByText("Nothing is hidden.").waitFor();
    clean(b.faults);
  });

  await test("what is recorded of a camera is changed by the week, and its names and upkeep are reached on a phone", async () => {
    await go("/camera/hall/recording");
    await part("Recording").getByLabel("Record", { exact: true }).first().selectOption("schedule");
    await part("Recording").getByRole("button", { name: "Add a row" }).click();
    await part("Recording").getByRole("button", { name: "Save" }).click();
    await until(p, "fetch('/api/v1/cameras/hall/record').then(r => r.json()).then(s => s.mode === 'schedule' && s.schedule.rules.length === 1 && s.schedule.otherwise === 'off')");
    await p.setViewportSize({ width: 390, height: 844 });
    await go("/camera/hall/network");
    await part("Names").getByLabel("Location").fill("East wing");
    await part("Names").getByRole("button", { name: "Change" }).click();
    await until(p, "fetch('/api/v1/cameras/hall/device/names').then(r => r.json()).then(n => n.location === 'East wing')");
    await go("/camera/hall/upkeep");
    await part("Its own log").getByRole("button", { name: "Show the system log" }).click();
    await p.locator("pre.log").waitFor();
    await part("Reset").getByRole("button", { name: "Reset all of it" }).click();
    must(await p.getByRole("dialog").getByRole("button", { name: "Reset" }).isDisabled(), "a reset without the name");
    await p.getByRole("button", { name: "Cancel" }).click();
    must(await p.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the phone");
    clean(b.faults);
  });

  await b.browser.close();
  await shop.end();
}
