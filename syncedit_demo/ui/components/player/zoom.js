// How much of the pictures is seen, the same on both sides. It knows no page.
// Points are in shares of a picture's box: (0, 0) its upper left corner, (1, 1) its lower right one.

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

/**
 * @typedef {object} Zoom
 * @property {number} scale From 1, the whole picture, to `LARGEST`.
 * @property {number} x Where the left edge of the picture is, 0 or less.
 * @property {number} y Where its upper edge is, 0 or less.
 */

export const LARGEST = 8;
export const STEP = Math.SQRT2; // of a key or a button: two of them double
export const PAN_STEP = 0.1; // of a key, in shares of the box

/** @type {Readonly<Zoom>} */
export const WHOLE = { scale: 1, x: 0, y: 0 };

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * The same, with no gap between the picture and an edge of its box.
 *
 * @param {Zoom} zoom
 * @returns {Zoom}
 */
function filled({ scale, x, y }) {
  return { scale, x: clamp(x, 1 - scale, 0), y: clamp(y, 1 - scale, 0) };
}

/**
 * Larger or smaller, so that what is at a point stays there.
 *
 * @param {Zoom} zoom
 * @param {number} factor
 * @param {Point} [point] The middle if none is given.
 * @returns {Zoom}
 */
export function zoomed(zoom, factor, point = { x: 0.5, y: 0.5 }) {
  const scale = clamp(zoom.scale * factor, 1, LARGEST);
  const grown = scale / zoom.scale;
  return filled({ scale, x: point.x - (point.x - zoom.x) * grown, y: point.y - (point.y - zoom.y) * grown });
}

/**
 * Moved by shares of the box.
 *
 * @param {Zoom} zoom
 * @param {number} right
 * @param {number} down
 * @returns {Zoom}
 */
export function panned({ scale, x, y }, right, down) {
  return filled({ scale, x: x + right, y: y + down });
}

/**
 * What two fingers do that have moved: what was under them still is.
 *
 * @param {Zoom} zoom
 * @param {[Point, Point]} before
 * @param {[Point, Point]} after
 * @returns {Zoom}
 */
export function pinched(zoom, before, after) {
  const [from, to] = [middle(before), middle(after)];
  const factor = distance(after) / Math.max(distance(before), 1e-6);
  return panned(zoomed(zoom, factor, from), to.x - from.x, to.y - from.y);
}

/**
 * By how much a turn of the wheel zooms. A pinch on a touchpad comes as one with the Ctrl key and in small steps.
 *
 * @param {{ deltaY: number, deltaMode: number, ctrlKey: boolean }} turn
 */
export function factorOf({ deltaY, deltaMode, ctrlKey }) {
  const pixels = deltaMode ? deltaY * 40 : deltaY;
  return Math.exp(-(ctrlKey ? clamp(pixels, -25, 25) / 100 : clamp(pixels, -100, 100) / 400));
}

/**
 * Where a point of the window is in the box of a picture, of which it is known where the zoomed picture lies.
 *
 * @param {Box} picture
 * @param {Zoom} zoom
 * @param {Point} point
 * @returns {Point}
 */
export function pointIn({ left, top, width, height }, { scale, x, y }, point) {
  return { x: ((point.x - left) / width) * scale + x, y: ((point.y - top) / height) * scale + y };
}

/** @param {[Point, Point]} points */
function middle([one, other]) {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** @param {[Point, Point]} points */
function distance([one, other]) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
