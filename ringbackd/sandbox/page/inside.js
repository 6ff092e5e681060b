// What happens inside: verdict, case, handover, figures, journal.

import { $, act, el, fill, now, page, rounded, say, time } from "./dom.js";

function title(key, extra) {
  return el("h3", {}, say(key), extra ? el("span", { class: "extra" }, extra) : null);
}

function list(facts) {
  return el("dl", {}, ...facts.map(([key, value]) => el("div", {}, el("dt", {}, say(key)), el("dd", {}, value))));
}

export function drawVerdict() {
  const call = page.state.verdict;
  const live = page.state.call?.way === "out";
  if (live || !call) {
    fill("verdict", title("card.verdict"), el("p", { class: "big soft" }, say(live ? "card.verdict_live" : "card.verdict_none")));
    return;
  }
  const good = ["answered", "deflected"].includes(call.verdict);
  const facts = [
    ["card.caller", call.caller], ["card.did", call.did], ["card.waited", `${rounded(call.wait)} s`], ["card.talked", call.talk ? `${rounded(call.talk)} s` : "–"],
  ];
  fill("verdict",
    title("card.verdict", time(call.ended, true)),
    el("p", { class: `big ${good ? "good" : "bad"}` }, say(`verdict.${call.verdict}`)),
    list(facts),
  );
}

export function drawCase() {
  const found = page.state.case;
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
    title("card.case", `${page.state.customer.name}`),
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

export function drawHandover() {
  const found = page.state.case, card = $("handover");
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
    title("card.handover", `${found.name || page.state.customer.name} · ${found.customer}`),
    el("p", { class: "note" }, say("card.handover_what", words)),
    el("ol", { class: "transcript" }, ...found.transcript.map((line) => el("li", { class: line.who }, el("b", {}, say(`card.who_${line.who}`)), el("span", {}, line.text)))),
    el("form", { onsubmit: reply }, box, el("div", { class: "row-of" }, el("button", { class: "primary" }, say("chat.send")),
      el("button", { type: "button", class: "quiet", id: "solve", onclick: () => act("solve") }, say("card.solve")))),
  );
  const transcript = card.querySelector(".transcript");
  transcript.scrollTop = transcript.scrollHeight;
  if (focused) box.focus();
}

const part = ([name, n]) => name.startsWith("key_") ? say("part.key", { key: name.slice(4), n }) : `${say(`part.${name}`)} ${n}`;

export function drawFigures() {
  const value = (figure) => figure.value == null ? "–" : figure.unit === "s" ? `${rounded(figure.value)} s` : `${Math.round(figure.value * 100)} %`;
  $("figures").replaceChildren(title("card.figures"), el("div", { class: "figures" }, ...page.state.figures.map((figure) => el(
    "div", { title: figure.formula, class: figure.value == null ? "none" : "" },
    el("b", {}, value(figure)), el("span", {}, say(`figure.${figure.name}`)), el("small", {}, say("card.n", { n: figure.n })),
    ...Object.entries(figure.parts).map((made) => el("small", { class: "part" }, part(made))),
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
  if (entry.event === "dialled") data.number = data.attempt.split("-").pop();
  if (entry.event === "attempt_ended") data.outcome = say(`ended.${data.outcome}`);
  if (entry.event === "promised") data.due = data.due - entry.at < 5 ? say("card.due_now") : time(data.due);
  return say(`event.${entry.event}`, data);
}

export function drawJournal() {
  const rows = page.state.journal.filter(told).map((entry, place, all) => {
    const before = place && !all[place - 1].event.startsWith("link_") ? all[place - 1] : null;
    const gap = before ? entry.at - before.at : 0;
    return el("li", { class: MARK[entry.event] ?? "" }, el("time", {}, time(entry.at, true)),
      el("span", { class: gap >= 0.95 ? "gap long" : "gap" }, before ? `+${rounded(gap)} s` : ""), el("span", { class: "what" }, inWords(entry)));
  });
  $("journal").replaceChildren(title("card.journal"), el("ol", { class: "journal", tabindex: "0", "aria-label": say("card.journal") }, ...rows.reverse()),
    ...(rows.length < 2 ? [el("p", { class: "note" }, say("card.journal_none"))] : []));
}
