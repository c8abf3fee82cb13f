//! `tollgate policy schema`: the JSON Schema of policy files, for editors.
//!
//! It is the one of `docs/`, which a test of the policies holds equal to the types.

use std::process::ExitCode;

use crate::error::Error;
use crate::output;

const SCHEMA: &str = include_str!("../../../docs/policy.schema.json");

/// Prints it.
pub(crate) fn schema() -> Result<ExitCode, Error> {
    output::line(SCHEMA.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
