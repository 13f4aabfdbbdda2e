use super::values::is_host_name;

/// What an entry of a URL list stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlEntry {
    /// The hosts it covers whole, in our words.
    pub host: Option<String>,
    /// It covers, or may cover, something that cannot be said in hosts.
    pub more: bool,
}

/// Reads an entry of a custom URL category.
///
/// "Guidelines for URL Category Exceptions" of the URL filtering guide: an asterisk stands for one or more labels, so
/// that `*.example.com/` never is `example.com`; a caret for exactly one, and neither for a part of a label. Newer
/// firewalls put the slash at the end themselves; for older ones an entry without it goes on in any way
/// (`example.com.example.org`).
pub fn entry(text: &str) -> UrlEntry {
    let text = text.trim();
    let (host, closed) = match text.strip_suffix('/') {
        Some(host) => (host, true),
        None => (text, false),
    };
    let name = host.strip_prefix("*.").unwrap_or(host);
    if is_host_name(name) && name.contains('.') && !name.ends_with('.') {
        UrlEntry { host: Some(host.to_ascii_lowercase()), more: !closed }
    } else {
        UrlEntry { host: None, more: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_hosts_and_all_below_are_names() {
        let of = |text: &str| {
            let entry = entry(text);
            (entry.host, entry.more)
        };
        assert_eq!(of("www.Example.com/"), (Some("www.example.com".to_owned()), false));
        assert_eq!(of("*.example.com/"), (Some("*.example.com".to_owned()), false));
        assert_eq!(of("*.example.com"), (Some("*.example.com".to_owned()), true));
        for text in [
            "^.example.com/",
            "*.*.example.com/",
            "www.*.com/",
            "example.com/path/",
            "example.com:8443/",
            "*",
        ] {
            assert_eq!(of(text), (None, true), "{text}");
        }
    }
}
