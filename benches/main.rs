//! All benches in one program: `cargo bench --bench main`, or `cargo bench --bench main -- trace` for some of them.

mod engine;
mod queue;
mod start;
mod subject;
mod sweep;
mod trace;

criterion::criterion_group!(
    benches,
    queue::steps,
    engine::cycles,
    engine::policies,
    engine::machines,
    engine::hours,
    trace::events,
    trace::operations,
    sweep::short_runs,
    start::commands,
);
criterion::criterion_main!(benches);
