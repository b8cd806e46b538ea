// The frames that are played, where that is not the whole clip. It knows no page. Frames count from 0.

/** @import { Timeline } from "./timing.js" */

/**
 * @typedef {object} Region Two frames or more, but not all; null is the whole clip.
 * @property {number} from The first of them.
 * @property {number} to The last of them.
 */

/**
 * The region that begins at a frame and ends where the one before did, or with the clip where that was earlier.
 *
 * @param {Region | null} region
 * @param {number} frame
 * @param {Timeline} timeline
 */
export function beginningAt(region, frame, timeline) {
  const to = region && region.to > frame ? region.to : timeline.frames - 1;
  return between(Math.min(frame, to - 1), to, timeline);
}

/**
 * The region that ends with a frame and begins where the one before did, or with the clip where that was later.
 *
 * @param {Region | null} region
 * @param {number} frame
 * @param {Timeline} timeline
 */
export function endingAt(region, frame, timeline) {
  const from = region && region.from < frame ? region.from : 0;
  return between(from, Math.max(frame, from + 1), timeline);
}

/**
 * @param {number} from
 * @param {number} to
 * @param {Timeline} timeline
 * @returns {Region | null}
 */
function between(from, to, { frames }) {
  const region = { from: Math.max(from, 0), to: Math.min(to, frames - 1) };
  return region.to <= region.from || (region.from === 0 && region.to === frames - 1) ? null : region;
}

/**
 * The frames that are played.
 *
 * @param {Region | null} region
 * @param {Timeline} timeline
 */
export function played(region, { frames }) {
  return region ?? { from: 0, to: frames - 1 };
}

/**
 * The frame to play on from.
 *
 * @param {number} frame The one on show.
 * @param {Region | null} region
 * @param {Timeline} timeline
 */
export function startFrom(frame, region, timeline) {
  const { from, to } = played(region, timeline);
  return frame < from || frame >= to ? from : frame;
}

/** @param {Region | null} region */
export function inWords(region) {
  return region ? `${region.from + 1}–${region.to + 1}` : "All frames";
}
