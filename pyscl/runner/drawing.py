"""Pictures of a finished run on request, the work of `pyscl plot`."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from pyscl.errors import InputError, unknown_name
from pyscl.runner.folder import RunFolder, State
from pyscl.runner.names import BASE, slug
from pyscl.runner.places import PlaceText
from pyscl.solution import Solution
from pyscl.storage.header import TRAJECTORY, kind_of
from pyscl.trajectory import Trajectory

_SUFFIXES = (".png", ".pdf", ".svg")
_ALL = "all"


@dataclass(frozen=True)
class Wish:
    """What is to be drawn; see the options of `pyscl plot`.

    Attributes:
        case: None: the first.
        study: None: the last of the case.
        fields: names of fields; none: the usual.
        component: of a vector: "magnitude", "x" or "y".
        cut: a line, see `PlaceText.line`.
        inset: a piece to be enlarged, see `PlaceText.window`.
        window: the piece that is shown alone.
        arrows: along a vector field.
        lines: along a vector field.
        follow: the vector field.
        compare: cases side by side; ("all",) for all of them.
        reference: the case that is subtracted.
        out: file; None: beside the solution.
        width: "single", "double" or None for the usual.
    """

    case: str | None = None
    study: str | None = None
    fields: tuple[str, ...] = ()
    component: str = "magnitude"
    cut: str | None = None
    inset: str | None = None
    window: str | None = None
    arrows: bool = False
    lines: bool = False
    follow: str | None = None
    compare: tuple[str, ...] = ()
    reference: str | None = None
    out: Path | None = None
    width: str | None = None


@dataclass(frozen=True)
class Source:
    """What pictures are drawn of: the folder of a run, or a single file.

    Attributes:
        run: the folder, None for a file.
        file: the file, None for a folder.
    """

    run: RunFolder | None
    file: Path | None

    def state(self, case: str | None, study: str | None) -> tuple[Solution, Path, str]:
        """Return a solution, the folder of its pictures, and its name.

        Raises:
            InputError: there is no such case or study, or a file is damaged.
        """
        if self.run is not None:
            state = self.run.state(case, study)
            return self.run.solution(state), state.folder, _name(state)
        assert self.file is not None
        if case is not None or study is not None:
            raise InputError(
                f"{self.file} is one solution; cases and studies are those of the folder of a run"
            )
        if kind_of(self.file) == TRAJECTORY:
            return Trajectory.load(self.file).final, self.file.parent, self.file.name
        return Solution.load(self.file), self.file.parent, self.file.name

    def cuts(self) -> dict[str, Any]:
        """Return the cuts of the run file by name."""
        if self.run is None:
            return {}
        return dict(self.run.summary.get("input", {}).get("output", {}).get("cuts", {}))


def open_source(path: str | PathLike[str]) -> Source:
    """Open the output folder of a run, or a file with a solution.

    Raises:
        InputError: there is neither.
    """
    path = Path(path)
    return Source(None, path) if path.is_file() else Source(RunFolder(path), None)


def contents(source: Source, case: str | None = None, study: str | None = None) -> Iterator[str]:
    """Yield lines on what can be drawn: cases and studies, fields with units, interfaces, cuts."""
    solution, _, name = source.state(case, study)
    if source.run is not None:
        yield "cases and studies:"
        for state in source.run.states():
            yield f"  {_name(state)}"
    yield f"fields of {name}:"
    for field in solution.field_names:
        kind = ", vector" if solution[field].location == "triangle" else ""
        yield f"  {field} [{solution[field].unit}{kind}]"
    yield "interfaces:"
    yield from (f"  {interface}" for interface in solution.model.mesh.interfaces)
    if source.cuts():
        yield "cuts:"
        yield from (f"  {cut}" for cut in source.cuts())


def draw(source: Source, wish: Wish) -> list[tuple[Path, str]]:
    """Draw what is wished, and return (file, what it shows) of every picture.

    Without any wish these are the overview of every carrier, its strongest layer and its current.

    Raises:
        InputError: an unknown case, study, field, interface, cut, width or format, wishes that
            exclude each other, or a place off the mesh.
    """
    if wish.out is not None and wish.out.suffix.lower() not in _SUFFIXES:
        raise unknown_name("figure format", wish.out.suffix, _SUFFIXES, f"for '{wish.out}'")
    _refuse_contradictions(wish)
    if wish.compare:
        return _comparisons(source, wish)
    solution, folder, name = source.state(wish.case, wish.study)
    if wish.cut is not None:
        return [_cut(source, solution, folder, name, wish)]
    if wish.fields:
        return [_map(solution, folder, name, wish)]
    if wish.inset or wish.window or wish.arrows or wish.lines or wish.out or wish.width:
        return [_overview(solution, folder, name, wish)]
    from pyscl.runner.pictures import Album, draw_state

    album = Album(folder)
    draw_state(solution, album)
    return [(path, f"{path.stem.replace('_', ' ')} of {name}") for path in album.written]


def _refuse_contradictions(wish: Wish) -> None:
    pairs = (
        (wish.compare and wish.cut is not None, "--compare and --cut"),
        (wish.compare and wish.case is not None, "--compare and --case"),
        (wish.compare and wish.inset is not None, "--compare and --inset (use --window)"),
        (wish.cut is not None and wish.inset is not None, "--cut and --inset"),
        (wish.cut is not None and wish.window is not None, "--cut and --window"),
        (wish.cut is not None and (wish.arrows or wish.lines), "--cut and --arrows or --lines"),
        (wish.inset is not None and wish.window is not None, "--inset and --window"),
    )
    for both, words in pairs:
        if both:
            raise InputError(f"{words} exclude each other; leave one out")
    if len(wish.fields) > 1 and wish.cut is None:
        raise InputError(
            f"a map shows one field, but there are {len(wish.fields)}: {', '.join(wish.fields)}; "
            "call `pyscl plot` once for each, or give a --cut for curves of all of them"
        )
    if wish.reference is not None and not wish.compare:
        raise InputError("--reference belongs to --compare; say which cases are compared")
    if wish.component != "magnitude" and (wish.cut is not None or not wish.fields):
        where = "a cut shows the components along and across it" if wish.cut else "add a --field"
        raise InputError(
            f"--component {wish.component} is of a map of one vector field, e.g. --field "
            f"electric_field; {where}"
        )
    if wish.follow is not None and not (wish.arrows or wish.lines):
        raise InputError("--follow names the field of --arrows or --lines; add one of them")


def _map(solution: Solution, folder: Path, name: str, wish: Wish) -> tuple[Path, str]:
    from pyscl import plot

    field = wish.fields[0]
    places = PlaceText(solution)
    along = wish.follow or True
    figure = plot.field_map(
        solution,
        field,
        component=wish.component,  # type: ignore[arg-type]
        window=None if wish.window is None else places.window(wish.window),
        inset=None if wish.inset is None else places.window(wish.inset),
        arrows=along if wish.arrows else False,
        streamlines=along if wish.lines else False,
        width=wish.width,  # type: ignore[arg-type]
    )
    part = "" if wish.component == "magnitude" else f"_{wish.component}"
    return _saved(figure, wish, folder / f"{slug(field)}{part}.png"), f"{field} of {name}"


def _overview(solution: Solution, folder: Path, name: str, wish: Wish) -> tuple[Path, str]:
    from pyscl import plot

    if not solution.model.carriers:
        raise InputError(
            "there are no carriers in this model, and no overview; name a --field: "
            f"{', '.join(solution.field_names)}"
        )
    if wish.lines or wish.follow or wish.inset:
        raise InputError(
            "--lines, --follow and --inset need a --field; an overview can have --arrows and a "
            "--window"
        )
    figure = plot.overview(
        solution,
        window=None if wish.window is None else PlaceText(solution).window(wish.window),
        arrows=wish.arrows,
        width=wish.width or "double",  # type: ignore[arg-type]
    )
    file = folder / f"overview_{slug(solution.model.carriers[0])}.png"
    return _saved(figure, wish, file), f"overview of {name}"


def _cut(
    source: Source, solution: Solution, folder: Path, name: str, wish: Wish
) -> tuple[Path, str]:
    from pyscl import plot

    assert wish.cut is not None
    start, end, points = PlaceText(solution, source.cuts()).line(wish.cut)
    figure = plot.cut_plot(
        solution.cut(start, end, points),
        solution,
        fields=wish.fields or None,
        width=wish.width or "single",  # type: ignore[arg-type]
    )
    named = wish.cut in source.cuts()
    file = folder / f"cut_{slug(wish.cut) if named or '|' in wish.cut else 'line'}.png"
    ends = " to ".join(f"({x * 1e9:.4g}, {y * 1e9:.4g}) nm" for x, y in (start, end))
    return _saved(figure, wish, file), f"cut from {ends} of {name}"


def _comparisons(source: Source, wish: Wish) -> list[tuple[Path, str]]:
    from pyscl import plot

    if source.run is None:
        raise InputError(f"{source.file} is one solution; comparisons need the folder of a run")
    cases = list(dict.fromkeys(state.case for state in source.run.states()))
    wanted = cases if wish.compare == (_ALL,) and _ALL not in cases else list(wish.compare)
    if wish.reference is not None and wish.reference not in wanted:
        wanted.append(wish.reference)
    states = [source.run.state(case, wish.study) for case in wanted]
    if len(states) < 2:
        raise InputError(
            f"a comparison needs two or more cases, and there is {', '.join(wanted) or 'none'}; "
            f"the run has: {', '.join(cases)}"
        )
    field = wish.fields[0] if wish.fields else "potential"
    solutions = {state.case: source.run.solution(state) for state in states}
    first = next(iter(solutions.values()))
    figure = plot.comparison(
        solutions,
        field,
        component=wish.component,  # type: ignore[arg-type]
        window=None if wish.window is None else PlaceText(first).window(wish.window),
        reference=wish.reference,
        width=wish.width or "double",  # type: ignore[arg-type]
    )
    file = source.run.path / f"comparison_{states[0].study}_{slug(field)}.png"
    return [(_saved(figure, wish, file), f"{field} of {', '.join(solutions)}")]


def _saved(figure: Any, wish: Wish, usual: Path) -> Path:
    from pyscl import plot

    path = wish.out or usual
    try:
        plot.save(figure, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error}; choose another file with --out") from error
    return path


def _name(state: State) -> str:
    return state.study if state.case == BASE else f"{state.case}, {state.study}"
