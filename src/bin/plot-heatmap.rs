//! Draws the figure `heatmap` from a results directory.

fn main() -> std::process::ExitCode {
    gilsim::plot::command::main("plot-heatmap")
}
