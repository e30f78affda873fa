//! Draws the figure `pareto` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-pareto")
}
