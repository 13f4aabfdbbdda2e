use checks::Report;
use diagnostics::{Certainty, Finding, LineIndex, Sources, Span, sort};

use crate::project::Loaded;

/// A finding as a suite writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// `error[missing-flow] "underlined text" headline`
    pub head: String,
    /// `"underlined text" words`, one for each label but the primary.
    pub labels: Vec<String>,
    pub notes: Vec<String>,
    pub help: Option<String>,
}

/// Everything that a report says, in the order in which the program prints it.
pub fn shown(loaded: &Loaded, report: &Report) -> Vec<Shown> {
    let all = report.errors.iter().chain(&report.findings).cloned().collect();
    let (mut findings, places) = loaded.concretize(all);
    sort(&mut findings, &places);
    findings.iter().map(|finding| one(finding, &places)).collect()
}

fn one(finding: &Finding, places: &dyn Sources) -> Shown {
    let sure = if finding.certainty == Certainty::Possible { "?" } else { "" };
    let primary = finding.primary_label();
    let place = primary.map_or_else(|| "nowhere".to_owned(), |label| underlined(label.place, places));
    let others = finding.labels.iter().filter(|label| Some(*label) != primary);
    Shown {
        head: format!(
            "{}{sure}[{}] {place} {}",
            finding.level.as_str(),
            finding.check,
            one_line(&finding.message)
        ),
        labels: others
            .map(|label| format!("{} {}", underlined(label.place, places), one_line(&label.text)))
            .collect(),
        notes: finding.notes.iter().map(|note| one_line(note)).collect(),
        help: finding.help.as_ref().map(|help| one_line(help)),
    }
}

/// The text that a label underlines: its first line, and ` ...` where there is more. Where that text stands in several
/// places of the file, `@` and the line tell which.
pub fn underlined(span: Span, places: &dyn Sources) -> String {
    let text = places.text(span.file);
    let range: std::ops::Range<usize> = span.range.into();
    let Some(inside) = text.get(range) else { return "(outside the text)".to_owned() };
    let first = inside.lines().next().unwrap_or_default().trim_end();
    let more = if inside.trim_end().contains('\n') { " ..." } else { "" };
    let line = if first.is_empty() || text.matches(first).nth(1).is_some() {
        format!("@{}", LineIndex::new(text).line(span.range.start))
    } else {
        String::new()
    };
    format!("\"{}{more}\"{line}", one_line(first))
}

/// Without control characters.
fn one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Reads a block of expected findings.
pub fn parse(block: &str) -> Result<Vec<Shown>, String> {
    let mut out: Vec<Shown> = Vec::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with(' ') {
            out.push(Shown { head: line.trim_end().to_owned(), ..Shown::default() });
            continue;
        }
        let Some(finding) = out.last_mut() else { return Err(format!("`{line}` belongs to no finding")) };
        let detail = line.trim();
        if let Some(note) = detail.strip_prefix('=') {
            finding.notes.push(note.trim().to_owned());
        } else if let Some(help) = detail.strip_prefix("help:") {
            finding.help = Some(help.trim().to_owned());
        } else {
            finding.labels.push(detail.to_owned());
        }
    }
    Ok(out)
}

/// The findings in as much detail as `expected` goes into: notes and help only where it has some.
pub fn in_detail_of(expected: &[Shown], actual: &[Shown]) -> Vec<Shown> {
    let detail = |at: usize, finding: &Shown| {
        let same = expected.get(at).filter(|wanted| wanted.head == finding.head);
        let like = same.or_else(|| expected.iter().find(|wanted| wanted.head == finding.head));
        like.or(expected.get(at))
            .map_or((false, false), |wanted| (!wanted.notes.is_empty(), wanted.help.is_some()))
    };
    actual
        .iter()
        .enumerate()
        .map(|(at, finding)| {
            let (notes, help) = detail(at, finding);
            Shown {
                notes: if notes { finding.notes.clone() } else { Vec::new() },
                help: finding.help.clone().filter(|_| help),
                ..finding.clone()
            }
        })
        .collect()
}

/// As they stand in a block.
pub fn written(findings: &[Shown]) -> String {
    let mut text = String::new();
    for finding in findings {
        let notes = finding.notes.iter().map(|note| format!("= {note}"));
        let help = finding.help.iter().map(|help| format!("help: {help}"));
        text.push_str(&finding.head);
        text.push('\n');
        for detail in finding.labels.iter().cloned().chain(notes).chain(help) {
            text.push_str("  ");
            text.push_str(&detail);
            text.push('\n');
        }
    }
    text
}
