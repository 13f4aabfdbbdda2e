use std::fmt::Write;
use std::path::Path;

use diagnostics::{LineIndex, printable};
use formats::{Status as Covered, Totals};

use crate::arguments::{Import, TextOrJson};
use crate::error::Error;
use crate::load::{mapping_of, path_and_format, read_text, shown};
use crate::output;
use crate::status::Status;

/// How many different reasons are shown of one export.
const MOST_REASONS: usize = 50;

/// Says of each of several exports what became of its statements: a line, and below it those that are approximated or not
/// understood, each reason once.
pub fn run(exports: &[String], arguments: &Import) -> Result<Status, Error> {
    if arguments.format == TextOrJson::Json {
        let help = "import one file at a time, or leave `--format json` out";
        return Err(Error::usage("JSON is for one export", help));
    }
    let mut text = String::new();
    let (mut all, mut read, mut unreadable) = (Totals::default(), 0, 0);
    let files = files(exports)?;
    if files.is_empty() {
        let message = format!("there is no file in `{}`", exports.join("`, `"));
        return Err(Error::usage(message, "name a folder with exports in it"));
    }
    for (path, format) in files {
        match one(&path, format.as_deref()) {
            Ok((line, totals)) => {
                text.push_str(&line);
                all.understood += totals.understood;
                all.irrelevant += totals.irrelevant;
                all.approximated += totals.approximated;
                all.not_understood += totals.not_understood;
                read += 1;
            }
            Err(line) => {
                text.push_str(&line);
                unreadable += 1;
            }
        }
    }
    let _ = writeln!(text, "\n{read} exports read, {unreadable} not: {}", all.in_words());
    output::answer(&text)?;
    let strict = arguments.strict && all.not_understood > 0;
    Ok(if unreadable > 0 || strict { Status::CouldNot } else { Status::Clean })
}

/// The files that are named, and those in the folders that are, in the order of their names.
fn files(exports: &[String]) -> Result<Vec<(String, Option<String>)>, Error> {
    let mut out = Vec::new();
    for export in exports {
        let (path, format) = path_and_format(export)?;
        if !Path::new(&path).is_dir() {
            out.push((path, format));
            continue;
        }
        let mut open = vec![path];
        let mut found = Vec::new();
        while let Some(folder) = open.pop() {
            let failed =
                |source| Error::Read { path: folder.clone(), source, help: "check the folder".to_owned() };
            for entry in std::fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let kind = entry.file_type().map_err(failed)?;
                let path = entry.path().display().to_string();
                if kind.is_dir() {
                    open.push(path);
                } else if kind.is_file() {
                    found.push(path);
                }
            }
        }
        found.sort();
        out.extend(found.into_iter().map(|path| (path, format.clone())));
    }
    Ok(out)
}

fn one(path: &str, format: Option<&str>) -> Result<(String, Totals), String> {
    let name = printable(&shown(path)).into_owned();
    let (text, _) = read_text(path).map_err(|error| format!("{name}: {error}\n"))?;
    let lines = LineIndex::new(&text);
    let mapping = mapping_of(path, format).map_err(|error| format!("{name}: {error}\n"))?;
    let export = formats::import_with(&text, format, mapping.as_deref()).map_err(|error| {
        let (line, column) = lines.line_column(error.place.start);
        format!(
            "{name}:{line}:{column}: not read: {}; {}\n",
            printable(&error.message),
            printable(&error.help)
        )
    })?;
    let totals = export.coverage.totals();
    let mut out = format!("{name}: {}, {}\n", export.format, totals.in_words());
    let mut reasons: Vec<(&str, Covered, u32, usize)> = Vec::new();
    let unclear = |status| matches!(status, Covered::Approximated | Covered::NotUnderstood);
    let mut more = 0;
    for statement in export.coverage.statements.iter().filter(|statement| unclear(statement.status)) {
        let same = |known: &&mut (&str, Covered, u32, usize)| {
            (known.0, known.1) == (&*statement.reason, statement.status)
        };
        if let Some((.., count)) = reasons.iter_mut().find(same) {
            *count += 1;
        } else if reasons.len() < MOST_REASONS {
            let line = lines.line_column(statement.place.start).0;
            reasons.push((&statement.reason, statement.status, line, 1));
        } else {
            more += 1;
        }
    }
    for (reason, status, line, count) in reasons {
        let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
        let status = status.as_str().replace('_', " ");
        let _ = writeln!(out, "  {line:>6}  {status}: {}{times}", printable(reason));
    }
    if more > 0 {
        let _ = writeln!(out, "  and {more} more: import the file by itself");
    }
    Ok((out, totals))
}
