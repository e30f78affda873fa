//! All benches in one program: `cargo bench`, or `cargo bench -- trace` for some of them.

mod engine;
mod trace;

criterion::criterion_group!(benches, engine::repairman, engine::one_hour, trace::events);
criterion::criterion_main!(benches);
