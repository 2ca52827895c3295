"""Where jobs run: one executor per file, each a function `run(work, jobs, resources)`; the file's name is its name.

`run` yields every job with its result as it ends, in any order; closing the iterator ends the unfinished jobs. `jobs`
are small and picklable, `work` is a picklable function of one. It raises whatever a job raises, and `SpurgenError` for
a job that is lost more often than `Resources.retries`. Jobs are independent, so one that is lost is run again.

`HEEDS` names the fields of `Resources` that change what the executor does, of `address`, `gpus`, `memory_gib`,
`minutes` and `retries`. Setting one of the others is an error.
"""
