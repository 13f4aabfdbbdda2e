//! Every suite, in one binary. See README.md.
// All of this is test code, also what is outside the functions that are tests.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stdout)]

mod bad_input;
mod corpus;
mod every_format;
mod examples;
mod harness_itself;
mod incremental;
mod kernel;
mod library;
mod oracle;
mod pages;
mod program;
mod suites;
