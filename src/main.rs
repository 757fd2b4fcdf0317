//! The `lameduck` program: parse, dispatch, exit status. Everything else is in the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    lameduck::commands::main()
}
