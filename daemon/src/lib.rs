//! tollgated: the door, the line, approvals, spawning.
//!
//! Start in `pipeline`: it is the whole product on one screen. A request comes
//! in at `server`, becomes a `request`, and each stage of the line is the
//! module of its name. What outlives a request is in `gate`; what the kernel is
//! asked is in `sys`.
//!
//! Not here: what a command means and whether it may run (`tollgate-policies`),
//! how a record is chained and made durable (`tollgate-audit`), and how a tool is
//! started (`tollgate-supervisor`).
#![deny(unsafe_code)]

mod admin;
mod adopt;
mod allowances;
mod ancestry;
mod approve;
mod approvers;
mod binary;
mod caller;
mod channel;
mod classify;
mod correct;
mod decide;
mod gate;
mod hidden;
mod identify;
mod keys;
mod needed;
mod person;
mod pipeline;
mod policies;
mod prepare;
mod questions;
mod readers;
mod record;
mod refuse;
mod relay;
mod request;
mod runs;
mod sandbox;
mod server;
mod service;
mod sessions;
mod settings;
mod spawn;
mod start;
mod supervisors;
#[expect(unsafe_code, reason = "the one room that talks to the kernel")]
mod sys;
mod tokens;
mod words;

pub use start::main;
