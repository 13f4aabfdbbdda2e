//! Rule sets to measure with. See README.md.

mod enterprise;
mod random;

pub use enterprise::{Rules, enterprise};
pub use random::Random;
