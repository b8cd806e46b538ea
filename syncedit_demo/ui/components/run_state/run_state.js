// How far a run is: a phase, a bar, a line of text and the latest picture. The tab tells it too, by its title and icon.

import { find } from "../dom.js";
import { followCall } from "./call.js";

/** @import { RunState } from "../values.d.ts" */

const box = find(element, ".run-state", HTMLElement);
const bar = find(box, ".bar", HTMLElement);
const filled = find(bar, "*", HTMLElement);
const image = find(box, "img", HTMLImageElement);

/**
 * @param {string} selector
 * @param {string} text
 */
function write(selector, text) {
  const target = find(box, selector, HTMLElement);
  if (target.textContent !== text) target.textContent = text;
}

const call = followCall(find(box, ".call", HTMLButtonElement));
let runs = false;

const title = document.title;
const icon = document.createElement("link");
icon.rel = "icon";

/**
 * A ring that closes as a run goes on, and is filled when it is done.
 *
 * @param {number} share
 */
function ring(share) {
  const length = 2 * Math.PI * 12;
  const circle = `<circle cx="16" cy="16" r="12" fill="${share < 1 ? "none" : "%234f46e5"}" stroke-width="6"`;
  return `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
    ${circle} stroke="%23a1a1aa"/>${circle} stroke="%234f46e5" transform="rotate(-90 16 16)"
    stroke-dasharray="${share * length} ${length}"/></svg>`.replaceAll("\n", "");
}

/** @param {RunState | null} value */
function tell(value) {
  const share = value?.share ?? 0;
  if (value?.state === "running") {
    document.title = value.share === null ? `… ${title}` : `${Math.round(100 * share)} % · ${title}`;
    icon.href = ring(Math.min(share, 0.99));
    document.head.append(icon);
  } else if (value?.state === "done" && icon.isConnected) {
    document.title = `✓ Done · ${title}`;
    icon.href = ring(1);
    if (!document.hidden) setTimeout(forget, 4000);
  } else forget();
}

// What was told is over once it was seen.
function forget() {
  if (document.hidden || /** @type {RunState | null} */ (props.value || null)?.state === "running") return;
  document.title = title;
  icon.remove();
}

function onVisibility() {
  if (!box.isConnected) document.removeEventListener("visibilitychange", onVisibility);
  else forget();
}

function show() {
  const value = /** @type {RunState | null} */ (props.value || null);
  tell(value);
  if (runs && value?.state === "done") call(value.phase);
  runs = value?.state === "running";
  box.hidden = !value;
  if (!value) return;
  box.dataset.state = value.state;
  write(".phase", value.phase);
  write(".detail", value.detail);
  bar.classList.toggle("unknown", value.share === null);
  filled.style.transform = `scaleX(${value.share ?? 0})`;
  if (value.share === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(100 * value.share)));
  image.hidden = !value.picture;
  if (value.picture && image.src !== value.picture) image.src = value.picture;
}

document.addEventListener("visibilitychange", onVisibility);
watch("value", show);
show();
