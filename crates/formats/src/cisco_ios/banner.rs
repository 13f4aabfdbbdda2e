//! What may hold anything: banners, and the hexadecimal of certificates.

use std::collections::BTreeSet;

use super::lines::{Line, Lines};

/// The end of a banner, and where to look for it.
pub enum Delimiter {
    /// A character, which may stand anywhere in a line.
    Character(char, usize),
    /// The control character ETX, which `show` writes as `^C`.
    Caret(usize),
    /// A line of its own (EOS).
    Line(usize),
}

/// The kinds of `banner` (IOS Terminal Services Command Reference, "banner").
const KINDS: [&str; 7] = ["motd", "login", "exec", "incoming", "slip-ppp", "prompt-timeout", "config-save"];

/// A banner closes with one of few characters: who has so many has no banners.
const MOST_DELIMITERS: usize = 16;

/// The delimiter of the banner that begins in this line.
pub fn delimiter(line: Line<'_>, text: &str) -> Option<Delimiter> {
    let rest = line.text.strip_prefix("banner ")?;
    let after_kind = KINDS.iter().find_map(|kind| rest.trim_ascii_start().strip_prefix(kind));
    let body = after_kind.unwrap_or(rest);
    if after_kind.is_some() && !body.is_empty() && !body.starts_with([' ', '\t']) {
        return None;
    }
    let body = body.trim_ascii_start();
    // Where the body is a slice of the text, as every part of a line is.
    let start = line.start + (line.text.len() - body.len());
    let Some(first) = body.chars().next() else {
        return text
            .get(line.start + line.text.len()..)
            .map(|_| Delimiter::Line(line.start + line.text.len()));
    };
    Some(match body.starts_with("^C") {
        true => Delimiter::Caret(start + 2),
        false => Delimiter::Character(first, start + first.len_utf8()),
    })
}

/// Where the banner ends, after its delimiter.
pub fn end(text: &str, delimiter: &Delimiter, never_closed: &mut BTreeSet<char>) -> Option<usize> {
    match delimiter {
        Delimiter::Caret(from) => {
            if never_closed.contains(&'^') {
                return None;
            }
            let found = text.get(*from..)?.find("^C");
            if found.is_none() {
                never_closed.insert('^');
            }
            found.map(|at| from + at + 2)
        }
        Delimiter::Character(character, from) => {
            if never_closed.contains(character) || never_closed.len() >= MOST_DELIMITERS {
                return None;
            }
            let found = text.get(*from..)?.find(*character);
            if found.is_none() {
                never_closed.insert(*character);
            }
            found.map(|at| from + at + character.len_utf8())
        }
        Delimiter::Line(from) => {
            if never_closed.contains(&'\n') {
                return None;
            }
            let mut at = *from;
            for line in text.get(*from..)?.split_inclusive('\n') {
                if line.trim_ascii() == "EOF" {
                    return Some(at + line.trim_ascii_end().len());
                }
                at += line.len();
            }
            never_closed.insert('\n');
            None
        }
    }
}

/// The end of the certificate that begins before `lines`: a line `quit`, after hexadecimal alone.
pub fn end_of_certificate(lines: &Lines<'_>) -> Option<usize> {
    for line in lines.clone() {
        if line.text == "quit" {
            return Some(line.start + line.text.len());
        }
        if !line.text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b' ') {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(text: &str) -> Option<&str> {
        let line = Lines::new(text).next()?;
        let delimiter = delimiter(line, text)?;
        text.get(end(text, &delimiter, &mut BTreeSet::new())?..)
    }

    #[test]
    fn banners_end_where_their_delimiter_comes_again() {
        assert_eq!(banner("banner motd ^C\naccess-list 1 permit any\n^C\nend"), Some("\nend"));
        assert_eq!(banner("banner login # no entry # x"), Some(" x"));
        assert_eq!(banner("banner motd ^\nhi ^C x\n^ y"), Some("C x\n^ y"));
        assert_eq!(banner("banner motd\nhi\nEOF\nend"), Some("\nend"));
        assert_eq!(banner("banner motd \u{3}\nhi ^C\n\u{3}\nend"), Some("\nend"));
        assert_eq!(banner("banner motd ^C\nnever closed"), None);
    }
}
