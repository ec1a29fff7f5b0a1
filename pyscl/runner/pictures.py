"""The pictures of a run."""

from pyscl import plot
from pyscl.input import RunInput
from pyscl.runner.names import slug
from pyscl.runner.outcome import RunResult, StudyOutcome
from pyscl.solution import Solution


def draw_study(outcome: StudyOutcome, run: RunInput) -> None:
    """Draw maps, cut lines and convergence of one solved study into its folder."""
    solution = outcome.solution
    assert solution is not None
    for carrier in solution.model.carriers:
        figure = plot.overview(solution, carrier)
        plot.save(figure, outcome.folder / f"overview_{slug(carrier)}.png")
        if solution.kind == "steady":
            name = f"current_density_{carrier}"
            plot.save(plot.field_map(solution, name), outcome.folder / f"{slug(name)}.png")
    if not solution.model.carriers:
        plot.save(plot.field_map(solution, "potential"), outcome.folder / "potential.png")
    for name, line in run.output.cuts.items():
        cut = solution.cut(line.start, line.end, line.points)
        plot.save(plot.cut_plot(cut), outcome.folder / f"cut_{slug(name)}.png")
    plot.save(plot.convergence_plot(solution.history), outcome.folder / "convergence.png")


def draw_comparisons(result: RunResult) -> None:
    """Draw potential and field of the cases side by side, study by study, with shared scales."""
    solved: dict[str, dict[str, Solution]] = {}
    for case, studies in result.outcomes.items():
        for outcome in studies:
            if outcome.error is None and outcome.solution is not None:
                solved.setdefault(outcome.name, {})[case] = outcome.solution
    for study, solutions in solved.items():
        if len(solutions) < 2:
            continue
        for name in ("potential", "electric_field"):
            figure = plot.comparison(solutions, name)
            plot.save(figure, result.folder / f"comparison_{study}_{name}.png")
