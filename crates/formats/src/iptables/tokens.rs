use std::borrow::Cow;

/// One argument of a rule, as `iptables-restore` would hand it on.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// Without quotes and escapes.
    pub text: Cow<'a, str>,
    /// Bytes of the export.
    pub start: usize,
    pub end: usize,
    /// Whether a quote opened it: then a leading `-` or `!` is text.
    pub quoted: bool,
}

/// Splits `text`, which stands at byte `offset` of the export, the way `iptables-restore` does: blanks part
/// arguments, a double quote holds blanks together and ends its argument where it closes, and inside of it a backslash
/// keeps the next character. Outside of quotes a backslash and an apostrophe are ordinary characters.
///
/// `None` where a quote stays open.
pub(super) fn split<'a>(text: &'a str, offset: usize, out: &mut Vec<Token<'a>>) -> Option<()> {
    out.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if is_blank(byte) {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).is_some_and(|byte| !is_blank(*byte) && *byte != b'"') {
            at += 1;
        }
        let plain = &text[start..at];
        if bytes.get(at) != Some(&b'"') {
            out.push(Token {
                text: Cow::Borrowed(plain),
                start: offset + start,
                end: offset + at,
                quoted: false,
            });
            continue;
        }
        let (inside, end) = quoted(text, at + 1)?;
        at = end;
        let text = if plain.is_empty() { inside } else { Cow::Owned([plain, &inside].concat()) };
        out.push(Token { text, start: offset + start, end: offset + at, quoted: plain.is_empty() });
    }
    Some(())
}

/// What stands between the quote before `from` and the next one, and the place after that one.
fn quoted(text: &str, from: usize) -> Option<(Cow<'_, str>, usize)> {
    let rest = text.get(from..)?;
    let end = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
    if rest.as_bytes().get(end) == Some(&b'"') {
        return Some((Cow::Borrowed(&rest[..end]), from + end + 1));
    }
    let mut inside = rest[..end].to_owned();
    let mut characters = rest[end..].char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Cow::Owned(inside), from + end + at + 1)),
            '\\' => inside.push(characters.next()?.1),
            other => inside.push(other),
        }
    }
    None
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

/// `word` as an argument in a file for `iptables-restore`.
pub(super) fn for_restore(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,+@%^=~".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    let mut out = String::with_capacity(word.len() + 2);
    out.push('"');
    for character in word.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    Cow::Owned(out)
}

/// `word` as an argument of a command in a POSIX shell.
pub(super) fn for_shell(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,+@%^=".contains(c);
    if word == "!" || !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        let mut out = Vec::new();
        split(text, 0, &mut out)?;
        Some(out.into_iter().map(|token| token.text.into_owned()).collect())
    }

    fn list(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn quotes_hold_blanks_together_and_end_an_argument() {
        assert_eq!(
            words(r#" -m comment  --comment "a b"  -j X "#),
            list(&["-m", "comment", "--comment", "a b", "-j", "X"])
        );
        assert_eq!(words(r#""a""b""#), list(&["a", "b"]));
        assert_eq!(words(r#"a"b c"d"#), list(&["ab c", "d"]));
        assert_eq!(words(r#""" x"#), list(&["", "x"]));
    }

    #[test]
    fn a_backslash_counts_inside_of_quotes_only() {
        assert_eq!(words(r#""a\"b\\c""#), list(&[r#"a"b\c"#]));
        assert_eq!(words(r"'a\b c'"), list(&[r"'a\b", "c'"]));
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert_eq!(words(r#"-s "10.0.0.1"#), None);
        assert_eq!(words(r#"-s "10.0.0.1\"#), None);
        assert_eq!(words(r#"""#), None);
    }

    #[test]
    fn what_is_quoted_for_a_file_is_read_back() {
        for word in
            ["plain", "two words", r#"a "quoted" word"#, r"back\slash", "", "-test", "#not a comment", "ü ä"]
        {
            assert_eq!(words(&for_restore(word)), list(&[word]), "{word}");
        }
    }

    #[test]
    fn a_shell_sees_one_word() {
        assert_eq!(for_shell("10.0.0.0/8"), "10.0.0.0/8");
        assert_eq!(for_shell("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(for_shell(""), "''");
        assert_eq!(for_shell("a;reboot"), "'a;reboot'");
    }
}
