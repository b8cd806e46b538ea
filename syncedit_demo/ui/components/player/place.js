// How a place in a clip is said and read: frames count from 1 there, as on the counter. It knows no page.

import { frameAt, nearestFrame } from "./timing.js";

/** @import { Timeline } from "./timing.js" */

/**
 * When a frame begins, such as "1.25 s".
 *
 * @param {number} frame From 0.
 * @param {Timeline} timeline
 */
export function secondsInWords(frame, { rate }) {
  return `${(frame / rate).toFixed(2)} s`;
}

/**
 * The frame that somebody has typed: its number, or with an "s" its time in seconds. What lies outside is the nearest
 * one that there is.
 *
 * @param {string} text
 * @param {Timeline} timeline
 * @returns {number | null} From 0; null where it is neither.
 */
export function frameFrom(text, timeline) {
  const found = /^\s*(\d+(?:[.,]\d+)?|[.,]\d+)\s*(s?)\s*$/i.exec(text);
  if (!found) return null;
  const number = Number((found[1] ?? "").replace(",", "."));
  return found[2] ? frameAt(number, timeline) : nearestFrame(number - 1, timeline);
}
