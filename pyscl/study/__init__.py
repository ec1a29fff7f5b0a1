"""The calculations on a model: equilibrium and steady state."""
