//! The files that the checks look at.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// A file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// From the root of the repository, with `/` between folders.
    pub path: String,
    /// Nothing when the file is not UTF-8.
    pub text: Option<String>,
}

impl File {
    #[cfg(test)]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: Some(text.to_owned()) }
    }

    /// The text, or an empty one where the file is not UTF-8.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What follows the last dot of the name, or nothing.
    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The folder, without a slash at its end; empty for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Exports stay as a firewall writes them: tabs, blanks, comments, encoding and all.
    pub fn is_export(&self) -> bool {
        let mut folders = self.folder().split('/');
        match folders.next() {
            Some("tests") => folders.next() == Some("exports"),
            Some("examples") => folders.nth(1) == Some("exports"),
            _ => false,
        }
    }
}

/// The line of a byte of a text, counted from 1.
pub fn line_at(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Reads every file that git tracks or would track, in the order of their paths.
pub fn read(root: &Path) -> Result<Vec<File>, String> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("`git` did not start: {error}; install git"))?;
    if !listing.status.success() {
        return Err(format!(
            "`git ls-files` failed: {}; run tidy in a git checkout",
            String::from_utf8_lossy(&listing.stderr).trim().escape_debug()
        ));
    }
    let mut paths: Vec<String> = listing
        .stdout
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| {
            String::from_utf8(path.to_vec()).map_err(|_| {
                format!(
                    "`{}` is not a UTF-8 name; rename the file",
                    String::from_utf8_lossy(path).escape_debug()
                )
            })
        })
        .collect::<Result<_, _>>()?;
    paths.sort();
    paths.dedup();

    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        match fs::read(root.join(&path)) {
            Ok(bytes) => files.push(File { path, text: String::from_utf8(bytes).ok() }),
            // Tracked, and deleted in the checkout.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(format!("cannot read `{}`: {error}; make it readable", path.escape_debug()));
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_falls_into_its_parts() {
        let file = File::new("crates/space/src/set.rs", "");
        assert_eq!((file.folder(), file.name(), file.extension()), ("crates/space/src", "set.rs", "rs"));
        let file = File::new("LICENSE", "");
        assert_eq!((file.folder(), file.name(), file.extension()), ("", "LICENSE", ""));
    }

    #[test]
    fn exports_are_those_below_tests_and_the_examples() {
        for path in ["tests/exports/a.csv", "tests/exports/x/b", "examples/oslo/exports/edge.xml"] {
            assert!(File::new(path, "").is_export(), "{path}");
        }
        for path in ["exports/a", "tests/a/exports/b", "examples/exports", "examples/oslo/policy.flow"] {
            assert!(!File::new(path, "").is_export(), "{path}");
        }
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!([0, 1, 2, 3, 9].map(|byte| line_at("a\nb\n", byte)), [1, 1, 2, 2, 3]);
    }
}
