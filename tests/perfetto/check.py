"""Compares what Perfetto's engine says of a trace with the table of threads that the same run wrote."""

import collections
import json
import sys

import pyarrow.parquet

answers, results = sys.argv[1:]
said = {}
for line in open(answers):
    said.update(json.loads(line))
assert said["problems"] == [], said["problems"]
assert int(said["flows"][0]["n"]) > 0, "the lock never changes hands"
names = {"running": "running", "waiting": "blocked", "wants_gvl": "lock_wait", "ready": "core_wait", "overhead": "overhead"}
found = {(row["thread"], names[row["name"]]): int(row["ns"]) for row in said["slices"] if row["name"] in names}
held = {row["thread"]: int(row["ns"]) for row in said["slices"] if row["name"] == "has gil"}
table = pyarrow.parquet.read_table(f"{results}/threads.parquet").to_pylist()
of_group = collections.Counter(row["group"] for row in table)
number = collections.Counter()
for row in table:
    number[row["group"]] += 1
    thread = row["group"] if of_group[row["group"]] == 1 else f"{row['group']} {number[row['group']]}"
    for state in names.values():
        expected = row[f"{state}_ns"]
        assert found.get((thread, state), 0) == expected, (thread, state, found.get((thread, state)), expected)
    assert held.get(thread, 0) == row["held_ns"], (thread, held.get(thread), row["held_ns"])
print(f"{len(table)} threads: every state lasts as long in Perfetto as in the table, and nothing was dropped")
