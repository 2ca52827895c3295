"""Where jobs run: one executor per file, each a function `run(work, jobs, resources)`; the file's name is its name.

`run` yields every job with its result as it ends, in any order; closing the iterator ends the unfinished jobs. `jobs`
are small and picklable, `work` is a picklable function of one. It raises whatever a job raises, and `SpurgenError` for
a job that is lost with its process or machine: at once on one machine, where memory is the likely reason; on a cluster,
which runs it again first, after `Resources.retries` times.

`HEEDS` names the fields of `Resources` that change what the executor does, of `address`, `gpus`, `memory_gib`,
`minutes` and `retries`. Setting one of the others is an error.
"""
