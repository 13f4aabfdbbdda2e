//! Names with wildcards in them, as feeds write them: `*.sharepoint.com`, `autodiscover.*.onmicrosoft.com`,
//! `*cdn.onenote.net`.
//!
//! A leading `*.` stands for one or more labels, as in policies. Any other `*` stands for one or more characters of
//! one label: the narrowest reading that vendors can mean, so that no address is claimed for a host that the vendor
//! may not have meant. (Microsoft lists `autodiscover.*.mail.onmicrosoft.com` beside
//! `autodiscover.*.onmicrosoft.com`, which would be idle if the star crossed dots.)

use std::net::IpAddr;

/// The longest DNS name, without a final dot (RFC 1035 section 2.3.4).
const LONGEST: usize = 253;

/// A name or wildcard in lower case and without a final dot; `None` for what is neither.
///
/// The last two labels are needed, the last one whole: `*` and `*.` alone would speak of every host there is.
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*');
    let (rest, last) = name.rsplit_once('.')?;
    let whole = !last.contains('*') && !last.bytes().all(|byte| byte.is_ascii_digit());
    let sound = name.len() <= LONGEST
        && name.bytes().all(fits)
        && rest.split('.').all(|label| !label.is_empty())
        && !last.is_empty()
        && !name.contains("**")
        && name.parse::<IpAddr>().is_err();
    (sound && whole).then_some(name)
}

/// Whether every host of `specific`, a name or wildcard, is surely one of `general`. Both are [`normal`].
pub fn covers(general: &str, specific: &str) -> bool {
    // A star of `specific` is covered as a character of its label would be; a leading `*.` there has more labels than
    // one, and only a leading `*.` covers those.
    let many_labels = |pattern: &str| pattern.starts_with("*.");
    if general == specific {
        return true;
    }
    if many_labels(specific) && !many_labels(general) {
        return false;
    }
    let tokens: Vec<Token> = tokens(general);
    let characters = specific.bytes().map(Token::Character).collect::<Vec<_>>();
    meet(&tokens, &characters)
}

/// Whether some host could be both. Both are [`normal`].
pub fn overlaps(one: &str, other: &str) -> bool {
    let tail = |pattern: &str| pattern.rfind('*').map_or(0, |star| star + 1);
    let (a, b) = (&one[tail(one)..], &other[tail(other)..]);
    (a.ends_with(b) || b.ends_with(a)) && meet(&tokens(one), &tokens(other))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Character(u8),
    /// One or more characters of one label.
    InLabel,
    /// One or more characters, dots among them.
    Labels,
}

fn tokens(pattern: &str) -> Vec<Token> {
    let leading = pattern.starts_with("*.");
    let token = |(at, byte)| match byte {
        b'*' if at == 0 && leading => Token::Labels,
        b'*' => Token::InLabel,
        _ => Token::Character(byte),
    };
    pattern.bytes().enumerate().map(token).collect()
}

/// Whether one text can be read as both: a walk over pairs of places, each visited once.
fn meet(one: &[Token], other: &[Token]) -> bool {
    let width = other.len() + 1;
    let mut seen = vec![false; (one.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if std::mem::replace(&mut seen[i * width + j], true) {
            continue;
        }
        let (Some(a), Some(b)) = (one.get(i), other.get(j)) else {
            if i == one.len() && j == other.len() {
                return true;
            }
            continue;
        };
        if !share(*a, *b) {
            continue;
        }
        // One character is read as both; a star may go on or be over.
        let after = |token: Token, at: usize| match token {
            Token::Character(_) => [Some(at + 1), None],
            Token::InLabel | Token::Labels => [Some(at + 1), Some(at)],
        };
        for next in after(*a, i).into_iter().flatten() {
            open.extend(after(*b, j).into_iter().flatten().map(|other| (next, other)));
        }
    }
    false
}

/// Whether one character can be read as both.
fn share(one: Token, other: Token) -> bool {
    match (one, other) {
        (Token::Character(a), Token::Character(b)) => a == b,
        (Token::Character(b'.'), Token::InLabel) | (Token::InLabel, Token::Character(b'.')) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_is_none() {
        assert_eq!(normal(" Outlook.Example.COM. ").as_deref(), Some("outlook.example.com"));
        assert_eq!(normal("*cdn.example.net").as_deref(), Some("*cdn.example.net"));
        for text in [
            "",
            "*",
            "*.",
            ".",
            "com",
            "*.*",
            "a..b",
            ".a.b",
            "a b.com",
            "https://a.b",
            "a.b/c",
            "a.b:443",
            "192.0.2.1",
            "2001:db8::1",
            "a.*",
            "x.**.com",
            "bücher.example",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
        assert_eq!(normal(&"a.".repeat(200)), None);
    }

    #[test]
    fn a_leading_star_is_labels_and_another_is_a_part_of_one() {
        assert!(covers("*.example.com", "a.example.com") && covers("*.example.com", "a.b.example.com"));
        assert!(covers("*.example.com", "*.b.example.com"));
        assert!(!covers("*.example.com", "example.com") && !covers("*.example.com", "anexample.com"));
        assert!(covers("auto.*.example.com", "auto.a.example.com"));
        assert!(!covers("auto.*.example.com", "auto.a.b.example.com"));
        assert!(!covers("auto.*.example.com", "auto.example.com"));
        assert!(covers("*cdn.example.net", "firstcdn.example.net"));
        assert!(!covers("*cdn.example.net", "cdn.example.net"));
        assert!(!covers("*cdn.example.net", "a.cdn.example.net"));
        assert!(covers("*.example.com", "a.*.example.com") && !covers("a.*.example.com", "*.example.com"));
        assert!(covers("a*.b.example.com", "a*.b.example.com"));
    }

    #[test]
    fn a_pattern_that_covers_no_other_may_overlap_it() {
        assert!(overlaps("auto.*.example.com", "*.contoso.example.com"));
        assert!(!covers("auto.*.example.com", "*.contoso.example.com"));
        assert!(overlaps("a*.example.com", "*b.example.com"));
        assert!(!overlaps("a*.example.com", "b*.example.com"));
        assert!(!overlaps("*.example.com", "example.com"));
        assert!(!overlaps("*.example.com", "*.example.net"));
        assert!(overlaps("x.example.com", "*.example.com"));
    }

    #[test]
    fn many_stars_end_soon() {
        let one = format!("{}z.example.com", "*a".repeat(110));
        let other = format!("{}y.example.com", "a*".repeat(110));
        assert!(!overlaps(&one, &other) && !covers(&one, &other));
    }
}
