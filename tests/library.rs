use std::collections::BTreeMap;

use tests::folder::{files_below, root};

fn flow_files(folder: &str) -> BTreeMap<String, String> {
    let folder = root().join(folder);
    let files =
        files_below(&folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "flow"));
    files
        .map(|path| (path.display().to_string(), std::fs::read_to_string(folder.join(path)).unwrap()))
        .collect()
}

/// The library in the program is the library on disk: each file under the same path, with the same text.
#[test]
fn the_library_is_what_lies_on_disk() {
    let on_disk: BTreeMap<String, String> =
        flow_files("stdlib").into_iter().map(|(path, text)| (format!("std/{path}"), text)).collect();
    let built_in =
        compiler::STANDARD_LIBRARY.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let built_in: BTreeMap<String, String> = built_in.collect();
    assert_eq!(built_in.len(), compiler::STANDARD_LIBRARY.len(), "a path stands twice in the library");
    let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&built_in), paths(&on_disk));
    for (path, text) in &built_in {
        assert_eq!(Some(text), on_disk.get(path), "{path}");
    }
}

/// `flowright fmt` leaves the library, the examples and the policies of the suites as they are.
#[test]
fn policies_are_laid_out() {
    let mut wrong = Vec::new();
    for folder in ["stdlib", "examples"] {
        for (path, text) in flow_files(folder) {
            match syntax::format(&text) {
                Ok(formatted) if formatted == text => {}
                Ok(_) => wrong.push(format!("{folder}/{path} is not laid out: run `flowright fmt {folder}`")),
                Err(errors) => wrong.push(format!("{folder}/{path} does not parse: {}", errors[0].message)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every `test` statement of the library holds, and each module that asks for flows has some.
#[test]
fn the_tests_of_the_library_hold() {
    let db = compiler::Database::default();
    let file = |(path, text): &(&str, &str)| {
        compiler::File::new(&db, (*path).to_owned(), (*text).into(), compiler::FileKind::Library)
    };
    let library: Vec<compiler::File> = compiler::STANDARD_LIBRARY.iter().map(file).collect();
    let day = compiler::Date { year: 2026, month: 1, day: 1 };
    let project = compiler::Project::new(&db, Vec::new(), library.clone(), BTreeMap::new(), Vec::new(), day);
    let rows = compiler::library_records(&db, project, None);
    for file in library {
        let outcomes = compiler::run_tests(&db, project, file);
        for outcome in &outcomes {
            assert!(
                outcome.failures.is_empty(),
                "{}: {}: {:?}",
                file.path(&db),
                outcome.title,
                outcome.failures
            );
        }
        let module = file.path(&db).trim_end_matches(".flow").replace('/', ".");
        if rows.iter().any(|row| row.module == module) {
            assert!(!outcomes.is_empty(), "{module} has no test");
        }
    }
}
