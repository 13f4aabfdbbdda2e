use std::fmt::Write as _;

use super::places::Places;
use super::reported;
use crate::{Finding, Sources, printable};

/// One line a finding: `path:line:column: error[missing-flow] message`, without the place where there is no label.
///
/// Only the primary label is told; the headline is written to stand alone.
pub fn concise(findings: &[Finding], sources: &dyn Sources) -> String {
    let mut places = Places::new(sources);
    let mut out = String::new();
    for finding in reported(findings) {
        if let Some(label) = finding.primary_label() {
            let span = label.place;
            let (line, column) = places.index(span.file).line_column(span.range.start);
            let _ = write!(out, "{}:{line}:{column}: ", printable(places.path(span.file)));
        }
        let _ =
            writeln!(out, "{}[{}] {}", finding.level.as_str(), finding.check, printable(&finding.message));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::specimens;
    use super::*;

    #[test]
    fn one_line_a_finding() {
        let texts = specimens::texts();
        insta::assert_snapshot!(concise(&specimens::all(&texts), &texts), @r"
        error[unknown-format] no format recognises `exports/core.bin`
        exports/edge.conf:2:5: error[missing-flow] `exo` is denied at `oslo_edge`: `backup_proxy -> exchange_online tcp/443`
        oslo.flow:9:12: warning[unbound-role] `oslo_edge` guards a role without addresses
        oslo.flow:1:1: note[unused-module] nothing uses this module
        exports/edge.conf:3:5: warning[overbroad-rule] rule `20` permits more than is declared
        oslo.flow:6:6: warning[unused-role] nothing uses `事務所`
        exports/fw\u{1b}[31m.conf:1:11: warning[shadowed-rule] rule `FW\u{1b}[2K\u{202e}24\u{202c}` never decides
        unfinished.flow:3:1: error[syntax-error] expected `}`, found the end of the file
        exports/nsg.json:1:1039959: warning[redundant-rule] rule `rule-19999` changes nothing
        ");
    }
}
