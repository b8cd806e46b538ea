// The counter as a field: pressed, it takes the frame or the time to go to.

import { find } from "../dom.js";
import { frameFrom } from "./place.js";

/** @import { Timeline } from "./timing.js" */

/**
 * @param {HTMLElement} root
 * @param {() => Timeline} timeline
 * @param {(frame: number) => void} go
 * @returns {() => void} Opens the field.
 */
export function followGoTo(root, timeline, go) {
  const current = find(root, ".current", HTMLButtonElement);
  const field = find(root, ".goto", HTMLInputElement);

  function open() {
    field.value = current.textContent ?? "";
    field.removeAttribute("aria-invalid");
    field.hidden = false;
    current.hidden = true;
    field.focus();
    field.select();
  }

  function close() {
    if (field.hidden) return;
    const focused = document.activeElement === field;
    field.hidden = true;
    current.hidden = false;
    if (focused) current.focus();
  }

  function take() {
    const frame = frameFrom(field.value, timeline());
    if (frame === null) {
      field.setAttribute("aria-invalid", "true");
      field.select();
      return;
    }
    close();
    go(frame);
  }

  current.addEventListener("click", open);
  field.addEventListener("blur", close);
  field.addEventListener("input", () => field.removeAttribute("aria-invalid"));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return open;
}
