// The arithmetic of the player: which frame is when, and what to do about videos that part. It knows no page.
// Frames count from 0; times are seconds on the clock of a video.

/**
 * @typedef {object} Timeline The frames of a video.
 * @property {number} frames How many.
 * @property {number} rate Frames per second.
 */

// Seconds in which a gap is made up for. It is longer than a busy page may take from one look at the clocks to the next,
// so that a change of pace never does more than it should.
const CATCH_UP = 0.5;
// Of the pace. The sound may fall far behind where a machine is busy. A quarter speed at half the pace, and at half of that
// for the video that follows, is a sixteenth: browsers refuse less.
const LARGEST_CHANGE = 0.5;
const LARGEST_GAP = 0.4; // frames between the videos, above which both are set on one frame again ...
const RESTARTS = 3; // ... at most so often in a row: a browser that is too busy starts them apart again
const LARGEST_GAP_AT_START = 0.5; // frames between any two media that are to start together
// Frames by which a time may lie before its frame begins. Browsers round to microseconds, which is less.
const ROUNDING = 1e-3;
const EARLY = 0.25; // frames before its end, at which a frame that is not the clip's last one counts as over

/**
 * The frame that is nearest to a number, among those that there are.
 *
 * @param {number} frame
 * @param {Timeline} timeline
 */
export function nearestFrame(frame, { frames }) {
  return Math.min(Math.max(Math.round(frame), 0), frames - 1);
}

/**
 * The frame on show at a time.
 *
 * @param {number} seconds
 * @param {Timeline} timeline
 */
export function frameAt(seconds, timeline) {
  return nearestFrame(Math.floor(seconds * timeline.rate + ROUNDING), timeline);
}

/**
 * The frame that begins at a time, as a browser says it of a frame that it draws.
 *
 * @param {number} seconds
 * @param {Timeline} timeline
 */
export function frameThatBegins(seconds, timeline) {
  return nearestFrame(seconds * timeline.rate, timeline);
}

/**
 * The time to go to for a frame: its middle, which no rounding can move into the next one.
 *
 * @param {number} frame
 * @param {Timeline} timeline
 */
export function middleOf(frame, { rate }) {
  return (frame + 0.5) / rate;
}

/**
 * Whether a clock has come to the end of a frame. That of the clip's last one is its own; of any other one it is taken a
 * little early, because the page looks at the clock at most once for each refresh and the next frame is not to be seen.
 *
 * @param {number} seconds
 * @param {Timeline} timeline
 * @param {number} [last] The last frame that is played.
 */
export function isOver(seconds, { frames, rate }, last = frames - 1) {
  return seconds * rate >= (last < frames - 1 ? last + 1 - EARLY : frames);
}

/**
 * Frames by which a medium is ahead of the one that leads. One that has ended holds its last frame, or is silent, which
 * is as it should be.
 *
 * @param {{ currentTime: number, ended: boolean }} medium
 * @param {{ currentTime: number }} leader
 * @param {Timeline} timeline
 */
export function gapOf(medium, leader, { rate }) {
  return medium.ended ? 0 : (medium.currentTime - leader.currentTime) * rate;
}

/**
 * Whether media are close enough to start as they are.
 *
 * @param {number[]} gaps Of each to the leader, in frames.
 */
export function canStartTogether(gaps) {
  return gaps.every((gap) => Math.abs(gap) <= LARGEST_GAP_AT_START);
}

/**
 * What to do about a gap between the videos while they play.
 *
 * @param {number} gap In frames.
 * @param {number} restarts How often in a row both have been set on one frame already.
 * @returns {{ restart: boolean, restarts: number }} Whether to do so now, and how often in a row that makes.
 */
export function answerTo(gap, restarts) {
  if (Math.abs(gap) <= LARGEST_GAP) return { restart: false, restarts: 0 };
  return restarts < RESTARTS ? { restart: true, restarts: restarts + 1 } : { restart: false, restarts };
}

/**
 * The pace, 1 being the normal one, at which a medium makes up for a gap.
 *
 * @param {number} gap Frames by which it is ahead.
 * @param {Timeline} timeline
 */
export function paceFor(gap, { rate }) {
  // In small steps, so that the flicker of a clock does not change the pace at every refresh.
  const change = Math.round((gap / rate / CATCH_UP) * 200) / 200;
  return 1 - Math.min(Math.max(change, -LARGEST_CHANGE), LARGEST_CHANGE);
}

/**
 * The largest of some gaps, ahead or behind; 0 where there are none.
 *
 * @param {number[]} gaps In seconds.
 */
export const furthest = (gaps) => gaps.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
