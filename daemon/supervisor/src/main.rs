//! The program that holds one running command; all of it is in the library beside.
#![cfg_attr(not(test), no_std, no_main)]

tollgate_bare::program!(tollgate_supervisor::main, tollgate_supervisor::panicked);
