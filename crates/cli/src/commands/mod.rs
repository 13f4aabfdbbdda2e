//! One file a command.

pub mod check;
pub mod compile;
pub mod diff;
pub mod explain;
pub mod feed;
pub mod fix;
pub mod fmt;
pub mod import;
pub mod library;
pub mod overview;
pub mod query;
pub mod test;
