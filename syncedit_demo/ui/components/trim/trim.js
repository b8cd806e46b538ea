// Two handles on a clip. What is held belongs to the visitor: it is told once it is let go, and nothing that comes back
// moves it but the answer to that.

import { find } from "../dom.js";
import { endMoved, moved, seconds, startMoved } from "./range.js";

/** @import { Trim } from "../values.d.ts" */
/** @import { Part } from "./range.js" */

const box = find(element, ".trim", HTMLElement);
const track = find(box, ".track", HTMLElement);
const band = find(box, ".band", HTMLElement);
const handles = {
  start: find(box, ".start", HTMLInputElement),
  end: find(box, ".end", HTMLInputElement),
};
const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

let value = /** @type {Trim | null} */ (null);
let part = /** @type {Part} */ ({ start: 0, end: 0 });
let held = false;
let touched = false; // moved and not told yet
let asked = 0; // the number of what was told last
let answered = true; // and whether the answer is there

/** @param {Part} next */
function move(next) {
  if (next.start === part.start && next.end === part.end) return;
  part = next;
  touched = true;
  draw();
}

// Let go: what was moved is told.
function tell() {
  held = false;
  // One is told after the other: Gradio forgets what the last of several was about.
  if (!touched || !value || !answered) return;
  touched = false;
  if (part.start === value.start && part.end === value.start + value.frames - 1) {
    draw();
    return;
  }
  answered = false;
  asked += 1;
  trigger("trim", { start: part.start, frames: part.end - part.start + 1, asked });
  draw();
}

function draw() {
  if (!value) return;
  const { total, rate } = value;
  const last = Math.max(total - 1, 1);
  const frames = part.end - part.start + 1;
  for (const [name, frame] of /** @type {const} */ ([
    ["start", part.start],
    ["end", part.end],
  ])) {
    const handle = handles[name];
    handle.max = String(last);
    handle.value = String(frame);
    handle.setAttribute("aria-valuetext", `${seconds(frame, rate)}, frame ${frame + 1} of ${total}`);
  }
  track.style.setProperty("--from", String(part.start / last));
  track.style.setProperty("--to", String(part.end / last));
  // Where both are at the right end, the one that can be moved from there lies above.
  track.toggleAttribute("data-right", part.start > last / 2);
  write(".from", seconds(part.start, rate));
  write(".to", seconds(part.end, rate));
  write(
    ".words",
    `${seconds(frames, rate)} of ${seconds(total, rate)} · frames ${part.start + 1} to ${part.end + 1} of ${total}`,
  );
  // Pictures of a part that is another one by now are no longer those of its ends.
  box.toggleAttribute("data-late", touched || !answered);
}

/**
 * @param {string} selector
 * @param {string} text
 */
function write(selector, text) {
  const target = find(box, selector, HTMLElement);
  if (target.textContent !== text) target.textContent = text;
}

/**
 * @param {string} selector
 * @param {string | undefined} url
 */
function picture(selector, url) {
  const image = find(box, selector, HTMLImageElement);
  image.hidden = !url;
  if (url && image.getAttribute("src") !== url) image.src = url;
}

function show() {
  const next = /** @type {Trim | null} */ (props.value || null);
  const before = value;
  value = next;
  box.hidden = !next;
  if (!next) {
    held = touched = false;
    answered = true;
    return;
  }
  // Another plan, whatever for, is an answer too: what was told may have come to nothing.
  if (next.asked === asked || (next.asked === null && next.first.url !== before?.first.url)) answered = true;
  if (touched && !held) tell();
  if (held || touched || !answered) return;
  box.style.setProperty("--ar", String(next.width / next.height));
  picture(".first", next.first.url);
  picture(".last", next.last?.url);
  part = { start: next.start, end: next.start + next.frames - 1 };
  draw();
}

for (const [name, handle] of Object.entries(handles)) {
  const moveTo = name === "start" ? startMoved : endMoved;
  handle.addEventListener("input", () => value && move(moveTo(part, Number(handle.value), value)));
  handle.addEventListener("pointerdown", () => {
    held = true;
  });
  // A key that is held moves on; a browser calls each of its steps a change.
  handle.addEventListener("keydown", ({ key }) => {
    if (KEYS.includes(key)) held = true;
  });
  handle.addEventListener("keyup", ({ key }) => {
    if (KEYS.includes(key)) tell();
  });
  for (const type of ["pointerup", "pointercancel", "blur"]) handle.addEventListener(type, tell);
  handle.addEventListener("change", () => {
    if (!held) tell();
  });
}

band.addEventListener("pointerdown", (event) => {
  if (!value) return;
  const { total } = value;
  const from = event.clientX;
  const before = part;
  const perFrame =
    (track.clientWidth - Number.parseFloat(getComputedStyle(box).getPropertyValue("--thumb"))) / Math.max(total - 1, 1);
  held = true;
  band.setPointerCapture(event.pointerId);
  const drag = (/** @type {PointerEvent} */ { clientX }) =>
    value && move(moved(before, Math.round((clientX - from) / perFrame), value));
  band.addEventListener("pointermove", drag);
  band.addEventListener(
    "lostpointercapture",
    () => {
      band.removeEventListener("pointermove", drag);
      tell();
    },
    { once: true },
  );
});

watch("value", show);
show();
