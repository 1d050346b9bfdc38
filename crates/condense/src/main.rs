//! `condense` without experiments, for papers whose figures are computed by other programs.

fn main() -> std::process::ExitCode {
    condense::main(condense::roster!())
}
