"""WORK OUTSIDE A WEB REQUEST: plain functions over rows. `worker.tasks` wakes them."""
