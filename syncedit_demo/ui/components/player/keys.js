// Which key does what in the player, and which keys are not the player's.

/**
 * @typedef {"toggle" | "back" | "forward" | "first" | "last" | "goTo" | "loop" | "regionStart" | "regionEnd" |
 *   "regionClear" | "marker" | "markerBefore" | "markerAfter" | "side" | "wipe" | "flip" | "difference" | "onion" | "three" |
 *   "zoomIn" | "zoomOut" | "whole" | "panLeft" | "panRight" | "panUp" | "panDown" | "save" | "help"} Command
 */

/**
 * @typedef {"ownRange" | "text" | "choice" | "button" | "other"} Place What has the focus: a slider of the player, a
 * field to write in or a dialog, a control that arrows or letters move, one that the space bar presses, or none of these.
 */

/** @type {ReadonlyMap<string, Command>} */
const COMMANDS = new Map([
  [" ", "toggle"],
  ["ArrowLeft", "back"],
  ["ArrowRight", "forward"],
  ["Home", "first"],
  ["End", "last"],
  ["g", "goTo"],
  ["l", "loop"],
  ["i", "regionStart"],
  ["o", "regionEnd"],
  ["x", "regionClear"],
  ["m", "marker"],
  [",", "markerBefore"],
  [".", "markerAfter"],
  ["1", "side"],
  ["2", "wipe"],
  ["3", "flip"],
  ["4", "difference"],
  ["5", "onion"],
  ["6", "three"],
  ["+", "zoomIn"],
  ["=", "zoomIn"],
  ["-", "zoomOut"],
  ["0", "whole"],
  ["s", "save"],
  ["?", "help"],
]);

/** @type {ReadonlyMap<string, Command>} */
const WITH_SHIFT = new Map([
  ["ArrowLeft", "panLeft"],
  ["ArrowRight", "panRight"],
  ["ArrowUp", "panUp"],
  ["ArrowDown", "panDown"],
]);

/** What the keys do, for people: some keys and words. */
export const HELP = /** @type {const} */ ([
  ["Space", "Play or pause"],
  ["← →", "One frame back or forward"],
  ["Home End", "First or last frame"],
  ["G", "Go to a frame or a time"],
  ["1 2 3 4 5 6", "Side by side, wipe, flip, difference, onion skin; three with the clip"],
  ["+ − 0", "Zoom in, zoom out, whole picture"],
  ["Shift ← → ↑ ↓", "Move the zoomed picture"],
  ["Ctrl wheel", "Zoom where the pointer is; drag or pinch too"],
  ["L", "Loop"],
  ["I O X", "Play from here, play up to here, play all"],
  ["M", "Mark this frame, or take the mark away"],
  [", .", "Mark before or after"],
  ["S", "Save this frame as a PNG"],
  ["?", "These keys"],
]);

const TYPING = "input, textarea, select, dialog, [contenteditable]:not([contenteditable=false])";
const MOVING = "[role=slider], [role=tab], [role=radio], [role=listbox], [role=menu], [role=combobox], [role=grid]";
const PRESSING = "button, a[href], summary, [role=button]";

/**
 * @param {Element} target
 * @param {Element[]} ownRanges The sliders of the player.
 * @returns {Place}
 */
export function placeOf(target, ownRanges) {
  if (ownRanges.includes(target)) return "ownRange";
  if (target.closest(TYPING)) return "text";
  if (target.closest(MOVING)) return "choice";
  return target.closest(PRESSING) ? "button" : "other";
}

/**
 * What a key asks of the player, or null where it asks nothing or belongs to what has the focus.
 *
 * @param {{ key?: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey?: boolean }} press Browsers that fill in a form for
 *     the visitor send some without a key.
 * @param {Place} place
 */
export function commandOf({ key = "", ctrlKey, metaKey, altKey, shiftKey = false }, place) {
  // With one of these, it is a shortcut of the browser.
  if (ctrlKey || metaKey || altKey || isTaken(key, place)) return null;
  if (shiftKey && WITH_SHIFT.has(key)) return WITH_SHIFT.get(key) ?? null;
  return COMMANDS.get(key.length === 1 ? key.toLowerCase() : key) ?? null;
}

/**
 * @param {string} key
 * @param {Place} place
 */
function isTaken(key, place) {
  switch (place) {
    case "ownRange":
      // Arrows, Home and End move it; it has no use for a letter, a digit or the space bar.
      return key.length > 1;
    case "text":
    case "choice":
      return true;
    case "button":
      return key === " ";
    case "other":
      return false;
  }
}
