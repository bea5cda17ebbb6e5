"""What the words after `atelier train` ask for: a new run, or an old one to go on with; and on how many devices."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from studio.command_line.columns import in_columns
from studio.command_line.exit_codes import DONE
from studio.command_line.flags import CommandParser, add_settings, check_place, named_path, settings_from
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.settings import describe
from studio.jobs.examine import ExamineTask
from studio.training.kinds import KINDS, kind_named, settings_of
from studio.training.launcher import is_main
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.schedule import Schedule
from studio.training.schedule_presets import PRESETS
from studio.training.settings import TrainingSettings
from studio.training.task_kind import DataSlot, TaskKind

__all__ = ["Asked", "read_arguments"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to train, and where.

    Args:
        is_main: whether this process writes the folder and speaks; the others of a run work in silence.
        prepare: makes the run's folder, or brings its plan up to date; the main process calls it, once.
        settings: of the run.
        request: of the training job.
        where: as typed: `accelerator` ("auto", "cpu" or "cuda"); processes on this computer (`devices`) and computers
            (`num_nodes`), None to leave it to whatever started this one; `timeout`, seconds that a process may keep the
            others waiting; `events`, to report as JSON lines; `debug`, to print the traceback of a failure.
        data: of a new run: what the doctor looks at before it begins.
        are_worlds: whether the doctor also compares what it looks at: two worlds.
        to_measure: makes the plan of a run whose cost is asked for; it does not begin. None: it shall begin.

    """

    is_main: bool
    prepare: Callable[[], None]
    settings: TrainingSettings
    request: TrainRequest
    where: argparse.Namespace
    data: tuple[ExamineTask, ...] = ()
    are_worlds: bool = False
    to_measure: Callable[[], RunPlan] | None = None

    @property
    def folder(self) -> Path:
        """The run's."""
        return self.request.folder


def read_arguments(arguments: Sequence[str]) -> Asked:
    """Return what is asked for; wrong arguments end the program with exit code 2, and --help with 0."""
    if any(word == "--resume" or word.startswith("--resume=") for word in arguments):
        return _to_resume(arguments)
    kind = _kind_in(arguments)
    parser = _parser_for(kind)
    asked = parser.parse_args(arguments[1:])
    if asked.output is None and not asked.estimate:
        parser.error("the following arguments are required: -o/--output")
    if asked.preset in kind.courses:
        asked.course, asked.preset = asked.preset, None
    settings = settings_from(asked, kind.settings, parser)
    output = asked.output or Path("run")
    plan = RunPlan(
        task=kind.name,
        title=output.name,
        data=_data(asked, kind, parser),
        inputs={one.role: str(_existing(getattr(asked, one.role), _flag(one.role), parser)) for one in kind.inputs},
        settings=settings.model_dump(exclude_unset=True),
        schedule=_schedule(asked, kind, settings, parser),
    )
    folder = output.absolute()
    if is_main(asked.num_nodes) and not asked.estimate:  # for the others it may well be there already
        _check_output(folder, parser)
    suits = asked.schedule is None and asked.preset is None
    to_examine = tuple(
        ExamineTask(tuple(slot.sources(plan.data)), settings.size, slot.reading(settings)) for slot in kind.data
    )

    def suited() -> RunPlan:
        return _suited(plan, kind, settings) if suits else plan

    return Asked(
        is_main(asked.num_nodes), lambda: _begin(folder, suited()), settings, TrainRequest(folder), asked, to_examine,
        kind.worlds is not None and kind.worlds(settings) == "worlds", suited if asked.estimate else None,
    )  # fmt: skip


def _to_resume(arguments: Sequence[str]) -> Asked:
    finder = CommandParser("train", "", "--resume RUN [--accept-changes] [--extend N] [--steps N …]", add_help=False)
    finder.add_argument("--resume", metavar="RUN", type=named_path, required=True)
    folder = finder.parse_known_args(arguments)[0].resume.absolute()
    run = RunFolder(folder)
    try:
        plan = run.read_plan()
        kind = kind_named(plan.task)
    except StudioError as error:
        finder.error(f"argument --resume: {error}")
    parser = _resuming_parser(kind)
    asked = parser.parse_args(arguments)
    given = {info.name: getattr(asked, info.name) for info in describe(kind.settings) if info.name in asked}
    try:
        settings = kind.settings(**{**plan.settings, **given})
    except ValidationError as error:
        parser.error(f"{run.plan_file}: {_first_of(error)}")
    moved = _moved(plan, asked, kind, parser)

    def prepare() -> None:
        changed = moved.model_copy(update={"settings": {**plan.settings, **given}})
        if changed == plan:
            return
        from studio.training.plan_changes import changes_between, check_changes, identity_of

        # whether what lies elsewhere now is still the same, its contents will tell
        before, now = (identity_of(one, settings_of(one, kind), data="") for one in (moved, changed))
        check_changes(changes_between(before, now, kind.settings), accepted=asked.accept_changes)
        run.write_plan(changed)

    request = TrainRequest(folder, asked.accept_changes, asked.extend or 0, asked.keep)
    return Asked(is_main(asked.num_nodes), prepare, settings, request, asked)


def _moved(plan: RunPlan, asked: argparse.Namespace, kind: TaskKind, parser: CommandParser) -> RunPlan:
    """Return the plan with its data and inputs where they lie now."""
    inputs = {
        one.role: str(_existing(path, _flag(one.role), parser))
        for one in kind.inputs if (path := getattr(asked, one.role)) is not None
    }  # fmt: skip
    data, schedule = {**plan.data, **_data(asked, kind, parser)}, plan.schedule
    for slot in kind.data:
        for number, *folders in getattr(asked, _of_phase(slot)) or ():
            own = tuple(str(_existing(Path(folder), f"{slot.flag}-of-phase", parser)) for folder in folders)
            schedule = schedule.with_data(_phase(number, own, schedule, slot, parser), {slot.name: own})
    return plan.model_copy(update={"data": data, "inputs": {**plan.inputs, **inputs}, "schedule": schedule})


def _phase(number: str, own: tuple[str, ...], schedule: Schedule, slot: DataSlot, parser: CommandParser) -> int:
    """Return the index of a phase that is said to learn from data of its own elsewhere now."""
    index = int(number) - 1 if number.isdecimal() else -1
    if not 0 <= index < len(schedule.phases) or not schedule.phases[index].data.get(slot.name):
        having = [str(i) for i, phase in enumerate(schedule.phases, 1) if phase.data.get(slot.name)]
        known = f"only {', '.join(having)}" if having else "none has"
        parser.error(f"argument {slot.flag}-of-phase: phase {number} has no data of its own ({known})")
    if not own:
        parser.error(f"argument {slot.flag}-of-phase: after the phase's number comes where its data lies now")
    return index


def _of_phase(slot: DataSlot) -> str:
    return f"{slot.name} of phase"


def _data(asked: argparse.Namespace, kind: TaskKind, parser: CommandParser) -> dict[str, tuple[str, ...]]:
    """Return the sources that are named, by slot."""
    named = {slot: getattr(asked, slot.flag) for slot in kind.data}
    return {
        slot.name: tuple(str(_existing(path, slot.flag, parser)) for path in paths)
        for slot, paths in named.items() if paths
    }  # fmt: skip


def _begin(folder: Path, plan: RunPlan) -> None:
    run = RunFolder(folder)
    if not _failed_to_begin(run):
        RunFolder.create(folder, plan)
        return
    with run.held():
        run.events_file.unlink(missing_ok=True)
        run.write_plan(plan)


def _suited(plan: RunPlan, kind: TaskKind, settings: TrainingSettings) -> RunPlan:
    """Return the plan as long as suits its data; what cannot be read is told where it is opened."""
    from studio.training.data.sources import counting_data

    slot = kind.data[0]
    with suppress(StudioError):
        count = finish(counting_data(slot.sources(plan.data), slot.reading(settings)))
        return plan.model_copy(update={"schedule": kind.schedule_for(settings, count).schedule})
    return plan


def _failed_to_begin(run: RunFolder) -> bool:
    """Whether nothing but an error came of that run: typed again, as one does, the command takes its place."""
    history = RunHistory(run.events_file)
    while history.poll():
        pass
    kept = (run.checkpoints, run.samples, run.model_file)
    return history.logged_state == "failed" and not any(path.exists() and _holds_something(path) for path in kept)


def _holds_something(path: Path) -> bool:
    return not path.is_dir() or any(path.iterdir())


# -- the parsers -------------------------------------------------------------------------------------------------------


def _kind_in(arguments: Sequence[str]) -> TaskKind:
    """Return the kind that comes first; without one, explain the command."""
    word = arguments[0].replace("_", "-") if arguments else ""
    found = next((kind for kind in KINDS if word == kind.name.replace("_", "-")), None)
    if found is not None:
        return found
    parser = CommandParser(
        "train", _summary(), "KIND --data DIR… -o RUN [--steps N --size N --batch N …]\n       "
        "atelier train --resume RUN [--data DIR…] [--accept-changes] [--steps N …]",
    )  # fmt: skip
    if arguments and not {"-h", "--help"} & set(arguments):
        names = ", ".join(kind.name for kind in KINDS)
        parser.error(f"“{arguments[0]}” is no kind of training; first comes one of {names}, or --resume RUN")
    parser.print_help()
    raise SystemExit(DONE)


def _summary() -> str:
    kinds = in_columns([(f"  {kind.name}", kind.summary) for kind in KINDS])
    return (
        "Train a network. A run is a folder: Ctrl+C pauses it, it can be resumed, and watched from the window.\n\n"
        f"kinds of training:\n{kinds}\n\nEach has settings of its own: atelier train KIND --help"
    )


def _parser_for(kind: TaskKind) -> CommandParser:
    sources = " ".join([f"{slot.flag} DIR…" for slot in kind.data] + [f"{_flag(one.role)} FILE" for one in kind.inputs])
    parser = CommandParser(
        f"train {kind.name}",
        f"{kind.summary}\nCtrl+C pauses; atelier train --resume RUN goes on. The finished network is "
        "RUN/model.safetensors.",
        f"{sources} -o RUN [--steps N …]",
    )
    _add_sources(parser, kind, required=True)
    parser.add_argument("-o", "--output", metavar="RUN", type=named_path, help="a new folder for the run")
    parser.add_argument(
        "--estimate", action="store_true",
        help="begin nothing: measure five steps, a check and a sample, and say how long the run would take here, and "
        "how much memory",
    )  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--schedule", metavar="FILE.json", type=named_path, help="learn as drawn in the window's editor")
    how.add_argument(
        "--preset", metavar="NAME[:X=…,Y=…]",
        help=f"learn by a ready schedule ({', '.join((*kind.courses, *PRESETS))}), with other numbers if you like: "
        "one_cycle:duration=30,rate=0.01",
    )  # fmt: skip
    _add_common(parser)
    add_settings(parser, kind.settings)
    return parser


def _resuming_parser(kind: TaskKind) -> CommandParser:
    parser = CommandParser(
        "train",
        f"Go on with a run ({kind.title}). It ends up exactly where it would have without the break.\n"
        "Settings that are not given stay as they are.",
        "--resume RUN "
        + " ".join(f"[{slot.flag} DIR…]" for slot in kind.data)
        + " [--accept-changes] [--extend N] [--keep] [--steps N …]",
    )
    parser.add_argument("--resume", metavar="RUN", type=named_path, required=True, help="the run's folder")
    parser.add_argument(
        "--accept-changes", action="store_true", help="go on although the data or a setting is not what it was"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--extend", metavar="N", type=_steps,
        help="learn for N steps more than it has taken: it warms up once more, and cools down again",
    )  # fmt: skip
    what.add_argument("--keep", action="store_true", help="end it where it stands, and keep its network")
    _add_sources(parser, kind, required=False)
    for slot in kind.data:
        parser.add_argument(
            f"{slot.flag}-of-phase", metavar=("N", "DIR"), nargs="+", action="append", dest=_of_phase(slot),
            help="where the data lies now that phase N has of its own",
        )  # fmt: skip
    _add_common(parser)
    add_settings(parser, kind.settings)
    return parser


def _add_sources(parser: CommandParser, kind: TaskKind, *, required: bool) -> None:
    now = "" if required else " Only where it lies elsewhere now."
    for slot in kind.data:
        parser.add_argument(
            slot.flag,
            metavar="DIR",
            type=named_path,
            nargs="+",
            required=required,
            dest=slot.flag,
            help=slot.help + now,
        )
    for one in kind.inputs:
        parser.add_argument(
            _flag(one.role), metavar="FILE", type=named_path, required=required, dest=one.role, help=one.help + now
        )


def _add_common(parser: CommandParser) -> None:
    where = parser.add_argument_group("where")
    where.add_argument(
        "--accelerator", choices=["auto", "cpu", "cuda"], default="auto", help="what computes [default: the fastest]"
    )
    where.add_argument(
        "--devices", metavar="N", type=_count, help="GPUs (or processes) on each computer [default: 1; torchrun and "
        "srun say it themselves]",
    )  # fmt: skip
    where.add_argument("--num-nodes", metavar="N", type=_count, help="computers [default: 1; likewise]")
    where.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=600.0,
        help="how long a process may keep the others waiting before it counts as dead [default: 600]",
    )  # fmt: skip
    parser.add_events_flag()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of processes")
    return int(text)


def _steps(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of steps")
    return int(text)


def _seconds(text: str) -> float:
    try:
        if (seconds := float(text)) > 0:
            return min(seconds, 1e7)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


# -- what they hold ----------------------------------------------------------------------------------------------------


def _existing(path: Path, flag: str, parser: CommandParser) -> Path:
    if not path.exists():
        parser.error(f"argument {flag}: {path} is not there")
    return path.absolute()


def _check_output(folder: Path, parser: CommandParser) -> None:
    if _failed_to_begin(RunFolder(folder)):
        return
    if (folder / "run.json").exists():
        parser.error(f"argument -o: {folder} holds a run already; go on with it: atelier train --resume {folder}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        parser.error(f"argument -o: {folder} is not an empty folder")
    check_place(folder, parser)


def _schedule(
    asked: argparse.Namespace, kind: TaskKind, settings: TrainingSettings, parser: CommandParser
) -> Schedule:  # fmt: skip
    if asked.schedule is not None:
        try:
            schedule = Schedule.model_validate_json(asked.schedule.read_bytes())
        except OSError as error:
            parser.error(f"argument --schedule: {asked.schedule}: {error.strerror}")
        except ValidationError as error:
            parser.error(f"argument --schedule: {asked.schedule}: {_first_of(error)}")
        return _with_data_found(schedule, asked.schedule.absolute().parent, kind, parser)
    if asked.preset is not None:
        return _preset(asked.preset, parser)
    return kind.default_schedule(settings)


def _with_data_found(schedule: Schedule, folder: Path, kind: TaskKind, parser: CommandParser) -> Schedule:
    """Return the schedule with the places of its phases' own data, which count from where its file lies."""
    slots = {slot.name: slot.flag for slot in kind.data}
    for index, phase in enumerate(schedule.phases):
        for slot, paths in phase.data.items():
            if slot not in slots:
                parser.error(
                    f"argument --schedule: phase {index + 1}: data: there is no “{slot}”, only {', '.join(slots)}"
                )
            found = tuple(str(_existing(folder / expanded(path), "--schedule", parser)) for path in paths)
            schedule = schedule.with_data(index, {slot: found})
    return schedule


def _preset(text: str, parser: CommandParser) -> Schedule:
    name, _, numbers = text.partition(":")
    preset = PRESETS.get(name.replace("-", "_"))
    if preset is None:
        parser.error(f"argument --preset: there is no “{name}”; choose from {', '.join(PRESETS)}")
    given = dict(part.strip().partition("=")[::2] for part in numbers.split(",") if part.strip())
    try:
        return preset(**given)
    except ValidationError as error:
        parser.error(f"argument --preset: {name}: {_first_of(error)}")


def _first_of(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    words = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {words}" if where else words
