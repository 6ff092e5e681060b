// The customer's phone, and the agent's beside it.

import { $, HANDSET, act, el, fill, icon, page, say } from "./dom.js";

export function drawCustomers() {
  $("customer").replaceChildren(...page.state.customers.map((each) => el(
    "option", { value: each.number, selected: each.number === page.state.customer.number }, `${each.name} · ${each.number}`,
  )));
}

function round(kind, label, path, onclick) {
  return el("button", { class: `round ${kind}`, onclick }, el("i", {}, icon(path)), el("span", {}, label));
}

export function drawDialler() {
  const call = page.state.call;
  $("dialler").className = call ? `in-call ${call.way} ${call.state}` : "";
  $("dialler").replaceChildren(...(call ? drawCall(call) : [
    el("p", { class: "label" }, say("call.lines")),
    el("div", { class: "lines" }, ...page.state.lines.map(drawLine)),
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
    el("p", { class: "peer" }, page.state.brand),
    el("p", { class: "peer-line" }, call.line ? say(`line.${call.line}`) : up ? say("call.in_call") : ""),
    el("p", { class: "status", role: "status" }, status),
    el("div", { class: "buttons" }, ...buttons),
  ];
}

export function drawAgent() {
  const { available, state: at } = page.state.agent;
  const words = at === "up" ? "up" : at === "idle" ? `idle_${available ? "yes" : "no"}` : "ringing";
  $("agent").className = `card agent ${at === "invited" ? "ringing" : at === "idle" && available ? "free" : at}`;
  fill("agent",
    el("div", { class: "agent-head" }, el("i", { class: "dot", "aria-hidden": "true" }),
      el("div", {}, el("b", {}, `${say("agent.title")} · 101`), el("small", { role: "status" }, say(`agent.${words}`)))),
    el("label", { class: "switch" }, say("agent.available"),
      el("input", { type: "checkbox", role: "switch", id: "available", checked: available, onchange: (event) => act("agent", { available: event.target.checked }) })),
    at === "ringing" && !available ? el("button", { class: "primary", id: "agent-answer", onclick: () => act("agent_answer") }, say("agent.answer")) : null,
    at === "up" ? el("button", { class: "quiet", onclick: () => act("agent_hang_up") }, say("call.hang_up")) : null,
  );
}
