"""One driver per package. Each runs in its own process, with the Python that has the package."""
