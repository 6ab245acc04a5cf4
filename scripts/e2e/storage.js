// Volumes and the check of what is on them, in the viewer.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./gateway.js";

/** @param {import("./scene.js").Scene} s */
export async function storage({ page, base, out, test, must }) {
  /** @param {"button"|"link"|"row"|"radio"|"dialog"|"progressbar"} role @param {string|RegExp} name */
  const by = (role, name) => page.getByRole(role, { name });

  await test("a volume is added, emptied and removed", async () => {
    const second = scratch(), taken = scratch();
    writeFileSync(join(taken, "holiday.jpg"), "not ours");
    await page.goto(base + "/storage");
    await by("button", "Add a volume").click();
    const dialog = by("dialog", "Add a volume");
    await dialog.getByLabel("Directory").fill(taken);
    await dialog.getByRole("button", { name: "Add a volume" }).click();
    await dialog.getByLabel(/Take it all the same/).waitFor(); // it has files: what that means is said, and the choice given
    must((await dialog.getByRole("alert").allTextContents()).join("").length > 20, "no reason for the refusal");
    await page.screenshot({ path: join(out, "volume-refused.png") });
    await dialog.getByLabel("Directory").fill(second);
    await dialog.getByRole("button", { name: "Add a volume" }).click();
    await by("row", new RegExp(second)).click();
    await by("button", "Empty it").click();
    await by("dialog", /^Empty /).getByRole("button", { name: "Empty it" }).click();
    await page.getByText("Nothing is left on it. It can be removed.").first().waitFor();
    await page.screenshot({ path: join(out, "volume-emptied.png") });
    await by("button", "Remove").click();
    await by("dialog", /^Remove /).getByRole("button", { name: "Remove" }).click();
    await by("row", new RegExp(second)).waitFor({ state: "detached" });
  });

  await test("the footage is checked, with its outcome in words", async () => {
    await page.goto(base + "/storage");
    await by("link", "Check").click();
    await by("radio", /Every byte/).check();
    await by("button", "Start the check").click();
    await page.getByText(/All sound|Nothing wrong was found/).waitFor();
    await page.screenshot({ path: join(out, "check-1440-dark.png") });
    return page.locator(".ended").textContent();
  });
}
