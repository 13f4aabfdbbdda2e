//! One file a renderer: findings and their sources in, text or JSON out. See README.md.

mod concise;
mod excerpt;
mod full;
mod json;
mod paint;
mod places;
mod summary;

#[cfg(test)]
mod any_input;
#[cfg(test)]
mod specimens;

pub use concise::concise;
pub use full::{Style, full};
pub use json::findings_json;
pub use summary::{Counts, summary};

use crate::{Finding, Level};

/// The findings a report is made of: those whose check is not switched off.
fn reported(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.level != Level::Off)
}
