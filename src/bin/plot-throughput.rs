//! Draws the figure `throughput` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-throughput")
}
