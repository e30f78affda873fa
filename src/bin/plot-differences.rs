//! Draws the figure `differences` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-differences")
}
