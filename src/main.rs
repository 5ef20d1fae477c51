//! The program: arguments, what they ask for, exit code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ambergate::cli::run(&ambergate::app::Ambergate)
}
