//! Draws the figure `latency` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-latency")
}
