//! Texts with mistakes in them.

use std::ops::Range;

/// Panics unless `text` gives these errors (underlined text, message, help), in this order, and leaves `items` items.
#[track_caller]
pub fn check(text: &str, items: usize, expected: &[(&str, &str, &str)]) {
    let parsed = syntax::parse(text);
    let errors: Vec<(&str, &str, &str)> = parsed
        .errors
        .iter()
        .map(|error| {
            let underlined = text.get(Range::<usize>::from(error.range)).expect("the range is in the text");
            (underlined, error.message.as_str(), error.help.as_deref().unwrap_or_default())
        })
        .collect();
    assert_eq!(errors, expected, "{text}");
    assert_eq!(parsed.file.items.len(), items, "{text}");
}
