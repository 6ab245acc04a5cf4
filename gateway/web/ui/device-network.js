// How a camera is set up on its network: names, addresses, ports, clock and accounts.
import { device } from "./api-device.js";
import { h } from "./dom.js";
import { form, part, toggle } from "./device-parts.js";
import { choice, deedButton, dialog, facts, notice, tick } from "./parts.js";
import { field } from "./sign.js";
import { store } from "./store.js";
import { clock } from "./words.js";
import { deviceWords as w } from "./words-device.js";

/** @param {import("./device-parts.js").Here} here */
export function networkPart(here) {
  const { id } = here;
  return h("div.parts", null,
    part(w.names, () => device.get(id, "device/names"), n => [names(id, n)], w.namesNote),
    part(w.clock, () => device.get(id, "device/clock"), (c, again) => time(id, c, again), w.clockNote),
    part(w.network, () => device.get(id, "device/network"), (n, again) => network(id, n, again), w.networkNote),
    part(w.accounts, () => device.get(id, "device/accounts"), (list, again) => accounts(id, list, again), w.accountsNote));
}

/** @param {string} id @param {{hostname:string,name:string,location:string}} n */
function names(id, n) {
  const fields = [field(w.deviceName, { name: "name", value: n.name }), field(w.location, { name: "location", value: n.location }), field(w.hostname, { name: "hostname", value: n.hostname }, w.hostnameNote)];
  return form(fields, w.change, async () => {
    const now = await device.put(id, "device/names", Object.fromEntries(fields.map(f => [f.input.name, f.input.value.trim()])));
    for (const f of fields) f.input.value = now[f.input.name];
  });
}

/** @param {string} id @param {any} c @param {() => void} again */
function time(id, c, again) {
  const set = async (/** @type {unknown} */ v) => { await device.put(id, "device/clock", v); again(); };
  const servers = field(w.timeServers, { name: "servers", value: c.servers_from_dhcp ? "" : c.servers.join(", ") }, w.timeServersNote), zone = field(w.zone, { name: "zone", value: c.zone || "" }, w.zoneNote), daylight = tick(w.daylight, c.daylight);
  return [facts([[w.facts.clock, c.time ? `${clock(c.time)} · ${w.ahead(c.ahead)}` : w.ahead(c.ahead)], [w.clockBy, c.ntp ? w.byServers(c.servers, c.servers_from_dhcp) : w.byHand]]),
    h("div.buttons", null, deedButton(w.setNow, () => set({ now: true }))),
    form([servers], w.useServers, () => set({ servers: servers.input.value.split(/[\s,]+/).filter(Boolean) })),
    form([zone], w.setZone, () => set({ zone: zone.input.value.trim(), daylight: daylight.input.checked }), [daylight.element])];
}

/** @param {string} id @param {any} n @param {() => void} again */
function network(id, n, again) {
  const dns = field(w.dns, { name: "dns", value: n.dns_from_dhcp ? "" : n.dns.join(", ") }, w.dnsNote), gateways = field(w.gateways, { name: "gateways", value: n.gateways.join(", ") });
  const list = (/** @type {string} */ v) => v.split(/[\s,]+/).filter(Boolean);
  return [n.restart && notice("warn", w.counts, w.countsText),
    ...n.interfaces.map((/** @type {any} */ i) => h("article.box", null, h("h3", null, i.name || i.id), facts([[w.addresses, i.addresses.join(", ")], ["MAC", i.mac], [w.addressFrom, i.dhcp ? "DHCP" : w.byHand]]),
      h("button.button", { type: "button", onclick: () => move(id, i, again) }, w.changeAddress))),
    form([gateways, dns], w.change, async () => { await device.put(id, "device/network", { gateways: list(gateways.input.value), dns: list(dns.input.value) }); again(); }),
    h("h3", null, w.protocols), h("ul.plain-list", null, ...n.protocols.map((/** @type {any} */ p) => h("li", null, h("b.grow", null, p.name, " ", h("span.quiet.num", null, p.ports.join(", "))), toggle(w.serves(p.name), p.enabled, async on => { await device.put(id, "device/network", { protocols: [{ ...p, enabled: on }] }); p.enabled = on; }))))];
}

/** @param {string} id @param {any} i @param {() => void} again */
function move(id, i, again) {
  const to = field(w.newAddress, { name: "address", value: i.dhcp ? "dhcp" : i.addresses[0] || "" }, w.newAddressNote);
  dialog({ title: w.changeAddress, text: [w.changeAddressText], fields: [to], button: w.changeAddress, danger: true, ready: () => to.input.value.trim() !== "", act: async () => { await device.put(id, "device/network", { interface: i.id, address: to.input.value.trim() }); again(); } });
}

/** @param {string} id @param {{name:string,level:string,own?:boolean}[]} list @param {() => void} again */
function accounts(id, list, again) {
  return [h("ul.plain-list", null, ...list.map(a => h("li", null, h("div.grow", null, h("b", null, a.name), a.own && h("div.quiet", null, w.ownAccount)), h("span.quiet", null, /** @type {any} */ (w.levels)[a.level] || a.level),
    h("button.button", { type: "button", "aria-label": `${w.changeAccount}: ${a.name}`, onclick: () => account(id, a, again) }, w.changeAccount), !a.own && h("button.button", { type: "button", "aria-label": `${w.remove}: ${a.name}`, onclick: () => dialog({ title: w.accountRemove(a.name), text: [w.accountRemoveText], button: w.remove, danger: true, act: async () => { await device.remove(id, `device/accounts/${encodeURIComponent(a.name)}`); again(); } }) }, w.remove)))),
    h("button.button", { type: "button", onclick: () => account(id, null, again) }, w.addAccount)];
}

/** Makes an account, or changes one. @param {string} id @param {{name:string,level:string,own?:boolean}|null} a @param {() => void} again */
function account(id, a, again) {
  const name = field(w.accountName, { name: "name", value: a?.name || "", disabled: !!a }), password = field(w.accountPassword, { name: "password", type: "password", autocomplete: "new-password" }, a ? w.passwordKept : ""), level = choice(w.level, { name: "level" }, /** @type {[string, string][]} */ (Object.entries(w.levels)));
  level.input.value = a?.level || "User";
  level.element.hidden = !!a?.own;
  const clear = tick(w.inClear, false, w.inClearNote), tls = store.cameras.get(id)?.address.startsWith("https");
  clear.element.hidden = !!tls;
  dialog({ title: a ? w.accountChange(a.name) : w.addAccount, text: a?.own ? [w.ownAccountText] : [], fields: a ? [password, level] : [name, password, level], more: [clear.element], button: a ? w.change : w.addAccount,
    ready: () => name.input.value.trim() !== "" && (!!a || password.input.value !== ""), act: async () => {
      const v = { name: name.input.value.trim(), level: level.input.value, password: password.input.value, in_clear: clear.input.checked };
      await (a ? device.put(id, `device/accounts/${encodeURIComponent(a.name)}`, v) : device.post(id, "device/accounts", v));
      again();
    } });
}
