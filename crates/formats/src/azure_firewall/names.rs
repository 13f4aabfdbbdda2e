use space::{Conditions, Side, Symbol, SymbolKind};

/// What a name in a rule means on an Azure Firewall.
pub enum Pattern {
    /// The host, or every host under it: the same as ours.
    Exact(String),
    /// `*`: every name that there is.
    Every,
    /// `*text`: every name that ends so, within a label too.
    EndsWith(String),
    /// Not a form that Azure knows.
    Unknown,
}

/// "Azure Firewall FAQ", how wildcards work in application rules: an asterisk stands at the left end and for anything,
/// dots too; `*.contoso.com` has no `contoso.com` in it, and `*contoso.com` has.
pub fn pattern(written: &str) -> Pattern {
    let text = written.trim().trim_end_matches('.');
    let plain = |text: &str| {
        !text.is_empty()
            && text.len() <= 253
            && !text.starts_with('.')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match text.strip_prefix('*') {
        Some("") => Pattern::Every,
        Some(rest) => match rest.strip_prefix('.') {
            Some(base) if plain(base) => Pattern::Exact(format!("*.{}", base.to_ascii_lowercase())),
            None if plain(rest) => Pattern::EndsWith(rest.to_ascii_lowercase()),
            _ => Pattern::Unknown,
        },
        None if plain(text) => Pattern::Exact(text.to_ascii_lowercase()),
        None => Pattern::Unknown,
    }
}

/// `*` covers every name; of a symbol `*` nothing is known but that it is one. So the names that are met with are said
/// one domain at a time, and `*` stands for the rest.
const TOP_LEVEL_DOMAINS: [&str; 32] = [
    "com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "io", "ai", "ms", "us", "cn", "de", "eu",
    "uk", "fr", "nl", "no", "se", "dk", "ca", "jp", "co", "cloud", "dev", "app", "online", "example",
    "internal", "local",
];

/// The conditions of which one holds for the names that the pattern means.
pub fn conditions(pattern: &Pattern) -> Vec<Conditions> {
    let named = |name: &str| Conditions::named(Side::Destination, name);
    match pattern {
        Pattern::Exact(name) => vec![named(name)],
        Pattern::Every => {
            let domains = TOP_LEVEL_DOMAINS.iter().map(|domain| named(&format!("*.{domain}")));
            domains.chain([named("*")]).collect()
        }
        Pattern::EndsWith(rest) => {
            let ends = Symbol::new(Side::Destination, SymbolKind::Match, &format!("name ends in {rest}"));
            vec![named(rest), named(&format!("*.{rest}")), Conditions::holds(ends)]
        }
        Pattern::Unknown => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_is_anything_to_the_left() {
        let exact = |text: &str| match pattern(text) {
            Pattern::Exact(name) => name,
            Pattern::Every => "every".to_owned(),
            Pattern::EndsWith(rest) => format!("ends in {rest}"),
            Pattern::Unknown => "unknown".to_owned(),
        };
        for (text, expected) in [
            ("www.Example.com", "www.example.com"),
            ("*.example.com", "*.example.com"),
            ("*example.com", "ends in example.com"),
            ("*", "every"),
            ("www.*.example.com", "unknown"),
            ("*.*.example.com", "unknown"),
            (".example.com", "unknown"),
            ("https://example.com/", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(exact(text), expected, "{text}");
        }
    }
}
