"""CodeSteer's kernel side: steering, models, checkers, child kernels and the record of what happened.

A newcomer's map: ``run`` is what the magic and the command line call; ``steering`` is the loop; ``record`` is the data
that everything else produces or draws. Importing this package loads none of its rooms.
"""

__version__ = "0.1.0"
