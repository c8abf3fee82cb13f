//! The supervisor: holds one running command and outlives the daemon.
#![cfg_attr(not(test), no_std)]
