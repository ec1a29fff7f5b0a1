r"""Which part of the impedance of a composite do BaTiO3 inclusions change? Analysis of run 403.

Equation: the impedance as a sum of what each part of the model adds, Z = sum_k Z_k, and for the
whole the mixture of Maxwell,

    s/s_m = (1 + S)/(1 - S),  S = sum_k f_k (s_k - s_m)/(s_k + s_m),

s complex conductivity sigma + i w eps, s_m that of the electrolyte, f_k area fractions of discs of
s_k. At 10 GHz only the permittivities count. For a direct current everything but the electrolyte
blocks, also the particles: their layers are filled with lithium and have no free sites.

Geometry: that of examples/403_composite_impedance.yaml, whose results this script reads.

What to see: a depressed arc near 70 MHz, the dielectric relaxation of the electrolyte, with a
shoulder near 4 MHz, where the layers of the particles are short-circuited by their own capacitance
and the current begins to go through the particles. The control raises all resistances above those
of the blank, arc and shoulder alike, by 6 to 8 %: geometry. BaTiO3 instead of the control changes
no resistance by as much as a thousandth, neither that of the electrolyte nor that of the layers of
the particles. It changes the arc from 4 MHz upwards, by up to 7 %, and the capacitance at the high
end by 5 %: the current polarises the inclusions (Maxwell and Wagner), as far as the space charge
layer around each of them lets it, which is in series with it. So a permittivity is seen where
displacement current counts, at frequencies that are hardly ever measured on a battery. A change of
the spectrum at kHz or below would need another cause than this model has.

Assumptions: those of the run file; a permittivity of BaTiO3 that stays 1000 up to 10 GHz is the
boldest. That no layer of a particle changes is due to the distance of the inclusions, see
302_composite_analysis.py. In two dimensions discs stand for cylinders.

Reference: Maxwell's mixture as above. For a direct current it is 10 % off, as 35 % of the area
block, which is not dilute; its ratios and the capacitances are right to a percent. For the time
constant of the polarisation a disc of radius a and permittivity eps_i behind a layer of eps/lambda,
tau = (eps_d + eps)/sigma with 1/eps_d = 1/eps_i + lambda/(a eps), an estimate.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.constants import epsilon_0
from scipy.interpolate import CubicSpline

from pyscl import Material, Mesh
from pyscl.analytic import debye_length
from pyscl.carriers import bulk_conductivity
from pyscl.input import RunInput, load_input
from pyscl.runner import execute

RUN_FILE = Path(__file__).with_name("403_composite_impedance.yaml")
RESULTS = Path("runs/403_composite_impedance")
CASES = {"blank": "blank", "control": "control", "with BaTiO3": "with_BaTiO3"}  # folder names
INCLUSIONS = 32
SHOULDER, AROUND = "layer active|electrolyte", "layer electrolyte|inclusion"


@dataclass(frozen=True)
class Parts:
    """A spectrum and its parts.

    Attributes:
        frequencies: (n,) [Hz].
        values: name -> impedance times area of the contact (n,) [Ohm cm2]; "Z" is the whole.
    """

    frequencies: np.ndarray
    values: dict[str, np.ndarray]

    @classmethod
    def read(cls, path: Path, area: float) -> "Parts":
        """Read a spectrum.csv of a model with a contact of an area [m]."""
        with path.open(encoding="utf-8") as file:
            head = file.readline().strip().split(",")
            frequencies, *columns = np.loadtxt(file, delimiter=",").T
        names = [name.removeprefix("Re ").removesuffix(" [Ohm m]") for name in head[1::2]]
        z = (np.array(columns[::2]) + 1j * np.array(columns[1::2])) * area * 1e4
        return cls(frequencies, dict(zip(names, z, strict=True)))

    def at(self, frequencies: np.ndarray, name: str = "Z") -> np.ndarray:
        """Return a part between the frequencies of the table."""
        return np.asarray(
            CubicSpline(np.log(self.frequencies), self.values[name])(np.log(frequencies))
        )

    def resistance(self, name: str) -> float:
        """Return the real part of a part at the lowest frequency [Ohm cm2]; 0 if there is none."""
        return float(self.values[name][0].real) if name in self.values else 0.0

    def top(self, name: str) -> tuple[float, float]:
        """Return the largest -Im of a part [Ohm cm2] and its frequency [Hz]."""
        f = np.geomspace(self.frequencies[0], self.frequencies[-1], 2001)
        reactance = -self.at(f, name).imag
        return float(reactance.max()), float(f[reactance.argmax()])


def main(folder: Path = RESULTS, plot: bool = False) -> float:
    """Print the analysis; return the ratio of the capacitances at 10 GHz, BaTiO3 to control.

    Args:
        folder: results of run 403; computed there first if it does not exist.
        plot: draw the spectra, and where they differ.
    """
    # 1. The results of the three runs.
    run = load_input(RUN_FILE)
    if not folder.is_dir():
        print(f"no results in {folder}; running {RUN_FILE.name} first")
        execute(load_input(RUN_FILE, overrides=["output.figures=false"]), folder, report=print)
    mesh = Mesh.read(run.mesh.file, unit=run.mesh.unit)
    width, height = np.ptp(mesh.points, axis=0)
    spectra = {
        case: Parts.read(folder / name / "impedance" / "spectrum.csv", height)
        for case, name in CASES.items()
    }

    # 2. Parts: resistance at 10 kHz, and the top of -Im.
    report_parts(spectra)

    # 3. Both ends of the spectra against Maxwell's mixture.
    print(f"\n{'':12} R at 10 kHz [mOhm cm2]   | C at 10 GHz [nF/cm2]")
    print(
        f"{'':12} {'computed':>8} {'Maxwell':>8} {'error':>7} | "
        f"{'computed':>8} {'Maxwell':>8} error"
    )
    capacitances, mixtures = {}, {}
    for case, spectrum in spectra.items():
        materials = run.materials(case)
        sigma = mixture(mesh, materials, conductivities(materials, run.temperature))
        mixtures[case] = mixture(
            mesh, materials, {name: m.relative_permittivity for name, m in materials.items()}
        )
        resistance, blocked = spectrum.resistance("Z") * 1e3, width / sigma * 1e7
        f, z = spectrum.frequencies[-1], spectrum.values["Z"][-1]
        capacitances[case] = float((1.0 / z).imag / (2.0 * np.pi * f))
        dielectric = epsilon_0 * mixtures[case] / width * 1e-4
        print(
            f"{case:12} {resistance:8.3f} {blocked:8.3f} {resistance / blocked - 1:+7.1%} | "
            f"{capacitances[case] * 1e9:8.3f} {dielectric * 1e9:8.3f} "
            f"{capacitances[case] / dielectric - 1:+.1%}"
        )

    # 4. Where BaTiO3 and the control differ, and when the inclusions are polarised.
    f = np.geomspace(1e4, 1e10, 601)
    change = spectra["with BaTiO3"].at(f) / spectra["control"].at(f) - 1.0
    largest = int(np.abs(change).argmax())
    print(
        f"\nBaTiO3 against control: {change[0].real:+.3%} at 10 kHz, at most "
        f"{abs(change[largest]):.1%} (at {f[largest] / 1e6:.0f} MHz); from "
        f"{f[np.abs(change) > 0.01][0] / 1e6:.1f} MHz on above 1 %"
    )
    _, frequency = spectra["with BaTiO3"].top(AROUND)
    estimate = polarisation_frequency(run, mesh)
    print(
        f"polarisation of the inclusions: {frequency / 1e6:.0f} MHz, a disc with a layer around "
        f"{estimate / 1e6:.0f} MHz"
    )

    if plot:
        _draw(spectra)

    ratio = capacitances["with BaTiO3"] / capacitances["control"]
    exact = mixtures["with BaTiO3"] / mixtures["control"]
    print(
        f"capacitance with BaTiO3 over control: {ratio:.5f}, Maxwell's mixture {exact:.5f}, error "
        f"{ratio / exact - 1:+.1e}"
    )
    return ratio


def report_parts(spectra: dict[str, Parts]) -> None:
    """Print resistances of the parts that matter, and how they change."""
    blank, control, batio3 = spectra.values()
    print(f"{'R at 10 kHz [mOhm cm2]':28} {'blank':>8} {'control':>8} {'BaTiO3':>8} | changes by")
    print(f"{'':28} {'':26} | geometry permittivity")
    electrolyte = ("bulk electrolyte", "bulk inclusion")  # that is electrolyte, too, in the blank
    rows = {"electrolyte": electrolyte, "layers of the particles": (SHOULDER,), "all": ("Z",)}
    for label, names in rows.items():
        a, b, c = (sum(s.resistance(name) for name in names) * 1e3 for s in spectra.values())
        print(f"{label:28} {a:8.3f} {b:8.3f} {c:8.3f} | {b / a - 1:+8.2%} {c / b - 1:+11.3%}")
    print("largest -Im [mOhm cm2] and its frequency [MHz]")
    for label, name in (("all", "Z"), ("layers of the particles", SHOULDER)):
        tops = [s.top(name) for s in (blank, control, batio3)]
        print(f"  {label:26}", *(f"{top * 1e3:8.3f} at {f / 1e6:5.1f}" for top, f in tops))
    tops = [s.top(AROUND) for s in (control, batio3)]
    print(
        f"  {'around the inclusions':26} {'':17}",
        *(f"{z * 1e3:8.3f} at {f / 1e6:5.1f}" for z, f in tops),
    )


def conductivities(materials: dict[str, Material], temperature: float) -> dict[str, float]:
    """Return what conducts a direct current: the electrolyte, with inclusions that are of it."""
    sulfide = materials["electrolyte"].carriers
    return {
        name: bulk_conductivity(sulfide[0], temperature) if material.carriers == sulfide else 0.0
        for name, material in materials.items()
    }


def mixture(mesh: Mesh, materials: dict[str, Material], values: dict[str, float]) -> float:
    """Return Maxwell's mixture of discs in the electrolyte, of one property."""
    matrix, total = values["electrolyte"], mesh.areas.sum()
    share = {name: mesh.areas[mesh.regions_of(name)].sum() / total for name in materials}
    s = sum(share[name] * (v - matrix) / (v + matrix) for name, v in values.items())
    return float(matrix * (1.0 + s) / (1.0 - s))


def polarisation_frequency(run: RunInput, mesh: Mesh) -> float:
    """Return 1/(2 pi tau) of an inclusion of BaTiO3 of the mean size [Hz]."""
    sulfide, inclusion = run.regions["electrolyte"], run.regions["inclusion"]
    lithium = sulfide.carriers[0]
    eps, inside = sulfide.relative_permittivity, inclusion.relative_permittivity
    area = mesh.areas[mesh.regions_of("inclusion")].sum()
    radius = np.sqrt(area / INCLUSIONS / np.pi)
    length = float(debye_length(eps, lithium.site_density, lithium.site_fraction))
    behind = 1.0 / (1.0 / inside + length / (radius * eps))
    return float(
        bulk_conductivity(lithium, run.temperature) / (epsilon_0 * (behind + eps)) / (2.0 * np.pi)
    )


def _draw(spectra: dict[str, Parts]) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from pyscl.plot import STYLE, bode_plot, save

    tables = {case: (s.frequencies, s.values["Z"]) for case, s in spectra.items()}
    # against the control: the blank differs by geometry, BaTiO3 by permittivity
    figure = bode_plot(tables, unit="Ohm cm^2", style="line", reference="control")
    save(figure, "404_composite_impedance_analysis.png")

    with rc_context(STYLE):
        figure = Figure((3.5, 2.6), layout="constrained")
        axes = figure.add_subplot()
        f = np.geomspace(1e4, 1e10, 601)
        for (case, spectrum), colour in zip(spectra.items(), ("C0", "C1", "C2"), strict=True):
            for name, line, where in ((SHOULDER, "-", "particles"), (AROUND, "--", "inclusions")):
                if name in spectrum.values:
                    z = -spectrum.at(f, name).imag * 1e3
                    axes.loglog(f, z, colour + line, label=f"{where}, {case}")
        axes.set(xlabel="Frequency (Hz)", ylabel="−Im Z of layers (mΩ cm²)", ylim=(1e-2, 5.0))
        figure.legend(loc="outside upper center", ncols=2)
        save(figure, "404_composite_impedance_layers.png")


if __name__ == "__main__":
    main(plot="--plot" in sys.argv)

# Things to try:
#   - inclusion: 10000 in the run file: does the polarisation become any slower? Why not?
#   - carriers.Li.site_density: 0.0043 1/nm^3 in the electrolyte, as in 302: layers of 6 nm, which
#     reach the inclusions. Which part changes now?
#   - frequencies down to 1 mHz with LiCoO2-mixed (305): the arc of the particles comes in.
