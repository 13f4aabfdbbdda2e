use std::sync::Arc;

/// Something true or false of a packet that the flow space cannot decide by itself: that its destination has a
/// name, lies behind a service tag, or that a match holds which is not modelled.
///
/// Nothing is assumed of a symbol but what facts say. The one fact built in is that a DNS name lies under the
/// wildcards above it (`a.b.example` under `*.b.example`); see [`Conditions`](crate::Conditions).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    pub side: Side,
    pub kind: SymbolKind,
    /// More general patterns come first in the order; see `Conditions`.
    specificity: u16,
    pub name: Arc<str>,
}

impl Symbol {
    pub fn new(side: Side, kind: SymbolKind, name: &str) -> Self {
        let specificity = if kind == SymbolKind::Name { specificity(name) } else { 0 };
        let name = if kind == SymbolKind::Name { name.to_ascii_lowercase().into() } else { name.into() };
        Symbol { side, kind, specificity, name }
    }

    /// Whether `other`, wherever it holds, brings this one with it; not for the symbol itself.
    pub(crate) fn covers(&self, other: &Symbol) -> bool {
        self.specificity < other.specificity
            && self.side == other.side
            && (self.kind, other.kind) == (SymbolKind::Name, SymbolKind::Name)
            && pattern_covers(&self.name, &other.name)
    }

    /// All symbols that cover this one: the wildcards above a name.
    pub(crate) fn above(&self) -> Vec<Symbol> {
        if self.kind != SymbolKind::Name || self.name.len() > LONGEST_NAME {
            return Vec::new();
        }
        // Whatever covers a name is `*` and the name from one of its dots on.
        let tails = self.name.match_indices('.').map(|(dot, _)| format!("*{}", &self.name[dot..]));
        let wildcards = tails.map(|pattern| Symbol::new(self.side, SymbolKind::Name, &pattern));
        wildcards.filter(|wildcard| wildcard.covers(self)).collect()
    }
}

/// What of the packet the symbol speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Source,
    Destination,
    Packet,
}

/// What kind of thing has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolKind {
    /// A DNS name or wildcard.
    Name,
    ServiceTag,
    ApplicationSecurityGroup,
    /// A set of addresses kept elsewhere: an ipset, a prefix list, a feed.
    AddressGroup,
    /// An object that the export names and does not define.
    Undefined,
    /// A condition of one rule that is not modelled (a rate, a time, a mark).
    Match,
    /// A value that a template or a parameter would fill in.
    Placeholder,
}

impl SymbolKind {
    /// The word for it in messages.
    pub fn noun(self) -> &'static str {
        match self {
            SymbolKind::Name => "name",
            SymbolKind::ServiceTag => "service tag",
            SymbolKind::ApplicationSecurityGroup => "application security group",
            SymbolKind::AddressGroup => "address group",
            SymbolKind::Undefined => "undefined object",
            SymbolKind::Match => "match",
            SymbolKind::Placeholder => "placeholder",
        }
    }
}

/// The longest text that can be a DNS name: 253 characters (RFC 1035 section 2.3.4), a final dot and `*.`.
///
/// Of anything longer no fact is known, which also bounds what a name without end in an export can cost.
const LONGEST_NAME: usize = 256;

/// Whether every host that `specific` can mean is surely one that `general` means.
///
/// `*.example.com` covers one or more labels before `example.com`, never `example.com` itself.
pub fn pattern_covers(general: &str, specific: &str) -> bool {
    if general.eq_ignore_ascii_case(specific) {
        return true;
    }
    let Some(base) = general.strip_prefix("*.") else { return false };
    if base.contains('*') || specific.len() > LONGEST_NAME {
        return false;
    }
    let (base, specific) = (base.as_bytes(), specific.as_bytes());
    let Some((head, tail)) = specific.len().checked_sub(base.len()).map(|at| specific.split_at(at)) else {
        return false;
    };
    head.len() > 1 && head.ends_with(b".") && tail.eq_ignore_ascii_case(base)
}

/// Grows along every chain of ever narrower patterns: `*.b` < `a.b` < `*.a.b` < `x.a.b`.
fn specificity(pattern: &str) -> u16 {
    let (rest, exact) = match pattern.strip_prefix("*.") {
        Some(rest) => (rest, 0),
        None => (pattern, 1),
    };
    let labels = u16::try_from(rest.split('.').count()).unwrap_or(u16::MAX).min(u16::MAX / 2);
    2 * labels - exact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_labels_below_and_never_the_apex() {
        assert!(pattern_covers("*.example.com", "a.example.com"));
        assert!(pattern_covers("*.example.com", "a.b.Example.com"));
        assert!(pattern_covers("*.example.com", "*.b.example.com"));
        assert!(!pattern_covers("*.example.com", "example.com"));
        assert!(!pattern_covers("*.example.com", "badexample.com"));
        assert!(!pattern_covers("a.example.com", "*.example.com"));
        assert!(!pattern_covers("*.b.example.com", "*.example.com"));
    }

    #[test]
    fn general_patterns_come_first() {
        let name = |text| Symbol::new(Side::Destination, SymbolKind::Name, text);
        let mut names = [name("x.a.b"), name("a.b"), name("*.a.b"), name("*.b")];
        names.sort();
        let sorted: Vec<&str> = names.iter().map(|symbol| &*symbol.name).collect();
        assert_eq!(sorted, ["*.b", "a.b", "*.a.b", "x.a.b"]);
    }

    #[test]
    fn what_is_above_a_name_is_what_covers_it() {
        let name = |text: &str| Symbol::new(Side::Destination, SymbolKind::Name, text);
        let odd = [
            "a.b", "*.b", "*.a.b", "x.a.b", ".b", "a..b", "*..b", "*.", "a.", "a.*.b", "*.*.b", "*x.b",
            "b.*", "*", "", ".", "..", "A.B", "*.*",
        ];
        for specific in odd.map(name) {
            let above = specific.above();
            for general in odd.map(name) {
                let covered = general != specific && pattern_covers(&general.name, &specific.name);
                assert_eq!(covered, general.covers(&specific), "{general:?} over {specific:?}");
                assert_eq!(covered, above.contains(&general), "{general:?} above {specific:?}");
                assert!(!covered || general < specific);
            }
        }
    }

    #[test]
    fn nothing_is_known_of_a_name_without_end() {
        let endless = "a.".repeat(200_000);
        assert!(Symbol::new(Side::Source, SymbolKind::Name, &endless).above().is_empty());
        assert!(!pattern_covers("*.a.", &endless) && pattern_covers(&endless, &endless));
    }
}
