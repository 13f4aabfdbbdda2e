//! Each folder explains itself.

use std::collections::BTreeSet;

use super::Violation;
use super::files::File;

/// Files that somebody writes and somebody has to understand. A folder that holds only others (the
/// exports of a test, recorded snapshots) is explained by the folder above it.
const SOURCES: &[&str] = &["flow", "js", "lua", "md", "pest", "rs", "toml", "ts"];

/// Finds the folders that hold sources and have no README.md, and the READMEs that say nothing.
///
/// Meant are: `crates` and each crate; `xtask`; every folder below their `src`; `examples` and each
/// example; `tests`, `stdlib`, `grammar`, `editors` and every folder below them. Left out are exports
/// and folders named `snapshots`.
pub fn check(files: &[File]) -> Vec<Violation> {
    let explained: BTreeSet<&str> =
        files.iter().filter(|file| file.name() == "README.md").map(File::folder).collect();
    let mut folders = BTreeSet::new();
    for file in files.iter().filter(|file| !file.is_export()) {
        if SOURCES.contains(&file.extension()) {
            folders.insert(file.folder());
        }
        // A folder of folders: only the outermost must say what they are.
        if let Some((top, _)) = file.path.split_once('/') {
            folders.insert(top);
        }
    }
    let unexplained = folders
        .into_iter()
        .filter(|folder| must_explain_itself(folder) && !explained.contains(folder))
        .map(|folder| {
            Violation::new(
                &format!("{folder}/README.md"),
                1,
                "the folder does not explain itself",
                "write what it is, and what it must never know",
            )
        });
    let empty =
        files.iter().filter(|file| file.name() == "README.md" && says_nothing(file.text())).map(|file| {
            Violation::new(
                &file.path,
                1,
                "the README has nothing below its heading",
                "write what the folder is",
            )
        });
    unexplained.chain(empty).collect()
}

fn must_explain_itself(folder: &str) -> bool {
    let parts: Vec<&str> = folder.split('/').collect();
    if parts.contains(&"snapshots") {
        return false;
    }
    match parts.as_slice() {
        ["crates"] | ["crates", _] | ["xtask"] => true,
        ["crates", _, "src", rest @ ..] | ["xtask", "src", rest @ ..] => !rest.is_empty(),
        ["examples"] | ["examples", _] => true,
        ["tests" | "stdlib" | "grammar" | "editors", ..] => true,
        _ => false,
    }
}

fn says_nothing(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unexplained(paths: &[&str]) -> Vec<String> {
        let files: Vec<File> = paths.iter().map(|path| File::new(path, "# Name\n\nWhat it is.\n")).collect();
        check(&files).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn folders_with_sources_need_one() {
        assert_eq!(
            unexplained(&[
                "Cargo.toml",
                "crates/formats/Cargo.toml",
                "crates/formats/src/lib.rs",
                "crates/formats/src/plain/parse.rs",
                "editors/code/extension.ts",
                "examples/oslo/policy.flow",
                "grammar/flow.pest",
                "stdlib/std/veeam/vb365.flow",
                "tests/harness/lib.rs",
                "xtask/src/tidy/mod.rs",
            ]),
            [
                "crates/README.md",
                "crates/formats/README.md",
                "crates/formats/src/plain/README.md",
                "editors/README.md",
                "editors/code/README.md",
                "examples/README.md",
                "examples/oslo/README.md",
                "grammar/README.md",
                "stdlib/README.md",
                "stdlib/std/veeam/README.md",
                "tests/README.md",
                "tests/harness/README.md",
                "xtask/README.md",
                "xtask/src/tidy/README.md",
            ]
        );
    }

    #[test]
    fn folders_of_data_and_explained_folders_need_none() {
        assert_eq!(
            unexplained(&[
                "tests/README.md",
                "tests/exports/oslo/edge.json",
                "tests/suites/README.md",
                "tests/suites/data/rules.csv",
                "tests/suites/snapshots/a.md",
                "examples/README.md",
                "examples/oslo/README.md",
                "examples/oslo/exports/edge.json",
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_heading_alone_explains_nothing() {
        let found = check(&[File::new("stdlib/README.md", "# The library\n\n")]);
        assert_eq!(found.len(), 1);
        assert!(found[0].wrong.contains("nothing below its heading"));
    }
}
