use crate::{Finding, Sources};

/// Puts findings into the one order that every report has, and removes exact duplicates.
///
/// The order: path of the file, position of the primary label, check, message; a finding without a label comes
/// first. What is still equal is ordered by everything else it says, so that the same findings always give the same
/// bytes.
pub fn sort(findings: &mut Vec<Finding>, sources: &dyn Sources) {
    findings.sort_by(|one, other| key(one, sources).cmp(&key(other, sources)).then_with(|| one.cmp(other)));
    findings.dedup();
}

type Key<'a> = (Option<(&'a str, u32, u32)>, &'a str, &'a str);

fn key<'a>(finding: &'a Finding, sources: &'a dyn Sources) -> Key<'a> {
    let place = finding.primary_label().map(|label| {
        let range = label.place.range;
        (sources.path(label.place.file), range.start, range.end)
    });
    (place, finding.check, &finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileId, Level, Span, TextRange};

    struct Paths;

    impl Sources for Paths {
        fn path(&self, file: FileId) -> &str {
            ["z.flow", "a.conf"][file.0 as usize]
        }

        fn text(&self, _: FileId) -> &str {
            ""
        }
    }

    fn at(file: u32, start: usize, check: &'static str, message: &str) -> Finding {
        let span = Span { file: FileId(file), range: TextRange::new(start, start + 1) };
        Finding::new(check, Level::Error, message).primary(span, "")
    }

    #[test]
    fn the_order_is_path_position_check_message() {
        let expected = vec![
            Finding::new("unreadable-file", Level::Error, "no place"),
            at(1, 0, "overbroad-rule", "a"),
            at(1, 9, "missing-flow", "a"),
            at(1, 9, "missing-flow", "b"),
            at(1, 9, "overbroad-rule", "a"),
            at(0, 0, "missing-flow", "a"),
        ];
        let mut findings: Vec<Finding> = expected.iter().rev().cloned().collect();
        sort(&mut findings, &Paths);
        assert_eq!(findings, expected);
    }

    #[test]
    fn only_exact_duplicates_go() {
        let plain = at(0, 0, "missing-flow", "a");
        let noted = plain.clone().note("says more");
        let mut findings = vec![plain.clone(), noted.clone(), plain.clone(), noted.clone(), plain.clone()];
        sort(&mut findings, &Paths);
        assert_eq!(findings, [plain, noted]);
    }

    #[test]
    fn the_primary_label_decides_wherever_it_stands() {
        let elsewhere = Span { file: FileId(1), range: TextRange::new(0, 1) };
        let mut late = at(0, 5, "missing-flow", "late").secondary(elsewhere, "why");
        late.labels.reverse();
        let early = at(0, 1, "missing-flow", "early");
        let mut findings = vec![late.clone(), early.clone()];
        sort(&mut findings, &Paths);
        assert_eq!(findings, [early, late]);
    }
}
