// Which key does what in the player, and which keys are not the player's.

/**
 * @typedef {"toggle" | "back" | "forward" | "first" | "last" | "loop" | "side" | "wipe" | "flip" | "difference"} Command
 */

/**
 * @typedef {"ownRange" | "text" | "choice" | "button" | "other"} Place What has the focus: a slider of the player, a
 * field to write in, a control that arrows or letters move, one that the space bar presses, or none of these.
 */

/** @type {ReadonlyMap<string, Command>} */
const COMMANDS = new Map([
  [" ", "toggle"],
  ["ArrowLeft", "back"],
  ["ArrowRight", "forward"],
  ["Home", "first"],
  ["End", "last"],
  ["l", "loop"],
  ["1", "side"],
  ["2", "wipe"],
  ["3", "flip"],
  ["4", "difference"],
]);

const TYPING = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
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
 * @param {{ key?: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} press Browsers that fill in a form for
 *     the visitor send some without a key.
 * @param {Place} place
 */
export function commandOf({ key = "", ctrlKey, metaKey, altKey }, place) {
  // With one of these, it is a shortcut of the browser.
  if (ctrlKey || metaKey || altKey || isTaken(key, place)) return null;
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
