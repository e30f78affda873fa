//! Draws the figure `breakdown` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-breakdown")
}
