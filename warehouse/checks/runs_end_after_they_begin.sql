SELECT run_id, started_at, finished_at FROM runs WHERE finished_at < started_at
