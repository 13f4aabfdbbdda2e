//! Host names, addresses and ports in a text.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::clean::BREAK;
use super::exceptions::no_host;

/// What a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// In lower case, placeholders kept.
    pub hosts: BTreeSet<String>,
    pub addresses: BTreeSet<String>,
}

/// A port or a range, as `443` or `1024-65535`; with its protocol, where that is said.
pub type Port = (Option<String>, String);

/// The hosts and addresses in `text`; what only looks like a host goes to `left_out`.
pub fn endpoints(text: &str, left_out: &mut Vec<String>) -> Endpoints {
    let mut found = Endpoints::default();
    let words = words(text);
    for (index, word) in words.iter().enumerate() {
        if let Some(address) = address(word) {
            found.addresses.insert(address);
            continue;
        }
        let Some(host) = host(word) else { continue };
        let next = words.get(index + 1).copied();
        if let Some(reason) = no_host(host) {
            left_out.push(format!("`{host}`: {reason}"));
        } else if next == Some("domains") {
            left_out.push(format!("`{host} domains`: a domain that is spoken of, no host"));
        } else {
            found.hosts.insert(host.to_ascii_lowercase());
        }
    }
    found
}

/// The words of a text, without marks around them.
fn words(text: &str) -> Vec<&str> {
    let ends = |c: char| {
        c.is_whitespace() || c == BREAK || matches!(c, ',' | ';' | '(' | ')' | '\'' | '"' | '`' | '|')
    };
    text.split(ends).map(bare).filter(|word| !word.is_empty()).collect()
}

/// Without emphasis and the stops of a sentence. `*.` begins a wildcard.
fn bare(mut word: &str) -> &str {
    loop {
        let before = word;
        word = word.trim_end_matches(['.', ':', '!', '?', '*']);
        if !word.starts_with("*.") {
            word = word.strip_prefix(['*', '>']).unwrap_or(word);
        }
        if word == before {
            return word;
        }
    }
}

/// An address or a prefix, as the document writes it.
fn address(word: &str) -> Option<String> {
    let (address, length) = match word.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (word, None),
    };
    let address: IpAddr = address.parse().ok()?;
    Some(length.map_or_else(|| address.to_string(), |length| format!("{address}/{length}")))
}

/// The host of a word that is one, or an address of the web with one.
fn host(word: &str) -> Option<&str> {
    let word = word.split_once("://").map_or(word, |(_, after)| after);
    let word = word.split('/').next()?;
    let labels: Vec<&str> = word.split('.').collect();
    let of_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '<' | '>');
    let fits = |label: &&str| !label.is_empty() && label.chars().all(of_names);
    let top = labels.last()?;
    let is_top = top.len() > 1 && top.chars().all(|c| c.is_ascii_alphabetic());
    (labels.len() > 1 && is_top && labels.iter().all(fits)).then_some(word)
}

/// The ports of a table's cell: `**TCP:** 80, 443`, `5985 (5986 — used by default)`. `protocol` is that of the row.
pub fn cell_ports(cell: &str, protocol: Option<&str>) -> Vec<Port> {
    let mut protocol = protocol.map(str::to_owned);
    let mut ports = Vec::new();
    let ends =
        |c: char| c.is_whitespace() || c == BREAK || matches!(c, ',' | '(' | ')' | '*' | ':' | '`' | '/');
    for word in cell.split(ends).filter(|word| !word.is_empty()) {
        if let Some(named) = transport(word) {
            protocol = Some(named.to_owned());
        } else if let Some(port) = number(word).or_else(|| range(word)) {
            ports.push((protocol.clone(), port));
        }
    }
    ports
}

/// The ports that prose names: `port 443`, `tcp port 443`, `HTTPS/443`, `80 TCP port`, `7680 for TCP/IP`,
/// `(1024 - 65535) local port`.
pub fn prose_ports(text: &str) -> Vec<Port> {
    let words = words(text);
    let at = |index: usize| words.get(index).copied().unwrap_or_default();
    let is_port = |word: &str| matches!(word.to_ascii_lowercase().as_str(), "port" | "ports");
    let mut ports = Vec::new();
    for index in 0..words.len() {
        let before = |steps: usize| index.checked_sub(steps).map_or("", at);
        let parts: Vec<&str> = at(index).split('/').collect();
        // `port 80/443`, and before it `tcp`, or `HTTPS over`.
        if is_port(before(1)) && parts.iter().all(|part| number(part).is_some()) {
            let named = if before(2) == "over" { before(3) } else { before(2) };
            let protocol = transport(named).map(str::to_owned);
            ports.extend(parts.iter().filter_map(|part| Some((protocol.clone(), number(part)?))));
        } else if let [named, port] = parts.as_slice()
            && let (Some(protocol), Some(port)) = (transport(named), number(port))
        {
            ports.push((Some(protocol.to_owned()), port));
        } else if let Some(port) = number(at(index)) {
            let next = if at(index + 1) == "for" { at(index + 2) } else { at(index + 1) };
            let named = next.split('/').next().and_then(transport);
            if let Some(protocol) = named {
                ports.push((Some(protocol.to_owned()), port));
            } else if at(index + 1) == "-"
                && let Some(last) = number(at(index + 2))
                && (index + 3..index + 6).any(|near| is_port(at(near)))
            {
                ports.push((None, format!("{port}-{last}")));
            }
        }
    }
    ports
}

/// The protocol below one that is named.
pub fn transport(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "tcp" | "http" | "https" | "ssh" => Some("tcp"),
        "udp" => Some("udp"),
        _ => None,
    }
}

fn number(word: &str) -> Option<String> {
    let digits = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let port = word.parse::<u16>().ok().filter(|port| digits && *port > 0)?;
    Some(port.to_string())
}

fn range(word: &str) -> Option<String> {
    let (low, high) = word.split_once('-')?;
    Some(format!("{}-{}", number(low)?, number(high)?))
}
