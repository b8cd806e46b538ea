// A rating: a row of numbers of which one is pressed; pressed once more it is taken back.

/**
 * @param {HTMLElement} place
 * @param {() => void} changed
 */
export function createMarks(place, changed) {
  let chosen = /** @type {number | null} */ (null);

  function write() {
    for (const each of place.querySelectorAll("button"))
      each.setAttribute("aria-pressed", String(Number(each.value) === chosen));
  }

  /** @param {number} mark */
  function button(mark) {
    const made = document.createElement("button");
    made.type = "button";
    made.value = made.textContent = String(mark);
    made.addEventListener("click", () => {
      chosen = chosen === mark ? null : mark;
      write();
      changed();
    });
    return made;
  }

  return {
    value: () => chosen,

    /**
     * @param {number} best
     * @param {number | null} rating
     */
    show(best, rating) {
      if (place.querySelectorAll("button").length !== best) {
        const label = Object.assign(document.createElement("span"), { textContent: "Rating" });
        place.replaceChildren(label, ...Array.from({ length: best }, (_, index) => button(index + 1)));
      }
      chosen = rating;
      write();
    },
  };
}
