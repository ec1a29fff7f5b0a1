"""Space-charge quantities from a solution."""
