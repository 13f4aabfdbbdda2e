//! Vendors do not know each other: each folder of a format can be read, copied and deleted alone.

use std::collections::BTreeSet;

use super::Violation;
use super::files::{File, line_at};
use super::rust::{code_only, imports, in_identifier, occurrences};

const FORMATS: &str = "crates/formats/src/";

/// Folders beside the vendors' that are nobody's, and so are everybody's.
const SHARED: &[&str] = &["feed"];

/// Finds the places in a vendor's folder, code for tests included, that name another vendor's module.
///
/// A vendor's folder is one directly in the sources of `formats` that has a README.md and is not
/// named in `SHARED`.
pub fn check(files: &[File]) -> Vec<Violation> {
    check_with(files, SHARED)
}

fn check_with(files: &[File], shared: &[&str]) -> Vec<Violation> {
    let vendors: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(FORMATS)?.strip_suffix("/README.md"))
        .filter(|folder| !folder.contains('/') && !shared.contains(folder))
        .collect();
    files
        .iter()
        .filter(|file| file.extension() == "rs")
        .filter_map(|file| {
            let (folder, path) = file.path.strip_prefix(FORMATS)?.split_once('/')?;
            Some((file, *vendors.get(folder)?, depth(path)))
        })
        .flat_map(|(file, vendor, depth)| in_file(file, vendor, depth, &vendors))
        .collect()
}

/// How many modules lie between the crate and a file, from the file's path below its vendor's folder.
fn depth(path: &str) -> usize {
    let parts = path.split('/').count();
    if path.ends_with("mod.rs") { parts } else { parts + 1 }
}

fn in_file(file: &File, vendor: &str, depth: usize, vendors: &BTreeSet<&str>) -> Vec<Violation> {
    let code = code_only(file.text());
    let mut named: BTreeSet<(usize, &str)> = BTreeSet::new();
    let mut note = |path: &str, at: usize| {
        if let Some(other) = from_root(path, depth).and_then(|name| vendors.get(name))
            && *other != vendor
        {
            named.insert((line_at(&code, at), other));
        }
    };
    for (path, at) in imports(&code) {
        note(&path, at);
    }
    for start in ["crate", "super"] {
        for at in occurrences(&code, start) {
            note(path_at(&code, at), at);
        }
    }
    named
        .into_iter()
        .map(|(line, other)| {
            Violation::new(
                &file.path,
                line,
                format!("`{vendor}` names `{other}`, and vendors do not know each other"),
                format!(
                    "move what both need to {FORMATS}, or, where `{other}` is no vendor, add it to `SHARED` in \
                     xtask/src/tidy/vendors.rs"
                ),
            )
        })
        .collect()
}

/// The path that begins at a place.
fn path_at(code: &str, at: usize) -> &str {
    let rest = &code[at..];
    let end = rest.find(|character| !in_identifier(character) && character != ':').unwrap_or(rest.len());
    &rest[..end]
}

/// The first module of a path that begins at the crate, or that climbs up to it from a file at a depth.
fn from_root(path: &str, depth: usize) -> Option<&str> {
    let mut parts = path.split("::").skip_while(|part| *part == "self").peekable();
    if parts.next_if_eq(&"crate").is_none() {
        let mut climbed = 0;
        while parts.next_if_eq(&"super").is_some() {
            climbed += 1;
        }
        if climbed < depth {
            return None;
        }
    }
    parts.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let readme = |vendor: &str| File::new(&format!("{FORMATS}{vendor}/README.md"), "");
        let files = [readme("nft"), readme("plain"), readme("common"), File::new(path, text)];
        check_with(&files, &["common"]).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn another_vendor_is_found_however_it_is_named() {
        let path = "crates/formats/src/plain/parse.rs";
        assert_eq!(lines(path, "\nuse crate::nft::Rule;\n"), [2]);
        assert_eq!(lines(path, "use crate::{\n    rule::Rule,\n    nft::{Chain, Table},\n};\n"), [3]);
        assert_eq!(lines(path, "fn a() -> crate::nft::Rule {}\n"), [1]);
        assert_eq!(lines(path, "use super::super::nft;\n"), [1]);
        assert_eq!(lines("crates/formats/src/plain/mod.rs", "use super::nft;\n"), [1]);
    }

    #[test]
    fn its_own_modules_and_shared_ones_are_fine() {
        let path = "crates/formats/src/plain/parse.rs";
        assert!(
            lines(path, "use crate::plain::Row;\nuse crate::common::Text;\nuse super::nft;\n").is_empty()
        );
        assert!(lines(path, "// crate::nft\nuse crate::nftables_words;\nuse crate::rule::nft;\n").is_empty());
    }

    #[test]
    fn the_table_of_formats_names_them_all() {
        assert!(lines("crates/formats/src/table.rs", "use crate::{nft, plain};\n").is_empty());
    }

    #[test]
    fn the_message_names_both() {
        let files = [
            File::new("crates/formats/src/a/README.md", ""),
            File::new("crates/formats/src/b/README.md", ""),
            File::new("crates/formats/src/b/mod.rs", "use crate::a;\n"),
        ];
        let found = check(&files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].wrong, "`b` names `a`, and vendors do not know each other");
    }
}
