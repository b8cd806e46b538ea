// Results in a grid. The first one leads; the others keep to its clock, as B keeps to A in the player.

import { find } from "../dom.js";
import { resume, setPace } from "../player/media.js";
import { answerTo, frameAt, gapOf, isOver, middleOf, nearestFrame, paceFor } from "../player/timing.js";

/** @import { Grid, GridVideo } from "../values.d.ts" */

const root = find(element, ".grid", HTMLElement);
const place = find(root, ".videos", HTMLElement);
const seekBar = find(root, ".seek", HTMLInputElement);
const playButton = find(root, ".play", HTMLButtonElement);

let videos = /** @type {HTMLVideoElement[]} */ ([]);
let timeline = { frames: 1, rate: 1 };
let shown = 0;
let goal = /** @type {number | null} */ (null); // the frame that all are going to
let wanted = false; // they are to play
let running = false; // they do
let restarts = 0;
let nextTick = 0;

function load() {
  const value = /** @type {Grid | null} */ (props.value || null);
  wanted = false;
  stop();
  const wasHidden = root.hidden;
  root.hidden = value === null;
  for (const video of videos) video.removeAttribute("src");
  videos = [];
  place.replaceChildren(...(value?.videos ?? []).map(figure));
  if (!value) return;
  timeline = { frames: value.frames, rate: value.rate[0] / value.rate[1] };
  root.style.setProperty("--ar", String(value.width / value.height));
  const count = value.videos.length;
  const columns = count <= 3 ? count : Math.ceil(Math.sqrt(count));
  root.style.setProperty("--columns", String(columns));
  root.style.setProperty("--rows", String(Math.ceil(count / columns)));
  seekBar.max = String(value.frames - 1);
  seek(0);
  write();
  if (wasHidden) root.scrollIntoView({ block: "nearest" });
}

/** @param {GridVideo} each */
function figure({ picture, label }) {
  const [figure, video, caption] = [
    document.createElement("figure"),
    document.createElement("video"),
    document.createElement("figcaption"),
  ];
  Object.assign(video, { muted: true, playsInline: true, preload: "auto", src: picture.url });
  caption.textContent = label;
  for (const type of ["loadeddata", "canplay", "seeked", "ended", "error"]) video.addEventListener(type, drive);
  figure.append(video, caption);
  videos.push(video);
  return figure;
}

function drive() {
  const usable = videos.filter((video) => !video.error);
  if (!usable.length || usable.some((video) => video.seeking || video.readyState < video.HAVE_CURRENT_DATA)) return;
  if (goal !== null) {
    shown = goal;
    goal = null;
  }
  if (wanted && !running) start();
  write();
}

function start() {
  running = true;
  for (const video of videos) resume(video, pause);
  nextTick = requestAnimationFrame(tick);
}

function stop() {
  running = false;
  cancelAnimationFrame(nextTick);
  for (const video of videos) video.pause();
}

function tick() {
  const [leader, ...followers] = videos;
  if (!leader || !root.isConnected) return;
  if (leader.ended || isOver(leader.currentTime, timeline)) {
    seek(0);
    return;
  }
  const gaps = followers.map((video) => gapOf(video, leader, timeline));
  const answer = answerTo(Math.max(0, ...gaps.map(Math.abs)), restarts);
  restarts = answer.restarts;
  if (answer.restart) {
    seek(frameAt(leader.currentTime, timeline));
    return;
  }
  for (const [index, video] of followers.entries()) setPace(video, paceFor(gaps[index] ?? 0, timeline));
  shown = frameAt(leader.currentTime, timeline);
  write();
  nextTick = requestAnimationFrame(tick);
}

/** @param {number} frame */
function seek(frame) {
  stop();
  goal = nearestFrame(frame, timeline);
  for (const video of videos) video.currentTime = middleOf(goal, timeline);
}

function pause() {
  wanted = false;
  seek(shown);
  write();
}

/** @param {number} frames */
function step(frames) {
  wanted = false;
  seek((goal ?? shown) + frames);
}

function write() {
  seekBar.value = String(goal ?? shown);
  playButton.textContent = wanted ? "Pause all" : "Play all";
  find(root, ".counter", HTMLElement).textContent = `frame ${(goal ?? shown) + 1} / ${timeline.frames}`;
}

playButton.addEventListener("click", () => {
  if (wanted) pause();
  else {
    wanted = true;
    drive();
  }
});
find(root, ".back", HTMLButtonElement).addEventListener("click", () => step(-1));
find(root, ".forward", HTMLButtonElement).addEventListener("click", () => step(1));
find(root, ".close", HTMLButtonElement).addEventListener("click", () => trigger("close"));
seekBar.addEventListener("input", () => seek(Number(seekBar.value)));

watch("value", load);
load();
