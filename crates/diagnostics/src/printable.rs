use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that a terminal would obey, or that a reader would not see, written as `\u{1b}`.
///
/// Names come from exports that strangers wrote: an escape sequence could colour, move or erase what is on the
/// screen, a line feed could forge a finding, and a bidirectional override shows a name as another one (CVE-2021-42574).
/// Doing it twice changes nothing more.
pub fn printable(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(|character| !is_printable(character)) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str(&text[..first]);
    for character in text[first..].chars() {
        if is_printable(character) {
            out.push(character);
        } else {
            let _ = write!(out, "{}", character.escape_unicode());
        }
    }
    Cow::Owned(out)
}

/// Whether a character shows itself and does nothing else. Tabs and line feeds do not.
pub(crate) fn is_printable(character: char) -> bool {
    let hidden = character.is_control()
        || matches!(
            character,
            '\u{ad}'                                                // soft hyphen
            | '\u{61c}' | '\u{200e}' | '\u{200f}'                   // marks of direction
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'     // embeddings, overrides and isolates
            | '\u{2028}' | '\u{2029}'                               // line and paragraph separator
            | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' // no width at all
            | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'     // shaping and annotation
            | '\u{e0000}'..='\u{e007f}'                             // tags
        );
    !hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sees_stays_as_it_is() {
        for text in ["FW-0042", "Büro Øst", "事務所 😀", "e\u{301}tage", r"CORP\backup"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        assert_eq!(printable("a\u{1b}[31mb"), r"a\u{1b}[31mb");
        assert_eq!(printable("\u{9b}2J\u{7f}\0"), r"\u{9b}2J\u{7f}\u{0}");
        assert_eq!(printable("one\r\n\ttwo"), r"one\u{d}\u{a}\u{9}two");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{2069}"), r"a\u{202e}b\u{2066}c\u{2069}");
        assert_eq!(printable("al\u{200b}low\u{2028}"), r"al\u{200b}low\u{2028}");
    }

    #[test]
    fn once_is_enough() {
        let once = printable("\u{1b}]0;x\u{7}").into_owned();
        assert_eq!(printable(&once), once);
    }
}
