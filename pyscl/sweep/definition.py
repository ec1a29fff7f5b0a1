"""The contents of a study file: a base run, axes, and how the cases are carried out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from pyscl.errors import InputError
from pyscl.input.mistakes import Mistakes
from pyscl.materials.schema import InputModel, failure, no_such
from pyscl.materials.yamlfile import YamlFile
from pyscl.sweep.outputs import Output, check_outputs, is_number
from pyscl.units import Duration

Scale = Literal["linear", "log"]

Amount = float | str
"""A number, or a text with a unit."""

KINDS = ("values", "linspace", "logspace", "seeds", "sets", "range", "spread")
"""Ways to give an axis; the last two are sampled."""

_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class GridInput(InputModel):
    """Equal steps between two values; keys "from" and "to" in the file.

    Attributes:
        start: first value.
        end: last value.
        points: number of values.
    """

    start: Annotated[Amount, Field(alias="from")]
    end: Annotated[Amount, Field(alias="to")]
    points: Annotated[int, Field(ge=1)]


class RangeInput(InputModel):
    """Ends of a range that is sampled; keys "from" and "to" in the file.

    Attributes:
        low: lower end.
        high: upper end.
        scale: whether samples are spread evenly over the value or over its logarithm.
    """

    low: Annotated[Amount, Field(alias="from")]
    high: Annotated[Amount, Field(alias="to")]
    scale: Scale = "linear"


class AxisInput(InputModel):
    """One axis of a study; exactly one of the ways to give its values.

    Attributes:
        path: dotted path into the run file, as for `pyscl run --set`, or several that get the
            same value; "variant" chooses one of the variants. None: the name of the axis.
        values: a list, or a mapping of labels to values.
        linspace: equal steps.
        logspace: equal ratios.
        seeds: number of random seeds 0, 1, 2, ...
        sets: label -> several values by path, for what changes together.
        range: ends between which values are sampled.
        spread: sample the range of the literature that the material card gives at the path,
            evenly over the value ("linear") or over its logarithm ("log").
        label: for figures.
        group: axes of one group count as one source of uncertainty.
    """

    path: str | tuple[str, ...] | None = None
    values: list[Any] | dict[str, Any] | None = None
    linspace: GridInput | None = None
    logspace: GridInput | None = None
    seeds: Annotated[int, Field(ge=1)] | None = None
    sets: dict[str, dict[str, Any]] | None = None
    range: RangeInput | None = None
    spread: Scale | None = None
    label: str = ""
    group: str = ""

    @model_validator(mode="after")
    def _in_one_way(self) -> Self:
        given = [key for key in KINDS if getattr(self, key) is not None]
        if len(given) != 1:
            found = f"{' and '.join(given)} exclude each other" if given else "no values are given"
            raise failure("key", f"{found}; give one of {', '.join(KINDS)}", tuple(given[1:2]))
        if self.sets is not None and self.path is not None:
            raise failure("key", "path has no effect; the paths are the keys of sets", ("path",))
        if not getattr(self, given[0]):
            raise failure("empty", f"{given[0]} is empty; give at least one value", (given[0],))
        return self

    @property
    def kind(self) -> str:
        """The one of `KINDS` that is given."""
        return next(key for key in KINDS if getattr(self, key) is not None)

    @property
    def sampled(self) -> bool:
        """Whether its values are samples of a range."""
        return self.kind in ("range", "spread")

    @property
    def numeric(self) -> bool:
        """Whether its coordinates may be numbers, which expressions of outputs can use."""
        if self.kind == "values":
            return isinstance(self.values, list) and all(map(is_number, self.values))
        return self.kind != "sets"

    def paths(self, name: str) -> tuple[str, ...]:
        """Return the paths that get the value; `name` is that of the axis."""
        if self.path is None:
            return (name,)
        return (self.path,) if isinstance(self.path, str) else self.path


class SamplesInput(InputModel):
    """How ranges and spreads are sampled, all together.

    Attributes:
        method: "latin-hypercube" or "sobol" cover the ranges evenly; "saltelli" and "morris" are
            the designs from which Sobol indices and elementary effects are computed.
        count: number of samples; for saltelli and morris of base points and of trajectories.
        seed: of the random numbers.
    """

    method: Literal["latin-hypercube", "sobol", "saltelli", "morris"] = "latin-hypercube"
    count: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _powers_of_two(self) -> Self:
        if self.method in ("sobol", "saltelli") and self.count & (self.count - 1):
            near = 1 << self.count.bit_length()
            message = f"{self.method} needs a power of two; take {near // 2} or {near}"
            raise failure("count", message, ("count",))
        return self


class OutputValue(InputModel):
    """A number that is looked at.

    Attributes:
        value: path into summary.json, or an expression of other outputs.
        unit: of the number; None: as in the path.
        label: for figures.
    """

    value: str
    unit: str | None = None
    label: str | None = None


class LimitsInput(InputModel):
    """What one case may take.

    Attributes:
        time: [s]; None: no limit.
        memory: [bytes], written "2 GB"; None: no limit.
    """

    time: Duration | None = None
    memory: int | None = None

    @field_validator("memory", mode="before")
    @classmethod
    def _in_bytes(cls, given: Any) -> int | None:
        if given is None:
            return None
        number, _, unit = str(given).strip().partition(" ")
        try:
            size = float(number) * _BYTES[unit]
        except (KeyError, ValueError):
            units = ", ".join(_BYTES)
            raise ValueError(f"'{given}' is no amount of memory; e.g. '2 GB' ({units})") from None
        if not 1e6 <= size < 1e18:
            raise ValueError(f"'{given}' is not a sensible limit; e.g. '2 GB'")
        return int(size)


class RetryInput(InputModel):
    """How the second attempt at a case that did not converge is solved; its input stays the same.

    Attributes:
        max_iterations: Newton iterations before a solve counts as failed.
        outward_limit: largest change of a chemical potential in one iteration [kT].
        smallest_bias_step: share of the bias below which the continuation gives up.
        max_polarization_steps: in which the polarization must come to rest.
    """

    max_iterations: Annotated[int, Field(ge=1)] = 300
    outward_limit: Annotated[float, Field(gt=0)] = 2.0
    smallest_bias_step: Annotated[float, Field(gt=0, le=1)] = 1e-5
    max_polarization_steps: Annotated[int, Field(ge=1)] = 4000

    @model_validator(mode="before")
    @classmethod
    def _settings_alone(cls, given: Any) -> Any:
        allowed = list(cls.model_fields)
        for key in given if isinstance(given, Mapping) else ():
            if key not in allowed:
                message = (
                    f"{no_such('setting of the second attempt', str(key), allowed)} What belongs "
                    "to the input of a case cannot change with its attempts."
                )
                raise failure("key", message, (key,))
        return given


class SweepInput(InputModel):
    """A study file.

    Attributes:
        title: headline.
        base: path of a run file, relative to the study file, or its contents.
        axes: by name.
        zip: groups of axes that go together value by value; all others are multiplied.
        samples: how axes with `range` or `spread` are sampled.
        outputs: the numbers that are looked at, by name.
        continuation: axis along which every case starts from the solution of its neighbour.
        limits: for every case.
        workers: processes; None: as many as cores and memory allow.
        retry: settings of the solver for the second attempt at a case that did not converge.
        keep: folders of cases that are kept: all, failed, none, or the cases with the given
            coordinates ([{temperature: 300 K}, ...]).
        figures: whether pictures of the cases are drawn, where the run file wants them.
    """

    title: str = ""
    base: str | dict[str, Any]
    axes: Annotated[dict[str, AxisInput], Field(min_length=1)]
    zip: tuple[tuple[str, ...], ...] = ()
    samples: SamplesInput | None = None
    outputs: dict[str, OutputValue] = Field(default_factory=dict)
    continuation: str | None = None
    limits: LimitsInput = LimitsInput()
    workers: Annotated[int, Field(ge=1)] | None = None
    retry: RetryInput = RetryInput()
    keep: Literal["all", "failed", "none"] | tuple[dict[str, Any], ...] = "failed"
    figures: bool = False

    @field_validator("outputs", mode="before")
    @classmethod
    def _path_alone(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {k: {"value": v} if isinstance(v, str) else v for k, v in given.items()}

    @field_validator("outputs")
    @classmethod
    def _of_numbers(
        cls, outputs: dict[str, OutputValue], info: ValidationInfo
    ) -> dict[str, OutputValue]:
        axes, check = info.data.get("axes"), Mistakes()
        if axes is not None:
            given = [Output(name, o.value, o.unit, o.label) for name, o in outputs.items()]
            for place, message in check_outputs(given, {n: a.numeric for n, a in axes.items()}):
                check.fail(place, message, at_key=False)
        check.done()
        return outputs

    @field_validator("zip")
    @classmethod
    def _zipped_axes(
        cls, groups: tuple[tuple[str, ...], ...], info: ValidationInfo
    ) -> tuple[tuple[str, ...], ...]:
        axes = info.data.get("axes")
        if axes is None:
            return groups
        check, seen = Mistakes(), set()
        for i, names in enumerate(groups):
            for j, name in enumerate(names):
                check.name("axis", name, axes, (i, j))
                if name in seen:
                    check.fail((i, j), f"axis '{name}' is zipped twice")
                elif name in axes and axes[name].sampled:
                    check.fail((i, j), f"axis '{name}' is sampled; it cannot be zipped")
                seen.add(name)
        check.done()
        return groups

    @field_validator("continuation")
    @classmethod
    def _along_an_axis(cls, name: str | None, info: ValidationInfo) -> str | None:
        axes = info.data.get("axes")
        if name is None or axes is None:
            return name
        if name not in axes:
            raise ValueError(no_such("axis", name, list(axes)))
        if axes[name].sampled:
            raise ValueError(f"axis '{name}' is sampled; its cases have no neighbours")
        return name

    @field_validator("keep")
    @classmethod
    def _cases_of_axes(cls, keep: Any, info: ValidationInfo) -> Any:
        axes = info.data.get("axes")
        if not isinstance(keep, str) and axes is not None:
            check = Mistakes()
            for i, wanted in enumerate(keep):
                for name in wanted:
                    check.name("axis", name, axes, (i, name), at_key=True)
            check.done()
        return keep

    @model_validator(mode="after")
    def _samples_of_ranges(self) -> Self:
        sampled = [name for name, axis in self.axes.items() if axis.sampled]
        if sampled and self.samples is None:
            message = "missing key 'samples'; e.g. samples: {method: latin-hypercube, count: 64}"
            raise failure("missing", message, ("axes", sampled[0]))
        if self.samples is not None and not sampled:
            raise failure("key", "nothing is sampled; give an axis range or spread", ("samples",))
        return self


@dataclass
class Study:
    """A study that was read: what it says, and the base run it changes.

    Attributes:
        name: of the study, from its file.
        input: the contents of the study file.
        base: the run file, or the place in the study file where it stands.
        file: the study file, for the places of mistakes.
        base_file: path of the run file, "" if it stands in the study file.
    """

    name: str
    input: SweepInput
    base: YamlFile
    file: YamlFile
    base_file: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def directory(self) -> Path:
        """Where relative paths in the base start."""
        return self.base.path.parent

    def error(self, location: Sequence[int | str], message: str, *, at_key: bool = False) -> str:
        """Return a message with the place in the study file."""
        return self.file.error(tuple(location), message, at_key=at_key)


def load_study(path: str | Path) -> Study:
    """Read a study file.

    Raises:
        InputError: lists all mistakes, each with file, line, column and what is allowed.
    """
    return _study(YamlFile.read(path))


def make_study(name: str = "study", *, directory: str | Path = ".", **contents: Any) -> Study:
    """Return a study from Python; keywords are the keys of a study file, see `SweepInput`.

    Args:
        name: of the study.
        directory: where relative paths start.
        **contents: plain data, as a YAML file would hold them.

    Raises:
        InputError: as `load_study`.
    """
    try:
        text = yaml.safe_dump(contents, sort_keys=False, allow_unicode=True)
    except yaml.YAMLError as error:
        raise InputError(f"study '{name}': only plain numbers, texts, lists and dictionaries can "
                         f"be given: {error}") from None  # fmt: skip
    return _study(YamlFile.parse(text, Path(directory) / f"{name}.yaml"))


def _study(file: YamlFile) -> Study:
    context = {"require_units": True, "directory": file.path.parent}
    try:
        contents = SweepInput.model_validate(file.data, context=context)
    except ValidationError as error:
        raise InputError(file.report(error)) from None
    if isinstance(contents.base, str):
        path = file.path.parent / contents.base
        if not path.is_file():
            message = f"there is no file '{path}'; paths are relative to the study file"
            raise InputError(file.error(("base",), message))
        return Study(file.path.stem, contents, YamlFile.read(path), file, contents.base)
    root = next(v for k, v in file.root.value if k.value == "base")
    base = YamlFile(file.path, file.lines, root, file.data["base"])
    return Study(file.path.stem, contents, base, file)
