//! Draws the figure `slices` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-slices")
}
