//! The paper as a program: `condense` with the experiments of this package.

fn main() -> std::process::ExitCode {
    condense::main(condensation::ROSTER)
}
