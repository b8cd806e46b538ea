// Refuses a file that is too big before it travels. The file name is shown as plain text; the message that Gradio would
// show takes it for markup.
//
// The body of a function with LIMIT, in bytes, and LABEL, the limit in words.

/**
 * @param {Event} event
 * @param {FileList | null | undefined} files
 */
function check(event, files) {
  const target = event.target;
  const place = target instanceof Element && target.closest("#clip-file, #edited-file")?.closest(".takes-file");
  const tooBig = [...(files ?? [])].find((file) => file.size > LIMIT);
  if (!place) return;
  const notice = place.querySelector(".notice")?.parentElement;
  if (!tooBig) {
    // What was said about the file before it is not about this one.
    notice?.dispatchEvent(new CustomEvent("notice", { bubbles: true }));
    return;
  }
  event.stopImmediatePropagation();
  event.preventDefault();
  if (event.type === "change" && target instanceof HTMLInputElement) target.value = "";
  const lines = [
    `${tooBig.name} is too big: at most ${LABEL} are taken. Shorten the clip, or save it at a lower rate.`,
  ];
  notice?.dispatchEvent(new CustomEvent("notice", { bubbles: true, detail: { tone: "bad", lines } }));
}

/** @param {EventTarget | null} target */
const chosen = (target) => (target instanceof HTMLInputElement ? target.files : null);

document.addEventListener("change", (event) => check(event, chosen(event.target)), true);
document.addEventListener("drop", (event) => check(event, event.dataTransfer?.files), true);
