// What the page does between its parts, where Gradio leaves a gap. The body of a function.

// Generate and Stop take each other's place, and the focus with it.
const PAIR = "#generate, #stop";
let held = false;

function keepFocus() {
  if (!held || document.activeElement !== document.body) return;
  const buttons = [.../** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(PAIR))];
  buttons.find((button) => !button.disabled && button.checkVisibility())?.focus({ preventScroll: true });
}

document.addEventListener("focusin", ({ target }) => {
  held = target instanceof Element && target.matches(PAIR);
});
document.addEventListener("pointerdown", ({ target }) => {
  if (!(target instanceof Element && target.closest(PAIR))) held = false;
});

// A fold that the mouse opened or closed is done with: the space bar is the player's again.
document.addEventListener("click", ({ target, detail }) => {
  const button = target instanceof Element && detail > 0 ? target.closest("button") : null;
  if (button?.nextElementSibling?.matches("[data-testid=accordion-content]")) button.blur();
});

// Gradio calls every place for files the same, and every button that clears one. What is told to be accepted lets phones
// offer their camera and pictures; whether a file can be used is seen when it is read.
const NAMES = { "clip-file": "clip", "edited-file": "edited frame" };
const ACCEPTED = { "clip-file": "video/*,.mkv,.gif", "edited-file": "image/*" };

function nameBoxes() {
  for (const [id, name] of Object.entries(NAMES)) {
    for (const button of document.querySelectorAll(`#${id} button[aria-label]`)) {
      const choosing = button.querySelector("[data-testid=upload-text]") !== null;
      const label = button.getAttribute("aria-label") ?? "";
      if (choosing) write(button, `Drop or choose the ${name}`);
      else if (label === "Clear") write(button, `Clear the ${name}`);
    }
  }
  for (const [id, kinds] of Object.entries(ACCEPTED)) {
    const input = inputOf(`#${id}`);
    if (input instanceof HTMLInputElement && input.accept !== kinds) input.accept = kinds;
  }
}

/**
 * @param {Element} element
 * @param {string} label
 */
function write(element, label) {
  if (element.getAttribute("aria-label") !== label) element.setAttribute("aria-label", label);
}

new MutationObserver(() => {
  keepFocus();
  nameBoxes();
  uncover();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class", "disabled"] });

// The player plays when it is told to and can, unless the visitor wants less motion or has done something by then.

let playing = new AbortController();

function playPlayer() {
  playing.abort();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  playing = new AbortController();
  const { signal } = playing;
  const start = () => {
    const player = document.querySelector(".compare-player");
    if (document.querySelector("#runs .tile")) playing.abort(); // Who comes back plays by themselves.
    if (player?.getAttribute("data-state") !== "ready" || signal.aborted) return;
    playing.abort();
    if (!player.hasAttribute("data-playing")) /** @type {HTMLElement} */ (player.querySelector(".play")).click();
  };
  const watching = new MutationObserver(start);
  watching.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
  signal.addEventListener("abort", () => watching.disconnect());
  for (const type of ["pointerdown", "keydown"]) {
    document.addEventListener(type, () => playing.abort(), { signal, capture: true });
  }
  start();
}

document.addEventListener("playplayer", playPlayer);
// At first the player has an example, which shows what the page is for.
if (document.readyState === "complete") playPlayer();
else addEventListener("load", playPlayer);

// A file that is dropped beside the boxes, where it would take the place of the page, or pasted: a video is the clip, a
// picture the edited frame, and a result or a record brings its settings.

const KINDS = { "video/": "#clip-file", "image/": "#edited-file" };
const inputOf = (/** @type {string} */ box) => document.querySelector(`${box} input[type=file]`);

/** @param {FileList | undefined} files */
function give(files) {
  const file = files?.[0];
  if (!file) return;
  // Whoever hears of it and takes it gives it back where it is none of theirs.
  const detail = { file, take: () => take(file) };
  if (document.dispatchEvent(new CustomEvent("filegiven", { detail, cancelable: true }))) take(file);
}

/** @param {File} file */
function take(file) {
  const box = Object.entries(KINDS).find(([kind]) => file.type.startsWith(kind))?.[1];
  if (!box) return;
  // A box that has a file takes another one when that is cleared.
  if (!inputOf(box)) {
    const clear = document.querySelector(`${box} button[aria-label^="Clear"]`);
    if (!(clear instanceof HTMLButtonElement)) return;
    clear.click();
  }
  put(file, box);
}

/**
 * @param {File} file
 * @param {string} box
 * @param {number} refreshes How often the box is looked at while it becomes empty.
 */
function put(file, box, refreshes = 120) {
  const input = inputOf(box);
  if (!(input instanceof HTMLInputElement)) {
    if (refreshes) requestAnimationFrame(() => put(file, box, refreshes - 1));
    return;
  }
  const given = new DataTransfer();
  given.items.add(file);
  input.files = given.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {DragEvent} event */
const isBeside = (event) =>
  event.dataTransfer?.types.includes("Files") &&
  !(event.target instanceof Element && event.target.closest("#clip-file, #edited-file"));

document.addEventListener("dragover", (event) => {
  if (isBeside(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (!isBeside(event)) return;
  event.preventDefault();
  give(event.dataTransfer?.files);
});
// A record is none of the boxes' either.
document.addEventListener(
  "drop",
  (event) => {
    if (!event.dataTransfer?.files[0]?.name.toLowerCase().endsWith(".json")) return;
    event.preventDefault();
    event.stopPropagation();
    give(event.dataTransfer.files);
  },
  true,
);
document.addEventListener("paste", (event) => {
  if (!event.clipboardData?.files.length) return;
  event.preventDefault();
  give(event.clipboardData.files);
});

// The painter's paper is covered until there is more on it than one colour, and not for longer than a moment: a picture
// of one colour would be waited for in vain.

const BLANK_FOR = 5000; // milliseconds
const LOOK_EVERY = 120; // milliseconds: to look is costly

function uncover() {
  const editor = document.querySelector("#editor:not([data-drawn])");
  if (!editor || editor.hasAttribute("data-looked-at")) return;
  editor.setAttribute("data-looked-at", "");
  let end = Number.POSITIVE_INFINITY;
  const look = () => {
    const canvas = editor.querySelector("canvas");
    if (canvas) end = Math.min(end, performance.now() + BLANK_FOR);
    if (editor.isConnected && !isDrawn(canvas) && performance.now() < end) {
      // What WebGL has drawn can be read in that frame alone: who asks for a frame after it looks after it.
      setTimeout(() => requestAnimationFrame(look), LOOK_EVERY);
      return;
    }
    editor.removeAttribute("data-looked-at");
    editor.setAttribute("data-drawn", "");
  };
  look();
}

const eye = new OffscreenCanvas(16, 16).getContext("2d", { willReadFrequently: true });

/** @param {HTMLCanvasElement | null} canvas */
function isDrawn(canvas) {
  if (!canvas?.width || !eye) return false;
  const { width, height } = canvas;
  eye.clearRect(0, 0, 16, 16);
  // Its middle, where the paper is at any zoom.
  eye.drawImage(canvas, width * 0.3, height * 0.42, width * 0.4, height * 0.16, 0, 0, 16, 16);
  const { data } = eye.getImageData(0, 0, 16, 16);
  return data.some((value, index) => Math.abs(value - (data[index % 4] ?? 0)) > 8);
}

document.addEventListener("click", ({ target }) => {
  const clears = target instanceof Element && target.closest('#editor [aria-label="Clear canvas"]');
  if (clears) document.querySelector("#editor")?.removeAttribute("data-drawn");
});

// The first frame goes to the clipboard as the picture that it is.
document.addEventListener("click", async ({ target }) => {
  const button = target instanceof Element ? target.closest("#copy-frame") : null;
  const image = document.querySelector("#first-frame img");
  if (!button || !(image instanceof HTMLImageElement)) return;
  try {
    const picture = fetch(image.src).then((answer) => answer.blob());
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Cannot copy here";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
});
