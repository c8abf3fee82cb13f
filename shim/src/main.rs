//! The program behind every tool's name; all of it is in the library beside.
#![cfg_attr(not(test), no_std, no_main)]

tollgate_bare::program!(tollgate_shim::main, tollgate_shim::panicked);
