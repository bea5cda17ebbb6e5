"""The QThread that runs jobs, its lanes and its signals."""
