//! What the tests share.

#![allow(dead_code, reason = "no one test file uses all of it")]

pub mod generate;
pub mod mistakes;
pub mod places;
pub mod written;
