//! What rules and sets of nftables compare, and random values for it.

use super::mentioned::{Addresses, ports};
use super::random::Random;
use super::topology::{Family, LINKS};
use super::words;

/// What is compared: its words, the type in a set, and how values of it are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Address(&'static str, Family),
    Port(&'static str, &'static str),
    Protocol,
    Link(&'static str),
}

impl Key {
    pub fn words(self) -> String {
        match self {
            Key::Address(side, family) => format!("{} {side}", header(family)),
            Key::Port(transport, side) => format!("{transport} {side}"),
            Key::Protocol => "meta l4proto".to_owned(),
            Key::Link(name) => name.to_owned(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Key::Address(_, Family::V4) => "ipv4_addr",
            Key::Address(_, Family::V6) => "ipv6_addr",
            Key::Port(..) => "inet_service",
            Key::Protocol => "inet_proto",
            Key::Link(_) => "ifname",
        }
    }

    /// The numbers that a value of it stands for.
    fn range(self, value: &str) -> (u128, u128) {
        if let Key::Address(_, family) = self
            && let Some(addresses) = Addresses::read(value, family)
        {
            return match addresses {
                Addresses::Range(low, high) => (low, high),
                Addresses::Masked { base, mask } => {
                    (base, base | !mask & (u128::MAX >> (128 - family.bits())))
                }
            };
        }
        if let Key::Port(..) = self
            && let Some((low, high)) = ports(&value.replace('-', ":"))
        {
            return (low.into(), high.into());
        }
        let number = value.bytes().fold(0, |number, byte| number << 8 | u128::from(byte));
        (number, number)
    }

    /// One value, or where it may be `wide` a range of them.
    pub fn value(self, wide: bool, random: &mut Random) -> String {
        match self {
            Key::Address(_, family) => addresses(family, wide, random),
            Key::Port(..) => {
                let (low, high) = words::Words::two_ports(random);
                match low {
                    _ if wide && random.chance(40) && low < high => format!("{low}-{high}"),
                    22 if random.chance(50) => "ssh".to_owned(),
                    _ => low.to_string(),
                }
            }
            Key::Protocol => (*random.pick(&["tcp", "udp", "icmp", "ipv6-icmp", "sctp", "89"])).to_owned(),
            Key::Link(_) => format!("\"{}\"", random.pick(&LINKS)),
        }
    }
}

pub fn concatenation(family: Family, transport: &'static str, random: &mut Random) -> Vec<Key> {
    let transport = if transport == "th" { "tcp" } else { transport };
    match random.below(4) {
        0 => vec![Key::Address("saddr", family), Key::Address("daddr", family)],
        1 => vec![Key::Address("daddr", family), Key::Port(transport, "dport")],
        2 => vec![Key::Protocol, Key::Port("th", "dport")],
        _ => {
            vec![Key::Address("saddr", family), Key::Address("daddr", family), Key::Port(transport, "dport")]
        }
    }
}

/// Values for the keys, no two of which overlap; with verdicts, some of which lead to the chain.
pub fn elements(keys: &[Key], verdicts: bool, chain: Option<&str>, random: &mut Random) -> String {
    let wide = keys.iter().all(|key| !matches!(key, Key::Link(_) | Key::Protocol));
    let mut all: Vec<String> = Vec::new();
    let mut taken: Vec<Vec<(u128, u128)>> = Vec::new();
    for _ in 0..1 + random.below(5) {
        let values: Vec<String> = keys.iter().map(|key| key.value(wide, random)).collect();
        // nft takes no intervals that overlap.
        let ranges: Vec<(u128, u128)> =
            keys.iter().zip(&values).map(|(key, value)| key.range(value)).collect();
        let apart = |other: &Vec<(u128, u128)>| {
            ranges.iter().zip(other).any(|(one, other)| one.1 < other.0 || other.1 < one.0)
        };
        if !taken.iter().all(apart) {
            continue;
        }
        taken.push(ranges);
        let mut element = values.join(" . ");
        if verdicts {
            let verdict = match (chain, random.below(6)) {
                (Some(chain), 0 | 1) => format!("{} {chain}", random.pick(&["jump", "jump", "goto"])),
                (_, 2) => "return".to_owned(),
                (_, 3) => "continue".to_owned(),
                (_, 4) => "drop".to_owned(),
                _ => "accept".to_owned(),
            };
            element = format!("{element} : {verdict}");
        }
        all.push(element);
    }
    all.join(", ")
}

pub fn header(family: Family) -> &'static str {
    if family == Family::V4 { "ip" } else { "ip6" }
}

/// What stands in a set before its elements.
pub fn head(keys: &[Key]) -> String {
    let types: Vec<&str> = keys.iter().map(|key| key.kind()).collect();
    let interval = keys.iter().any(|key| matches!(key, Key::Address(..) | Key::Port(..)));
    let flags = if interval && !keys.contains(&Key::Protocol) { " flags interval;" } else { "" };
    format!("type {};{flags}", types.join(" . "))
}

pub fn words_of(keys: &[Key]) -> String {
    keys.iter().map(|key| key.words()).collect::<Vec<_>>().join(" . ")
}

pub fn base(family: Family, random: &mut Random) -> u128 {
    words::Words { family, tracked: false, opaque: false }.base(random)
}

fn addresses(family: Family, wide: bool, random: &mut Random) -> String {
    let low = base(family, random);
    let bits = family.bits();
    match random.below(6) {
        0..2 if wide => {
            let length = bits - *random.pick(&[1, 2, 4, 8, 16]);
            let low = low >> (bits - length) << (bits - length);
            format!("{}/{length}", family.address(low))
        }
        2 if wide => format!("{}-{}", family.address(low), family.address(low + random.between(1, 5000))),
        _ => family.address(low).to_string(),
    }
}
