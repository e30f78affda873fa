"""The machine repairman in Cimba: a compiled process for each thread, and a resource."""

import cimba as cb
from cimba import inputs

import case

repairman = case.from_arguments()


class Repairman(cb.Model):
    think: cb.Input[float] = inputs.dist.exponential(mean=repairman.z)
    hold: cb.Input[float] = inputs.dist.exponential(mean=repairman.s)
    length: cb.Param[float] = repairman.duration / repairman.batches
    batches: cb.Param[int] = repairman.batches
    lock: cb.Resource
    cycles: int = 0
    total: cb.Output[float]
    squares: cb.Output[float]

    @cb.process(copies=repairman.n)
    def thread(self):
        while True:
            cb.hold(self.think.next())
            self.lock.acquire()
            cb.hold(self.hold.next())
            self.lock.release()
            self.cycles += 1

    @cb.process
    def batch(self):
        before = 0
        squares = 0.0
        for _ in range(self.batches):
            cb.hold(self.length)
            count = float(self.cycles - before)
            before = self.cycles
            squares += count * count
        self.total = float(before)
        self.squares = squares
        cb.end_trial()


# As in Cimba's own benchmark the trial ends within the warm-up: nothing is recorded that nobody looks at.
window = cb.Window(warmup=2 * repairman.duration, duration=1.0)
model = Repairman()
experiment = cb.Experiment(model, window=window, seed=repairman.seed)
results = experiment.run(workers=1, on_failure="raise")
total, squares = (output.values.item() for output in (results[model].total, results[model].squares))
# The time of the compiled trial, without the compiler's.
repairman.report("cimba", results.meta["native_cpu_time"], total, squares)
