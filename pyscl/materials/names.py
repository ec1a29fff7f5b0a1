"""Short names that the literature uses for materials with a card."""

SHORT = {
    "BTO": "BaTiO3",
    "LCO": "LiCoO2",
    "LCO-mixed": "LiCoO2-mixed",
    "LIC": "Li3InCl6",
    "LPS": "Li3PS4",
    "LPSCl": "Li6PS5Cl",
    "LYC": "Li3YCl6",
    "NCM622": "NMC622",
    "NCM811": "NMC811",
    "STO": "SrTiO3",
}
"""Short name -> name of the card."""


def full_name(name: str) -> str:
    """Return the name of the card that a short name means, any other name as it is."""
    return SHORT.get(name, name)
