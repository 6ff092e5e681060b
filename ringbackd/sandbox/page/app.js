// The page: draws the state that the server sends, part by part, and goes on with every change.

import { $, act, el, language, lasting, now, page, rounded, say, take, time, trouble } from "./dom.js";
import { drawAgent, drawCustomers, drawDialler } from "./phone.js";
import { drawChat, drawPresence, seen } from "./chat.js";
import { drawCase, drawFigures, drawHandover, drawJournal, drawVerdict } from "./inside.js";
import { drawPlan } from "./plan.js";

/** The step of the guide that each hint belongs to. */
const STEP = {
  dial: 1, hang_up: 2, talking_in: 2, wait: 3, tap: 3, reply: 3, person: 3, promised: 4, soon: 4, answer: 4, agent: 4, talk: 4,
  rate: 5, done: 6,
};

const tappable = () => page.state.chat.findLast((item) => item.options.length)?.options[0].title;

function drawGuide() {
  const at = STEP[page.state.hint] ?? 1;
  $("steps").replaceChildren(...[1, 2, 3, 4, 5].map((step) => el(
    "li", { class: step < at ? "past" : step === at ? "now" : "", "aria-current": step === at ? "step" : null },
    el("b", {}, step < at ? "✓" : String(step)), el("span", {}, say(`steps.${step}`)),
  )));
  const hint = say(`hint.${page.state.hint}`, { button: tappable() });
  if ($("hint").textContent !== hint) $("hint").textContent = hint;
}

/** What each part is drawn from: a part is drawn again only when that has changed, so that focus and scroll stay. */
const PARTS = [
  [drawGuide, (s) => [s.hint, tappable()]], [drawCustomers, (s) => s.customer], [drawDialler, (s) => [s.call, s.customer]], [drawAgent, (s) => s.agent],
  [drawChat, (s) => s.chat], [drawPresence, (s) => s.case?.pending], [drawVerdict, (s) => [s.verdict, s.call]], [drawCase, (s) => s.case],
  [drawHandover, (s) => s.case], [drawFigures, (s) => s.figures],
  [drawPlan, (s) => [s.plan, s.plan.findIndex((slot) => slot.ends > s.now)]], [drawJournal, (s) => s.journal],
];
const drawn = new Map();

function draw() {
  for (const [part, source] of PARTS) {
    const from = JSON.stringify(source(page.state)) ?? "";
    if (drawn.get(part) === from) continue;
    drawn.set(part, from);
    part();
  }
  tick();
}

function tick() {
  $("clock").textContent = time(now());
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = lasting(now() - Number(each.dataset.since));
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Number(each.dataset.until) - now());
    each.textContent = left ? say(each.dataset.text, { s: left > 9 ? Math.round(left) : rounded(left) }) : say("card.due_now");
  }
}

/** On a narrow screen one column shows at a time; where something waits for the customer, its tab says so. */
function show(tab) {
  document.body.dataset.tab = tab;
  for (const button of document.querySelectorAll(".tabs button")) {
    button.setAttribute("aria-pressed", String(button.dataset.to === tab));
    if (button.dataset.to === tab) button.classList.remove("news");
  }
}

const WHERE = { dial: "phone", hang_up: "phone", answer: "phone", tap: "whatsapp", reply: "whatsapp", rate: "whatsapp", person: "inside" };

function notice(before) {
  if (page.state.hint === before.hint) return;
  const tab = WHERE[page.state.hint];
  for (const button of document.querySelectorAll(".tabs .news")) button.classList.remove("news");
  if (!tab || tab === document.body.dataset.tab) return;
  if (page.state.hint === "answer") show("phone");
  else document.querySelector(`.tabs [data-to=${tab}]`).classList.add("news");
}

let stream;

function listen() {
  stream?.close();
  stream = new EventSource(`events?customer=${encodeURIComponent(page.state.customer.number)}`);
  stream.onmessage = (event) => {
    const before = page.state;
    take(JSON.parse(event.data));
    draw();
    notice(before);
    trouble("");
  };
  stream.onerror = () => trouble(say("page.lost_link"));
}

$("sheet").addEventListener("keydown", (event) => { if (event.key === "Escape") $("sheet").close(); });
$("customer").addEventListener("change", (event) => {
  page.state.customer = { number: event.target.value, name: "" };
  seen.clear();
  $("sheet").close();
  listen();
});
$("write").addEventListener("submit", (event) => {
  event.preventDefault();
  act("say", { text: $("text").value });
  $("text").value = "";
});
for (const button of document.querySelectorAll(".tabs button")) button.addEventListener("click", () => show(button.dataset.to));
for (const link of document.querySelectorAll(".languages a")) {
  if (link.lang === language) link.setAttribute("aria-current", "true");
  link.addEventListener("click", () => { link.search = `?lang=${link.lang}&customer=${page.state.customer.number}`; });
}

show("phone");
draw();
listen();
setInterval(tick, 200);
