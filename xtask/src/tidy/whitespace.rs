//! Text files are UTF-8, end with one line break, and carry neither trailing blanks nor stray tabs.

use super::Violation;
use super::files::File;

/// What people write, and so what must be text.
const SOURCES: &[&str] = &["flow", "md", "pest", "rs", "toml"];
/// A tab has no fixed width, and these are read in columns.
const NO_TABS: &[&str] = &["flow", "md", "rs"];

/// Finds violations in every file but exports, which stay as the firewall wrote them, and recorded
/// snapshots, which stay as the program wrote them.
pub fn check(files: &[File]) -> Vec<Violation> {
    files
        .iter()
        .filter(|file| !file.is_export() && file.extension() != "snap")
        .flat_map(|file| match &file.text {
            Some(text) => in_text(file, text),
            None if SOURCES.contains(&file.extension()) => {
                vec![Violation::new(&file.path, 1, "the file is not UTF-8", "save it as UTF-8")]
            }
            None => Vec::new(),
        })
        .collect()
}

fn in_text(file: &File, text: &str) -> Vec<Violation> {
    let no_tabs = NO_TABS.contains(&file.extension());
    let mut found = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if line.ends_with('\r') {
            found.push(Violation::new(
                &file.path,
                index + 1,
                "the line ends with a carriage return",
                "end lines with a line feed alone",
            ));
        } else if line.ends_with(char::is_whitespace) {
            found.push(Violation::new(&file.path, index + 1, "the line ends with blanks", "delete them"));
        }
        if no_tabs && line.contains('\t') {
            found.push(Violation::new(&file.path, index + 1, "the line has a tab", "write spaces"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        let last = text.split('\n').count();
        found.push(Violation::new(&file.path, last, "the last line has no line break", "add one"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<(usize, String)> {
        check(&[File::new(path, text)]).into_iter().map(|found| (found.line, found.wrong)).collect()
    }

    #[test]
    fn trailing_blanks_and_carriage_returns() {
        assert_eq!(
            lines("a.toml", "a\nb \nc\r\nd\t\n"),
            [
                (2, "the line ends with blanks".to_owned()),
                (3, "the line ends with a carriage return".to_owned()),
                (4, "the line ends with blanks".to_owned()),
            ]
        );
    }

    #[test]
    fn the_last_line_ends() {
        assert_eq!(lines("a.yml", "a\nb"), [(2, "the last line has no line break".to_owned())]);
        assert!(lines("a.yml", "").is_empty());
        assert!(lines("a.yml", "a\n").is_empty());
    }

    #[test]
    fn tabs_are_for_other_files() {
        for path in ["a.rs", "a.flow", "a.md"] {
            assert_eq!(lines(path, "\ta\n"), [(1, "the line has a tab".to_owned())]);
        }
        assert!(lines("Makefile", "\ta\n").is_empty());
    }

    #[test]
    fn exports_and_snapshots_stay_as_they_were_written() {
        for path in ["tests/exports/a.md", "examples/oslo/exports/a", "tests/cli/a.snap"] {
            assert!(lines(path, "a \t\r\nb").is_empty(), "{path}");
        }
    }

    #[test]
    fn sources_are_utf_8_and_other_files_may_be_binary() {
        let binary = |path: &str| File { path: path.to_owned(), text: None };
        assert_eq!(check(&[binary("a.rs"), binary("a.png"), binary("tests/exports/latin.md")]).len(), 1);
    }
}
