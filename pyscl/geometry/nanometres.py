"""Lengths in the errors of the geometry."""


def in_nm(*lengths: float) -> str:
    """Return lengths [m] as a text such as "12 nm" or "200 x 100 nm"."""
    return " x ".join(f"{float(f'{length * 1e9:.5g}'):.12g}" for length in lengths) + " nm"
