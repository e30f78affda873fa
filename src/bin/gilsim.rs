//! Runs experiments. See `gilsim --help`.

fn main() -> std::process::ExitCode {
    gilsim::cli::main()
}
