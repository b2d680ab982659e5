"""Actions timed in turn, in one run, so that whatever else the machine does it does to all of them."""

import statistics
import time

ROUNDS = 9


def seconds(action, times):
    began = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - began) / times


def in_turn(times=1, rounds=ROUNDS, **actions):
    """Run each action some times in a row, in turn, over and over; return the median in ms of each by itself."""
    series = {name: [] for name in actions}
    for n in range(rounds + 1):
        for name, action in actions.items():
            lasted = seconds(action, times)
            if n:  # the first round warms up
                series[name].append(lasted)
    medians = {name: 1000 * statistics.median(values) for name, values in series.items()}
    print("\n" + "   ".join(f"{name.replace('_', ' ')} {median:.1f} ms" for name, median in medians.items()))
    return medians


def tell(measured, bound):
    print(f"   {measured:.1f} ms, wanted at most {bound:.1f} ms: {'met' if measured <= bound else 'MISSED'}")


def expect_at_most(measured, bound, fails_beyond=2):
    tell(measured, bound)
    assert measured <= fails_beyond * bound
