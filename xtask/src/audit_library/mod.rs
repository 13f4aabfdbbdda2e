//! `cargo xtask audit-library`: holds documents against the modules that encode them. See README.md.

mod clean;
mod compare;
mod document;
mod endpoints;
mod exceptions;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use compiler::{Database, Date, File, FileKind, LibraryRecord, ModulePage, Project, STANDARD_LIBRARY};

use crate::command::{CLEAN, Command, FOUND};
use document::Document;

pub const COMMAND: Command = Command {
    name: "audit-library",
    arguments: "[--verbose] DOCUMENT...",
    summary: "what a document demands and the library lacks, and the other way round",
    run: |_, arguments| {
        let (options, paths): (Vec<&String>, Vec<&String>) =
            arguments.iter().partition(|it| it.starts_with('-'));
        if let Some(unknown) = options.iter().find(|option| **option != "--verbose") {
            return Err(format!("`{}` is no option; there is `--verbose`", unknown.escape_debug()));
        }
        if paths.is_empty() {
            return Err("no document is given; name the files that hold the documents' text".to_owned());
        }
        let library = Library::standard();
        let (mut text, mut clean) = (String::new(), true);
        for path in paths {
            let document = fs::read_to_string(Path::new(path))
                .map_err(|error| format!("cannot read `{path}`: {error}; name a document in UTF-8"))?;
            clean &= audit(path, &document, &library, !options.is_empty(), &mut text)?;
        }
        stdout()
            .write_all(text.as_bytes())
            .map_err(|error| format!("cannot write the lists: {error}; give it a standard output"))?;
        Ok(if clean { CLEAN } else { FOUND })
    },
};

/// The library's side: what `flowright library --format json` prints.
struct Library {
    pages: Vec<ModulePage>,
    records: Vec<LibraryRecord>,
}

impl Library {
    fn standard() -> Self {
        let db = Database::default();
        let files = STANDARD_LIBRARY
            .iter()
            .map(|(path, text)| File::new(&db, (*path).to_owned(), (*text).into(), FileKind::Library))
            .collect();
        // What a document demands does not hang on the day.
        let day = Date { year: 2000, month: 1, day: 1 };
        let project = Project::new(&db, Vec::new(), files, BTreeMap::new(), Vec::new(), day);
        Library {
            pages: compiler::modules(&db, project),
            records: compiler::library_records(&db, project, None),
        }
    }

    /// The module whose document has this title, or was read from this address.
    fn module_of(&self, document: &Document) -> Option<&ModulePage> {
        let same = |mine: &Option<String>, theirs: &Option<String>| mine.is_some() && mine == theirs;
        let by_title = self.pages.iter().find(|page| same(&page.document, &document.title));
        by_title.or_else(|| self.pages.iter().find(|page| same(&page.source, &document.source)))
    }
}

/// Writes both lists of one document; tells whether both are empty.
fn audit(path: &str, text: &str, library: &Library, verbose: bool, out: &mut String) -> Result<bool, String> {
    let document = Document::read(text).map_err(|wrong| format!("`{path}`: {wrong}"))?;
    let Some(module) = library.module_of(&document) else {
        let titles: Vec<String> = library.pages.iter().filter_map(|page| page.document.clone()).collect();
        return Err(format!(
            "no module encodes the document in `{path}`; the library has {}",
            titles.iter().map(|title| format!("`{title}`")).collect::<Vec<_>>().join(", ")
        ));
    };
    let records: Vec<&LibraryRecord> =
        library.records.iter().filter(|record| record.module == module.path).collect();
    let lists = compare::compare(&document, &records);
    let title = document.title.as_deref().unwrap_or(path);
    out.push_str(&format!("{title} ({}): {}\n", module.path, document.counts()));
    list(out, "in the document, not in the library", &lists.lacking);
    list(out, "in the library, not in the document", &lists.invented);
    if verbose {
        list(out, "left out on purpose", &document.left_out);
    }
    Ok(lists.lacking.is_empty() && lists.invented.is_empty())
}

fn list(out: &mut String, heading: &str, entries: &[String]) {
    match entries {
        [] => out.push_str(&format!("  {heading}: nothing\n")),
        _ => {
            out.push_str(&format!("  {heading}:\n"));
            for entry in entries {
                out.push_str(&format!("    {entry}\n"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
