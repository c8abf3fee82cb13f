//! The shim: pack, send, wait, exit. It decides nothing.
#![cfg_attr(not(test), no_std)]
