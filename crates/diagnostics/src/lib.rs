//! Spans, findings with labels in several files, edits, and the renderers. See README.md.

mod edit;
mod finding;
mod lines;
mod printable;
mod range;
mod render;
mod sort;
mod sources;

pub use edit::{Edit, apply};
pub use finding::{Certainty, FileId, Finding, FixSummary, Label, Level, Safety, Span};
pub use lines::LineIndex;
pub use printable::printable;
pub use range::TextRange;
pub use render::{Counts, Style, concise, findings_json, full, summary};
pub use sort::sort;
pub use sources::Sources;
