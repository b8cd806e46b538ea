// Plays some videos, and a sound, on one clock.
//
// Video A leads, the others follow. All playing, pausing and seeking is done by `drive`, which every event of either comes back
// to: it looks at what is wanted and at what the media can do, and takes the next step. None of them has a sound track,
// because a browser starts and paces one that has by the device that the sound goes to, however muted it is. What is
// heard comes from an element of its own, and sets the pace: the videos start with it and keep to its clock.

import { prime, resume, setPace } from "./media.js";
import { played, startFrom } from "./region.js";
import {
  answerTo,
  canStartTogether,
  frameAt,
  frameThatBegins,
  furthest,
  gapOf,
  isOver,
  middleOf,
  nearestFrame,
  paceFor,
} from "./timing.js";

/** @import { Region } from "./region.js" */
/** @import { Timeline } from "./timing.js" */

// What happens to a medium that may let the next step be taken.
const PROGRESS = ["loadedmetadata", "canplay", "canplaythrough", "seeked", "waiting", "playing", "ended", "error"];

/**
 * @param {HTMLVideoElement} leader
 * @param {HTMLVideoElement[]} followers Those without a source are left out.
 * @param {HTMLAudioElement} audio
 * @param {object} player
 * @param {() => boolean} player.usable Whether there are two videos that can be played.
 * @param {() => void} player.changed Called when anything may be another than before.
 * @param {(frame: number) => void} player.shows Called when another frame is on show.
 */
export function createTransport(leader, followers, audio, { usable, changed, shows }) {
  const all = [leader, ...followers];
  let timeline = /** @type {Timeline} */ ({ frames: 1, rate: 1 });
  let speed = 1;
  let loop = true;
  let region = /** @type {Region | null} */ (null); // the frames that are played, or null for all
  let wanted = false; // the viewer wants it to play
  let running = false; // it does play
  let scrubbing = false; // the seek bar is held
  let shown = 0; // the frame on show
  let goal = /** @type {number | null} */ (null); // the frame to go to, or null
  let heading = /** @type {number | null} */ (null); // the frame both videos are seeking, or null
  let rested = /** @type {(() => void) | null} */ (null); // to be called once both rest on one frame
  let restarts = 0;
  let nextTick = 0;
  let nextLook = 0;

  const audible = () => audio.hasAttribute("src") && !audio.error;
  const following = () => followers.filter((each) => each.hasAttribute("src"));
  const videos = () => [leader, ...following()];
  const media = () => (audible() ? [...videos(), audio] : videos());
  /** @param {HTMLMediaElement} medium */
  const gap = (medium) => gapOf(medium, leader, timeline);
  const current = () => goal ?? shown;

  // --- the clock

  function drive() {
    if (usable() && media().every((each) => each.readyState >= each.HAVE_METADATA && !each.seeking)) {
      if (heading !== null) arrive(heading);
      if (goal !== null) depart(goal);
      else if (canRun() && !running) start();
      else if (!canRun() && running) stop();
      if (goal === null && !wanted && rested && videos().every((each) => each.readyState >= each.HAVE_CURRENT_DATA)) {
        const call = rested;
        rested = null;
        call();
      }
    }
    changed();
  }

  function canRun() {
    // A hidden page draws nothing and may slow one video down and not the other: the clock stands still there.
    const ready = media().every((each) => each.ended || each.readyState >= each.HAVE_FUTURE_DATA);
    return ready && wanted && !scrubbing && !document.hidden;
  }

  /** @param {number} frame */
  function depart(frame) {
    stop();
    heading = frame;
    for (const each of media()) each.currentTime = middleOf(frame, timeline);
  }

  /** @param {number} frame */
  function arrive(frame) {
    if (goal === frame) goal = null;
    show(frame);
    heading = null;
  }

  function start() {
    if (!canStartTogether(media().map(gap))) {
      goal = frameAt(leader.currentTime, timeline);
      depart(goal);
      return;
    }
    running = true;
    for (const each of media()) each.playbackRate = speed;
    const silence = audio.currentTime;
    const follow = () => {
      // It takes its device some time to start.
      if (audible() && audio.currentTime === silence && !audio.ended) {
        nextLook = setTimeout(follow, 2);
      } else {
        for (const each of videos()) resume(each, pause);
        nextTick = requestAnimationFrame(tick);
      }
    };
    if (audible()) resume(audio, pause);
    follow();
  }

  function stop() {
    running = false;
    clearTimeout(nextLook);
    cancelAnimationFrame(nextTick);
    for (const each of [...all, audio]) each.pause();
  }

  function tick() {
    const { from, to } = played(region, timeline);
    if (leader.ended || isOver(leader.currentTime, timeline, to)) {
      wanted = loop;
      seek(loop ? from : to);
      return;
    }
    const off = following().map(gap);
    const answer = answerTo(furthest(off), restarts);
    restarts = answer.restarts;
    if (answer.restart) {
      seek(frameAt(leader.currentTime, timeline));
      return;
    }
    const pace = speed * (audible() ? paceFor(-gap(audio), timeline) : 1);
    setPace(leader, pace);
    for (const [index, each] of following().entries()) setPace(each, pace * paceFor(off[index] ?? 0, timeline));
    nextTick = requestAnimationFrame(tick);
  }

  /** @param {number} frame */
  function show(frame) {
    if (frame === shown) return;
    shown = frame;
    shows(frame);
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {VideoFrameCallbackMetadata} metadata
   */
  function presented(video, metadata) {
    if (running && video === leader) {
      show(frameThatBegins(metadata.mediaTime, timeline));
      changed();
    }
    video.requestVideoFrameCallback((_, next) => presented(video, next));
  }

  // --- what the viewer does

  /** @param {number} frame */
  function seek(frame) {
    if (!usable() || !Number.isFinite(frame)) return;
    goal = nearestFrame(frame, timeline);
    drive();
  }

  function play() {
    if (!usable()) return;
    wanted = true;
    const begin = startFrom(current(), region, timeline);
    if (begin !== current()) goal = begin;
    drive();
    if (!running) media().forEach(prime);
  }

  function pause() {
    if (!wanted) return;
    wanted = false;
    // Both end on the very same frame, wherever between two frames the pause fell.
    seek(current());
  }

  for (const medium of [...all, audio]) {
    for (const type of PROGRESS) medium.addEventListener(type, drive);
  }
  for (const video of all) {
    // The system's media keys and headsets can pause a video too.
    video.addEventListener("pause", () => {
      if (running && video.paused && !video.ended) pause();
    });
    video.requestVideoFrameCallback((_, metadata) => presented(video, metadata));
  }

  return {
    drive,
    seek,
    play,
    pause,
    toggle: () => (wanted ? pause() : play()),

    /** @param {number} frames */
    step(frames) {
      pause();
      seek(current() + frames);
    },

    /** @param {number} next */
    setSpeed(next) {
      speed = next;
      for (const each of media()) each.playbackRate = speed;
      changed();
    },

    /** @param {boolean} next */
    setLoop(next) {
      loop = next;
      changed();
    },

    /** @param {Region | null} next */
    setRegion(next) {
      region = next;
      // What plays outside of it goes on inside.
      if (wanted) seek(startFrom(current(), region, timeline));
      changed();
    },

    /** @param {boolean} next */
    setScrubbing(next) {
      scrubbing = next;
      drive();
    },

    /**
     * Calls back once both videos rest on one frame, which they are brought to.
     *
     * @param {() => void} call
     */
    atRest(call) {
      rested = call;
      if (wanted) pause();
      else drive();
    },

    /** A sound or a video has another source: it has to be brought to the frame on show. */
    sourceChanged() {
      heading = null;
      seek(current());
    },

    /** Nothing can be played any more. */
    fail() {
      stop();
      wanted = false;
      rested = null;
      changed();
    },

    /**
     * Other videos are about to be loaded.
     *
     * @param {Timeline | null} next Null where there are none.
     * @param {boolean} kept Whether they are looked at where the last ones were.
     */
    load(next, kept) {
      goal = next ? (kept ? current() : 0) : null;
      heading = null;
      rested = null;
      wanted = wanted && kept;
      if (!kept) region = null;
      stop();
      timeline = next ?? { frames: 1, rate: 1 };
    },

    /** What there is to be seen of it. */
    state: () => ({ timeline, speed, loop, region, playing: wanted, running, scrubbing, frame: current() }),
  };
}
