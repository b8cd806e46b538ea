// The behaviour of the player. Gradio runs this once, as the body of a function with `element`, `props` and `watch`,
// when the component appears; the markup stays the same from then on, only `props.value` changes.
//
// One video leads: the one that is heard, so that sound is never stretched. The other follows: it plays a little faster
// or slower while it is off, and both are set anew on one frame when that would take too long. All playing, pausing and
// seeking is done by `drive`, which every event of either video comes back to: it looks at what is wanted and at what
// the videos can do, and takes the next step.

const HAVE_METADATA = 1;
const HAVE_FUTURE_DATA = 3;
const TOLERATED_GAP = 0.04; // frames, below which the follower plays at the leader's speed
const CATCH_UP = 0.2; // share of the speed by which the follower makes up for a gap of one frame
const LARGEST_GAP = 1; // frames, above which both videos are set anew

const root = element.querySelector(".compare-player");
const find = (selector) => root.querySelector(selector);
const buttons = (group) => [...root.querySelectorAll(`.${group} button`)];

const SIDES = ["reference", "result"];
const video = { reference: find("video.reference"), result: find("video.result") };
const videos = Object.values(video);
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
let nextTick = 0;

const heard = () => sound ?? SIDES.find((side) => clip?.[side].audio) ?? "none";
const leader = () => (heard() === "result" ? video.result : video.reference);
const follower = () => (heard() === "result" ? video.reference : video.result);
const failed = () => videos.some((each) => each.error);
const usable = () => clip !== null && !failed();
const gap = () => (follower().currentTime - leader().currentTime) * rate;
const clamp = (number, low, high) => Math.min(Math.max(number, low), high);
const frameAt = (seconds) => clamp(Math.floor(seconds * rate + 1e-3), 0, clip.frames - 1);

// --- the clock

function drive() {
  if (usable() && videos.every((each) => each.readyState >= HAVE_METADATA && !each.seeking)) {
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
  return wanted && !scrubbing && !document.hidden && videos.every(ready);
}

function depart() {
  stop();
  heading = goal;
  // The middle of a frame is the time that no rounding can move into the next one.
  for (const each of videos) each.currentTime = (heading + 0.5) / rate;
}

function arrive() {
  if (goal === heading) goal = null;
  show(heading);
  heading = null;
}

function start() {
  if (Math.abs(gap()) > 0.5) {
    goal = frameAt(leader().currentTime);
    depart();
    return;
  }
  running = true;
  for (const each of videos) {
    each.playbackRate = speed;
    if (!each.ended) each.play().catch(refused);
  }
  nextTick = requestAnimationFrame(tick);
}

function stop() {
  running = false;
  cancelAnimationFrame(nextTick);
  for (const each of videos) each.pause();
}

function refused(error) {
  // A pause that overtakes play() rejects too, and is none of the viewer's business.
  if (error.name === "NotAllowedError") pause();
}

function tick() {
  if (leader().ended || leader().currentTime * rate >= clip.frames) {
    wanted = loop;
    seek(loop ? 0 : clip.frames - 1);
    return;
  }
  const off = gap();
  if (follower().ended || Math.abs(off) <= LARGEST_GAP) {
    const nudge = Math.abs(off) > TOLERATED_GAP ? clamp(-off * CATCH_UP, -0.2, 0.2) : 0;
    const pace = speed * (1 + Math.round(nudge * 50) / 50);
    if (follower().playbackRate !== pace) follower().playbackRate = pace;
    nextTick = requestAnimationFrame(tick);
  } else {
    seek(frameAt(leader().currentTime));
  }
}

function show(frame) {
  if (frame === shown) return;
  shown = frame;
  root.dispatchEvent(new CustomEvent("frame", { bubbles: true, detail: { frame } }));
}

function presented(side, metadata) {
  if (running && video[side] === leader()) {
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
  for (const each of videos) each.playbackRate = speed;
  render();
}

function setSound(next) {
  sound = next;
  for (const each of videos) each.playbackRate = speed;
  render();
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
  for (const side of SIDES) video[side].muted = heard() !== side;
  for (const control of root.querySelectorAll("button, input")) {
    control.disabled = !usable() || (control.value in video && !clip[control.value].audio);
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
  if (sound && sound !== "none" && clip && !clip[sound].audio) sound = null;
  stop();
  if (value) {
    rate = value.rate[0] / value.rate[1];
    root.style.setProperty("--ar", value.width / value.height);
    root.dataset.shape = value.width >= 1.2 * value.height ? "wide" : "upright";
  }
  for (const side of SIDES) loadSide(side, value?.[side]);
  say("all", value ? "" : "The comparison will appear here.");
  if (value && !clip) say("result", "The result will appear here.");
  drive();
}

function haveOneInCommon(one, other) {
  const urls = SIDES.map((side) => other[side].video.url);
  return one.frames === other.frames && SIDES.some((side) => urls.includes(one[side].video.url));
}

function loadSide(side, content) {
  const label = content?.label ?? "";
  find(`.name.${side} .label`).textContent = label;
  find(`.name.${side}`).hidden = !content;
  const hear = find(`.sounds [value="${side}"]`);
  const letter = side === "reference" ? "A" : "B";
  hear.title = content?.audio ? `Hear ${label}` : `${label || letter} has no sound`;
  hear.setAttribute("aria-label", `Sound of ${letter}`);
  say(side, "");
  const url = content?.video.url ?? null;
  if (video[side].getAttribute("src") === url && !video[side].error) return;
  if (url) {
    video[side].src = url;
  } else {
    video[side].removeAttribute("src");
    video[side].load();
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
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
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

for (const side of SIDES) {
  for (const type of ["loadedmetadata", "canplay", "canplaythrough", "seeked", "waiting", "playing", "ended"]) {
    video[side].addEventListener(type, drive);
  }
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
