use tests::folder::{copy_of, root};
use tests::{console, updating};

/// The commands in the README of each example print what the README says, in a copy of the example.
#[test]
fn examples() {
    let folder = root().join("examples");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.is_dir());
    names.sort();
    assert!(!names.is_empty(), "there is no example");
    let mut failures = Vec::new();
    for example in names {
        let readme = example.join("README.md");
        let shown = readme.strip_prefix(root()).unwrap_or(&readme).display().to_string();
        let text = std::fs::read_to_string(&readme).unwrap_or_else(|_| panic!("{shown} is not there"));
        let copy = copy_of(&example);
        match console::replayed(&text, copy.path()) {
            Err(wrong) => failures.push(format!("{shown}:{wrong}")),
            Ok((_, 0)) => failures.push(format!("{shown}:1: no command is shown")),
            Ok((replayed, _)) if replayed == text => {}
            Ok((replayed, _)) if updating() => std::fs::write(&readme, replayed).unwrap(),
            Ok((replayed, _)) => failures.push(console::first_difference(&shown, &text, &replayed)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
