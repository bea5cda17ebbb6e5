"""One generator per task, joining `models` and `core`; Qt-free.

Importing this package imports no network code: `catalog.start` does that, on the thread that will run the job.
"""
