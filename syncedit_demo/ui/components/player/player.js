// The behaviour of the player. Gradio runs this once, as the body of a function with `element`, `props` and `watch`,
// when the component appears; the markup stays the same from then on, only `props.value` changes.
//
// Video A leads, B follows. All playing, pausing and seeking is done by `drive`, which every event of either comes back
// to: it looks at what is wanted and at what the media can do, and takes the next step. Neither video has a sound track,
// because a browser starts and paces one that has by the device that the sound goes to, however muted it is. What is
// heard comes from an element of its own, and sets the pace: the videos start with it and keep to its clock.

const HAVE_METADATA = 1;
const HAVE_FUTURE_DATA = 3;
// Seconds in which a gap is made up for. It is longer than a busy page may take from one look at the clocks to the next,
// so that a change of pace never does more than it should.
const CATCH_UP = 0.5;
const LARGEST_GAP = 0.4; // frames between the videos, above which both are set on one frame again ...
const RESTARTS = 3; // ... at most so often in a row: a browser that is too busy starts them apart again

const root = element.querySelector(".compare-player");
const find = (selector) => root.querySelector(selector);
const buttons = (group) => [...root.querySelectorAll(`.${group} button`)];

const SIDES = ["reference", "result"];
const video = { reference: find("video.reference"), result: find("video.result") };
const videos = Object.values(video);
const audio = find("audio");
const leader = video.reference;
const follower = video.result;
const seekBar = find(".seek");

let clip = null; // the value while it has both sides, or null
let rate = 1; // frames per second
let view = "side";
let front = "reference"; // the side on show in the flip view
let sound = null; // the side that is heard or "none"; null until somebody chooses
let speed = 1;
let loop = true;
let wanted = false; // the viewer wants it to play
let running = false; // it does play
let scrubbing = false; // the seek bar is held
let shown = 0; // the frame on show
let goal = null; // the frame to go to, or null
let heading = null; // the frame both videos are seeking, or null
let restarts = 0;
let nextTick = 0;
let nextLook = 0;

const heard = () => sound ?? SIDES.find((side) => clip?.[side].sound) ?? "none";
const audible = () => audio.hasAttribute("src") && !audio.error;
const media = () => (audible() ? [...videos, audio] : videos);
const failed = () => videos.some((each) => each.error);
const usable = () => clip !== null && !failed();
// In frames; one that is a little shorter holds its last frame, or is silent, which is as it should be.
const gap = (medium) => (medium.ended ? 0 : (medium.currentTime - leader.currentTime) * rate);
const clamp = (number, low, high) => Math.min(Math.max(number, low), high);
const frameAt = (seconds) => clamp(Math.floor(seconds * rate + 1e-3), 0, clip.frames - 1);

// --- the clock

function drive() {
  if (usable() && media().every((each) => each.readyState >= HAVE_METADATA && !each.seeking)) {
    if (heading !== null) arrive();
    if (goal !== null) depart();
    else if (canRun() && !running) start();
    else if (!canRun() && running) stop();
  }
  render();
}

function canRun() {
  // A hidden page draws nothing and may slow one video down and not the other: the clock stands still there.
  const ready = (each) => each.ended || each.readyState >= HAVE_FUTURE_DATA;
  return wanted && !scrubbing && !document.hidden && media().every(ready);
}

function depart() {
  stop();
  heading = goal;
  // The middle of a frame is the time that no rounding can move into the next one.
  for (const each of media()) each.currentTime = (heading + 0.5) / rate;
}

function arrive() {
  if (goal === heading) goal = null;
  show(heading);
  heading = null;
}

function start() {
  if (media().some((each) => Math.abs(gap(each)) > 0.5)) {
    goal = frameAt(leader.currentTime);
    depart();
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
      for (const each of videos) resume(each);
      nextTick = requestAnimationFrame(tick);
    }
  };
  if (audible()) resume(audio);
  follow();
}

function stop() {
  running = false;
  clearTimeout(nextLook);
  cancelAnimationFrame(nextTick);
  for (const each of [...videos, audio]) each.pause();
}

function resume(medium) {
  // To play one that has ended would take it back to its start.
  if (!medium.ended) medium.play().catch(refused);
}

function refused(error) {
  // A pause that overtakes play() rejects too, and is none of the viewer's business.
  if (error.name === "NotAllowedError") pause();
}

function tick() {
  if (leader.ended || leader.currentTime * rate >= clip.frames) {
    wanted = loop;
    seek(loop ? 0 : clip.frames - 1);
    return;
  }
  const off = gap(follower);
  if (Math.abs(off) <= LARGEST_GAP) {
    restarts = 0;
  } else if (restarts < RESTARTS) {
    restarts += 1;
    seek(frameAt(leader.currentTime));
    return;
  }
  const pace = speed * (audible() ? makeUpFor(-gap(audio)) : 1);
  setPace(leader, pace);
  setPace(follower, pace * makeUpFor(off));
  nextTick = requestAnimationFrame(tick);
}

function makeUpFor(frames) {
  // In small steps, so that the flicker of a clock does not change the pace at every refresh.
  return 1 - Math.round((frames / rate / CATCH_UP) * 200) / 200;
}

function setPace(video, pace) {
  if (video.playbackRate !== pace) video.playbackRate = pace;
}

function show(frame) {
  if (frame === shown) return;
  shown = frame;
  root.dispatchEvent(new CustomEvent("frame", { bubbles: true, detail: { frame } }));
}

function presented(side, metadata) {
  if (running && video[side] === leader) {
    show(clamp(Math.round(metadata.mediaTime * rate), 0, clip.frames - 1));
    render();
  }
  video[side].requestVideoFrameCallback((_, next) => presented(side, next));
}

// --- what the viewer does

function seek(frame) {
  if (!usable() || !Number.isFinite(frame)) return;
  goal = clamp(Math.round(frame), 0, clip.frames - 1);
  drive();
}

function step(frames) {
  pause();
  seek((goal ?? shown) + frames);
}

function play() {
  if (!usable()) return;
  wanted = true;
  if ((goal ?? shown) === clip.frames - 1) goal = 0;
  drive();
  if (!running) prime();
}

function prime() {
  // Phones load little and allow no sound until play() is called in answer to a touch.
  for (const each of media()) {
    if (!each.ended) each.play().catch(() => {});
    each.pause();
  }
}

function pause() {
  if (!wanted) return;
  wanted = false;
  // Both end on the very same frame, wherever between two frames the pause fell.
  seek(goal ?? shown);
}

const toggle = () => (wanted ? pause() : play());

function setView(next) {
  if (!usable()) return;
  if (next === "flip") front = view === "flip" && front === "reference" ? "result" : "reference";
  view = next;
  render();
}

function setSpeed(next) {
  speed = next;
  for (const each of media()) each.playbackRate = speed;
  render();
}

function setSound(next) {
  sound = next;
  loadSound();
  heading = null;
  seek(goal ?? shown);
}

function setLoop(next) {
  loop = next;
  render();
}

// --- what the page shows

function render() {
  const now = goal ?? shown;
  const last = clip ? clip.frames - 1 : 0;
  const loading = usable() && (wanted ? !running && !scrubbing : videos.some((each) => each.readyState < 2));
  root.dataset.state = !clip ? "empty" : failed() ? "failed" : loading ? "waiting" : "ready";
  root.dataset.view = clip ? view : "side";
  root.dataset.front = front;
  root.toggleAttribute("data-playing", wanted);
  find(".play").setAttribute("aria-label", wanted ? "Pause" : "Play");
  find(".loop").setAttribute("aria-pressed", loop);
  find(".current").textContent = clip ? now + 1 : "–";
  find(".total").textContent = clip ? last + 1 : "–";
  seekBar.max = last;
  if (!scrubbing) seekBar.value = now;
  seekBar.style.setProperty("--played", last ? now / last : 0);
  seekBar.setAttribute("aria-valuetext", clip ? `Frame ${now + 1} of ${last + 1}` : "No frames");
  find(".flip").setAttribute("aria-label", `Flip: ${front === "reference" ? "A" : "B"} is on show`);
  for (const button of buttons("views")) button.setAttribute("aria-pressed", button.value === view);
  for (const button of buttons("speeds")) button.setAttribute("aria-pressed", Number(button.value) === speed);
  for (const button of buttons("sounds")) button.setAttribute("aria-pressed", button.value === heard());
  for (const control of root.querySelectorAll("button, input")) {
    control.disabled = !usable() || (control.value in video && !clip[control.value].sound);
  }
}

// --- a new value

function load() {
  const value = props.value;
  const before = clip;
  clip = value?.result ? value : null;
  // Another result for the same reference is looked at where the last one was.
  const kept = before && clip && haveOneInCommon(before, clip);
  goal = clip ? (kept ? goal ?? shown : 0) : null;
  heading = null;
  wanted = wanted && Boolean(kept);
  if (sound && sound !== "none" && clip && !clip[sound].sound) sound = null;
  stop();
  if (value) {
    rate = value.rate[0] / value.rate[1];
    root.style.setProperty("--ar", value.width / value.height);
    root.dataset.shape = value.width >= 1.2 * value.height ? "wide" : "upright";
  }
  for (const side of SIDES) loadSide(side, value?.[side]);
  loadSound();
  say("all", value ? "" : "The comparison will appear here.");
  if (value && !clip) say("result", "The result will appear here.");
  drive();
}

function haveOneInCommon(one, other) {
  const urls = SIDES.map((side) => other[side].picture.url);
  return one.frames === other.frames && SIDES.some((side) => urls.includes(one[side].picture.url));
}

function loadSide(side, content) {
  const label = content?.label ?? "";
  find(`.name.${side} .label`).textContent = label;
  find(`.name.${side}`).hidden = !content;
  const hear = find(`.sounds [value="${side}"]`);
  const letter = side === "reference" ? "A" : "B";
  hear.title = content?.sound ? `Hear ${label}` : `${label || letter} has no sound`;
  hear.setAttribute("aria-label", `Sound of ${letter}`);
  say(side, "");
  setSource(video[side], content?.picture);
}

function loadSound() {
  setSource(audio, clip?.[heard()]?.sound);
}

function setSource(medium, file) {
  const url = file?.url ?? null;
  if (medium.getAttribute("src") === url && !medium.error) return;
  if (url) {
    medium.src = url;
  } else {
    medium.removeAttribute("src");
    medium.load();
  }
}

function say(place, sentence, problem = false) {
  const message = find(`.message.${place}`);
  message.textContent = sentence;
  message.classList.toggle("failed", problem);
}

function fail(side) {
  stop();
  wanted = false;
  say(side, `Video ${side === "reference" ? "A" : "B"} could not be loaded. Reload the page to try again.`, true);
  render();
}

// --- events

const KEYS = {
  " ": toggle,
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  Home: () => seek(0),
  End: () => seek(clip.frames - 1),
  l: () => setLoop(!loop),
  1: () => setView("side"),
  2: () => setView("wipe"),
  3: () => setView("flip"),
  4: () => setView("difference"),
};
const TYPING = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const MOVING = "[role=slider], [role=tab], [role=radio], [role=listbox], [role=menu], [role=combobox], [role=grid]";
const PRESSING = "button, a[href], summary, [role=button]";

function keyBelongsTo(target, key) {
  if (target === seekBar || target === find(".divider")) return key.length > 1;
  if (target.closest(`${TYPING}, ${MOVING}`)) return true;
  return key === " " && target.closest(PRESSING) !== null;
}

function onKey(event) {
  const action = KEYS[event.key?.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || !usable() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (keyBelongsTo(event.target, event.key)) return;
  event.preventDefault();
  action();
}

function onKeyOutside(event) {
  if (!root.isConnected) document.removeEventListener("keydown", onKeyOutside);
  else if (!event.target.closest(".compare-player")) onKey(event);
}

function onVisibility() {
  if (!root.isConnected) document.removeEventListener("visibilitychange", onVisibility);
  else drive();
}

const on = (selector, type, listener) => find(selector).addEventListener(type, listener);
const onChoice = (group, choose) => buttons(group).forEach((each) => each.addEventListener("click", () => choose(each.value)));

for (const medium of [...videos, audio]) {
  for (const type of ["loadedmetadata", "canplay", "canplaythrough", "seeked", "waiting", "playing", "ended", "error"]) {
    medium.addEventListener(type, drive);
  }
}

for (const side of SIDES) {
  video[side].addEventListener("error", () => fail(side));
  // The system's media keys and headsets can pause a video too.
  video[side].addEventListener("pause", () => {
    if (running && video[side].paused && !video[side].ended) pause();
  });
  video[side].requestVideoFrameCallback((_, metadata) => presented(side, metadata));
}

on(".back", "click", () => step(-1));
on(".play", "click", toggle);
on(".forward", "click", () => step(1));
on(".loop", "click", () => setLoop(!loop));
on(".flip", "click", () => setView("flip"));
onChoice("views", setView);
onChoice("speeds", (value) => setSpeed(Number(value)));
onChoice("sounds", setSound);
on(".divider", "input", (event) => root.style.setProperty("--wipe", event.target.value / 100));
on(".stage", "click", (event) => {
  if (!event.target.closest("button, input")) toggle();
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

on(".screen", "click", () => (document.fullscreenElement === root ? document.exitFullscreen() : root.requestFullscreen()));
find(".screen-group").hidden = !document.fullscreenEnabled;
root.addEventListener("fullscreenchange", () =>
  find(".screen").setAttribute("aria-pressed", document.fullscreenElement === root),
);

root.addEventListener("keydown", onKey);
root.addEventListener("pointerenter", () => document.addEventListener("keydown", onKeyOutside));
root.addEventListener("pointerleave", () => document.removeEventListener("keydown", onKeyOutside));
document.addEventListener("visibilitychange", onVisibility);
root.addEventListener("seekframe", (event) => seek(event.detail.frame));

// Gradio pads every HTML component; the player lines up with its neighbours.
element.parentElement.style.padding = 0;

watch("value", load);
load();
