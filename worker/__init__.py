"""Background work: plain functions over rows, called by the Celery tasks in `worker.tasks`."""
