use std::fmt::Write;

use checks::{Report, report};
use compiler::File;
use diagnostics::{Certainty, Finding, Level, concise, findings_json, full, printable, sort, summary};
use serde_json::json;
use space::Verdict;

use crate::arguments::{Check, CheckFormat};
use crate::error::Error;
use crate::load::{Loaded, load};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Check) -> Result<Status, Error> {
    let loaded = load(&arguments.inputs, false)?;
    let report = report(&loaded.db, loaded.project, &loaded.settings);
    let (found, files) = all_findings(&loaded, &report);
    let fail_on = arguments.fail_on.map(Level::from).or(loaded.fail_on).unwrap_or(Level::Warning);
    let mut text = match arguments.format {
        CheckFormat::Full => full(&found, &files, output::style()),
        CheckFormat::Concise => concise(&found, &files),
        CheckFormat::Json => json(&loaded, &report, &found, &files),
    };
    if arguments.format == CheckFormat::Full {
        close(&loaded, &report, &found, &mut text);
    }
    output::answer(&text)?;
    Ok(status(&report, &found, &loaded, fail_on))
}

/// The findings and the errors, with their lines, in the one order.
fn all_findings<'a>(loaded: &'a Loaded, report: &Report) -> (Vec<Finding>, crate::load::Files<'a>) {
    let mut all = report.errors.clone();
    for (place, error) in &loaded.unreadable {
        let mut message = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            let _ = write!(message, ": {}", source.to_string().to_lowercase());
        }
        let finding =
            Finding::new("unreadable-export", Level::Error, message).primary(place.clone(), "named here");
        all.push(match miette::Diagnostic::help(error) {
            Some(help) => finding.help(help.to_string()),
            None => finding,
        });
    }
    all.extend(report.findings.iter().cloned());
    let (mut spans, files) = loaded.concretize(all);
    sort(&mut spans, &files);
    (spans, files)
}

fn status(report: &Report, found: &[Finding], loaded: &Loaded, fail_on: Level) -> Status {
    if !report.errors.is_empty() || !loaded.unreadable.is_empty() {
        return Status::CouldNot;
    }
    let bad =
        |certainty| found.iter().any(|finding| finding.level >= fail_on && finding.certainty == certainty);
    if bad(Certainty::Proven) {
        Status::Findings
    } else if bad(Certainty::Possible) {
        Status::Undecided
    } else {
        Status::Clean
    }
}

/// What stands under the findings: verdicts, coverage, and how many findings there are.
fn close(loaded: &Loaded, report: &Report, found: &[Finding], text: &mut String) {
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    let count = |verdict| report.requirements.iter().filter(|line| line.verdict == verdict).count();
    if !report.requirements.is_empty() {
        let words: Vec<String> = [Verdict::Met, Verdict::Missing, Verdict::Partial, Verdict::Undecided]
            .into_iter()
            .map(|verdict| format!("{} {}", count(verdict), verdict.as_str()))
            .collect();
        let _ = writeln!(text, "requirements: {}", words.join(", "));
    }
    for coverage in &report.coverage {
        let path = coverage.file.path(&loaded.db);
        let _ = writeln!(text, "{}: {}", printable(path), coverage.totals.in_words());
    }
    let possible = found.iter().filter(|finding| finding.certainty == Certainty::Possible).count();
    let undecided = if possible > 0 { format!(" ({possible} undecided)") } else { String::new() };
    let _ = writeln!(text, "{}{undecided}", summary(diagnostics::Counts::of(found)));
}

fn json(loaded: &Loaded, report: &Report, found: &[Finding], files: &crate::load::Files<'_>) -> String {
    let requirements: Vec<_> = report
        .requirements
        .iter()
        .map(|line| {
            let provenance = &line.requirement.provenance;
            json!({
                "module": provenance.module.as_deref(),
                "label": &*line.requirement.id,
                "document": provenance.document.as_deref(),
                "row": provenance.row.as_deref(),
                "firewall": line.firewall,
                "verdict": line.verdict.as_str(),
            })
        })
        .collect();
    let path = |file: File| file.path(&loaded.db).to_owned();
    let coverage: Vec<_> = report
        .coverage
        .iter()
        .map(|coverage| {
            json!({
                "file": path(coverage.file),
                "understood": coverage.totals.understood,
                "irrelevant": coverage.totals.irrelevant,
                "approximated": coverage.totals.approximated,
                "not_understood": coverage.totals.not_understood,
            })
        })
        .collect();
    let whole = json!({
        "schema": "flowright.check/1",
        "findings": findings_json(found, files),
        "requirements": requirements,
        "coverage": coverage,
    });
    format!("{whole:#}\n")
}
