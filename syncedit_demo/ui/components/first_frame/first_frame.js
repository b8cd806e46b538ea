// The first frame, and a prompt to copy. Where the browser lets no page copy, there is no button for it.

import { find } from "../dom.js";

/** @import { FirstFrame } from "../values.d.ts" */

const box = find(element, ".first-frame", HTMLElement);
const image = find(box, "img", HTMLImageElement);
const copy = find(box, "button", HTMLButtonElement);

function show() {
  const value = /** @type {FirstFrame | null} */ (props.value);
  box.hidden = !value;
  if (!value) return;
  image.width = value.width;
  image.height = value.height;
  if (image.getAttribute("src") !== value.picture.url) image.src = value.picture.url;
}

copy.hidden = !navigator.clipboard;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(find(box, "q", HTMLElement).textContent ?? "");
  copy.textContent = "Copied";
  setTimeout(() => {
    copy.textContent = "Copy prompt";
  }, 2000);
});

watch("value", show);
show();
