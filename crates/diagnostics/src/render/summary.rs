use super::reported;
use crate::{Finding, Level};

/// How many findings there are of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

impl Counts {
    pub fn of(findings: &[Finding]) -> Self {
        let mut counts = Counts::default();
        for finding in reported(findings) {
            match finding.level {
                Level::Error => counts.errors += 1,
                Level::Warning => counts.warnings += 1,
                Level::Note => counts.notes += 1,
                Level::Off => {}
            }
        }
        counts
    }
}

/// The last line of a report, without its line end: `3 errors, 1 warning`, or `no findings`.
pub fn summary(counts: Counts) -> String {
    let parts: Vec<String> = [(counts.errors, "error"), (counts.warnings, "warning"), (counts.notes, "note")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_level_and_leaves_out_what_is_not_there() {
        let finding = |level| Finding::new("missing-flow", level, "message");
        let findings = [Level::Error, Level::Off, Level::Warning, Level::Error, Level::Off].map(finding);
        let counts = Counts::of(&findings);
        assert_eq!(counts, Counts { errors: 2, warnings: 1, notes: 0 });
        assert_eq!(summary(counts), "2 errors, 1 warning");
        assert_eq!(summary(Counts { errors: 0, warnings: 0, notes: 3 }), "3 notes");
        assert_eq!(summary(Counts::of(&[])), "no findings");
    }
}
