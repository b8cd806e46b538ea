// The values of the components as they reach the page: the models of Python, field by field. A test holds the two together.

/** A file that Gradio serves; the fields that no script reads are left out. */
export interface FileData {
  url: string;
}

export interface ClipCard {
  picture: FileData;
  video: FileData | null;
  width: number;
  height: number;
  source: string;
  result: string;
  notes: string[];
}

export interface Comparison {
  reference: Side;
  result: Side | null;
  clip: Side | null;
  width: number;
  height: number;
  frames: number;
  rate: [number, number];
}

export interface Side {
  picture: FileData;
  sound: FileData | null;
  label: string;
}

export interface ExportMenu {
  choices: ExportChoice[];
  state: "idle" | "making" | "done" | "failed";
  words: string;
  share: number;
  file: FileData | null;
}

export interface ExportChoice {
  name: string;
  title: string;
  about: string;
}

export interface StepHead {
  number: number;
  title: string;
  state: "waiting" | "open" | "busy" | "done";
  summary: string;
  picture: FileData | null;
}

export interface FirstFrame {
  picture: FileData;
  width: number;
  height: number;
}

export interface Intro {
  clip: FileData;
  edited: FileData;
  result: FileData;
  place: string;
  engine: string;
  can: string;
  other: string;
}

export interface Notice {
  tone: "plain" | "good" | "warn" | "bad" | "busy";
  lines: string[];
}

export interface ReviewBoard {
  runs: number;
  state: "idle" | "blind" | "revealed";
  pairs: number;
  said: string;
  best: number;
  longest: number;
  as_csv: string;
  as_json: string;
}

export interface SettingsBar {
  text: string;
  purpose: string;
  token: string;
}

export interface Grid {
  videos: GridVideo[];
  width: number;
  height: number;
  frames: number;
  rate: [number, number];
}

export interface GridVideo {
  picture: FileData;
  label: string;
}

export interface RunCard {
  id: string;
  title: string;
  note: string;
  rating: number | null;
  sentence: string;
  best: number;
  kept: boolean;
  others: number;
  longest: number;
  trouble: string;
}

export interface RunState {
  state: "running" | "done" | "stopped";
  phase: string;
  detail: string;
  share: number | null;
  picture: string | null;
}

export interface SyncView {
  sentences: string[];
  report: SyncCurves | null;
  making: boolean;
  about: string;
}

export interface SyncCurves {
  verdict: string;
  score: number;
  worst_frame: number | null;
  agreement: number[];
  motion_reference: number[];
  motion_result: number[];
  faces: FaceView[];
}

export interface FaceView {
  title: string;
  words: string;
  reference: (number | null)[];
  result: (number | null)[];
}

export interface Trim {
  first: FileData;
  last: FileData | null;
  width: number;
  height: number;
  start: number;
  frames: number;
  total: number;
  most: number;
  rate: [number, number];
  asked: number | null;
}

export interface Tiles {
  tiles: Tile[];
  against: boolean;
}

export interface Tile {
  id: string;
  picture: FileData;
  title: string;
  detail: string;
  more: string;
  time: string;
  called: string;
  current: boolean;
}
