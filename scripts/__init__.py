"""What is done to the house, not in it: releases, the list of what they carry, the matrix of Pythons."""
