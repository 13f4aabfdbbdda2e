use tests::folder::root;
use tests::{suite, updating};

/// What the page of every check has.
const SECTIONS: [&str; 7] = [
    "What it does",
    "Why it matters",
    "Example (failing)",
    "Example (passing)",
    "How to fix",
    "Fix safety",
    "Limits",
];

/// The page of each check: it has every section, its failing examples have findings of this check and of no other, and
/// its passing examples have none.
#[test]
fn pages() {
    let mut failures = Vec::new();
    for check in checks::CHECKS {
        let path = format!("crates/checks/src/{}.md", check.name.replace('-', "_"));
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        let outcome = suite::run(&path, &text);
        match outcome.rewritten {
            Some(rewritten) if updating() => std::fs::write(root().join(&path), rewritten).unwrap(),
            _ => failures.extend(outcome.failures),
        }
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        if headings != SECTIONS || !text.starts_with(&format!("# {}\n", check.name)) {
            failures.push(format!(
                "{path}:1: the page has the sections {headings:?}, and should have {SECTIONS:?}"
            ));
        }
        let of = |section: &str| {
            outcome
                .results
                .iter()
                .filter(|test| test.headings.iter().any(|it| it == section))
                .collect::<Vec<_>>()
        };
        let (failing, passing) = (of("Example (failing)"), of("Example (passing)"));
        if failing.is_empty() || passing.is_empty() || failing.len() + passing.len() != outcome.results.len()
        {
            failures.push(format!(
                "{path}:1: a page has examples that fail, and examples that pass, and no other"
            ));
        }
        for test in failing {
            if test.found.is_empty() || test.found.iter().any(|found| found != check.name) {
                failures.push(format!("{path}:{}: the example has findings of {:?}", test.line, test.found));
            }
        }
        for test in passing.into_iter().filter(|test| !test.found.is_empty()) {
            failures.push(format!("{path}:{}: the example has findings of {:?}", test.line, test.found));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
