//! The program: arguments, settings, run, exit code.

fn main() {}
