//! The harness: what it reads, and that what it expects can fail.

use tests::{console, markdown, suite};

const SUITE: &str = "\
# Suite

```flow
role proxy = 10.20.5.4

upload: proxy -> 192.0.2.9 tcp/443
```

## Permitted

```plain
name,action,source,destination,service
upload,permit,10.20.5.4,192.0.2.9,tcp/443
```

```verdicts
upload at edge: met
```

## Denied

```plain
name,action,source,destination,service
no,deny,10.20.5.4,any,any
rest,permit,any,192.0.2.0/24,any
```

```findings overbroad-rule=off conflicting-rules=off
error[missing-flow] \"no,deny,10.20.5.4,any,any\" `upload` does not get through `edge`
  \"proxy -> 192.0.2.9 tcp/443\" required here
  help: `flowright fix` writes a rule that permits it ahead of rule `no`
```
";

#[test]
fn a_suite_that_is_right_passes() {
    let outcome = suite::run("suite.md", SUITE);
    assert_eq!(outcome.failures, Vec::<String>::new());
    assert_eq!(outcome.results.len(), 2);
    assert_eq!(outcome.results[1].headings, ["Suite", "Denied"]);
    assert_eq!(outcome.results[1].found, ["missing-flow"]);
    assert_eq!(outcome.rewritten, None);
}

/// Each of these is one mistake in the suite, and the line at which it is found.
#[test]
fn a_suite_that_is_wrong_fails_and_is_rewritten() {
    let wrong = [
        ("upload at edge: met", "upload at edge: missing", 16),
        ("error[missing-flow]", "warning[missing-flow]", 28),
        ("error[missing-flow]", "error?[missing-flow]", 28),
        ("\"no,deny,10.20.5.4,any,any\" `upload`", "\"no,deny,10.20.5.4,any\" `upload`", 28),
        ("does not get through", "gets through", 28),
        ("  \"proxy -> 192.0.2.9 tcp/443\" required here\n", "", 28),
        ("ahead of rule `no`", "ahead of rule `rest`", 28),
        (" overbroad-rule=off", "", 28),
    ];
    for (right, mistake, line) in wrong {
        let text = SUITE.replacen(right, mistake, 1);
        let outcome = suite::run("suite.md", &text);
        assert_eq!(outcome.failures.len(), 1, "`{mistake}`: {:?}", outcome.failures);
        assert!(outcome.failures[0].starts_with(&format!("suite.md:{line}: ")), "{}", outcome.failures[0]);
        let rewritten = outcome.rewritten.unwrap();
        assert_eq!(suite::run("suite.md", &rewritten).failures, Vec::<String>::new(), "`{mistake}`");
        if mistake.is_empty() != right.starts_with(' ') {
            assert_eq!(rewritten, SUITE, "`{mistake}`");
        }
    }
}

#[test]
fn findings_that_nobody_expects_fail() {
    let start = SUITE.find("```findings").unwrap();
    let outcome = suite::run("suite.md", &SUITE[..start]);
    assert!(
        outcome.failures[0].starts_with("suite.md:20: Suite, Denied: findings differ"),
        "{:?}",
        outcome.failures
    );
    assert!(outcome.rewritten.unwrap().contains("```findings\nnote[conflicting-rules]"));
}

#[test]
fn what_no_suite_says_is_refused() {
    for (right, mistake) in [
        ("```verdicts", "```verdict"),
        ("overbroad-rule=off", "overbroad-rules=off"),
        ("overbroad-rule=off", "overbroad-rule=loud"),
        ("overbroad-rule=off", "as-of=soon"),
        ("```plain\n", "```iptables\n"),
    ] {
        let outcome = suite::run("suite.md", &SUITE.replacen(right, mistake, 1));
        assert!(!outcome.failures.is_empty(), "`{mistake}` passes");
    }
    let open = SUITE.rsplit_once("```").unwrap().0;
    assert!(suite::run("suite.md", open).failures[0].contains("never closed"));
}

#[test]
fn blocks_may_hold_blocks() {
    let text = "# A\n\n````markdown\n```flow\nx\n```\n````\n\n## B\n\n```\n# no heading\n```\n";
    let sections = markdown::sections(text).unwrap();
    let shown: Vec<(&str, Vec<&str>)> = sections
        .iter()
        .map(|section| (section.title, section.blocks.iter().map(|block| block.text).collect()))
        .collect();
    assert_eq!(shown, [("", vec![]), ("A", vec!["```flow\nx\n```\n"]), ("B", vec!["# no heading\n"])]);
}

#[test]
fn commands_are_typed_and_what_they_print_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let right = "```console\n$ echo one; exit 3\none\n[exit 3]\n$ echo two >&2\ntwo\n```\n";
    let replayed = |text: &str| console::replayed(text, folder.path()).unwrap();
    assert_eq!(replayed(right), (right.to_owned(), 2));
    assert_eq!(replayed("```console\n$ echo one; exit 3\n$ echo two >&2\n```\n").0, right);
    assert!(console::replayed("```console\none\n```\n", folder.path()).is_err());
}
