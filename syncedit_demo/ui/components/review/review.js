// The review: ratings of two results whose names the page does not know yet, and all ratings as files.

import { find } from "../dom.js";
import { createMarks } from "../marks.js";
import { download } from "../player/still.js";

/** @import { ReviewBoard } from "../values.d.ts" */

const root = find(element, ".review", HTMLElement);
const begin = find(root, ".begin", HTMLButtonElement);
const together = find(root, ".together", HTMLButtonElement);
const judge = find(root, ".judge", HTMLButtonElement);
const following = find(root, ".following", HTMLButtonElement);
const sides = [...root.querySelectorAll(".side")].map((side) => ({
  marks: createMarks(find(side, ".marks", HTMLElement), ready),
  why: find(side, ".why", HTMLInputElement),
}));

let board = /** @type {ReviewBoard | null} */ (null);

function ready() {
  judge.disabled = sides.some(({ marks }) => marks.value() === null);
}

function show() {
  const before = board;
  board = /** @type {ReviewBoard | null} */ (props.value || null);
  root.hidden = board === null;
  if (!board) return;
  const blind = board.state === "blind";
  find(root, ".said", HTMLElement).textContent = board.said;
  begin.hidden = board.state !== "idle" || board.runs < 2;
  together.hidden = begin.hidden;
  find(root, ".judging", HTMLElement).hidden = !blind;
  find(root, ".after", HTMLElement).hidden = board.state === "idle";
  judge.hidden = !blind;
  following.hidden = board.pairs === 0;
  following.textContent = `${blind ? "Skip to the" : "The"} next pair (${board.pairs} more)`;
  // Another pair is judged anew; one that could not be saved keeps what was said of it.
  if (!blind || before?.state !== "blind" || before.pairs !== board.pairs) {
    for (const { marks, why } of sides) {
      marks.show(board.best, null);
      why.maxLength = board.longest;
      why.value = "";
    }
  }
  ready();
}

/**
 * @param {string} text
 * @param {string} type
 * @param {string} name
 */
const take = (text, type, name) => download(new Blob([text], { type }), name);

begin.addEventListener("click", () => trigger("begin"));
together.addEventListener("click", () => trigger("together"));
following.addEventListener("click", () => trigger("following"));
find(root, ".leave", HTMLButtonElement).addEventListener("click", () => trigger("leave"));
judge.addEventListener("click", () => {
  const [a, b] = sides.map(({ marks, why }) => ({ rating: String(marks.value() ?? ""), text: why.value }));
  trigger("judge", { rating_a: a?.rating, text_a: a?.text, rating_b: b?.rating, text_b: b?.text });
});
find(root, ".csv", HTMLButtonElement).addEventListener("click", () =>
  take(board?.as_csv ?? "", "text/csv", "review.csv"),
);
find(root, ".json", HTMLButtonElement).addEventListener("click", () =>
  take(board?.as_json ?? "", "application/json", "review.json"),
);

watch("value", show);
show();
