"""The machine repairman in Cimba: one compiled process for each thread, and a resource."""

import json
import math
import sys
from importlib.metadata import version

import cimba as cb
from cimba import inputs

n, z, s, duration, batches, seed = (kind(word) for kind, word in zip(
    (int, float, float, float, int, int), sys.argv[1:], strict=True))


class Repairman(cb.Model):
    think: cb.Input[float]
    hold: cb.Input[float]
    length: cb.Param[float]
    lock: cb.Resource
    cycles: int
    counted: int
    total: cb.Output[float]
    squares: cb.Output[float]

    @cb.process(copies=n)
    def thread(self):
        while True:
            cb.hold(self.think.next())
            self.lock.acquire()
            cb.hold(self.hold.next())
            self.lock.release()
            self.cycles += 1

    @cb.process
    def batch(self):
        while True:
            cb.hold(self.length)
            count = self.cycles - self.counted
            self.counted = self.cycles
            self.total += count
            self.squares += count * count


def run(time):
    model = Repairman()
    model.think = inputs.dist.exponential(mean=z)
    model.hold = inputs.dist.exponential(mean=s)
    model.length = time / batches
    window = cb.Window(warmup=float(sys.argv[-1]) if 0 else 0, duration=time * (1 + 0.5 / batches))
    results = cb.Experiment(model, window=window, seed=seed).run(workers=1, on_failure="raise")
    return results[model].total.values.item(), results[model].squares.values.item(), results.meta


print(run(duration))
