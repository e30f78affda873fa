"""What the Python programs share: the case from the command line, and the line they print."""

import itertools
import json
import math
import sys
from importlib.metadata import version
from typing import NamedTuple


class Case(NamedTuple):
    """Threads that think and hold one lock, for exponential times."""

    n: int  # how many threads
    z: float  # mean time a thread thinks
    s: float  # mean time it holds the lock
    duration: float  # how long is simulated
    batches: int  # into how many equal parts, for the standard error
    seed: int

    def ends(self):
        """When each batch ends."""
        return [self.duration * batch / self.batches for batch in range(1, self.batches + 1)]

    def report(self, name, seconds, cycles, squares):
        """Prints the result, from the sum and the sum of squares of the batches' cycles."""
        variance = (squares - cycles * cycles / self.batches) / (self.batches - 1)
        line = {
            "name": name,
            "version": version(name),
            "n": self.n,
            "z": self.z,
            "cycles": int(cycles),
            "seconds": seconds,
            "throughput": cycles / self.duration,
            "standard_error": math.sqrt(variance * self.batches) / self.duration,
        }
        print(json.dumps(line))


def squares(completed):
    """The sum of squares of the batches' cycles, from how many were completed at the end of each."""
    return sum((after - before) ** 2 for before, after in itertools.pairwise([0, *completed]))


def from_arguments():
    """Reads `n z s duration batches seed`."""
    n, z, s, duration, batches, seed = sys.argv[1:]
    return Case(int(n), float(z), float(s), float(duration), int(batches), int(seed))
