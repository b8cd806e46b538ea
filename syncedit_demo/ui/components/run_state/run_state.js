// How far a run is: a phase, a bar, a line of text and the latest picture.

import { find } from "../dom.js";

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

function show() {
  const value = /** @type {RunState | null} */ (props.value);
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

watch("value", show);
show();
