//! Draws the figure `convoy` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-convoy")
}
