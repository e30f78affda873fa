//! Draws the figure `shares` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-shares")
}
