// Shows the lines of the value as plain text. A script of the page may send a "notice" event with a value of its own, and
// one without any to show the page's value again.

import { find } from "../dom.js";

/** @import { Notice } from "../values.d.ts" */

const box = find(element, ".notice", HTMLElement);

function show(value = /** @type {Notice | null} */ (props.value)) {
  box.hidden = !value;
  box.dataset.tone = value?.tone ?? "";
  box.replaceChildren(
    ...(value?.lines ?? []).map((line) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      return paragraph;
    }),
  );
}

element.addEventListener("notice", ({ detail }) => show(detail ?? undefined));
watch("value", show);
show();
