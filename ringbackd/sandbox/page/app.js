// The page: draws the state that the server sends, and posts what is clicked. Texts from outside are only ever put in as
// text (textContent), never as HTML.

const texts = JSON.parse(document.getElementById("texts").textContent);
const language = document.documentElement.lang;
let state = JSON.parse(document.getElementById("first").textContent);
let skew = state.now - Date.now() / 1000;
let stream;

const $ = (id) => document.getElementById(id);
const now = () => Date.now() / 1000 + skew;

/** A text of texts.toml with its places filled in; a key that is not there shows its last part. */
function say(key, words = {}) {
  const text = texts[key] ?? key.slice(key.indexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (_, name) => words[name] ?? "");
}

/** An element: attributes, `on...` listeners, and children that are elements or text. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

/** Put children (elements, texts, or nothing) in place of what an element holds. */
function fill(id, ...children) {
  $(id).replaceChildren(...children.filter((child) => child != null));
}

function icon(path, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  if (label) { svg.setAttribute("role", "img"); svg.setAttribute("aria-label", label); } else svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

const HANDSET = "M6.6 3.2c.8-.6 1.9-.4 2.4.4l1.5 2.2c.5.8.4 1.7-.2 2.3l-1 1c.9 2 2.6 3.7 4.6 4.6l1-1c.6-.6 1.5-.7 2.3-.2l2.2 1.5c.8.5 1 1.6.4 2.4-1.3 1.7-3.2 2.6-5.2 2-4.8-1.5-8.6-5.3-10.1-10.1-.6-2 .4-3.9 2.1-5.1z";
const CHECK = "m2 12.5 4.5 4.5L16 7.5";
const CHECKS = "m1 12.5 4.5 4.5L15 7.5M10.5 16l1.5 1.3L22 7.5";
const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 4v5l3.5 2";
const LIST = "M8 6h12M8 12h12M8 18h12M3.5 6h.1M3.5 12h.1M3.5 18h.1";

const time = (at, seconds = false) => new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false, timeZone: state.zone,
}).format(new Date(at * 1000));
const lasting = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
};
const rounded = (seconds) => Number(seconds).toLocaleString(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });

async function act(name, fields = {}) {
  const body = JSON.stringify({ customer: state.customer.number, ...fields });
  const answer = await fetch(`api/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body })
    .catch(() => null);
  if (!answer) trouble(say("page.lost_link"));
  else if (!answer.ok) {
    const refusal = await answer.json().catch(() => ({ error: "refused" }));
    trouble(say(`error.${refusal.error}`), 4000);
  }
}

let troubleTimer;
function trouble(text, ms) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
  clearTimeout(troubleTimer);
  if (ms) troubleTimer = setTimeout(() => trouble(""), ms);
}

// ---- what to do first

const STEP = {
  dial: 1, hang_up: 2, talking_in: 2, wait: 3, tap: 3, reply: 3, person: 3, promised: 4, soon: 4, answer: 4, agent: 4, talk: 4,
  rate: 5, done: 6,
};

const tappable = () => state.chat.findLast((item) => item.options.length)?.options[0].title;

function drawGuide() {
  const at = STEP[state.hint] ?? 1;
  $("steps").replaceChildren(...[1, 2, 3, 4, 5].map((step) => el(
    "li", { class: step < at ? "past" : step === at ? "now" : "", "aria-current": step === at ? "step" : null },
    el("b", {}, step < at ? "✓" : String(step)), el("span", {}, say(`steps.${step}`)),
  )));
  const hint = say(`hint.${state.hint}`, { button: tappable() });
  if ($("hint").textContent !== hint) $("hint").textContent = hint;
}

// ---- the customer's phone

function drawCustomers() {
  $("customer").replaceChildren(...state.customers.map((each) => el(
    "option", { value: each.number, selected: each.number === state.customer.number }, `${each.name} · ${each.number}`,
  )));
}

function round(kind, label, path, onclick) {
  return el("button", { class: `round ${kind}`, onclick }, el("i", {}, icon(path)), el("span", {}, label));
}

function drawDialler() {
  const call = state.call;
  $("dialler").className = call ? `in-call ${call.way} ${call.state}` : "";
  $("dialler").replaceChildren(...(call ? drawCall(call) : [
    el("p", { class: "label" }, say("call.lines")),
    el("div", { class: "lines" }, ...state.lines.map(drawLine)),
  ]));
}

function drawLine(line) {
  return el(
    "button", { class: "line", "aria-label": say("call.call", { line: say(`line.${line}`) }), "data-line": line, onclick: () => act("dial", { line }) },
    el("i", {}, icon(HANDSET)), el("span", {}, el("b", {}, say(`line.${line}`)), el("small", {}, say(`line.${line}_what`))),
  );
}

function drawCall(call) {
  const up = call.state === "up", incoming = call.way === "in";
  const status = up ? el("span", { class: "timer", "data-since": call.since }, "00:00") : say(incoming ? "call.incoming" : "call.calling");
  const buttons = incoming && !up
    ? [round("decline", say("call.decline"), HANDSET, () => act("decline")), round("accept", say("call.answer"), HANDSET, () => act("answer"))]
    : [round("decline", say("call.hang_up"), HANDSET, () => act("hang_up"))];
  if (up && call.line === "menu") buttons.unshift(el("button", { class: "key", "aria-label": say("call.key", { key: "1" }), onclick: () => act("press", { key: "1" }) }, "1"));
  return [
    el("div", { class: "pulse" }, el("img", { src: "sun.svg", alt: "", width: 84, height: 84 })),
    el("p", { class: "peer" }, state.brand),
    el("p", { class: "peer-line" }, call.line ? say(`line.${call.line}`) : up ? say("call.in_call") : ""),
    el("p", { class: "status", role: "status" }, status),
    el("div", { class: "buttons" }, ...buttons),
  ];
}

function drawAgent() {
  const { available, state: at } = state.agent;
  const words = at === "up" ? "up" : at === "idle" ? `idle_${available ? "yes" : "no"}` : "ringing";
  $("agent").className = `card agent ${at === "invited" ? "ringing" : at}`;
  fill("agent",
    el("div", { class: "agent-head" }, el("i", { class: "dot", "aria-hidden": "true" }),
      el("div", {}, el("b", {}, `${say("agent.title")} · 101`), el("small", { role: "status" }, say(`agent.${words}`)))),
    el("label", { class: "switch" }, say("agent.available"),
      el("input", { type: "checkbox", role: "switch", id: "available", checked: available, onchange: (event) => act("agent", { available: event.target.checked }) })),
    at === "ringing" && !available ? el("button", { class: "primary", id: "agent-answer", onclick: () => act("agent_answer") }, say("agent.answer")) : null,
    at === "up" ? el("button", { class: "quiet", onclick: () => act("agent_hang_up") }, say("call.hang_up")) : null,
  );
}

// ---- his WhatsApp

const seen = new Set(state.chat.map((item) => item.id));

function drawChat() {
  const box = $("bubbles");
  const bubbles = state.chat.map(drawBubble);
  box.replaceChildren(...(bubbles.length ? [el("p", { class: "day" }, say("chat.today")), ...bubbles] : [el("p", { class: "empty" }, say("chat.empty"))]));
  box.scrollTop = box.scrollHeight;
  for (const item of state.chat) seen.add(item.id);
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

function drawPresence() {
  const typing = Boolean(state.case?.pending.length);
  $("presence").textContent = say(typing ? "chat.typing" : "chat.business");
  $("presence").className = typing ? "typing" : "";
  $("brand").textContent = state.brand;
}

// ---- what happens inside

function title(key, extra) {
  return el("h3", {}, say(key), extra ? el("span", { class: "extra" }, extra) : null);
}

function list(facts) {
  return el("dl", {}, ...facts.map(([key, value]) => el("div", {}, el("dt", {}, say(key)), el("dd", {}, value))));
}

function drawVerdict() {
  const call = state.verdict;
  const live = state.call?.way === "out";
  if (live || !call) {
    fill("verdict", title("card.verdict"), el("p", { class: "big soft" }, say(live ? "card.verdict_live" : "card.verdict_none")));
    return;
  }
  const good = call.verdict === "answered";
  const facts = [
    ["card.caller", call.caller], ["card.did", call.did], ["card.waited", `${rounded(call.wait)} s`], ["card.talked", call.talk ? `${rounded(call.talk)} s` : "–"],
  ];
  fill("verdict",
    title("card.verdict", time(call.ended, true)),
    el("p", { class: `big ${good ? "good" : "bad"}` }, say(`verdict.${call.verdict}`)),
    list(facts),
  );
}

function drawCase() {
  const found = state.case;
  if (!found) {
    $("case").replaceChildren(title("card.case"), el("p", { class: "note" }, say("card.case_none")));
    return;
  }
  const closed = found.state === "closed";
  const facts = [
    ["card.misses", String(found.misses)],
    ["card.intent", found.intent ? say(`intent.${found.intent}`) : "–"],
    ["card.urgency", found.urgency ? el("span", { class: `urgency ${found.urgency}` }, say(`urgency.${found.urgency}`)) : "–"],
    ["card.messages", String(found.sent)],
    ["card.on_hold", `${rounded(found.on_hold)} s`],
    ["card.callback", drawCallback(found)],
  ];
  $("case").replaceChildren(
    title("card.case", `${state.customer.name}`),
    el("p", { class: "chips" }, el("span", { class: `chip ${closed ? `closed ${found.outcome}` : found.state}` }, closed ? say(`outcome.${found.outcome}`) : say(`state.${found.state}`)),
      found.quiet_until ? el("span", { class: "chip count", "data-until": found.quiet_until, "data-text": "card.quiet" }, "") : null),
    list(facts),
  );
}

function drawCallback(found) {
  if (!found.callback) return "–";
  const tries = found.dialled ? say("card.attempt", { n: found.dialled }) : "";
  if (found.state !== "promised") return tries || "–";
  const soon = found.callback.due - now() < 600;
  const due = soon ? el("span", { "data-until": found.callback.due, "data-text": "card.due_in" }, "") : time(found.callback.due);
  return el("span", {}, due, tries ? ` · ${tries}` : "");
}

function drawHandover() {
  const found = state.case, card = $("handover");
  card.hidden = !(found?.handed_over && found.state !== "closed");
  if (card.hidden) return card.replaceChildren();
  const kept = card.querySelector("textarea")?.value ?? "";
  const focused = document.activeElement === card.querySelector("textarea");
  const words = {
    misses: found.misses, intent: found.intent ? say(`intent.${found.intent}`) : "–", urgency: found.urgency ? say(`urgency.${found.urgency}`) : "–",
  };
  const box = el("textarea", { rows: 2, maxlength: 1000, required: true, "aria-label": say("card.reply"), placeholder: say("card.reply") });
  box.value = kept;
  const reply = (event) => { event.preventDefault(); act("reply", { text: box.value }); box.value = ""; };
  card.replaceChildren(
    title("card.handover", `${found.name || state.customer.name} · ${found.customer}`),
    el("p", { class: "note" }, say("card.handover_what", words)),
    el("ol", { class: "transcript" }, ...found.transcript.map((line) => el("li", { class: line.who }, el("b", {}, say(`card.who_${line.who}`)), el("span", {}, line.text)))),
    el("form", { onsubmit: reply }, box, el("div", { class: "row-of" }, el("button", { class: "primary" }, say("chat.send")),
      el("button", { type: "button", class: "quiet", id: "solve", onclick: () => act("solve") }, say("card.solve")))),
  );
  const transcript = card.querySelector(".transcript");
  transcript.scrollTop = transcript.scrollHeight;
  if (focused) box.focus();
}

function drawFigures() {
  const value = (figure) => figure.value == null ? "–" : figure.unit === "s" ? `${rounded(figure.value)} s` : `${Math.round(figure.value * 100)} %`;
  $("figures").replaceChildren(title("card.figures"), el("div", { class: "figures" }, ...state.figures.map((figure) => el(
    "div", { title: figure.formula, class: figure.value == null ? "none" : "" },
    el("b", {}, value(figure)), el("span", {}, say(`figure.${figure.name}`)), el("small", {}, say("card.n", { n: figure.n })),
  ))));
}

const MARK = {
  call_ended: "call", opened: "case", missed_again: "case", closed: "case", queued: "chat", accepted: "chat", delivery: "chat", said: "customer",
  rated: "customer", promised: "call", dialled: "call", attempt_ended: "call", handed_over: "person", person_replied: "person", refused: "bad",
};

/** The ticks in the chat tell of messages sent and delivered: here they would hide the steps. */
const told = (entry) => entry.event !== "delivery" || !["sent", "delivered"].includes(entry.data.status);

function inWords(entry) {
  const data = { ...entry.data };
  if (entry.event === "queued") data.step = say(`step.${data.step}`);
  if (entry.event === "call_ended") data.verdict = say(`verdict.${data.verdict}`).toLowerCase();
  if (entry.event === "delivery") data.status = say(`chat.${data.status}`);
  if (entry.event === "closed") data.outcome = say(`outcome.${data.outcome}`);
  if (entry.event === "attempt_ended") data.outcome = say(`ended.${data.outcome}`);
  if (entry.event === "promised") data.due = data.due - entry.at < 5 ? say("card.due_now") : time(data.due);
  return say(`event.${entry.event}`, data);
}

function drawJournal() {
  const rows = state.journal.filter(told).map((entry, place, all) => {
    const gap = place ? entry.at - all[place - 1].at : 0;
    return el("li", { class: MARK[entry.event] ?? "" }, el("time", {}, time(entry.at, true)),
      el("span", { class: gap >= 0.95 ? "gap long" : "gap" }, place ? `+${rounded(gap)} s` : ""), el("span", { class: "what" }, inWords(entry)));
  });
  $("journal").replaceChildren(title("card.journal"), el("ol", { class: "journal", tabindex: "0", "aria-label": say("card.journal") }, ...rows.reverse()),
    ...(rows.length < 2 ? [el("p", { class: "note" }, say("card.journal_none"))] : []));
}

// ---- all of it

/** What each part is drawn from: a part is drawn again only when that has changed, so that focus and scroll stay. */
const PARTS = [
  [drawGuide, (s) => [s.hint, tappable()]], [drawCustomers, (s) => s.customer], [drawDialler, (s) => [s.call, s.customer]], [drawAgent, (s) => s.agent],
  [drawChat, (s) => s.chat], [drawPresence, (s) => s.case?.pending], [drawVerdict, (s) => [s.verdict, s.call]], [drawCase, (s) => s.case],
  [drawHandover, (s) => s.case], [drawFigures, (s) => s.figures], [drawJournal, (s) => s.journal],
];
const drawn = new Map();

function draw() {
  for (const [part, source] of PARTS) {
    const from = JSON.stringify(source(state)) ?? "";
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
  if (state.hint === before.hint) return;
  const tab = WHERE[state.hint];
  for (const button of document.querySelectorAll(".tabs .news")) button.classList.remove("news");
  if (!tab || tab === document.body.dataset.tab) return;
  if (state.hint === "answer") show("phone");
  else document.querySelector(`.tabs [data-to=${tab}]`).classList.add("news");
}

function listen() {
  stream?.close();
  stream = new EventSource(`events?customer=${encodeURIComponent(state.customer.number)}`);
  stream.onmessage = (event) => {
    const before = state;
    state = JSON.parse(event.data);
    skew = state.now - Date.now() / 1000;
    draw();
    notice(before);
    trouble("");
  };
  stream.onerror = () => trouble(say("page.lost_link"));
}

$("sheet").addEventListener("keydown", (event) => { if (event.key === "Escape") $("sheet").close(); });
$("customer").addEventListener("change", (event) => {
  state.customer = { number: event.target.value, name: "" };
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
  link.addEventListener("click", () => { link.search = `?lang=${link.lang}&customer=${state.customer.number}`; });
}

show("phone");
draw();
listen();
setInterval(tick, 200);
