//! The daemon; everything is in the library beside it.

fn main() -> std::process::ExitCode {
    tollgated::main()
}
