use std::panic::{AssertUnwindSafe, catch_unwind};

use checks::fix::fix;
use compiler::Database;

use crate::case::{Case, Expectation, Kind, Options, cases};
use crate::findings::{in_detail_of, parse, shown, written};
use crate::fixes;
use crate::project::{Loaded, load};

/// What came of a suite.
#[derive(Debug, Default)]
pub struct Outcome {
    pub results: Vec<Tested>,
    /// Each with the place in the suite.
    pub failures: Vec<String>,
    /// The suite with what came out in the place of what was expected, where they differ.
    pub rewritten: Option<String>,
}

/// One test, for those who look at what it found.
#[derive(Debug)]
pub struct Tested {
    pub headings: Vec<String>,
    pub line: usize,
    /// The names of the checks whose findings it has, in order.
    pub found: Vec<String>,
}

/// A difference between a block and what came out.
struct Difference {
    line: usize,
    what: String,
    expected: String,
    actual: String,
    edit: Edit,
}

enum Edit {
    Replace(std::ops::Range<usize>),
    /// A block of findings where there is none.
    Insert(usize),
}

/// Runs the tests of one file. `path` is for messages.
pub fn run(path: &str, text: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let all = match cases(text) {
        Ok(all) => all,
        Err(wrong) => {
            outcome.failures.push(format!("{path}:{wrong}"));
            return outcome;
        }
    };
    let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for case in all {
        let name = case.headings.join(", ");
        let done = catch_unwind(AssertUnwindSafe(|| test(&case))).unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
            Err(format!("panicked: {}", words.unwrap_or_default()))
        });
        let (found, differences) = match done {
            Ok(done) => done,
            Err(wrong) => {
                outcome.failures.push(format!("{path}:{}: {name}: {wrong}", case.line));
                continue;
            }
        };
        outcome.results.push(Tested { headings: case.headings, line: case.line, found });
        for Difference { line, what, expected, actual, edit } in differences {
            let (wanted, got) = (indented(&expected), indented(&actual));
            outcome.failures.push(format!(
                "{path}:{line}: {name}: {what} differ\n  expected:\n{wanted}  and it is:\n{got}"
            ));
            match edit {
                Edit::Replace(range) => edits.push((range, actual)),
                Edit::Insert(at) => edits.push((at..at, format!("\n```findings\n{actual}```\n"))),
            }
        }
    }
    if !edits.is_empty() {
        // A block that several tests share is rewritten once, for the first of them.
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        edits.dedup_by_key(|(range, _)| (range.start, range.end));
        let mut rewritten = text.to_owned();
        for (range, actual) in edits.into_iter().rev() {
            rewritten.replace_range(range, &actual);
        }
        outcome.rewritten = Some(rewritten);
    }
    outcome
}

fn indented(text: &str) -> String {
    if text.is_empty() {
        "    (nothing)\n".to_owned()
    } else {
        text.lines().map(|line| format!("    {line}\n")).collect()
    }
}

/// The checks that found something, and what differs from the expectations.
fn test(case: &Case) -> Result<(Vec<String>, Vec<Difference>), String> {
    let mut found = Vec::new();
    let mut differences = Vec::new();
    let none = Expectation {
        kind: Kind::Findings,
        options: Options::default(),
        text: String::new(),
        line: case.line,
        range: 0..0,
    };
    let is_written = case.expectations.iter().any(|expectation| expectation.kind == Kind::Findings);
    let silent = (!is_written).then_some(&none);
    for expectation in silent.into_iter().chain(&case.expectations) {
        let (what, actual, expected) = match &expectation.kind {
            Kind::Findings => {
                let loaded = loaded(case, expectation)?;
                let report = checks::report(&loaded.db, loaded.project, &expectation.options.settings);
                let all = report.errors.iter().chain(&report.findings);
                found.extend(all.map(|finding| finding.check.to_owned()));
                let expected = parse(&expectation.text)?;
                let actual = in_detail_of(&expected, &shown(&loaded, &report));
                ("findings", written(&actual), written(&expected))
            }
            Kind::Verdicts => ("verdicts", verdicts(case, expectation)?, expectation.text.clone()),
            Kind::Coverage => ("totals", coverage(case, expectation)?, expectation.text.clone()),
            Kind::Fixes => ("fixes", fixed(case, expectation, None)?.0, expectation.text.clone()),
            Kind::Fixed(name) => (
                "fixed exports",
                fixed(case, expectation, Some(name.as_deref()))?.1,
                expectation.text.clone(),
            ),
        };
        if actual != expected {
            let edit = match &expectation.kind {
                Kind::Findings if !is_written => Edit::Insert(case.end),
                _ => Edit::Replace(expectation.range.clone()),
            };
            differences.push(Difference {
                line: expectation.line,
                what: what.to_owned(),
                expected,
                actual,
                edit,
            });
        }
    }
    Ok((found, differences))
}

fn loaded(case: &Case, expectation: &Expectation) -> Result<Loaded, String> {
    let loaded = load(Database::default(), &case.texts, expectation.options.as_of)?;
    for export in &case.texts.exports {
        let (Some(format), Some(file)) = (export.format, loaded.exports.get(&export.name)) else { continue };
        if let Ok(read) = compiler::imported(&loaded.db, *file)
            && read.format != format
        {
            return Err(format!("`{}` is read as {}, and the block says {format}", export.name, read.format));
        }
    }
    Ok(loaded)
}

fn verdicts(case: &Case, expectation: &Expectation) -> Result<String, String> {
    let loaded = loaded(case, expectation)?;
    let report = checks::report(&loaded.db, loaded.project, &expectation.options.settings);
    let lines = report.requirements.iter();
    let lines = lines
        .map(|line| format!("{} at {}: {}\n", line.requirement.id, line.firewall, line.verdict.as_str()));
    Ok(lines.collect())
}

fn coverage(case: &Case, expectation: &Expectation) -> Result<String, String> {
    let loaded = loaded(case, expectation)?;
    let report = checks::report(&loaded.db, loaded.project, &expectation.options.settings);
    let lines = report.coverage.iter();
    Ok(lines.map(|line| format!("{}: {}\n", line.file.path(&loaded.db), line.totals.in_words())).collect())
}

/// What `fix` does, and an export afterwards. Fixing what was fixed must change nothing more.
fn fixed(
    case: &Case,
    expectation: &Expectation,
    export: Option<Option<&str>>,
) -> Result<(String, String), String> {
    let Options { settings, unsafe_too, .. } = &expectation.options;
    let mut loaded = loaded(case, expectation)?;
    let done = fix(&mut loaded.db, loaded.project, settings, *unsafe_too);
    let again = fix(&mut loaded.db, loaded.project, settings, *unsafe_too);
    if !again.files.is_empty() {
        return Err(format!("fixing a second time changes something again:\n{}", fixes::written(&again)));
    }
    let text = match export {
        None => String::new(),
        Some(name) => {
            let named = |wanted: &str| loaded.exports.get(wanted);
            let only = || loaded.exports.values().next().filter(|_| loaded.exports.len() == 1);
            let file =
                name.map_or_else(only, named).ok_or("say which export, as the block of it is called")?;
            file.text(&loaded.db).to_owned()
        }
    };
    Ok((fixes::written(&done), text))
}
