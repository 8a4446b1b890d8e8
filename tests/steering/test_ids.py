"""Names of runs."""

import time

from codesteer_kernel.steering.loop import new_run_id


def test_names_sort_by_time_within_a_second() -> None:
    names = []
    for _ in range(100):
        names.append(new_run_id())
        time.sleep(0.0001)
    assert names == sorted(names)
    assert len(set(names)) == 100
