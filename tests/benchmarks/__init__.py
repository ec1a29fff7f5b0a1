"""pyscl beside its neighbours on one problem; instruction counts; accuracy against time.

`python -m tests.benchmarks` from the root of the repository runs what is installed and prints the
table. The problem, its variants and what is compared: `cases.py`.
"""
