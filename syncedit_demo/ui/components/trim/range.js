// The part of a clip that is used, in frames counted from 0. It has one frame at least and `most` at most.

/**
 * @typedef {object} Part
 * @property {number} start Its first frame.
 * @property {number} end Its last frame.
 */

/**
 * @typedef {object} Room
 * @property {number} total Frames of the clip.
 * @property {number} most Frames that a part may have.
 */

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
const within = (value, least, most) => Math.min(Math.max(value, least), most);

/**
 * The part when its start is moved: the end gives way, and follows where the part would be too long.
 *
 * @param {Part} part
 * @param {number} to
 * @param {Room} room
 * @returns {Part}
 */
export function startMoved({ end }, to, { total, most }) {
  const start = within(to, 0, total - 1);
  return { start, end: within(end, start, start + most - 1) };
}

/**
 * The part when its end is moved.
 *
 * @param {Part} part
 * @param {number} to
 * @param {Room} room
 * @returns {Part}
 */
export function endMoved({ start }, to, { total, most }) {
  const end = within(to, 0, total - 1);
  return { start: within(start, end - most + 1, end), end };
}

/**
 * The part when all of it is moved by some frames, as far as there is room.
 *
 * @param {Part} part
 * @param {number} by
 * @param {Room} room
 * @returns {Part}
 */
export function moved({ start, end }, by, { total }) {
  const step = within(by, -start, total - 1 - end);
  return { start: start + step, end: end + step };
}

/**
 * Seconds in words, such as "1.24 s".
 *
 * @param {number} frames
 * @param {readonly [number, number]} rate Frames per second as a fraction.
 */
export const seconds = (frames, [numerator, denominator]) => `${((frames * denominator) / numerator).toFixed(2)} s`;
