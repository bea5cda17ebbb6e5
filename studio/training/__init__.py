"""Qt-free training: data sets, schedules, run folders, checkpoints, the loop."""
