//! The ways in which tools read an argv, named after the libraries that do it.
//!
//! A grammar names one; `parse` has a module for each. Deliberately not here: any
//! tool's name.

use serde::Deserialize;

/// How a tool reads its arguments.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dialect {
    /// spf13/cobra with pflag: flags anywhere, also between words; clusters.
    Cobra,
    /// Go's `flag` below hashicorp/cli: one dash or two are the same, and flags
    /// end at the first operand.
    GoFlag,
    /// Python's argparse, nested: global options anywhere, abbreviations.
    Argparse,
    /// Google's calliope on argparse: groups of any depth, no abbreviations.
    Calliope,
    /// GNU getopt_long: clusters, abbreviations, flags anywhere after the word.
    Getopt,
    /// Nothing is known but the name: words are what stands before the first flag.
    #[default]
    Generic,
}
