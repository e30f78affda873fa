"""The machine repairman in SimPy: a process for each thread, and a resource."""

import random
import time

import simpy

import case


def main():
    repairman = case.from_arguments()
    environment = simpy.Environment()
    lock = simpy.Resource(environment)
    exponential = random.Random(repairman.seed).expovariate
    think, hold = 1 / repairman.z, 1 / repairman.s
    cycles = 0

    def thread():
        nonlocal cycles
        while True:
            yield environment.timeout(exponential(think))
            with lock.request() as request:
                yield request
                yield environment.timeout(exponential(hold))
            cycles += 1

    for _ in range(repairman.n):
        environment.process(thread())

    completed = []
    start = time.process_time()
    for end in repairman.ends():
        environment.run(until=end)
        completed.append(cycles)
    seconds = time.process_time() - start
    repairman.report("simpy", seconds, cycles, case.squares(completed))


main()
