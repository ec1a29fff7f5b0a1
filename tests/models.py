"""Small models in SI units that several tests share."""

from dataclasses import replace

import numpy as np
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl import Carrier, Conserved, Material, Model, PotentialContact, ReservoirContact
from pyscl.mesh import graded, strip

NM = 1e-9
T = 298.15
KT = Boltzmann * T / elementary_charge  # thermal voltage [V], and kT [eV]


def site_density(debye_length, permittivity, y=0.5):
    """Return the sites [1/m3] that give a Debye length [m] at the site fraction y."""
    return epsilon_0 * permittivity * KT / (elementary_charge * debye_length**2 * y * (1.0 - y))


def conductor(debye_length=0.5 * NM, permittivity=10.0, y=0.5, **carrier):
    """Return a material with lattice-gas Li+ of a given Debye length [m]."""
    li = {
        "name": "Li",
        "charge": 1,
        "site_density": site_density(debye_length, permittivity, y),
        "site_fraction": y,
        "conductivity": 1e-2,
    }
    return Material(
        name="conductor", relative_permittivity=permittivity, carriers=(Carrier(**li | carrier),)
    )


def slab_between_reservoirs(potential=20 * KT, length=20 * NM, **material):
    """Return a graded strip between two Li reservoirs; the left surface is charged by holding its
    potential this far [V] from neutrality.
    """
    mesh = strip(graded(length, 0.05 * NM, 1.2, 0.5 * NM, fine="both"))
    contacts = {
        "left": ReservoirContact(carrier="Li", potential=potential),
        "right": ReservoirContact(carrier="Li", potential="neutral"),
    }
    return Model(mesh, {"electrolyte": conductor(**material)}, contacts=contacts, temperature=T)


def two_conductors(step=10 * KT, width=4 * NM, layers=3, **model):
    """Return a strip of two Li conductors with a step [eV] of the standard potential."""
    half = graded(10 * NM, 0.05 * NM, 1.25, 1 * NM)
    x = np.concatenate([10 * NM - half[::-1], 10 * NM + half[1:]])
    mesh = strip(x, width, layers, [("a", 10 * NM), ("b", 20 * NM)])
    materials = {
        "a": conductor(),
        "b": conductor(1.0 * NM, 30.0, 0.3, standard_potential=step, conductivity=1e-3),
    }
    contacts = {
        "left": ReservoirContact(carrier="Li", potential="neutral"),
        "right": ReservoirContact(carrier="Li", electrochemical_potential=0.0, potential="neutral"),
    }
    return Model(mesh, materials, contacts=contacts, temperature=T, **model)


def blocking_cell(length=20 * NM, **material):
    """Return a slab between blocking electrodes."""
    mesh = strip(graded(length, 0.05 * NM, 1.2, 0.5 * NM, fine="both"))
    return Model(
        mesh,
        {"electrolyte": conductor(**material)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.0),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
        temperature=T,
    )


def three_contacts():
    """Return a square of a conductor with reservoirs on two sides and in the middle of a third."""
    mesh = strip(np.linspace(0.0, 10.0, 21) * NM, 10 * NM, 20)
    top = mesh.facet_names.index("top")
    across = mesh.points[mesh.facets][:, :, 0].mean(axis=1)
    kept = (mesh.facet_group != top) | (np.abs(across - 4 * NM) < 2 * NM)
    mesh = replace(mesh, facets=mesh.facets[kept], facet_group=mesh.facet_group[kept])
    contacts = {
        side: ReservoirContact(carrier="Li", potential="neutral")
        for side in ("left", "right", "top")
    }
    return Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)


def pellet(length=1e-3, conductivity=1e-9):
    """Return a thick slow conductor between a blocking electrode and a reservoir."""
    return Model(
        strip(graded(length, 0.05 * NM, 1.3, length / 30, fine="both")),
        {"electrolyte": conductor(y=0.01, conductivity=conductivity)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": ReservoirContact(carrier="Li", potential="neutral"),
        },
        temperature=T,
    )
