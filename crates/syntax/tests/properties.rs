//! What holds for every text.

mod support;

use proptest::prelude::*;
use support::{generate, places, written};
use syntax::{format, parse};

/// Every comment of a text whose quoted texts have no `#` in them, doc comments included, sorted.
fn comments(text: &str) -> Vec<String> {
    let mut comments: Vec<String> = text
        .lines()
        .filter_map(|line| line.find('#').map(|start| line[start..].trim_end().to_owned()))
        .collect();
    comments.sort();
    comments
}

/// Errors have places in the text and say something, and what is left has its places too.
fn check_any(text: &str) {
    let parsed = parse(text);
    for error in &parsed.errors {
        let range = std::ops::Range::<usize>::from(error.range);
        assert!(text.get(range.clone()).is_some(), "{range:?} of {error:?}");
        assert!(!error.message.is_empty() && !error.label.is_empty() && error.help.is_some(), "{error:?}");
        assert!(!error.message.ends_with('.') && !error.message.contains('\n'), "{error:?}");
    }
    assert!(parsed.errors.is_sorted_by_key(|error| error.range));
    match format(text) {
        Err(errors) => assert_eq!(errors, parsed.errors),
        Ok(formatted) => check_formatted(text, &formatted),
    }
}

fn check_formatted(text: &str, formatted: &str) {
    let again = format(formatted).expect("what was formatted has no mistake");
    assert_eq!(again, formatted, "formatting twice");
    assert_eq!(written::file(&parse(formatted).file), written::file(&parse(text).file), "the meaning");
    assert!(formatted.is_empty() || formatted.ends_with('\n'));
    assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n') && !formatted.contains('\r'));
    assert!(formatted.lines().all(|line| line.trim_end() == line));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_policy_without_mistakes_has_no_errors_and_true_places(text in generate::policy()) {
        let parsed = parse(&text);
        prop_assert_eq!(&parsed.errors, &[], "{}", text);
        prop_assert!(parsed.broken_names.is_empty());
        places::check(&text, &parsed.file);
    }

    #[test]
    fn formatting_changes_neither_meaning_nor_comments(text in generate::policy()) {
        let formatted = format(&text).expect("the policy has no mistake");
        check_formatted(&text, &formatted);
        prop_assert_eq!(comments(&formatted), comments(&text));
    }

    #[test]
    fn a_blank_line_above_changes_no_item(text in generate::policy()) {
        let text = text.trim_start_matches('\u{feff}');
        let moved = parse(&format!("\n{text}")).file;
        for (item, moved) in parse(text).file.items.iter().zip(&moved.items) {
            prop_assert_eq!(item.range.shifted_by(1), moved.range);
            prop_assert_eq!(&item.kind, &moved.kind);
        }
    }

    #[test]
    fn mutated_policies_are_read(text in generate::mutated()) {
        check_any(&text);
    }

    #[test]
    fn tokens_in_any_order_are_read(text in generate::soup()) {
        check_any(&text);
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check_any(&text);
    }

    #[test]
    fn what_is_left_of_a_mutated_policy_has_its_places(text in generate::mutated()) {
        // An unclosed bracket is read as if it were closed: then the last range has no bracket at its end.
        let parsed = parse(&text);
        if !parsed.errors.iter().any(|error| error.message.ends_with("is never closed")) {
            places::check(&text, &parsed.file);
        }
    }
}
