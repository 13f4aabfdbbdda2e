//! `cargo xtask tidy`: the rules of the house that the compiler does not know. See README.md.

mod direction;
mod edge;
mod files;
mod length;
mod manifest;
mod readmes;
mod rust;
mod salsa;
mod vendors;
mod whitespace;
mod words;

use std::fmt;
use std::io::{self, Write, stdout};
use std::path::Path;

use crate::command::{CLEAN, Command, FOUND, Outcome, no_arguments};
use files::File;

pub const COMMAND: Command = Command {
    name: "tidy",
    arguments: "",
    summary: "check what the compiler does not: dependency direction, input and output, READMEs, text",
    run: |root, arguments| {
        no_arguments(arguments)?;
        run(root)
    },
};

/// A check: a pure function over all files of the repository, in the order of their paths.
type Check = fn(&[File]) -> Vec<Violation>;

/// Every check. A new one is a file, and a line here.
const CHECKS: &[Check] = &[
    direction::check,
    salsa::check,
    edge::check,
    vendors::check,
    readmes::check,
    whitespace::check,
    words::check,
    length::check,
];

/// Something that is not as it should be, with its place and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    path: String,
    /// Counted from 1.
    line: usize,
    wrong: String,
    remedy: String,
}

impl Violation {
    fn new(path: &str, line: usize, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, wrong: wrong.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, wrong, remedy } = self;
        write!(out, "{}:{line}: {wrong}; {remedy}", path.escape_debug())
    }
}

/// Runs every check over every file of the checkout below `root`, and prints what it finds.
pub fn run(root: &Path) -> Outcome {
    let files = files::read(root)?;
    let violations = violations(CHECKS, &files);
    report(&violations, CHECKS.len(), files.len(), &mut stdout().lock())
        .map_err(|error| format!("cannot write the report: {error}; give it a standard output"))?;
    Ok(if violations.is_empty() { CLEAN } else { FOUND })
}

fn violations(checks: &[Check], files: &[File]) -> Vec<Violation> {
    let mut violations: Vec<Violation> = checks.iter().flat_map(|check| check(files)).collect();
    violations.sort();
    violations.dedup();
    violations
}

fn report(violations: &[Violation], checks: usize, files: usize, out: &mut impl Write) -> io::Result<()> {
    for violation in violations {
        writeln!(out, "{violation}")?;
    }
    let found = match violations.len() {
        0 => "nothing wrong".to_owned(),
        1 => "1 violation".to_owned(),
        more => format!("{more} violations"),
    };
    writeln!(out, "tidy: {checks} checks over {files} files: {found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_each_place_and_counts() {
        let files = [File::new("crates/b.rs", "ends\nwithout a newline"), File::new("a.rs", "blank \n")];
        let violations = violations(CHECKS, &files);
        let mut out = Vec::new();
        report(&violations, CHECKS.len(), files.len(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("a.rs:1: "), "{text}");
        assert!(lines.iter().any(|line| line.starts_with("crates/b.rs:2: ")), "{text}");
        let expected = format!("tidy: 8 checks over 2 files: {} violations", violations.len());
        assert_eq!(lines.last(), Some(&expected.as_str()));
    }

    #[test]
    fn a_clean_repository_says_so() {
        let mut out = Vec::new();
        report(&[], 8, 3, &mut out).unwrap();
        assert_eq!(out, b"tidy: 8 checks over 3 files: nothing wrong\n");
    }
}
