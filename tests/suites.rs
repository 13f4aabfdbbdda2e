use tests::folder::{files_below, root};
use tests::{suite, updating};

/// Every Markdown file below `suites`, each of whose headings is a test. `FLOWRIGHT_SUITE` runs those only whose path
/// has its value in it.
#[test]
fn suites() {
    let folder = root().join("tests/suites");
    let only = std::env::var("FLOWRIGHT_SUITE").unwrap_or_default();
    let files = files_below(&folder).into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default();
        path.extension().is_some_and(|extension| extension == "md") && name != "README.md"
    });
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files.filter(|path| path.to_string_lossy().contains(&only)) {
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        let shown = format!("tests/suites/{}", file.display());
        let outcome = suite::run(&shown, &text);
        assert!(!outcome.results.is_empty() || !outcome.failures.is_empty(), "{shown} has no test");
        count += outcome.results.len();
        match outcome.rewritten {
            Some(rewritten) if updating() => {
                std::fs::write(folder.join(&file), rewritten).unwrap();
                println!("rewritten: {shown}");
                failures
                    .extend(outcome.failures.into_iter().filter(|failure| !failure.contains(" differ\n")));
            }
            _ => failures.extend(outcome.failures),
        }
    }
    println!("{count} tests in Markdown");
    assert!(count > 0, "no suite was run");
    assert!(failures.is_empty(), "{} of {count} tests:\n\n{}", failures.len(), failures.join("\n"));
}
