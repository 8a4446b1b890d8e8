"""Everything in here runs inside the child kernel, or shares a file format with it.

Only the standard library may be imported when a module loads, so that the guard can start these modules from their
folder in an interpreter that knows nothing of this distribution. From the outside in:

``guard``       first process of the child: warden that outlives accidents, walls, then the supervisor
``supervisor``  the Jupyter kernel proper; forks a worker for each program and never runs model code itself
``session``     a worker that stays and runs cell after cell, as the supervisor sees it
``cells``       the loop in that worker: a namespace, an event loop, one cell after another
``running``     a worker as the supervisor sees it: forked, heard, watched, reaped
``worker``      a process forked for one program: leaves the supervisor behind, goes behind its walls
``alone``       an interpreter started for one program, where there is no supervisor
``program``     runs the program as a script, shows, exports, tells how it ended
``outcome``     how a program ended, in the words of a result
``streams``     live and kept output of a program, and its reports, all bounded
``sandbox``     prctl, resource limits, Landlock
``processes``   the process tree: who descends from whom, how much memory, kill them all
``census``      the same where there is no ``/proc`` or no supervisor, with those that have left the tree
``capture``     head and tail of a stream, with a count of what was cut
``values``      safe file formats for values: JSON, npy, Arrow
"""
