//! IPv4 or IPv6, and what the rules themselves show of it; and how many rules the kernel makes of a line.

use diagnostics::TextRange;

use super::dump::Table;
use super::tokens::{self, Token};
use crate::ImportError;

/// IPv4 or IPv6: each has its own rules and its own file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// Bits of an address.
    pub fn width(self) -> u32 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    pub fn other(self) -> Family {
        match self {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        }
    }

    /// The program that changes one rule.
    pub fn program(self) -> &'static str {
        match self {
            Family::V4 => "iptables",
            Family::V6 => "ip6tables",
        }
    }
}

/// The family of a file whose header does not say it.
///
/// Addresses decide; where there is none, the names of what only one family has. A file that shows nothing is IPv4:
/// `iptables` is.
pub(super) fn of_rules(tables: &[Table<'_>]) -> Result<Family, ImportError> {
    let mut seen: [Option<TextRange>; 2] = [None; 2];
    let mut hints = [false; 2];
    let mut tokens = Vec::new();
    for line in tables.iter().flat_map(|table| &table.lines) {
        // A quote that stays open is told of where the rule is read.
        if tokens::split(line.spec, line.spec_start, &mut tokens).is_some() && !line.gone {
            look(line.place, &tokens, &mut seen, &mut hints);
        }
    }
    match seen {
        [Some(v4), Some(v6)] => {
            let message =
                "the file has both IPv4 and IPv6 addresses, and does not say which of them it is for";
            let help = "keep the rules of iptables and those of ip6tables in two files";
            Err(ImportError::new(v4.max(v6), message, help))
        }
        [None, Some(_)] => Ok(Family::V6),
        [None, None] if hints == [false, true] => Ok(Family::V6),
        _ => Ok(Family::V4),
    }
}

fn look(place: TextRange, tokens: &[Token<'_>], seen: &mut [Option<TextRange>; 2], hints: &mut [bool; 2]) {
    // A rule that names its family stands in a file for both.
    if tokens.iter().any(|token| !token.quoted && matches!(&*token.text, "-4" | "-6" | "--ipv4" | "--ipv6")) {
        return;
    }
    let mut option = "";
    for token in tokens {
        let word = &*token.text;
        match option {
            "-s" | "-d" | "--source" | "--src" | "--destination" | "--dst" | "--src-range"
            | "--dst-range" => {
                if word == "!" {
                    continue;
                }
                let digits = |c: char| c.is_ascii_digit() || c == '.';
                let first = word.split(['/', ',', '-']).next().unwrap_or_default();
                if first.contains(':') {
                    seen[1].get_or_insert(place);
                } else if first.contains('.') && first.chars().all(digits) {
                    seen[0].get_or_insert(place);
                }
            }
            "-p" | "--protocol" => {
                hints[0] |= word == "icmp";
                hints[1] |= matches!(word, "icmpv6" | "ipv6-icmp");
            }
            "-m" | "--match" => {
                hints[0] |= matches!(word, "icmp" | "ttl");
                hints[1] |=
                    matches!(word, "icmp6" | "hl" | "rt" | "hbh" | "frag" | "ipv6header" | "eui64" | "mh");
            }
            "--reject-with" => {
                hints[0] |= word.starts_with("icmp-");
                hints[1] |= word.starts_with("icmp6-");
            }
            _ => {}
        }
        option = if token.quoted { "" } else { word };
    }
}

/// How many rules the kernel makes of one line: every source listed with every destination listed.
pub(super) fn width(spec: &str) -> u32 {
    if memchr::memchr(b',', spec.as_bytes()).is_none() {
        return 1;
    }
    let mut tokens = Vec::new();
    if tokens::split(spec, 0, &mut tokens).is_none() {
        return 1;
    }
    let mut width = 1_u32;
    let mut option = "";
    for token in &tokens {
        let (name, value) = token.text.split_once('=').unwrap_or((option, &token.text));
        if matches!(name, "-s" | "-d" | "--source" | "--src" | "--destination" | "--dst") {
            let listed = memchr::memchr_iter(b',', value.as_bytes()).count();
            width = width.saturating_mul(u32::try_from(listed).unwrap_or(u32::MAX).saturating_add(1));
        }
        option = if token.quoted { "" } else { &token.text };
    }
    width
}

/// The one family that a rule is for, where it names it.
pub(super) fn only(spec: &str) -> Option<Family> {
    let mut tokens = Vec::new();
    tokens::split(spec, 0, &mut tokens)?;
    tokens.iter().filter(|token| !token.quoted).find_map(|token| match &*token.text {
        "-4" | "--ipv4" => Some(Family::V4),
        "-6" | "--ipv6" => Some(Family::V6),
        _ => None,
    })
}
