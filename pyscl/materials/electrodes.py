"""Counter electrodes by name, with their potential against lithium metal."""

import functools
from pathlib import Path

from pydantic import ValidationError

from pyscl.errors import InputError
from pyscl.materials.provenance import Property, Provenance
from pyscl.materials.schema import InputModel, no_such
from pyscl.materials.yamlfile import YamlFile
from pyscl.units import Potential, parse

_FILE = Path(__file__).parent / "reference_electrodes.yaml"


class ReferenceElectrode(InputModel):
    """An electrode that holds lithium at one chemical potential.

    Attributes:
        name: name, as in "Li-In".
        voltage: its potential against lithium metal [V]. A cell voltage against lithium is the
            voltage against this electrode plus `voltage`.
        provenance: where the voltage comes from.
    """

    name: str
    voltage: Potential
    provenance: Provenance


def reference_electrodes() -> list[str]:
    """Return the names of the electrodes that come with pyscl."""
    return sorted(_all())


def reference_electrode(name: str) -> ReferenceElectrode:
    """Return an electrode by name; InputError with the nearest name otherwise."""
    if name not in _all():
        raise InputError(no_such("reference electrode", name, reference_electrodes()))
    return _all()[name]


@functools.cache
def _all() -> dict[str, ReferenceElectrode]:
    file = YamlFile.read(_FILE)
    found = {}
    for name, entry in file.data.items():
        try:
            item = Property.model_validate(entry)
        except ValidationError as error:
            raise InputError(file.report(error)) from None
        found[name] = ReferenceElectrode(
            name=name, voltage=parse(item.value, "V"), provenance=item.provenance(name)
        )
    return found
