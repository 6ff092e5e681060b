// The plan of the day: a column for each slot, as high as the calls that fit; what is promised, done and missed in it.

import { $, el, now, page, say, time } from "./dom.js";

const FATES = ["promised", "done", "missed"];
const HOURS = 6;

const full = (slot) => FATES.reduce((sum, fate) => sum + slot[fate], 0);
const inWords = (slot) => FATES.filter((fate) => slot[fate]).map((fate) => say(`plan.${fate}_n`, { n: slot[fate] })).join(", ");

function column(slot, highest) {
  const free = Math.max(0, slot.capacity - full(slot));
  const parts = [...FATES.map((fate) => [fate, slot[fate]]), ["free", free]].filter(([, count]) => count);
  const bars = parts.map(([fate, count]) => {
    const bar = el("i", { class: fate });
    bar.style.flexGrow = count;
    return bar;
  });
  const stack = el("span", {}, ...bars.reverse());
  stack.style.height = `${(100 * Math.max(slot.capacity, full(slot))) / highest}%`;
  const title = `${time(slot.begins)}: ${inWords(slot) || say("plan.free_n", { n: free })}`;
  const when = slot.ends <= now() ? "past" : slot.begins <= now() ? "now" : "";
  return el("li", { class: when, title }, stack);
}

/** The hours under the columns: as many labels as fit, each under the column with which it begins. */
function hours(slots) {
  const step = Math.max(1, Math.ceil(slots.length / HOURS));
  return el("div", { class: "hours" }, ...slots.filter((_, place) => place % step === 0).map((slot, place) => {
    const label = el("time", {}, time(slot.begins));
    label.style.left = `${(100 * place * step) / slots.length}%`;
    return label;
  }));
}

export function drawPlan() {
  const slots = page.state.plan;
  const heading = el("h3", {}, say("plan.title"), el("span", { class: "extra legend" },
    ...FATES.map((fate) => el("b", { class: fate }, say(`plan.${fate}_n`, { n: slots.reduce((sum, slot) => sum + slot[fate], 0) })))));
  if (!slots.length) {
    $("plan").replaceChildren(heading, el("p", { class: "note" }, say("plan.closed")));
    return;
  }
  const highest = Math.max(1, ...slots.map((slot) => Math.max(slot.capacity, full(slot))));
  const busy = slots.filter(full);
  $("plan").replaceChildren(heading,
    el("ol", { class: "slots", "aria-hidden": "true" }, ...slots.map((slot) => column(slot, highest))), hours(slots),
    busy.length
      ? el("ul", { class: "busy", tabindex: "0", "aria-label": say("plan.title") }, ...busy.map((slot) => el("li", {}, el("time", {}, `${time(slot.begins)}–${time(slot.ends)}`), ` ${inWords(slot)} `,
        say("plan.of", { n: slot.capacity }))))
      : el("p", { class: "note" }, say("plan.empty", { n: slots[0].capacity })));
}
