// Calls a visitor back when a run is done, if that is wanted: by two tones, and by a notification where the browser allows
// one and the page is out of sight.

const KEPT = "syncedit-call";
const TONES = [660, 880]; // hertz
const LENGTH = 0.16; // seconds of each

/**
 * @param {HTMLButtonElement} button Says by `aria-pressed` whether it is wanted; kept by the browser.
 * @returns {(words: string) => void} To be called when a run is done.
 */
export function followCall(button) {
  let sound = /** @type {AudioContext | null} */ (null);
  const isWanted = () => button.getAttribute("aria-pressed") === "true";
  button.setAttribute("aria-pressed", String(localStorage.getItem(KEPT) === "yes"));

  button.addEventListener("click", () => {
    const wanted = !isWanted();
    button.setAttribute("aria-pressed", String(wanted));
    localStorage.setItem(KEPT, wanted ? "yes" : "no");
    if (!wanted) return;
    // Both are allowed in answer to a touch alone.
    sound ??= new AudioContext();
    if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
  });

  return (words) => {
    if (!isWanted()) return;
    sound ??= new AudioContext();
    for (const [index, hertz] of TONES.entries()) {
      const tone = new OscillatorNode(sound, { frequency: hertz });
      const volume = new GainNode(sound, { gain: 0.15 });
      tone.connect(volume).connect(sound.destination);
      tone.start(sound.currentTime + index * LENGTH);
      tone.stop(sound.currentTime + (index + 1) * LENGTH);
    }
    if (document.hidden && "Notification" in window && Notification.permission === "granted") {
      try {
        new Notification("SyncEdit Demo", { body: words });
      } catch {
        // Phones show those of service workers alone.
      }
    }
  };
}
