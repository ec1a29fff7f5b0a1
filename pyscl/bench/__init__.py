"""Benchmarks of an installation: `pyscl bench`."""
