// What every part of the page uses: the state, the texts, elements, times, and the way back to the server. Texts from
// outside are only ever put in as text, never as HTML.

const texts = JSON.parse(document.getElementById("texts").textContent);
export const language = document.documentElement.lang;

/** What the server said last, and how far its clock is ahead of ours (seconds). */
export const page = { state: null, skew: 0 };

export function take(state) {
  page.state = state;
  page.skew = state.now - Date.now() / 1000;
}

take(JSON.parse(document.getElementById("first").textContent));

export const $ = (id) => document.getElementById(id);
export const now = () => Date.now() / 1000 + page.skew;

/** A text of texts.toml with its places filled in; a key that is not there shows its last part. */
export function say(key, words = {}) {
  if (!(key in texts)) console.warn(`texts.toml has no ${key}`);
  const text = texts[key] ?? key.slice(key.indexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (_, name) => words[name] ?? "");
}

/** An element: attributes, `on...` listeners, and children that are elements or text. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

/** Put children (elements, texts, or nothing) in place of what an element holds. */
export function fill(id, ...children) {
  $(id).replaceChildren(...children.filter((child) => child != null));
}

export function icon(path, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  if (label) { svg.setAttribute("role", "img"); svg.setAttribute("aria-label", label); } else svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const HANDSET = "M6.6 3.2c.8-.6 1.9-.4 2.4.4l1.5 2.2c.5.8.4 1.7-.2 2.3l-1 1c.9 2 2.6 3.7 4.6 4.6l1-1c.6-.6 1.5-.7 2.3-.2l2.2 1.5c.8.5 1 1.6.4 2.4-1.3 1.7-3.2 2.6-5.2 2-4.8-1.5-8.6-5.3-10.1-10.1-.6-2 .4-3.9 2.1-5.1z";
export const CHECK = "m2 12.5 4.5 4.5L16 7.5";
export const CHECKS = "m1 12.5 4.5 4.5L15 7.5M10.5 16l1.5 1.3L22 7.5";
export const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 4v5l3.5 2";
export const LIST = "M8 6h12M8 12h12M8 18h12M3.5 6h.1M3.5 12h.1M3.5 18h.1";

export const time = (at, seconds = false) => new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false, timeZone: page.state.zone,
}).format(new Date(at * 1000));
export const lasting = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
};
export const rounded = (seconds) => Number(seconds).toLocaleString(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });

export async function act(name, fields = {}) {
  const body = JSON.stringify({ customer: page.state.customer.number, ...fields });
  const answer = await fetch(`api/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body })
    .catch(() => null);
  if (!answer) trouble(say("page.lost_link"));
  else if (!answer.ok) {
    const refusal = await answer.json().catch(() => ({ error: "refused" }));
    trouble(say(`error.${refusal.error}`), 4000);
  }
}

let troubleTimer;
export function trouble(text, ms) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
  clearTimeout(troubleTimer);
  if (ms) troubleTimer = setTimeout(() => trouble(""), ms);
}
