// Keys for the player that has the focus, or over which the pointer is.

import { commandOf, HELP, placeOf } from "./keys.js";

/** @import { Command } from "./keys.js" */

/**
 * @param {HTMLElement} root
 * @param {Element[]} ranges The sliders of the player.
 * @param {(command: Command) => boolean} run Does what a key asks; whether it did anything.
 */
export function followKeys(root, ranges, run) {
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.defaultPrevented || !(event.target instanceof Element)) return;
    const command = commandOf(event, placeOf(event.target, ranges));
    if (command && run(command)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  function onKeyOutside(event) {
    if (!root.isConnected) document.removeEventListener("keydown", onKeyOutside);
    else if (event.target instanceof Element && !event.target.closest(".compare-player")) onKey(event);
  }

  root.addEventListener("keydown", onKey);
  root.addEventListener("pointerenter", () => document.addEventListener("keydown", onKeyOutside));
  root.addEventListener("pointerleave", () => document.removeEventListener("keydown", onKeyOutside));
}

/**
 * Writes what the keys do.
 *
 * @param {HTMLElement} list A description list.
 */
export function writeHelp(list) {
  for (const [keys, words] of HELP) {
    const [term, description] = [document.createElement("dt"), document.createElement("dd")];
    for (const key of keys.split(" ")) term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    description.textContent = words;
    list.append(term, description);
  }
}
