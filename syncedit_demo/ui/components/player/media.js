// What the player does to one video or sound.

/**
 * Plays on from where it is.
 *
 * @param {HTMLMediaElement} medium
 * @param {() => void} forbidden Called when the browser lets nothing play.
 */
export function resume(medium, forbidden) {
  // To play one that has ended would take it back to its start.
  if (medium.ended) return;
  medium.play().catch((error) => {
    // A pause that overtakes play() rejects too, and is none of the viewer's business.
    if (error.name === "NotAllowedError") forbidden();
  });
}

/**
 * Has it loaded, in answer to a touch: phones load little and allow no sound until play() is called in one.
 *
 * @param {HTMLMediaElement} medium
 */
export function prime(medium) {
  if (!medium.ended) medium.play().catch(() => {});
  medium.pause();
}

/**
 * @param {HTMLMediaElement} medium
 * @param {number} pace 1 for the normal one.
 */
export function setPace(medium, pace) {
  if (medium.playbackRate !== pace) medium.playbackRate = pace;
}

/**
 * @param {HTMLMediaElement} medium
 * @param {{ url: string } | null | undefined} file What it plays; nothing without one.
 */
export function setSource(medium, file) {
  const url = file?.url ?? null;
  if (medium.getAttribute("src") === url && !medium.error) return;
  if (url) {
    medium.src = url;
  } else {
    // One whose source is only taken away plays on.
    medium.removeAttribute("src");
    medium.load();
  }
}
