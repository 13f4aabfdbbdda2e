//! Only the edge of the program touches the machine: below it, text comes in as a value.

use std::collections::BTreeSet;

use super::Violation;
use super::files::{File, line_at};
use super::rust::{code_only, imports, occurrences, out_of_line, without_tests};

/// The crates that may open files, ask the environment, start programs and read the clock. So may
/// xtask and the tests, which are no crates of the program.
const EDGE: &[&str] = &["cli", "lsp"];

/// What reaches out of the program, as a path or a name, and what it does.
const REACHES_OUT: &[(&str, &str)] = &[
    ("std::fs", "opens files"),
    ("File::create", "opens files"),
    ("File::create_new", "opens files"),
    ("File::open", "opens files"),
    ("File::options", "opens files"),
    ("OpenOptions", "opens files"),
    ("std::env", "reads the environment"),
    ("std::process", "starts programs"),
    ("TcpListener", "opens sockets"),
    ("TcpStream", "opens sockets"),
    ("ToSocketAddrs", "asks the name service"),
    ("UdpSocket", "opens sockets"),
    ("UnixDatagram", "opens sockets"),
    ("UnixListener", "opens sockets"),
    ("UnixStream", "opens sockets"),
    ("io::stderr", "writes to the terminal"),
    ("io::stdin", "reads standard input"),
    ("io::stdout", "writes to the terminal"),
    ("SystemTime::now", "reads the clock"),
    ("Timestamp::now", "reads the clock"),
    ("Zoned::now", "reads the clock"),
];

/// Finds the places in crates below the edge, outside code for tests, that reach out of the program.
/// What the compiler evaluates (`env!`, `include_str!`) does not.
pub fn check(files: &[File]) -> Vec<Violation> {
    let sources: Vec<&File> = files.iter().filter(|file| is_below_edge(file)).collect();
    let mut for_tests: Vec<String> = Vec::new();
    let mut codes = Vec::with_capacity(sources.len());
    for file in &sources {
        let split = without_tests(&code_only(file.text()));
        for_tests.extend(split.modules.iter().flat_map(|module| out_of_line(&file.path, module)));
        codes.push(split.code);
    }
    let is_for_tests = |path: &str| {
        for_tests
            .iter()
            .any(|place| if place.ends_with('/') { path.starts_with(place) } else { path == place })
    };
    sources
        .iter()
        .zip(&codes)
        .filter(|(file, _)| !is_for_tests(&file.path))
        .flat_map(|(file, code)| in_code(&file.path, code))
        .collect()
}

fn is_below_edge(file: &File) -> bool {
    let parts: Vec<&str> = file.path.split('/').collect();
    match parts.as_slice() {
        ["crates", name, "src", ..] => !EDGE.contains(name) && file.extension() == "rs",
        _ => false,
    }
}

fn in_code(path: &str, code: &str) -> Vec<Violation> {
    let imports = imports(code);
    let mut found: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (index, (name, _)) in REACHES_OUT.iter().enumerate() {
        for at in occurrences(code, name) {
            // `std::env!` is the macro.
            if !code[at + name.len()..].starts_with('!') {
                found.insert((line_at(code, at), index));
            }
        }
        for (import, at) in &imports {
            if occurrences(import, name).next().is_some() {
                found.insert((line_at(code, *at), index));
            }
        }
    }
    found
        .into_iter()
        .map(|(line, index)| {
            let (name, does) = REACHES_OUT[index];
            let wrong = format!("`{name}` {does}, and this crate is below the edge");
            Violation::new(path, line, wrong, "take what it gives as a value, and let cli or lsp fetch it")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[File::new(path, text)]).into_iter().map(|found| found.line).collect()
    }

    const BELOW: &str = "crates/space/src/a.rs";

    #[test]
    fn each_way_out_is_found() {
        for (name, _) in REACHES_OUT {
            assert_eq!(lines(BELOW, &format!("fn a() {{\n    {name}::b();\n}}\n")), [2], "{name}");
        }
    }

    #[test]
    fn grouped_and_renamed_imports_are_found() {
        assert_eq!(lines(BELOW, "use std::{\n    collections::BTreeMap,\n    fs as files,\n};\n"), [3]);
        assert_eq!(lines(BELOW, "use std::{env::{self, var}, net::{IpAddr, TcpStream}};\n").len(), 2);
        assert_eq!(lines(BELOW, "use std::io::{Read, stdin};\n"), [1]);
    }

    #[test]
    fn the_message_says_what_and_where() {
        let found = check(&[File::new(BELOW, "use std::fs;\n")]);
        assert_eq!(
            found[0].to_string(),
            "crates/space/src/a.rs:1: `std::fs` opens files, and this crate is below the edge; \
             take what it gives as a value, and let cli or lsp fetch it"
        );
    }

    #[test]
    fn the_edge_and_what_is_around_the_program_may() {
        for path in ["crates/cli/src/a.rs", "crates/lsp/src/a.rs", "xtask/src/a.rs", "tests/a.rs"] {
            assert!(lines(path, "use std::fs;\n").is_empty(), "{path}");
        }
    }

    #[test]
    fn comments_texts_macros_and_likenesses_do_not_count() {
        let text = "// std::fs\nconst A: &str = \"std::env\";\nconst B: &str = std::env!(\"C\");\n\
                    use std::net::IpAddr;\nfn d() { SourceFile::open(); std::environment(); }\n";
        assert!(lines(BELOW, text).is_empty());
    }

    #[test]
    fn code_for_tests_may_wherever_it_stands() {
        let inline = "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert!(lines(BELOW, inline).is_empty());
        let files = [
            File::new("crates/space/src/lib.rs", "mod a;\n#[cfg(test)]\nmod b;\n"),
            File::new("crates/space/src/a.rs", "use std::fs;\n"),
            File::new("crates/space/src/b.rs", "use std::fs;\n"),
            File::new("crates/space/src/b/c.rs", "use std::fs;\n"),
        ];
        let found: Vec<String> = check(&files).into_iter().map(|found| found.path).collect();
        assert_eq!(found, ["crates/space/src/a.rs"]);
    }
}
