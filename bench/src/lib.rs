//! Rule sets to measure with. See README.md.

mod anomaly;
mod classbench;
mod enterprise;
mod family;
mod model;
mod random;
mod text;

pub use family::Family;
pub use model::Rules;
pub use random::Random;
pub use text::Format;
