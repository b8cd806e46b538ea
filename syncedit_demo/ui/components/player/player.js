// The behaviour of the player. Gradio runs this once, as the body of a function with `element`, `props` and `watch`,
// when the component appears; the markup stays the same from then on, only `props.value` changes.
//
// Video A leads, B follows. All playing, pausing and seeking is done by `drive`, which every event of either comes back
// to: it looks at what is wanted and at what the media can do, and takes the next step. Neither video has a sound track,
// because a browser starts and paces one that has by the device that the sound goes to, however muted it is. What is
// heard comes from an element of its own, and sets the pace: the videos start with it and keep to its clock.

import { find } from "../dom.js";
import { buttons, display, nameSide, SIDES, say } from "./display.js";
import { commandOf, placeOf } from "./keys.js";
import { prime, resume, setPace, setSource } from "./media.js";
import {
  answerTo,
  canStartTogether,
  frameAt,
  frameThatBegins,
  gapOf,
  isOver,
  middleOf,
  nearestFrame,
  paceFor,
} from "./timing.js";

/** @import { Comparison } from "../values.d.ts" */
/** @import { Pair, SideName } from "./display.js" */
/** @import { Command } from "./keys.js" */

const root = find(element, ".compare-player", HTMLElement);
/** @param {string} selector */
const part = (selector) => find(root, selector, HTMLElement);

// What happens to a medium that may let the next step be taken.
const PROGRESS = ["loadedmetadata", "canplay", "canplaythrough", "seeked", "waiting", "playing", "ended", "error"];
const video = {
  reference: find(root, "video.reference", HTMLVideoElement),
  result: find(root, "video.result", HTMLVideoElement),
};
const videos = Object.values(video);
const audio = find(root, "audio", HTMLAudioElement);
const leader = video.reference;
const follower = video.result;
const seekBar = find(root, ".seek", HTMLInputElement);
const divider = find(root, ".divider", HTMLInputElement);

let clip = /** @type {Pair | null} */ (null); // the value while it has both sides
let timeline = { frames: 1, rate: 1 }; // of the clip
let view = "side";
let front = /** @type {SideName} */ ("reference"); // the side on show in the flip view
let sound = /** @type {SideName | "none" | null} */ (null); // what is heard; null until somebody chooses
let speed = 1;
let loop = true;
let wanted = false; // the viewer wants it to play
let running = false; // it does play
let scrubbing = false; // the seek bar is held
let shown = 0; // the frame on show
let goal = /** @type {number | null} */ (null); // the frame to go to, or null
let heading = /** @type {number | null} */ (null); // the frame both videos are seeking, or null
let restarts = 0;
let nextTick = 0;
let nextLook = 0;

const heard = () => sound ?? SIDES.find((side) => clip?.[side].sound) ?? "none";
const audible = () => audio.hasAttribute("src") && !audio.error;
const media = () => (audible() ? [...videos, audio] : videos);
const failed = () => videos.some((each) => each.error);
const usable = () => clip !== null && !failed();
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
  }
  render();
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
      for (const each of videos) resume(each, pause);
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
  for (const each of [...videos, audio]) each.pause();
}

function tick() {
  if (leader.ended || isOver(leader.currentTime, timeline)) {
    wanted = loop;
    seek(loop ? 0 : timeline.frames - 1);
    return;
  }
  const off = gap(follower);
  const answer = answerTo(off, restarts);
  restarts = answer.restarts;
  if (answer.restart) {
    seek(frameAt(leader.currentTime, timeline));
    return;
  }
  const pace = speed * (audible() ? paceFor(-gap(audio), timeline) : 1);
  setPace(leader, pace);
  setPace(follower, pace * paceFor(off, timeline));
  nextTick = requestAnimationFrame(tick);
}

/** @param {number} frame */
function show(frame) {
  if (frame === shown) return;
  shown = frame;
  root.dispatchEvent(new CustomEvent("frame", { bubbles: true, detail: { frame } }));
}

/**
 * @param {SideName} side
 * @param {VideoFrameCallbackMetadata} metadata
 */
function presented(side, metadata) {
  if (running && video[side] === leader) {
    show(frameThatBegins(metadata.mediaTime, timeline));
    render();
  }
  video[side].requestVideoFrameCallback((_, next) => presented(side, next));
}

// --- what the viewer does

/** @param {number} frame */
function seek(frame) {
  if (!usable() || !Number.isFinite(frame)) return;
  goal = nearestFrame(frame, timeline);
  drive();
}

/** @param {number} frames */
function step(frames) {
  pause();
  seek(current() + frames);
}

function play() {
  if (!usable()) return;
  wanted = true;
  if (current() === timeline.frames - 1) goal = 0;
  drive();
  if (!running) media().forEach(prime);
}

function pause() {
  if (!wanted) return;
  wanted = false;
  // Both end on the very same frame, wherever between two frames the pause fell.
  seek(current());
}

const toggle = () => (wanted ? pause() : play());

/** @param {string} next */
function setView(next) {
  if (!usable()) return;
  if (next === "flip") front = view === "flip" && front === "reference" ? "result" : "reference";
  view = next;
  render();
}

/** @param {number} next */
function setSpeed(next) {
  speed = next;
  for (const each of media()) each.playbackRate = speed;
  render();
}

/** @param {SideName | "none"} next */
function setSound(next) {
  sound = next;
  loadSound();
  heading = null;
  seek(current());
}

/** @param {boolean} next */
function setLoop(next) {
  loop = next;
  render();
}

function render() {
  const loading = wanted ? !running && !scrubbing : videos.some((each) => each.readyState < each.HAVE_CURRENT_DATA);
  const phase = !clip ? "empty" : failed() ? "failed" : loading ? "waiting" : "ready";
  const frame = current();
  display(root, { phase, clip, frame, playing: wanted, scrubbing, view, front, loop, speed, heard: heard() });
}

// --- a new value

function load() {
  const value = /** @type {Comparison | null} */ (props.value);
  const before = clip;
  clip = value?.result ? { ...value, result: value.result } : null;
  // Another result for the same reference is looked at where the last one was.
  const kept = before && clip && haveOneInCommon(before, clip);
  goal = clip ? (kept ? current() : 0) : null;
  heading = null;
  wanted = wanted && Boolean(kept);
  if (sound && sound !== "none" && clip && !clip[sound].sound) sound = null;
  stop();
  timeline = clip ? { frames: clip.frames, rate: clip.rate[0] / clip.rate[1] } : { frames: 1, rate: 1 };
  if (value) {
    root.style.setProperty("--ar", String(value.width / value.height));
    root.dataset.shape = value.width >= 1.2 * value.height ? "wide" : "upright";
  }
  for (const side of SIDES) {
    nameSide(root, side, value?.[side] ?? null);
    setSource(video[side], value?.[side]?.picture);
  }
  loadSound();
  say(root, "all", value ? "" : "The comparison will appear here.");
  if (value && !clip) say(root, "result", "The result will appear here.");
  drive();
}

/**
 * @param {Pair} one
 * @param {Pair} other
 */
function haveOneInCommon(one, other) {
  const urls = SIDES.map((side) => other[side].picture.url);
  return one.frames === other.frames && SIDES.some((side) => urls.includes(one[side].picture.url));
}

function loadSound() {
  const side = heard();
  setSource(audio, side === "none" ? null : clip?.[side].sound);
}

/** @param {SideName} side */
function fail(side) {
  stop();
  wanted = false;
  say(root, side, `Video ${side === "reference" ? "A" : "B"} could not be loaded. Reload the page to try again.`, true);
  render();
}

// --- events

/** @type {Record<Command, () => void>} */
const COMMANDS = {
  toggle,
  back: () => step(-1),
  forward: () => step(1),
  first: () => seek(0),
  last: () => seek(timeline.frames - 1),
  loop: () => setLoop(!loop),
  side: () => setView("side"),
  wipe: () => setView("wipe"),
  flip: () => setView("flip"),
  difference: () => setView("difference"),
};

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (!usable() || event.defaultPrevented || !(event.target instanceof Element)) return;
  const command = commandOf(event, placeOf(event.target, [seekBar, divider]));
  if (!command) return;
  event.preventDefault();
  COMMANDS[command]();
}

/** @param {KeyboardEvent} event */
function onKeyOutside(event) {
  if (!root.isConnected) document.removeEventListener("keydown", onKeyOutside);
  else if (event.target instanceof Element && !event.target.closest(".compare-player")) onKey(event);
}

function onVisibility() {
  if (!root.isConnected) document.removeEventListener("visibilitychange", onVisibility);
  else drive();
}

/**
 * @param {string} selector
 * @param {() => void} listener
 */
const onClick = (selector, listener) => part(selector).addEventListener("click", listener);

/**
 * @param {string} group
 * @param {(value: string) => void} choose
 */
function onChoice(group, choose) {
  for (const each of buttons(root, group)) each.addEventListener("click", () => choose(each.value));
}

for (const medium of [...videos, audio]) {
  for (const type of PROGRESS) medium.addEventListener(type, drive);
}

for (const side of SIDES) {
  video[side].addEventListener("error", () => fail(side));
  // The system's media keys and headsets can pause a video too.
  video[side].addEventListener("pause", () => {
    if (running && video[side].paused && !video[side].ended) pause();
  });
  video[side].requestVideoFrameCallback((_, metadata) => presented(side, metadata));
}

onClick(".back", () => step(-1));
onClick(".play", toggle);
onClick(".forward", () => step(1));
onClick(".loop", () => setLoop(!loop));
onClick(".flip", () => setView("flip"));
onChoice("views", setView);
onChoice("speeds", (value) => setSpeed(Number(value)));
onChoice("sounds", (value) => setSound(SIDES.find((side) => side === value) ?? "none"));
divider.addEventListener("input", () => root.style.setProperty("--wipe", String(Number(divider.value) / 100)));
part(".stage").addEventListener("click", ({ target }) => {
  if (target instanceof Element && !target.closest("button, input")) toggle();
});

seekBar.addEventListener("pointerdown", (event) => {
  seekBar.setPointerCapture(event.pointerId);
  scrubbing = true;
});
for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
  seekBar.addEventListener(type, () => {
    scrubbing = false;
    drive();
  });
}
seekBar.addEventListener("input", () => seek(Number(seekBar.value)));

onClick(".screen", () => (document.fullscreenElement === root ? document.exitFullscreen() : root.requestFullscreen()));
part(".screen-group").hidden = !document.fullscreenEnabled;
root.addEventListener("fullscreenchange", () =>
  part(".screen").setAttribute("aria-pressed", String(document.fullscreenElement === root)),
);

root.addEventListener("keydown", onKey);
root.addEventListener("pointerenter", () => document.addEventListener("keydown", onKeyOutside));
root.addEventListener("pointerleave", () => document.removeEventListener("keydown", onKeyOutside));
document.addEventListener("visibilitychange", onVisibility);
root.addEventListener("seekframe", (event) => seek(event.detail.frame));

// Gradio pads every HTML component; the player lines up with its neighbours.
if (element.parentElement) element.parentElement.style.padding = "0";

watch("value", load);
load();
