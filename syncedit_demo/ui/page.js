// What the page does between its parts, where Gradio leaves a gap. The body of a function.

// A slider tells of its release by the mouse; by a key too.
const RELEASING = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Enter"];
document.addEventListener("keyup", ({ key, target }) => {
  if (!(target instanceof HTMLInputElement) || !target.closest("#start") || !RELEASING.includes(key)) return;
  target.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
});

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

// Gradio calls every place for files the same, and every button that clears one.
const NAMES = { "clip-file": "clip", "edited-file": "edited frame" };

function nameBoxes() {
  for (const [id, name] of Object.entries(NAMES)) {
    for (const button of document.querySelectorAll(`#${id} button[aria-label]`)) {
      const choosing = button.querySelector("[data-testid=upload-text]") !== null;
      const label = button.getAttribute("aria-label") ?? "";
      if (choosing) write(button, `Drop or choose the ${name}`);
      else if (label === "Clear") write(button, `Clear the ${name}`);
    }
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
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class", "disabled"] });

// A file that is dropped beside the boxes would take the place of the page. A video is the clip, a picture the frame.

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
  const [file] = event.dataTransfer?.files ?? [];
  const box = file?.type.startsWith("video/") ? "#clip-file" : file?.type.startsWith("image/") ? "#edited-file" : null;
  const input = box && document.querySelector(`${box} input[type=file]`);
  // A box that has a file takes another one when that is cleared.
  if (!(input instanceof HTMLInputElement) || !file) return;
  const given = new DataTransfer();
  given.items.add(file);
  input.files = given.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
