"""Studies: many cases of one run file, their dataset and what it says."""
