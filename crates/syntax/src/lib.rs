//! Grammar -> tree with errors, comments kept; formatter. See README.md.

pub mod ast;
mod diagnose;
mod error;
mod format;
mod grammar;
mod layout;
mod lower;
mod parse;
mod recover;
mod similar;
mod tokens;

pub use error::SyntaxError;
pub use format::format;
pub use parse::{Parse, parse};
pub use similar::similar_name;
