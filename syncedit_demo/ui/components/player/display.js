// Writes the state of the player into its markup.

import { find } from "../dom.js";
import { secondsInWords } from "./place.js";
import { inWords } from "./region.js";

/** @import { Comparison, Side } from "../values.d.ts" */
/** @import { Region } from "./region.js" */
/** @import { Zoom } from "./zoom.js" */

/** @typedef {"reference" | "result"} SideName */
/** @typedef {SideName | "clip"} PictureName The clip is the third picture, where the two sides are both results. */
/** @typedef {Comparison & { result: Side }} Pair */

/**
 * @typedef {object} State
 * @property {"empty" | "failed" | "waiting" | "ready"} phase
 * @property {Pair | null} clip
 * @property {number} frame The one on show, or on its way there.
 * @property {boolean} playing Whether the viewer wants it to play.
 * @property {boolean} scrubbing Whether the seek bar is held: where it stands is the viewer's then.
 * @property {string} view
 * @property {SideName} front The side on show in the flip view.
 * @property {boolean} loop
 * @property {number} speed
 * @property {SideName | "none"} heard
 * @property {{ frames: number, rate: number }} timeline
 * @property {Zoom} zoom
 * @property {Region | null} region
 * @property {readonly number[]} markers
 */

export const SIDES = /** @type {const} */ (["reference", "result"]);

const LETTERS = { reference: "A", result: "B" };

/**
 * @param {HTMLElement} root
 * @param {State} state
 */
export function display(root, state) {
  /** @param {string} selector */
  const part = (selector) => find(root, selector, HTMLElement);
  const { clip, frame, front, phase } = state;
  const last = clip ? clip.frames - 1 : 0;
  root.dataset.state = phase;
  root.dataset.view = clip ? state.view : "side";
  root.dataset.front = front;
  root.toggleAttribute("data-playing", state.playing);
  part(".play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  part(".loop").setAttribute("aria-pressed", String(state.loop));
  part(".current").textContent = clip ? String(frame + 1) : "–";
  part(".total").textContent = clip ? String(last + 1) : "–";
  part(".time").textContent = clip ? secondsInWords(frame, state.timeline) : "";
  part(".flip").setAttribute("aria-label", `Flip: ${LETTERS[front]} is on show`);
  const seekBar = find(root, ".seek", HTMLInputElement);
  seekBar.max = String(last);
  if (!state.scrubbing) seekBar.value = String(frame);
  seekBar.style.setProperty("--played", String(last ? frame / last : 0));
  seekBar.setAttribute("aria-valuetext", clip ? `Frame ${frame + 1} of ${last + 1}` : "No frames");
  find(root, '.views [value="three"]', HTMLElement).hidden = !clip?.clip;
  find(root, ".name.clip .label", HTMLElement).textContent = clip?.clip?.label ?? "";
  displayZoom(root, state.zoom);
  displayMarks(root, state, last);
  const pressed = { views: state.view, speeds: String(state.speed), sounds: state.heard };
  for (const [group, value] of Object.entries(pressed)) {
    for (const button of buttons(root, group)) button.setAttribute("aria-pressed", String(button.value === value));
  }
  const usable = clip !== null && phase !== "failed";
  // The keys can be read before there is anything to use them on.
  for (const each of root.querySelectorAll(":is(button, input):not(dialog *, .more, .help)")) {
    const control = /** @type {HTMLButtonElement | HTMLInputElement} */ (each);
    const silent = SIDES.some((side) => side === control.value && !clip?.[side].sound);
    control.disabled = !usable || silent;
  }
}

/**
 * @param {HTMLElement} root
 * @param {Zoom} zoom
 */
function displayZoom(root, { scale, x, y }) {
  for (const [name, value] of Object.entries({ "--zoom": scale, "--x": x, "--y": y })) {
    root.style.setProperty(name, String(value));
  }
  root.toggleAttribute("data-zoomed", scale > 1);
  root.toggleAttribute("data-pixels", scale >= 4);
  find(root, ".zoom-level", HTMLElement).textContent = `${Math.round(100 * scale)} %`;
}

/**
 * @param {HTMLElement} root
 * @param {State} state
 * @param {number} last The last frame.
 */
function displayMarks(root, { frame, region, markers }, last) {
  /** @param {number} at */
  const place = (at) => String(last ? at / last : 0);
  const band = find(root, ".marks .region", HTMLElement);
  band.hidden = !region;
  band.style.setProperty("--from", place(region?.from ?? 0));
  band.style.setProperty("--to", place(region?.to ?? 0));
  const words = find(root, ".region-words", HTMLElement);
  // What has not changed is not to be read aloud once more.
  if (words.textContent !== inWords(region)) words.textContent = inWords(region);
  root.toggleAttribute("data-region", region !== null);
  find(root, ".marker", HTMLElement).setAttribute("aria-pressed", String(markers.includes(frame)));
  find(root, ".marker-count", HTMLElement).textContent = String(markers.length);
  const list = find(root, ".marks .markers", HTMLElement);
  if (list.dataset.frames === markers.join()) return;
  list.dataset.frames = markers.join();
  list.replaceChildren(
    ...markers.map((each) => {
      const mark = document.createElement("span");
      mark.style.setProperty("--at", place(each));
      return mark;
    }),
  );
}

/**
 * The buttons of which one is pressed.
 *
 * @param {HTMLElement} root
 * @param {string} group
 * @returns {NodeListOf<HTMLButtonElement>}
 */
export function buttons(root, group) {
  return root.querySelectorAll(`.${group} button`);
}

/**
 * @param {HTMLElement} root
 * @param {SideName} side
 * @param {Side | null} content Null while there is none.
 */
export function nameSide(root, side, content) {
  const letter = LETTERS[side];
  const label = content?.label ?? "";
  find(root, `.name.${side} .label`, HTMLElement).textContent = label;
  find(root, `.name.${side}`, HTMLElement).hidden = !content;
  const hear = find(root, `.sounds [value="${side}"]`, HTMLElement);
  hear.title = content?.sound ? `Hear ${label}` : `${label || letter} has no sound`;
  hear.setAttribute("aria-label", `Sound of ${letter}`);
  say(root, side, "");
}

/**
 * Shows a sentence instead of a picture.
 *
 * @param {HTMLElement} root
 * @param {PictureName | "all"} place
 * @param {string} sentence None when empty.
 */
export function say(root, place, sentence, problem = false) {
  const message = find(root, `.message.${place}`, HTMLElement);
  message.textContent = sentence;
  message.classList.toggle("failed", problem);
}
