"""The machine repairman in salabim: a component for each thread, and a resource.

As fast as it goes: processes that yield, instead of greenlets; no monitors, as nobody looks at them; and a release
looks at the first request alone.
"""

import random
import time

import salabim

import case


class Thread(salabim.Component):
    def setup(self, repairman, lock, exponential):
        self.repairman, self.lock, self.exponential = repairman, lock, exponential
        self.cycles = 0
        self.mode.monitor(False)
        self.status.monitor(False)

    def process(self):
        lock, exponential = self.lock, self.exponential
        think, hold = 1 / self.repairman.z, 1 / self.repairman.s
        while True:
            yield self.hold(exponential(think))
            yield self.request(lock)
            yield self.hold(exponential(hold))
            self.release(lock)
            self.cycles += 1


def main():
    repairman = case.from_arguments()
    salabim.yieldless(False)
    environment = salabim.Environment(trace=False)
    lock = salabim.Resource("lock", honor_only_first=True, monitor=False)
    exponential = random.Random(repairman.seed).expovariate
    threads = [Thread(repairman=repairman, lock=lock, exponential=exponential)
               for _ in range(repairman.n)]

    completed = []
    start = time.process_time()
    for end in repairman.ends():
        environment.run(till=end)
        completed.append(sum(thread.cycles for thread in threads))
    seconds = time.process_time() - start
    repairman.report("salabim", seconds, completed[-1], case.squares(completed))


main()
