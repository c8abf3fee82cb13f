//! What a program without libc stands on: its entry, the memory functions that
//! compiled code calls, raw system calls.
//!
//! Used by the shim and the supervisor alone. `rustix` would do the calls, but
//! cargo unifies features over a workspace: as soon as any program switches on
//! its `std`, a `no_std` program no longer links.
#![no_std]
