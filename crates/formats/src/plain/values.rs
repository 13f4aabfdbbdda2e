use std::net::IpAddr;

use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, Set, protocol};

use crate::Problem;
use crate::plain::dialect::Dialect;
use crate::plain::records::{Field, Word};

/// One source or destination of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint<'t> {
    Addresses(AddressSet),
    /// A DNS name or wildcard, without a dot at its end.
    Name(&'t str),
    /// An object that neither the table nor its mapping explains.
    Unknown(Word<'t>),
}

/// One service of a rule: protocols from the first to the last, and ports (ICMP: `type * 256 + code`) where it
/// names any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub protocols: (u8, u8),
    pub ports: Option<(u16, u16)>,
}

/// Whether the action permits.
pub fn action(word: Word, dialect: &Dialect) -> Result<bool, Problem> {
    if dialect.is(&dialect.permit, word.text) {
        Ok(true)
    } else if dialect.is(&dialect.deny, word.text) {
        Ok(false)
    } else {
        let [permit, deny] = [&dialect.permit, &dialect.deny].map(|words| Dialect::word(words));
        Err(misread(word, "no action", &format!("write `{permit}` or `{deny}`")))
    }
}

/// Whether a word says yes.
pub fn yes(word: Word, dialect: &Dialect) -> Result<bool, Problem> {
    if dialect.is(&dialect.yes, word.text) {
        Ok(true)
    } else if dialect.is(&dialect.no, word.text) {
        Ok(false)
    } else {
        let [yes, no] = [&dialect.yes, &dialect.no].map(|words| Dialect::word(words));
        Err(misread(word, "neither yes nor no", &format!("write `{yes}` or `{no}`")))
    }
}

/// The sources or destinations of a rule. One that is not understood spoils the list: `any !10.0.0.1` is not `any`.
pub fn endpoints<'t>(field: &Field<'t>, dialect: &'t Dialect) -> Result<Vec<Endpoint<'t>>, Problem> {
    let mut out = Vec::new();
    for word in field.words(dialect) {
        match dialect.addresses.get(word.text) {
            None => out.push(endpoint(word, dialect)?),
            Some(members) => {
                for member in members {
                    out.push(endpoint(Word { text: member, place: word.place }, dialect)?);
                }
            }
        }
    }
    Ok(out)
}

pub fn endpoint<'t>(word: Word<'t>, dialect: &Dialect) -> Result<Endpoint<'t>, Problem> {
    let text = word.text;
    if dialect.is_any(text) {
        return Ok(Endpoint::Addresses(AddressSet::any()));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Endpoint::Addresses(address.into()));
    }
    if let Some((address, length)) = text.split_once('/') {
        return prefix(word, address, length);
    }
    if let Some((first, last)) = addresses_of_range(text) {
        let range = AddressSet::range(first, last);
        let help = "write the lower address first, both of one family";
        return if range.is_empty() {
            Err(misread(word, "no range", help))
        } else {
            Ok(Endpoint::Addresses(range))
        };
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if is_name(name) {
        return Ok(Endpoint::Name(name));
    }
    match text.to_ascii_lowercase().as_str() {
        "any4" => Ok(Endpoint::Addresses(AddressSet::any_v4())),
        "any6" => Ok(Endpoint::Addresses(AddressSet::any_v6())),
        _ if dialect.mapped && !text.starts_with('!') => Ok(Endpoint::Unknown(word)),
        _ => Err(no_endpoint(word)),
    }
}

fn prefix<'t>(word: Word<'t>, address: &str, length: &str) -> Result<Endpoint<'t>, Problem> {
    let address = address.parse().ok();
    let Some(net) =
        address.zip(number(length)).and_then(|(address, length)| IpNet::new(address, length).ok())
    else {
        return Err(misread(word, "no prefix", "write it like `10.1.2.0/24` or `2001:db8::/32`"));
    };
    if net.addr() == net.network() {
        return Ok(Endpoint::Addresses(net.into()));
    }
    Err(Problem {
        place: word.place,
        message: format!("`{}` has bits behind the prefix", shown(word.text)),
        help: format!("write `{}` for the network, or `{}` for the host", net.trunc(), net.addr()),
    })
}

/// A name may have a dash too, so only two addresses are a range.
fn addresses_of_range(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = text.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn no_endpoint(word: Word) -> Problem {
    let help = if word.text.starts_with('!') {
        "there is no negation here: put a rule of the other action before this one"
    } else {
        "write `any`, addresses, prefixes, ranges `first-last` or DNS names, with blanks between them"
    };
    misread(word, "no address, prefix, range or DNS name", help)
}

/// Whether `text` can only be a DNS name or wildcard: it has a dot, and a last label that no address and no typing
/// error in one has (RFC 3696, section 2: a top-level domain is not all digits; none is a single letter).
pub fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*');
        (1..=63).contains(&label.len())
            && label.bytes().all(fine)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, top)) = text.rsplit_once('.') else { return false };
    text.len() <= 253
        && text.split('.').all(label)
        && top.len() >= 2
        && !top.contains('*')
        && top.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// The services of a rule, and the words that neither the table nor its mapping explains.
pub fn services<'t>(field: &Field<'t>, dialect: &Dialect) -> Result<(Vec<Service>, Vec<Word<'t>>), Problem> {
    let help =
        "write `any`, `tcp/443`, `udp/1024-2048`, `icmp/8`, `gre` or `ip/47`, with blanks between them";
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for word in field.words(dialect) {
        if let Some(members) = dialect.services.get(word.text) {
            known.extend(members.iter().filter_map(|member| service(member)));
        } else if dialect.is_any(word.text) {
            known.push(ANY_SERVICE);
        } else if let Some(service) = service(word.text) {
            known.push(service);
        } else if dialect.mapped && word.text.starts_with(|first: char| first.is_alphabetic()) {
            unknown.push(word);
        } else {
            return Err(misread(word, "no service", help));
        }
    }
    Ok((known, unknown))
}

const ANY_SERVICE: Service = Service { protocols: (0, 255), ports: None };

/// The services of a rule whose protocols and ports stand in columns of their own.
pub fn protocols_and_ports(
    protocols: &Field,
    ports: Option<&Field>,
    dialect: &Dialect,
) -> Result<Vec<Service>, Problem> {
    let ports = ports.map_or(Ok(None), |field| self::ports(field, dialect))?;
    let mut out = Vec::new();
    for word in protocols.words(dialect) {
        let number = protocol::number(word.text).or_else(|| number(word.text));
        let protocols = match number {
            Some(number) => (number, number),
            None if dialect.is_any(word.text) => (0, 255),
            None => return Err(misread(word, "no protocol", "write a name such as `tcp`, or a number")),
        };
        match &ports {
            None => out.push(Service { protocols, ports: None }),
            Some(ports) if number.is_some_and(protocol::has_ports) => {
                out.extend(ports.iter().map(|&ports| Service { protocols, ports: Some(ports) }));
            }
            Some(_) => return Err(misread(word, "a protocol without ports", "leave the ports out")),
        }
    }
    Ok(out)
}

pub fn service(text: &str) -> Option<Service> {
    if text.eq_ignore_ascii_case("any") {
        return Some(Service { protocols: (0, 255), ports: None });
    }
    let (name, ports) = match text.split_once('/') {
        Some((name, ports)) => (name, Some(ports)),
        None => (text, None),
    };
    if name.eq_ignore_ascii_case("ip") {
        return Some(Service { protocols: range(ports?, number)?, ports: None });
    }
    // A bare number could be a protocol as well as a port.
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let protocol = protocol::number(name)?;
    let ports = match ports {
        None => None,
        Some(ports) if protocol::has_ports(protocol) => Some(range(ports, number)?),
        Some(types) if protocol::is_icmp(protocol) => Some(icmp_types(types)?),
        Some(_) => return None,
    };
    Some(Service { protocols: (protocol, protocol), ports })
}

/// `8` is type 8 with all its codes, `3.1` one code of type 3, `3.1-3.4` and `0-8` are ranges.
fn icmp_types(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let read = |text: &str, code_if_none: u8| {
        let (kind, code) = match text.split_once('.') {
            Some((kind, code)) => (kind, number(code)?),
            None => (text, code_if_none),
        };
        Some(u16::from_be_bytes([number(kind)?, code]))
    };
    ascending(read(first, 0)?, read(last, u8::MAX)?)
}

/// The ports in a list; `None` where they do not matter.
pub fn ports(field: &Field, dialect: &Dialect) -> Result<Option<Vec<(u16, u16)>>, Problem> {
    let help = "write `53` or `1024-65535`, with blanks between them";
    list(field, dialect, |word| range(word.text, number).ok_or_else(|| misread(word, "no port", help)))
}

/// The interfaces or zones in a list; `None` where they do not matter.
pub fn interfaces<'t>(field: &Field<'t>, dialect: &Dialect) -> Result<Option<Vec<&'t str>>, Problem> {
    let help = "write whole names, with blanks between them";
    list(field, dialect, |word| {
        if is_interface(word.text) { Ok(word.text) } else { Err(misread(word, "no interface", help)) }
    })
}

/// What `read` makes of each word; `None` where there is no word, or one of them is `any`.
fn list<'t, T>(
    field: &Field<'t>,
    dialect: &Dialect,
    read: impl Fn(Word<'t>) -> Result<T, Problem>,
) -> Result<Option<Vec<T>>, Problem> {
    let (any, words): (Vec<_>, Vec<_>) = field.words(dialect).partition(|word| dialect.is_any(word.text));
    let values = words.into_iter().map(read).collect::<Result<Vec<T>, Problem>>()?;
    Ok((any.is_empty() && !values.is_empty()).then_some(values))
}

/// Whether `text` is the whole name of one interface. What others write as a pattern or a negation is not.
pub fn is_interface(text: &str) -> bool {
    let fine = |character: char| {
        !character.is_whitespace() && !character.is_control() && !",\"*?!".contains(character)
    };
    !text.is_empty() && text.chars().all(fine) && !text.ends_with('+') && !text.eq_ignore_ascii_case("any")
}

/// `80` or `80-90`, each end read by `read`, the lower one first.
fn range<T: Copy + Ord>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    ascending(read(low)?, read(high)?)
}

fn ascending<T: Ord>(low: T, high: T) -> Option<(T, T)> {
    (low <= high).then_some((low, high))
}

/// Decimal digits and nothing else; `010` is ten to some readers and eight to others.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn misread(word: Word, what: &str, help: &str) -> Problem {
    Problem { place: word.place, message: format!("`{}` is {what}", shown(word.text)), help: help.to_owned() }
}

/// Text of the file for a message: short, and nothing in it that a terminal obeys.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", printable(&text[..end])),
        None => printable(text).into_owned(),
    }
}
