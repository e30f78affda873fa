//! All benches in one program: `cargo bench`, or `cargo bench -- trace` for some of them.

mod trace;

criterion::criterion_group!(benches, trace::events);
criterion::criterion_main!(benches);
