"""From a scenario and its rates to one plan: tuples of arrays that the kernels read."""
