"""What becomes of a folder of anybody's files: each is inspected, its first frame taken, and a short edit made.

    python -m benchmarks.corpus FOLDER [--seconds 120] [--gigabytes 4] [--frames 5]

Each file has a process of its own, which may take so much time and so much address space and no more. Prints one
table: "ok" where a result was made, "sentence" where the file was refused with words for its owner, "fault" for
anything else: a traceback, a crash, a limit that was reached. Where the `ffprobe` command is there, what it says
otherwise of the number of frames, the rate and the size stands beside. Ends with 1 if there was a fault.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest
from syncedit_demo.errors import SyncEditError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions, nearest_size
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

Outcome = Literal["ok", "sentence", "fault"]
OUTCOMES: tuple[Outcome, ...] = ("ok", "sentence", "fault")
EDIT_AREA = 320 * 320
"""Pixels of a result, few enough for the draft engine to be quick."""

FFPROBE = ("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream", "-of", "json")


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one file.

    Attributes:
        name: The file, as seen from the folder.
        outcome: Whether a result was made.
        frames: Number of frames that were found, 0 where it was not told.
        rate: Frames per second, as "30000/1001"; empty where it was not told.
        size: The stored picture, as "640x360".
        text: The sentence, or the end of what went wrong.
        ffprobe: What ffprobe says otherwise.
    """

    name: str
    outcome: Outcome
    frames: int = 0
    rate: str = ""
    size: str = ""
    text: str = ""
    ffprobe: str = ""


def edit_file(path: Path, frames: int) -> Row:
    """Inspect a file and make a short edit of it: a part of its first frame with its colours turned round."""
    with tempfile.TemporaryDirectory() as folder:
        service = EditService(Settings(work_dir=Path(folder) / "work"))
        try:
            clip, _ = service.inspect(path, PlanOptions())
            size = nearest_size(clip.display_size, EDIT_AREA)
            whole = service.inspect(path, PlanOptions(size=size))[1]
            options = PlanOptions(size=size, frames=min(frames, whole.frames))
            _, plan = service.inspect(path, options)
            edited = service.first_frame(path, clip, plan).copy()
            part = (slice(size[1] // 3, size[1] // 2), slice(size[0] // 3, size[0] // 2))
            edited[part] = 255 - edited[part]
            write_png(edited, Path(folder) / "edited.png")
            request = EditRequest(path, Path(folder) / "edited.png", Path(folder) / "out.mp4", options, engine="draft")
            for _ in service.edit(request, CancelFlag()):
                pass
        except SyncEditError as error:
            return Row(path.name, "sentence", text=str(error))
        coded = f"{clip.coded_size[0]}x{clip.coded_size[1]}"
        return Row(path.name, "ok", clip.frames, str(clip.average_rate), coded, " ".join(clip.notes))


def run_file(path: Path, name: str, seconds: float, gigabytes: float, frames: int) -> Row:
    """The same in a process of its own, whatever happens to that."""

    def limit() -> None:
        room = round(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (room, room))

    command = [sys.executable, "-m", "benchmarks.corpus", "--one", str(path), "--frames", str(frames)]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=seconds, preexec_fn=limit, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return Row(name, "fault", text=f"took longer than {seconds:g} s")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        return Row(name, "fault", text=f"ended with {done.returncode}: {last}")
    found = Row(**json.loads(done.stdout.splitlines()[-1]))
    return replace(found, name=name, ffprobe=differences(found, path))


def differences(found: Row, path: Path) -> str:
    """What ffprobe says otherwise of the stream that was taken, or of the first that has its size."""
    if found.outcome != "ok" or shutil.which(FFPROBE[0]) is None:
        return ""
    told = subprocess.run([*FFPROBE, str(path)], check=False, capture_output=True, text=True)
    streams = [s for s in json.loads(told.stdout or "{}").get("streams", []) if s.get("codec_type") == "video"]
    if not streams:
        return "no video"
    sizes = [f"{stream.get('width')}x{stream.get('height')}" for stream in streams]
    place = sizes.index(found.size) if found.size in sizes else 0
    stream = streams[place]
    # Of a raw stream it guesses an average rate, and knows the one that the pictures name.
    rates = [Fraction(stream.get(f"{kind}_frame_rate", "0/1").replace("/0", "/1")) for kind in ("avg", "r")]
    others: list[str] = []
    # Frames, not packets: those may hold fields, or what an edit list leaves out.
    if stream.get("nb_read_frames") != str(found.frames):
        others.append(f"{stream.get('nb_read_frames', 'no')} frames")
    if all(abs(rate - Fraction(found.rate)) > rate / 1000 for rate in rates):
        others.append(f"{float(rates[0]):.3f} fps")
    if sizes[place] != found.size:
        others.append(sizes[place])
    return ", ".join(others)


def print_row(row: Row, width: int) -> None:
    """One line of the table, whose names take so many columns."""
    said = "; ".join(part for part in (row.ffprobe and f"[{row.ffprobe}]", row.text) if part)
    found = f"{row.frames or '':>6}  {row.rate:>10}  {row.size:>9}"
    print(f"{row.name:{width}}  {row.outcome:8}  {found}  {said}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the files, in folders of it too")
    parser.add_argument("--one", action="store_true", help="run this one file here, without limits, and print JSON")
    parser.add_argument("--seconds", type=float, default=120, help="longest time for a file (default: %(default)s)")
    parser.add_argument("--gigabytes", type=float, default=4, help="address space for a file (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=5, help="frames of each edit (default: %(default)s)")
    wanted = parser.parse_args(arguments)
    if wanted.one:
        print(json.dumps(asdict(edit_file(wanted.folder, wanted.frames))))
        return 0
    files = sorted(path for path in wanted.folder.rglob("*") if path.is_file())
    names = [str(path.relative_to(wanted.folder)) for path in files]
    width = max(map(len, names), default=4)
    print(f"{'file':{width}}  {'outcome':8}  {'frames':>6}  {'rate':>10}  {'size':>9}  [ffprobe]; what was said")
    outcomes: Counter[Outcome] = Counter()
    for path, name in zip(files, names, strict=True):
        row = run_file(path, name, wanted.seconds, wanted.gigabytes, wanted.frames)
        print_row(row, width)
        outcomes[row.outcome] += 1
    print(", ".join(f"{outcomes[outcome]} {outcome}" for outcome in OUTCOMES))
    return int(outcomes["fault"] > 0)


if __name__ == "__main__":
    sys.exit(main())
