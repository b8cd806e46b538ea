// The behaviour of the player. Gradio runs this once, as the body of a function with `element`, `props` and `watch`,
// when the component appears; the markup stays the same from then on, only `props.value` changes.

import { find } from "../dom.js";
import { buttons, display, nameSide, SIDES, say } from "./display.js";
import { followGestures } from "./gestures.js";
import { followGoTo } from "./goto.js";
import { followKeys, writeHelp } from "./keyboard.js";
import { markerAfter, markerBefore, toggled } from "./markers.js";
import { setSource } from "./media.js";
import { beginningAt, endingAt } from "./region.js";
import { download, drawn, stillOf } from "./still.js";
import { createTransport } from "./transport.js";
import { PAN_STEP, panned, STEP, WHOLE, zoomed } from "./zoom.js";

/** @import { Comparison } from "../values.d.ts" */
/** @import { Pair, PictureName, SideName } from "./display.js" */
/** @import { Command } from "./keys.js" */
/** @import { Zoom } from "./zoom.js" */

const root = find(element, ".compare-player", HTMLElement);
/** @param {string} selector */
const part = (selector) => find(root, selector, HTMLElement);

const video = {
  reference: find(root, "video.reference", HTMLVideoElement),
  result: find(root, "video.result", HTMLVideoElement),
  clip: find(root, "video.clip", HTMLVideoElement),
};
const videos = Object.values(video);
const audio = find(root, "audio", HTMLAudioElement);
const seekBar = find(root, ".seek", HTMLInputElement);
const divider = find(root, ".divider", HTMLInputElement);
const onion = find(root, ".onion-mix", HTMLInputElement);
const help = find(root, "dialog", HTMLDialogElement);

let clip = /** @type {Pair | null} */ (null); // the value while it has both sides
let view = "side";
let front = /** @type {SideName} */ ("reference"); // the side on show in the flip view
let sound = /** @type {SideName | "none" | null} */ (null); // what is heard; null until somebody chooses
let markers = /** @type {readonly number[]} */ ([]);
let zoom = /** @type {Zoom} */ (WHOLE);

const heard = () => sound ?? SIDES.find((side) => clip?.[side].sound) ?? "none";
const shown = () => videos.filter((each) => each !== video.clip || each.hasAttribute("src"));
const failed = () => shown().some((each) => each.error);
const usable = () => clip !== null && !failed();

const transport = createTransport(video.reference, [video.result, video.clip], audio, {
  usable,
  changed: () => render(),
  shows: (frame) => root.dispatchEvent(new CustomEvent("frame", { bubbles: true, detail: { frame } })),
});
const { state } = transport;
const current = () => state().frame;

function render() {
  const { playing, running, scrubbing } = state();
  const loading = playing ? !running && !scrubbing : shown().some((each) => each.readyState < each.HAVE_CURRENT_DATA);
  const phase = !clip ? "empty" : failed() ? "failed" : loading ? "waiting" : "ready";
  display(root, { ...state(), phase, clip, view, front, heard: heard(), zoom, markers });
}

// --- what the viewer does

/** @param {string} next */
function setView(next) {
  if (!usable()) return;
  if (next === "three" && !clip?.clip) return;
  if (next === "flip") front = view === "flip" && front === "reference" ? "result" : "reference";
  view = next;
  if (loadThird()) transport.sourceChanged();
  render();
}

/** @param {SideName | "none"} next */
function setSound(next) {
  sound = next;
  loadSound();
  transport.sourceChanged();
}

/** @param {Zoom} next */
function setZoom(next) {
  zoom = next;
  render();
}

/** @param {number} factor */
const zoomBy = (factor) => setZoom(zoomed(zoom, factor));

/**
 * @param {number} right In shares of the picture's box.
 * @param {number} down
 */
const panBy = (right, down) => setZoom(panned(zoom, right, down));

/** @param {number | null} frame */
function goTo(frame) {
  if (frame === null) return;
  transport.pause();
  transport.seek(frame);
}

function mark() {
  transport.pause();
  markers = toggled(markers, current());
  render();
}

function save() {
  if (!clip) return;
  const look = { view, front, wipe: Number(divider.value) / 100, onion: Number(onion.value) / 100 };
  const name = `frame-${String(current() + 1).padStart(4, "0")}-${view === "flip" ? front : view}.png`;
  drawn(stillOf(look, clip.width, clip.height), clip.width, video).then((file) => file && download(file, name));
}

/** @param {boolean} open */
function setTools(open) {
  root.toggleAttribute("data-tools", open);
  part(".more").setAttribute("aria-expanded", String(open));
}

// --- a new value

function load() {
  const value = /** @type {Comparison | null} */ (props.value);
  const before = clip;
  clip = value?.result ? { ...value, result: value.result } : null;
  if (view === "three" && !clip?.clip) view = "side";
  // Another result for the same reference is looked at where the last one was.
  const kept = before !== null && clip !== null && haveOneInCommon(before, clip);
  if (!kept) {
    markers = [];
    zoom = WHOLE;
  }
  if (sound && sound !== "none" && clip && !clip[sound].sound) sound = null;
  transport.load(clip && { frames: clip.frames, rate: clip.rate[0] / clip.rate[1] }, kept);
  if (value) {
    root.style.setProperty("--ar", String(value.width / value.height));
    root.dataset.shape = value.width >= 1.2 * value.height ? "wide" : "upright";
  }
  for (const side of SIDES) {
    nameSide(root, side, value?.[side] ?? null);
    setSource(video[side], value?.[side]?.picture);
  }
  say(root, "clip", "");
  loadThird();
  loadSound();
  say(root, "all", value ? "" : "The comparison will appear here.");
  if (value && !clip) say(root, "result", "The result will appear here.");
  transport.drive();
}

/**
 * @param {Pair} one
 * @param {Pair} other
 */
function haveOneInCommon(one, other) {
  const urls = SIDES.map((side) => other[side].picture.url);
  return one.frames === other.frames && SIDES.some((side) => urls.includes(one[side].picture.url));
}

// The third picture is loaded where it is looked at alone: to decode it costs as much as either side.
function loadThird() {
  const before = video.clip.getAttribute("src");
  setSource(video.clip, view === "three" ? clip?.clip?.picture : null);
  return video.clip.getAttribute("src") !== before;
}

function loadSound() {
  const side = heard();
  setSource(audio, side === "none" ? null : clip?.[side].sound);
}

/** @param {PictureName} side */
function fail(side) {
  // One whose source was taken away fails too.
  if (!video[side].hasAttribute("src")) return;
  say(
    root,
    side,
    `Video ${{ reference: "A", result: "B", clip: "of the clip" }[side]} could not be loaded. Reload the page to try again.`,
    true,
  );
  transport.fail();
}

// --- events

/** @type {Record<Command, () => void>} */
const COMMANDS = {
  toggle: transport.toggle,
  back: () => transport.step(-1),
  forward: () => transport.step(1),
  first: () => transport.seek(0),
  last: () => transport.seek(state().timeline.frames - 1),
  goTo: followGoTo(root, () => state().timeline, goTo),
  loop: () => transport.setLoop(!state().loop),
  regionStart: () => transport.setRegion(beginningAt(state().region, current(), state().timeline)),
  regionEnd: () => transport.setRegion(endingAt(state().region, current(), state().timeline)),
  regionClear: () => transport.setRegion(null),
  marker: mark,
  markerBefore: () => goTo(markerBefore(markers, current())),
  markerAfter: () => goTo(markerAfter(markers, current())),
  side: () => setView("side"),
  wipe: () => setView("wipe"),
  flip: () => setView("flip"),
  difference: () => setView("difference"),
  onion: () => setView("onion"),
  three: () => setView("three"),
  zoomIn: () => zoomBy(STEP),
  zoomOut: () => zoomBy(1 / STEP),
  whole: () => setZoom(WHOLE),
  panLeft: () => panBy(PAN_STEP, 0),
  panRight: () => panBy(-PAN_STEP, 0),
  panUp: () => panBy(0, PAN_STEP),
  panDown: () => panBy(0, -PAN_STEP),
  save: () => transport.atRest(save),
  help: () => help.showModal(),
};

/** @param {Command} command */
function run(command) {
  if (!usable() && command !== "help") return false;
  COMMANDS[command]();
  return true;
}

function onVisibility() {
  if (!root.isConnected) document.removeEventListener("visibilitychange", onVisibility);
  else transport.drive();
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

for (const side of /** @type {const} */ ([...SIDES, "clip"])) video[side].addEventListener("error", () => fail(side));

for (const each of root.querySelectorAll("button[data-command]")) {
  const command = /** @type {Command} */ (each.getAttribute("data-command"));
  each.addEventListener("click", () => run(command));
}
onChoice("views", setView);
onChoice("speeds", (value) => transport.setSpeed(Number(value)));
onChoice("sounds", (value) => setSound(SIDES.find((side) => side === value) ?? "none"));
onClick(".more", () => setTools(!root.hasAttribute("data-tools")));
for (const [range, name] of /** @type {const} */ ([
  [divider, "--wipe"],
  [onion, "--onion"],
])) {
  range.addEventListener("input", () => root.style.setProperty(name, String(Number(range.value) / 100)));
}
part(".stage").addEventListener("click", ({ target }) => {
  if (target instanceof Element && !target.closest("button, input")) transport.toggle();
});
followGestures(part(".stage"), videos, () => zoom, setZoom);

seekBar.addEventListener("pointerdown", (event) => {
  seekBar.setPointerCapture(event.pointerId);
  transport.setScrubbing(true);
});
for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
  seekBar.addEventListener(type, () => transport.setScrubbing(false));
}
seekBar.addEventListener("input", () => transport.seek(Number(seekBar.value)));

onClick(".screen", () => (document.fullscreenElement === root ? document.exitFullscreen() : root.requestFullscreen()));
part(".screen-group").hidden = !document.fullscreenEnabled;
root.addEventListener("fullscreenchange", () =>
  part(".screen").setAttribute("aria-pressed", String(document.fullscreenElement === root)),
);

writeHelp(find(help, "dl", HTMLElement));
followKeys(root, [seekBar, divider, onion], run);
document.addEventListener("visibilitychange", onVisibility);
root.addEventListener("seekframe", (event) => transport.seek(event.detail.frame));

// Gradio pads every HTML component; the player lines up with its neighbours.
if (element.parentElement) element.parentElement.style.padding = "0";

watch("value", load);
load();
