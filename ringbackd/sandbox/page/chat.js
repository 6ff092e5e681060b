// The customer's WhatsApp: bubbles, buttons, lists, ticks.

import { $, CHECK, CHECKS, CLOCK, LIST, act, el, icon, page, say, time } from "./dom.js";

export const seen = new Set(page.state.chat.map((item) => item.id));

export function drawChat() {
  const box = $("bubbles");
  const bubbles = page.state.chat.map(drawBubble);
  box.replaceChildren(...(bubbles.length ? [el("p", { class: "day" }, say("chat.today")), ...bubbles] : [el("p", { class: "empty" }, say("chat.empty"))]));
  box.scrollTop = box.scrollHeight;
  for (const item of page.state.chat) seen.add(item.id);
}

function drawBubble(item) {
  const fresh = seen.has(item.id) ? "" : "fresh";
  const stamp = el("small", { class: "stamp" }, time(item.at));
  if (!item.ours) return el("div", { class: `bubble mine ${fresh}` }, el("p", {}, item.text), stamp);
  const tick = { accepted: CLOCK, sent: CHECK, delivered: CHECKS, read: CHECKS, failed: "M6 6l12 12M18 6 6 18" }[item.tick];
  stamp.append(el("span", { class: `tick ${item.tick}` }, icon(tick, say(`chat.${item.tick}`))));
  return el("div", { class: `bubble theirs ${item.kind} ${fresh}` }, el("p", {}, item.text), stamp, drawOptions(item));
}

function drawOptions(item) {
  if (!item.options.length) return null;
  if (item.kind === "list") {
    return el("div", { class: "options" }, el("button", { onclick: () => openSheet(item) }, icon(LIST), item.menu));
  }
  return el("div", { class: "options" }, ...item.options.map((option, place) => el(
    "button", { disabled: item.answer !== "", class: item.answer === option.title ? "taken" : "", onclick: () => act("tap", { message: item.id, option: place }) },
    option.title,
  )));
}

function openSheet(item) {
  const sheet = $("sheet");
  let chosen = -1;
  const send = el("button", { class: "primary", disabled: true, onclick: () => { sheet.close(); act("tap", { message: item.id, option: chosen }); } }, say("chat.send"));
  sheet.replaceChildren(
    el("div", { class: "sheet-head" }, el("h3", { id: "sheet-title" }, item.menu),
      el("button", { class: "quiet", "aria-label": say("chat.close"), onclick: () => sheet.close() }, "✕")),
    el("div", { class: "rows" }, ...item.options.map((option, place) => el("label", { class: "row" },
      el("span", {}, option.title, option.description ? el("small", {}, option.description) : null),
      el("input", { type: "radio", name: "row", onchange: () => { chosen = place; send.disabled = false; } })))),
    send,
  );
  sheet.show();
  sheet.querySelector("input")?.focus();
}

export function drawPresence() {
  const typing = Boolean(page.state.case?.pending.length);
  $("presence").textContent = say(typing ? "chat.typing" : "chat.business");
  $("presence").className = typing ? "typing" : "";
  $("brand").textContent = page.state.brand;
}
