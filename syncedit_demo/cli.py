"""The command line: `python -m syncedit_demo …`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

from pydantic import TypeAdapter

from syncedit_demo import __version__
from syncedit_demo.doctor import examine
from syncedit_demo.edits.make import EditRequest, EditResult, Published
from syncedit_demo.edits.variants import VariantStarted
from syncedit_demo.engines.sync_lora import prepare_weights, spare_gemma, upload_weights
from syncedit_demo.engines.sync_lora.weights.files import prepared_folder
from syncedit_demo.engines.sync_lora.weights.prepared import open_prepared
from syncedit_demo.errors import Cancelled, EngineError, SyncEditError
from syncedit_demo.media.atomic import check_target
from syncedit_demo.media.formats.registry import FORMATS, MP4, format_for
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.option_flags import add_option_flags, given_options
from syncedit_demo.plan import EditPlan, PlanOptions
from syncedit_demo.reading.choice import make_runner
from syncedit_demo.service import EditService, Ranked
from syncedit_demo.settings import DEFAULT_SEED, ENGINE_CHOICES, Precision, load_settings
from syncedit_demo.space import CPU, ZEROGPU, Space, push
from syncedit_demo.terminal import (
    Display,
    cancelled_by_signals,
    print_notes,
    say_what_was_made,
    saying_what_stays,
    show_event,
    verdict_in_words,
)
from syncedit_demo.wording import describe_rate, frames_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncedit_demo.media.formats.registry import FormatName
    from syncedit_demo.settings import Settings

EXIT_USER = 2
EXIT_DEFECT = 1
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 when it went well, 2 for what the user can mend, 130 when it was interrupted, 141 when nobody read its output
        to the end, 1 for a defect of the program.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        wanted = build_parser().parse_args(arguments)
        wanted.command(wanted)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has had enough, as `head` has; what is left is flushed to nowhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_UNREAD
    except SyncEditError as error:
        print(error, file=sys.stderr)
        return EXIT_USER
    except (Cancelled, KeyboardInterrupt):
        print("Stopped; nothing half-written was left behind.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception:
        incident = uuid.uuid4().hex[:8]
        logging.getLogger(__name__).exception("defect %s", incident)
        print(f"Something went wrong that is not your fault ({incident}); the log above says what.", file=sys.stderr)
        return EXIT_DEFECT
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One sentence, as for every other mistake; argparse prints the whole usage.
        self.exit(EXIT_USER, f"{message[:1].upper()}{message[1:]}; {self.prog} --help shows how it is called.\n")


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = _Parser(prog="python -m syncedit_demo", description="Edit one frame of a clip, get the whole clip edited.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    plan = _Parser(add_help=False)
    options = plan.add_argument_group("plan options")
    options.add_argument(
        "--size", metavar="WxH", help="size of the result in pixels, multiples of 64; default: fits the clip"
    )
    options.add_argument(
        "--frames", type=int, metavar="N", help="number of frames of the result; default: all, up to the limit"
    )
    options.add_argument(
        "--start", type=int, default=0, metavar="FRAME", help="first frame, counted from 0; default: %(default)s"
    )
    options.add_argument(
        "--rate", metavar="R", help="frame rate, such as 25, 29.97 or 30000/1001; default: the clip's, at most 30"
    )

    inspect = commands.add_parser("inspect", parents=[plan], help="what a clip holds and what will be made of it")
    inspect.add_argument("clip", type=Path)
    inspect.add_argument("--json", action="store_true", help="print JSON")
    inspect.set_defaults(command=_inspect)

    first = commands.add_parser("first-frame", parents=[plan], help="write the frame to edit, as a PNG")
    first.add_argument("clip", type=Path)
    first.add_argument("out", type=Path, metavar="OUT.png")
    first.set_defaults(command=_first_frame)

    edit = commands.add_parser("edit", parents=[plan], help="make the edited clip")
    edit.add_argument("clip", type=Path, nargs="?", metavar="CLIP", help="the clip to edit")
    edit.add_argument(
        "edited",
        type=Path,
        nargs="?",
        metavar="EDITED",
        help="its first frame as the command first-frame writes it, edited; an image",
    )
    edit.add_argument(
        "out", type=Path, metavar="OUT.mp4", help="where the edited clip goes: all that is given with --from-record"
    )
    edit.add_argument(
        "--format", choices=tuple(FORMATS), help=f"{_formats_in_words()}; default: by the ending of OUT, or else mp4"
    )
    edit.add_argument(
        "--from-record", type=Path, metavar="FILE", help="repeat a record, or the one that an mp4 holds; default: none"
    )
    edit.add_argument(
        "--engine", choices=ENGINE_CHOICES, help="what makes the edit; default: SYNCEDIT_ENGINE, or else auto"
    )
    edit.add_argument(
        "--seed", type=int, metavar="N", help=f"seed of what is random in the engine; default: {DEFAULT_SEED}"
    )
    edit.add_argument(
        "--variants", type=int, metavar="N", help="N results from N seeds, ranked; OUT.mp4 is the best; default: one"
    )
    edit.add_argument("--no-audio", action="store_true", help="leave the clip's audio out; by default it is kept")
    edit.add_argument("--label", action="store_true", help="write “AI-edited” on the picture; off by default")
    edit.add_argument(
        "--side-by-side",
        type=Path,
        metavar="OUT2.mp4",
        help="write reference and result together too; by default that is left out",
    )
    add_option_flags(edit)
    edit.set_defaults(command=_edit, parser=edit)

    report = commands.add_parser("report", help="how well a result keeps time with its clip")
    report.add_argument("clip", type=Path)
    report.add_argument("result", type=Path)
    report.add_argument("--json", action="store_true", help="print JSON")
    report.set_defaults(command=_report)

    _add_preparing(commands)

    serve = commands.add_parser("serve", help="serve the page until it is stopped")
    serve.set_defaults(command=_serve)

    doctor = commands.add_parser("doctor", help="what this machine can run")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(command=_doctor)
    return parser


def _formats_in_words() -> str:
    return "; ".join(
        f"{each.name} ({each.suffix}): {each.title}, {each.about}"
        + (f", {each.sharing.in_words()}" if each.sharing else "")
        for each in FORMATS.values()
    )


def _add_preparing(commands: argparse._SubParsersAction[_Parser]) -> None:  # pyright: ignore[reportPrivateUsage]
    """The commands that make a machine, this one or the Hub's, ready."""
    prepare = commands.add_parser("prepare", help="make the Sync-LoRA engine ready: find the weights, fuse them")
    prepare.add_argument(
        "--download",
        action="store_true",
        help="fetch what is missing first, about 80 GB beside the 29 GB that are made",
    )
    prepare.add_argument(
        "--storage",
        choices=get_args(Precision),
        help="how the large products are stored; default: SYNCEDIT_STORAGE",
    )
    prepare.add_argument(
        "--distilled-strength",
        type=float,
        metavar="N",
        help="strength of the distilled LoRA in the set; default: SYNCEDIT_DISTILLED_STRENGTH",
    )
    prepare.add_argument(
        "--upload", metavar="OWNER/NAME", help="put the set into this Hub repository then; by default it stays here"
    )
    prepare.add_argument("--private", action="store_true", help="a repository that is made for it is yours alone")
    prepare.set_defaults(command=_prepare, parser=prepare)

    space = commands.add_parser("space", help="create a Space on the Hub that serves the page, or bring one up to date")
    space.add_argument("repo", metavar="OWNER/NAME")
    space.add_argument(
        "--hardware", default=CPU, metavar="NAME", help="by the Hub's name, or zerogpu; default: %(default)s"
    )
    space.add_argument(
        "--prepared-repo",
        metavar="OWNER/NAME",
        help="the prepared set that it starts from; default: SYNCEDIT_PREPARED_REPO",
    )
    space.add_argument("--private", action="store_true", help="a Space that is made is yours alone to see")
    space.set_defaults(command=_space)


def _inspect(wanted: argparse.Namespace) -> None:
    service, options = _service_and_options(wanted)
    clip, plan = service.inspect(wanted.clip, options)
    if wanted.json:
        both = {
            "clip": TypeAdapter(ClipInfo).dump_python(clip, mode="json"),
            "plan": TypeAdapter(EditPlan).dump_python(plan, mode="json"),
        }
        print(json.dumps(both, indent=2, ensure_ascii=False))
        return
    width, height = clip.display_size
    sound = f"{clip.audio.codec} audio" if clip.audio else "no audio"
    rate = describe_rate(clip.average_rate) + (" on average, variable" if clip.variable_rate else "")
    length = f"{frames_in_words(clip.frames)}, {float(clip.duration):.2f} s"
    print(f"Clip    {width}×{height}, {rate}, {length}, {clip.codec}, {sound}")
    print(f"Result  {plan.width}×{plan.height}, {describe_rate(plan.frame_rate)}, {frames_in_words(plan.frames)}")
    print_notes((*plan.notes, *plan.model_notes))


def _first_frame(wanted: argparse.Namespace) -> None:
    service, options = _service_and_options(wanted)
    check_target(wanted.out, ".png", (wanted.clip,))
    clip, plan = service.inspect(wanted.clip, options)
    frame = service.first_frame(wanted.clip, clip, plan)
    write_png(frame, wanted.out)
    print(f"{wanted.out}: {plan.width}×{plan.height}. Edit it, keep its size, and give it to: edit")


def _edit(wanted: argparse.Namespace) -> None:
    service, options = _service_and_options(wanted)
    request = _request(wanted, service, options)
    one = wanted.variants is None
    whole: list[Path] = []
    with cancelled_by_signals() as cancel, Display() as display, saying_what_stays(whole, display):
        for event in service.edit(request, cancel) if one else service.edit_variants(request, wanted.variants, cancel):
            match event:
                case VariantStarted(number, count, seed):
                    display.line(f"Variant {number} of {count}, seed {seed}")
                case Published(_, target):
                    whole.append(target)
                case EditResult():
                    display.close()
                    if one:
                        say_what_was_made(event, request)
                        whole.clear()
                        if event.stopped:
                            raise Cancelled
                case Ranked(results):
                    print("Best first:")
                    for result in results:
                        print(f"{result.target}: seed {result.record.seed}. {verdict_in_words(result.record)}")
                case _:
                    show_event(event, display)


def _request(wanted: argparse.Namespace, service: EditService, options: PlanOptions) -> EditRequest:
    parser: _Parser = wanted.parser
    clip: Path | None = wanted.clip
    edited: Path | None = wanted.edited
    engine_options = given_options(wanted)
    named = format_for(wanted.out)
    form: FormatName | None = wanted.format or (named and named.name)
    if wanted.from_record is None:
        if clip is None or edited is None:
            parser.error("edit takes CLIP EDITED OUT.mp4")
        return EditRequest(
            clip=clip,
            edited_frame=edited,
            target=wanted.out,
            options=options,
            engine=wanted.engine or service.settings.engine,
            engine_options=engine_options,
            seed=DEFAULT_SEED if wanted.seed is None else wanted.seed,
            audio=not wanted.no_audio,
            label=wanted.label,
            side_by_side=wanted.side_by_side,
            format=form or MP4.name,
        )
    chosen = (wanted.size, wanted.frames, wanted.start or None, wanted.rate, wanted.engine, wanted.seed)
    chosen += (wanted.variants, clip, edited, wanted.no_audio or None, wanted.label or None)
    if engine_options or any(each is not None for each in chosen):
        parser.error("with --from-record everything is in the record: only OUT.mp4 is given, and --format if you like")
    return service.repeat(wanted.from_record, wanted.out, wanted.side_by_side, form)


def _report(wanted: argparse.Namespace) -> None:
    report = _service(load_settings()).report(wanted.clip, wanted.result)
    if wanted.json:
        print(report.to_json())
        return
    print(f"{report.verdict}, score {report.score:.2f}")
    print_notes([*report.sentences, *report.faces_in_words])


def _prepare(wanted: argparse.Namespace) -> None:
    if wanted.private and wanted.upload is None:
        parser: _Parser = wanted.parser
        parser.error("--private goes with --upload OWNER/NAME")
    settings = load_settings(storage=wanted.storage, distilled_strength=wanted.distilled_strength)
    if wanted.upload is not None and settings.prepared_repo is not None:
        message = "SYNCEDIT_PREPARED_REPO is set, so that there is no set of this machine's own to upload: unset it."
        raise EngineError(message)
    with Display() as display:
        for progress in prepare_weights(settings, fetch=wanted.download):
            display.show(progress)
    folder = prepared_folder(settings)
    print(f"{folder}: ready. The next edit is made by Sync-LoRA.")
    print_notes(open_prepared(folder).manifest.notes)
    if wanted.upload is not None:
        with Display() as display:
            for progress in upload_weights(settings, wanted.upload, private=wanted.private):
                display.show(progress)
        print(f"{wanted.upload}: uploaded. Any machine starts from it with SYNCEDIT_PREPARED_REPO={wanted.upload}")
    if settings.prepared_repo is None and (spare := spare_gemma(settings)) is not None:
        print(spare)


def _space(wanted: argparse.Namespace) -> None:
    hardware = ZEROGPU if wanted.hardware == "zerogpu" else wanted.hardware
    prepared_repo = wanted.prepared_repo or load_settings().prepared_repo
    address = push(Space(wanted.repo, hardware, prepared_repo, private=wanted.private))
    print(f"{address}: pushed. The Hub builds it now, for {hardware}.")


def _serve(_wanted: argparse.Namespace) -> None:
    # It takes seconds to load, and nothing else needs it.
    from syncedit_demo.ui.launch import serve_page  # noqa: PLC0415

    serve_page(load_settings())


def _doctor(wanted: argparse.Namespace) -> None:
    findings = examine(load_settings())
    if wanted.json:
        print(json.dumps(findings, indent=2, ensure_ascii=False))
        return
    for name, finding in findings.items():
        lines = [f"{key} {value}" for key, value in finding.items()] if isinstance(finding, dict) else [finding]
        for number, line in enumerate(lines):
            print(f"{'' if number else name:<11}{line}")


def _service_and_options(wanted: argparse.Namespace) -> tuple[EditService, PlanOptions]:
    settings = load_settings()
    options = PlanOptions.parse(
        size=wanted.size,
        frames=wanted.frames,
        start=wanted.start,
        rate=wanted.rate,
        max_frames=settings.max_frames,
    )
    return _service(settings), options


def _service(settings: Settings) -> EditService:
    """A service that reads in this process unless the settings name others: its user chose the files."""
    return EditService(settings, make_runner(settings, settings.readers or 0))
