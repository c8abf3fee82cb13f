//! Living with it: the service manager's side, an installation in a home and its
//! shells, what `doctor` says of them, what is typed, and the book.
//!
//! Not here: what happens to a command at the gate (`line`).

mod book;
mod doctor;
mod format;
mod install;
mod service;
mod shells;
mod typed;
