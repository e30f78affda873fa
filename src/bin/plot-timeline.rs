//! Draws the figure `timeline` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-timeline")
}
