// What the scripts of this folder find there, without an import: Gradio runs NAME.js as the body of a function with these
// parameters, once, when the component appears.

/** The element that holds the component's markup. */
declare const element: HTMLElement;

/** What the component shows; the value is of the type in values.d.ts, or null. */
declare const props: { readonly value: unknown };

/** Sends an event to the listeners that Python has set. */
declare function trigger(event: string, data?: unknown): void;

/** Calls back each time an event listener of Python has changed a prop. */
declare function watch(prop: string, callback: () => void): void;

/** Of upload_limit.js alone: the size in bytes that a file may have. */
declare const LIMIT: number;

/** The same in words. */
declare const LABEL: string;

// The events by which components speak to each other.

interface HTMLElementEventMap {
  /** A notice's text, or null for that of the page. */
  notice: CustomEvent<import("./values.d.ts").Notice | null>;
  /** A frame for the player to go to. */
  seekframe: CustomEvent<{ frame: number }>;
}

interface DocumentEventMap {
  /** A file was dropped or pasted; whoever prevents the default has it and may have it taken after all. */
  filegiven: CustomEvent<{ file: File; take: () => void }>;
  /** The frame on show in the player. */
  frame: CustomEvent<{ frame: number }>;
}
