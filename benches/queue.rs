//! The event queue: its first event taken and set anew, as for each event of a run.

use criterion::Criterion;

use super::subject::{full, step};

/// One element is an event.
pub fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue");
    for slots in [4, 16, 64, 1_024, 10_000] {
        let (mut queue, mut state) = (full(slots), 1);
        group.bench_function(format!("{slots} slots"), |bencher| {
            bencher.iter(|| step(&mut queue, &mut state));
        });
    }
    group.finish();
}
