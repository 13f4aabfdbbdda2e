//! Whatever the texts hold and wherever the labels point, every renderer answers, and truly.

use proptest::prelude::*;

use super::specimens::Texts;
use super::*;
use crate::printable::is_printable;
use crate::{FileId, Finding, Label, Level, Span, TextRange, sort};

/// Short and long lines of narrow, wide, joined, forbidden and line-ending characters.
fn any_text() -> impl Strategy<Value = String> {
    let part = "[a-c {}ø世😀\t\r\n\u{0}\u{1b}\u{85}\u{301}\u{200b}\u{202e}\u{2028}]{0,12}";
    let repeated = (part, prop_oneof![3 => 1usize..3, 1 => 1usize..120]);
    let parts = prop::collection::vec(repeated.prop_map(|(part, times)| part.repeat(times)), 0..6);
    parts.prop_map(|parts| parts.concat())
}

fn any_offset() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0u32..60, 4 => 0u32..2000, 1 => Just(u32::MAX)]
}

fn any_label() -> impl Strategy<Value = Label> {
    let text = prop_oneof![Just(String::new()), Just("text".to_owned()), Just("te\nx\u{1b}t".to_owned())];
    (0u32..2, any_offset(), any_offset(), any::<bool>(), text).prop_map(
        |(file, start, end, primary, text)| {
            // Not `TextRange::new`, which would put the two in order.
            let range = TextRange { start, end };
            Label { place: Span { file: FileId(file), range }, primary, text }
        },
    )
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let labels = prop::collection::vec(any_label(), 0..8);
    (labels, "[a\u{1b}\n ]{0,30}").prop_map(|(labels, note)| {
        let mut finding = Finding::new("a-check", Level::Error, note.clone()).note(note.clone()).help(note);
        finding.labels = labels;
        finding
    })
}

fn any_style() -> impl Strategy<Value = Style> {
    (any::<bool>(), prop::option::of(0u16..200)).prop_map(|(ascii, width)| Style {
        colour: false,
        ascii,
        width,
    })
}

fn two_files(one: String, other: String) -> Texts {
    Texts(vec![("one".to_owned(), one), ("other".to_owned(), other)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_renderer_answers(
        one in any_text(),
        other in any_text(),
        mut findings in prop::collection::vec(any_finding(), 0..3),
        style in any_style(),
    ) {
        let texts = two_files(one, other);
        sort(&mut findings, &texts);

        let full = full(&findings, &texts, style);
        let forbidden = full.chars().find(|character| *character != '\n' && !is_printable(*character));
        prop_assert_eq!(forbidden, None, "{}", full);
        prop_assert!(!full.lines().any(|line| line.ends_with(' ')), "{}", full);
        prop_assert_eq!(full.matches("error[a-check]: ").count() + full.matches("error[a-check]:\n").count(), findings.len());

        let concise = concise(&findings, &texts);
        prop_assert!(!concise.chars().any(|character| character != '\n' && !is_printable(character)));
        prop_assert_eq!(concise.lines().count(), findings.len());

        let json = findings_json(&findings, &texts);
        prop_assert_eq!(json.as_array().map(Vec::len), Some(findings.len()));
    }

    /// In every file, the head of the excerpt and the JSON say the same place.
    #[test]
    fn every_renderer_says_the_same_place(text in any_text(), start in any_offset(), length in 0u32..50) {
        let texts = two_files(text, String::new());
        let range = TextRange { start, end: start.saturating_add(length) };
        let span = Span { file: FileId(0), range };
        let findings = [Finding::new("a-check", Level::Error, "message").primary(span, "text")];

        let label = &findings_json(&findings, &texts)[0]["labels"][0];
        let place = format!("one:{}:{}", label["line"], label["column"]);
        let full = full(&findings, &texts, Style::default());
        prop_assert_eq!(full.lines().nth(1).and_then(|line| line.split(' ').next_back()), Some(place.as_str()));
        let headed = concise(&findings, &texts).starts_with(&(place + ": "));
        prop_assert!(headed);
    }

    /// The carets stand under the label's text, in whole lines and in cut ones, whatever else is marked there.
    #[test]
    fn carets_stand_under_the_text(
        numbers in 0usize..300,
        start in 0usize..1500,
        length in 0usize..300,
        other in prop::option::of((0usize..1500, 0usize..300)),
        style in any_style(),
    ) {
        // No two parts of it look alike.
        let line: String = (0..numbers).map(|number| format!("{number}.")).collect();
        let span = |start: usize, length: usize| {
            let start = start.min(line.len());
            Span { file: FileId(0), range: TextRange::new(start, (start + length).min(line.len())) }
        };
        let texts = two_files(line.clone(), String::new());
        let mut finding = Finding::new("a-check", Level::Error, "message").primary(span(start, length), "text");
        if let Some((start, length)) = other {
            finding = finding.secondary(span(start, length), "other");
        }
        let range = finding.labels[0].place.range;
        let labelled = &line[range.start as usize..range.end as usize];

        let full = full(&[finding], &texts, style);
        let lines: Vec<Vec<char>> = full.lines().map(|line| line.chars().collect()).collect();
        let (source, carets) = (&lines[3], &lines[4]);
        let under: Vec<usize> = (0..carets.len()).filter(|column| carets[*column] == '^').collect();
        let above: String = under.iter().filter_map(|column| source.get(*column)).collect();
        prop_assert!(!under.is_empty(), "{}", full);

        let parts: Vec<&str> = above.split(if style.ascii { "[...]" } else { "…" }).collect();
        if labelled.is_empty() {
            prop_assert!(line[range.start as usize..].starts_with(&above), "{}", full);
        } else if parts.len() == 1 {
            prop_assert_eq!(&above, labelled, "{}", full);
        } else {
            let head = parts[0];
            prop_assert!(head.len() >= 10 && labelled.starts_with(head), "{}", full);
            prop_assert!(parts.iter().all(|part| labelled.contains(part)), "{}", full);
        }
    }

    /// What is shown does not grow with the line.
    #[test]
    fn a_long_line_gives_a_short_report(
        unit in "[a世\t\u{1b}]{1,5}",
        labels in prop::collection::vec(any_label(), 1..4),
        style in any_style(),
    ) {
        let texts = two_files(unit.repeat(20_000), unit.repeat(20_000));
        let mut finding = Finding::new("a-check", Level::Error, "message");
        finding.labels = labels;
        let full = full(&[finding], &texts, style);
        prop_assert!(full.len() < 40_000, "{}", full.len());
    }
}
