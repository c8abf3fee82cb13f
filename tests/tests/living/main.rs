//! Living with it: the service manager's side, an installation in a home and its
//! shells, and what `doctor` says of them.
//!
//! Not here: what happens to a command at the gate (`line`).

mod doctor;
mod install;
mod service;
mod shells;
