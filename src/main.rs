//! The `condense` binary: see the library.

fn main() -> std::process::ExitCode {
    condense::cli::run()
}
