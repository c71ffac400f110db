"""One file for each implementation: `TASKS` maps a task to a function that sets it up.

It returns two functions: `ready` makes of a file what the task starts from (objects to build from, or the bytes
themselves) and is not measured; `do` is the task, and raises where the implementation cannot do it. These modules
run in the environment of their implementation, so they import nothing of the others.
"""
