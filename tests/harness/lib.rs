//! What the suites share: Markdown suites, the program itself, and the exports of real firewalls. See README.md.
// This is test code through and through: it opens files, starts programs, and stops where its own expectation fails.
#![allow(clippy::disallowed_methods)]

pub mod binary;
pub mod case;
pub mod console;
pub mod corpus;
pub mod findings;
pub mod fixes;
pub mod folder;
pub mod markdown;
pub mod project;
pub mod random;
pub mod suite;

/// Whether expectations are to be rewritten instead of compared; a reviewer reads the difference.
pub fn updating() -> bool {
    std::env::var_os("FLOWRIGHT_UPDATE").is_some_and(|value| value == "1")
}

/// Whether this run is one in which nothing may be left out.
pub fn must_be_complete() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}
