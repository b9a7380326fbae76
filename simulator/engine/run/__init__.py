"""Running a plan: batches of paths, executors, checkpoints, the result buffer."""
