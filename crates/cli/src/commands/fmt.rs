use std::path::Path;

use diagnostics::{FileId, Finding, Level, Span, full};

use crate::arguments::Fmt;
use crate::error::Error;
use crate::load::{Files, policy_paths, read_text, shown};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Fmt) -> Result<Status, Error> {
    let mut status = Status::Clean;
    for path in policy_paths(&arguments.policies)? {
        let (text, encoding) = read_text(&path)?;
        let formatted = match syntax::format(&text) {
            Ok(formatted) => formatted,
            Err(errors) => {
                let findings: Vec<Finding> = errors
                    .into_iter()
                    .map(|error| {
                        let span = Span { file: FileId(0), range: error.range };
                        let finding = Finding::new("invalid-policy", Level::Error, error.message);
                        let finding = finding.primary(span, error.label);
                        match error.help {
                            Some(help) => finding.help(help),
                            None => finding,
                        }
                    })
                    .collect();
                let path = shown(&path);
                eprint!("{}", full(&findings, &Files::one(&path, &text), output::style()));
                status = Status::CouldNot;
                continue;
            }
        };
        if path == "-" {
            if arguments.check {
                status = if formatted == text { status } else { worse(status, Status::Findings) };
            } else {
                output::answer(&formatted)?;
            }
            continue;
        }
        if formatted == text {
            continue;
        }
        if arguments.check {
            output::say(&format!("{} is not laid out", shown(&path)));
            status = worse(status, Status::Findings);
        } else {
            output::write_file(Path::new(&path), &formats::text::encode(&formatted, encoding))?;
            output::say(&format!("{} is laid out", shown(&path)));
        }
    }
    Ok(status)
}

/// What could not be done stays so.
fn worse(status: Status, other: Status) -> Status {
    if status == Status::CouldNot { status } else { other }
}
