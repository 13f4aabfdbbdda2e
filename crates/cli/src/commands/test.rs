use std::fmt::Write;

use compiler::{TestOutcome, position, run_tests};
use diagnostics::{Finding, Level, full, printable, sort};

use crate::arguments::{Inputs, Test};
use crate::error::Error;
use crate::load::load;
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Test) -> Result<Status, Error> {
    let policies = arguments.policies.clone();
    let inputs = Inputs { policies, export: Vec::new(), as_of: Some("2000-01-01".to_owned()), strict: false };
    let loaded = load(&inputs, arguments.library)?;
    let (db, project) = (&loaded.db, loaded.project);
    let files = if arguments.library { project.library(db) } else { project.policies(db) };
    let outcomes: Vec<TestOutcome> = files.iter().flat_map(|file| run_tests(db, project, *file)).collect();
    let mut text = String::new();
    let mut findings = Vec::new();
    for outcome in &outcomes {
        let word = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
        let path = position(db, &outcome.place).file.path(db);
        let _ = writeln!(text, "{}: \"{}\" ... {word}", printable(path), printable(&outcome.title));
        for failure in &outcome.failures {
            let mut finding = Finding::new("test", Level::Error, failure.message.clone());
            finding = finding.primary(failure.place.clone(), failure.label.clone());
            finding.help.clone_from(&failure.help);
            findings.push(finding);
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    let problems = if arguments.library { Vec::new() } else { compiler::check_policy(db, project) };
    for problem in &problems {
        let mut finding = Finding::new("invalid-policy", Level::Error, problem.message.clone());
        finding = finding.primary(problem.place.clone(), problem.label.clone());
        finding.help.clone_from(&problem.help);
        findings.push(finding);
    }
    let (mut findings, sources) = loaded.concretize(findings);
    sort(&mut findings, &sources);
    if !findings.is_empty() {
        let _ = write!(text, "\n{}\n", full(&findings, &sources, output::style()));
    }
    let expectations: usize = outcomes.iter().map(|outcome| outcome.expectations).sum();
    let passed = outcomes.len() - failed;
    let _ = writeln!(text, "{passed} passed, {failed} failed ({expectations} expectations)");
    output::answer(&text)?;
    Ok(match (problems.is_empty(), failed) {
        (false, _) => Status::CouldNot,
        (true, 0) => Status::Clean,
        (true, _) => Status::Findings,
    })
}
