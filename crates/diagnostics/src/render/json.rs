use serde::Serialize;
use serde_json::Value;

use super::places::Places;
use super::reported;
use crate::{Finding, FixSummary, Label, Sources, printable};

/// The array `findings` of `flowright.check/1`.
///
/// Lines and columns count from 1, columns in Unicode scalar values, and an end is the place after the last
/// character. Prose (message, label texts, notes, help, the fix's summary) is printable; names that a program compares
/// (file, requirement, firewall, rule, witness, blame) are exactly as they were written.
pub fn findings_json(findings: &[Finding], sources: &dyn Sources) -> Value {
    let mut places = Places::new(sources);
    let records: Vec<Record<'_>> = reported(findings).map(|finding| record(finding, &mut places)).collect();
    serde_json::to_value(records).expect("records hold strings, numbers and booleans only")
}

#[derive(Serialize)]
struct Record<'a> {
    check: &'a str,
    level: &'a str,
    certainty: &'a str,
    message: String,
    labels: Vec<LabelRecord<'a>>,
    notes: Vec<String>,
    help: Option<String>,
    requirement: Option<&'a str>,
    firewall: Option<&'a str>,
    rule: Option<&'a str>,
    witness: Option<&'a str>,
    blame: &'a [String],
    fix: Option<FixRecord<'a>>,
}

#[derive(Serialize)]
struct LabelRecord<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    primary: bool,
    text: String,
}

#[derive(Serialize)]
struct FixRecord<'a> {
    safety: &'a str,
    summary: String,
}

fn record<'a>(finding: &'a Finding, places: &mut Places<'a>) -> Record<'a> {
    Record {
        check: finding.check,
        level: finding.level.as_str(),
        certainty: finding.certainty.as_str(),
        message: printable(&finding.message).into_owned(),
        labels: finding.labels.iter().map(|label| label_record(label, places)).collect(),
        notes: finding.notes.iter().map(|note| printable(note).into_owned()).collect(),
        help: finding.help.as_deref().map(|help| printable(help).into_owned()),
        requirement: finding.requirement.as_deref(),
        firewall: finding.firewall.as_deref(),
        rule: finding.rule.as_deref(),
        witness: finding.witness.as_deref(),
        blame: &finding.blame,
        fix: finding.fix.as_ref().map(fix_record),
    }
}

fn label_record<'a>(label: &'a Label, places: &mut Places<'a>) -> LabelRecord<'a> {
    let span = label.place;
    let file = places.path(span.file);
    let index = places.index(span.file);
    let (line, column) = index.line_column(span.range.start);
    let (end_line, end_column) = index.line_column(span.range.end.max(span.range.start));
    LabelRecord {
        file,
        line,
        column,
        end_line,
        end_column,
        primary: label.primary,
        text: printable(&label.text).into_owned(),
    }
}

fn fix_record(fix: &FixSummary) -> FixRecord<'_> {
    FixRecord { safety: fix.safety.as_str(), summary: printable(&fix.summary).into_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::specimens::*;
    use super::*;

    fn shown(finding: fn(&Texts) -> Finding) -> Value {
        let texts = texts();
        findings_json(&[finding(&texts)], &texts)
    }

    #[test]
    fn a_finding_says_all_it_knows() {
        let expected = json!([{
            "check": "missing-flow",
            "level": "error",
            "certainty": "proven",
            "message": "`exo` is denied at `oslo_edge`: `backup_proxy -> exchange_online tcp/443`",
            "labels": [
                {
                    "file": "exports/edge.conf",
                    "line": 2,
                    "column": 5,
                    "end_line": 2,
                    "end_column": 9,
                    "primary": true,
                    "text": "denies all of it",
                },
                {
                    "file": "oslo.flow",
                    "line": 5,
                    "column": 1,
                    "end_line": 5,
                    "end_column": 4,
                    "primary": false,
                    "text": "required here",
                },
                {
                    "file": "oslo.flow",
                    "line": 5,
                    "column": 22,
                    "end_line": 5,
                    "end_column": 45,
                    "primary": false,
                    "text": "this is never reached",
                },
            ],
            "notes": [
                "10.20.5.1 -> outlook.office365.com tcp/443 is one packet of it",
                "rule `10` decides it; rule `20` would permit it",
            ],
            "help": "`flowright fix` shows the change",
            "requirement": "exo",
            "firewall": "oslo_edge",
            "rule": "10",
            "witness": "10.20.5.1 -> outlook.office365.com tcp/443",
            "blame": ["10"],
            "fix": { "safety": "safe", "summary": "insert a permit of `exo` before rule `10`" },
        }]);
        // As text, because the order of the keys counts as well.
        assert_eq!(format!("{:#}", shown(two_files)), format!("{expected:#}"));
    }

    #[test]
    fn what_is_not_known_is_null_and_not_left_out() {
        let expected = json!([{
            "check": "unknown-format",
            "level": "error",
            "certainty": "proven",
            "message": "no format recognises `exports/core.bin`",
            "labels": [],
            "notes": [],
            "help": "name the format: `--export exports/core.bin=FORMAT`",
            "requirement": null,
            "firewall": null,
            "rule": null,
            "witness": null,
            "blame": [],
            "fix": null,
        }]);
        assert_eq!(shown(|_| no_label()), expected);
    }

    /// File, then line and column of the start and of the end.
    fn places(findings: &Value) -> Vec<(&str, [u64; 4])> {
        let labels = findings[0]["labels"].as_array().expect("an array");
        let place = |label: &Value| {
            ["line", "column", "end_line", "end_column"].map(|key| label[key].as_u64().expect("a number"))
        };
        labels.iter().map(|label| (label["file"].as_str().expect("a path"), place(label))).collect()
    }

    #[test]
    fn places_are_the_files_own_however_a_terminal_would_show_them() {
        assert_eq!(places(&shown(many_lines)), [("oslo.flow", [1, 1, 7, 1])]);
        assert_eq!(
            places(&shown(several_lines)),
            [("oslo.flow", [9, 12, 12, 4]), ("oslo.flow", [2, 1, 2, 18])]
        );
        assert_eq!(places(&shown(tabs_and_line_ends)), [("exports/edge.conf", [3, 5, 4, 1])]);
        assert_eq!(
            places(&shown(wide_characters)),
            [("oslo.flow", [6, 6, 6, 9]), ("oslo.flow", [6, 27, 6, 39])]
        );
        assert_eq!(
            places(&shown(end_of_file)),
            [("unfinished.flow", [3, 1, 3, 1]), ("unfinished.flow", [1, 20, 1, 21])]
        );
        assert_eq!(
            places(&shown(one_long_line)),
            [
                ("exports/nsg.json", [1, 1_039_959, 1, 1_039_969]),
                ("exports/nsg.json", [1, 115, 1, 125]),
                ("exports/nsg.json", [1, 15_602, 1, 988_002]),
            ]
        );
    }

    #[test]
    fn prose_is_printable_and_names_are_exact() {
        let findings = shown(hostile_names);
        let finding = &findings[0];
        assert_eq!(finding["message"], r"rule `FW\u{1b}[2K\u{202e}24\u{202c}` never decides");
        assert_eq!(finding["notes"][0], r"first line\u{a}error[forged]: a line of its own\u{85}");
        assert_eq!(finding["help"], r"remove\u{7} it");
        assert_eq!(finding["labels"][0]["text"], r"`FW\u{1b}[2K\u{202e}24\u{202c}` is shadowed");
        assert_eq!(finding["labels"][0]["file"], "exports/fw\u{1b}[31m.conf");
        assert_eq!(finding["rule"], "FW\u{1b}[2K\u{202e}24\u{202c}");
        assert_eq!(finding["certainty"], "possible");
    }

    #[test]
    fn a_check_that_is_off_is_silent() {
        assert_eq!(shown(switched_off), json!([]));
    }
}
