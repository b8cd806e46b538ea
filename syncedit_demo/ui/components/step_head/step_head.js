// The line of a step: what it is about, how far it is, what was given. It folds the rest of the step when that is done,
// unfolds it when something is to be done, and does either on a click.

import { find } from "../dom.js";

/** @import { StepHead } from "../values.d.ts" */

const head = find(element, ".step-head", HTMLElement);
const button = find(head, "button", HTMLButtonElement);
const thumb = find(head, ".thumb", HTMLImageElement);
const step = element.closest(".step");

let last = /** @type {string | null} */ (null); // the state that decided last what is folded

/** @param {boolean} folded */
function fold(folded) {
  const within = document.activeElement?.closest(".step-body");
  step?.toggleAttribute("data-folded", folded);
  button.setAttribute("aria-expanded", String(!folded));
  // What is folded away cannot keep the focus.
  if (folded && within && step?.contains(within)) button.focus({ preventScroll: true });
}

function show() {
  const { number, title, state, summary, picture } = /** @type {StepHead} */ (props.value);
  head.dataset.state = state;
  find(head, ".number", HTMLElement).textContent = state === "done" ? "✓" : String(number);
  find(head, ".title", HTMLElement).textContent = title;
  find(head, ".summary", HTMLElement).textContent = summary;
  find(head, ".summary", HTMLElement).title = summary;
  thumb.hidden = !picture;
  if (picture && thumb.getAttribute("src") !== picture.url) thumb.src = picture.url;
  button.disabled = state === "waiting";
  // While something is looked at, and where it is done anew, the step stays as the visitor has it.
  if (state !== "busy" && state !== last) {
    fold(state !== "open");
    // What is to be done now comes into sight, but not of a page that was just opened.
    if (state === "open" && last) head.scrollIntoView({ block: "nearest" });
    last = state;
  }
}

button.addEventListener("click", () => fold(!step?.hasAttribute("data-folded")));

watch("value", show);
show();
