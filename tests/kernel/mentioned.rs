//! What the lines of a rule set mention, so that packets are sent that come close to it.
//!
//! This is no second importer: it looks for words that follow an option, and a word that it does not know only means
//! that fewer packets come close.

use std::net::IpAddr;

use super::nft_mentioned;
use super::random::Random;
use super::topology::{Family, LINKS};

/// What one line mentions.
#[derive(Clone, Debug, Default)]
pub struct Mentioned {
    pub sources: Vec<Addresses>,
    pub destinations: Vec<Addresses>,
    pub protocols: Vec<u8>,
    pub source_ports: Vec<(u16, u16)>,
    pub destination_ports: Vec<(u16, u16)>,
    /// As `type * 256 + code`.
    pub icmp: Vec<u16>,
    pub from: Vec<usize>,
    pub to: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
pub enum Addresses {
    Range(u128, u128),
    /// Those that are `base` in the bits of the mask.
    Masked {
        base: u128,
        mask: u128,
    },
}

/// The names that rule sets here use; iptables finds them in `/etc/services` and knows the ICMP types by itself.
const PORT_NAMES: &[(&str, u16)] =
    &[("ssh", 22), ("smtp", 25), ("domain", 53), ("http", 80), ("ntp", 123), ("https", 443)];
const ICMP_NAMES: &[(&str, u8, u8)] = &[
    ("echo-reply", 0, 129),
    ("pong", 0, 129),
    ("destination-unreachable", 3, 1),
    ("source-quench", 4, 4),
    ("redirect", 5, 137),
    ("echo-request", 8, 128),
    ("ping", 8, 128),
    ("packet-too-big", 3, 2),
    ("time-exceeded", 11, 3),
    ("parameter-problem", 12, 4),
    ("timestamp-request", 13, 128),
    ("router-solicitation", 10, 133),
    ("neighbour-solicitation", 10, 135),
    ("neighbor-advertisement", 9, 136),
];

/// One for each rule of `text` that mentions anything, and one that mentions nothing.
pub fn mentioned(text: &str, family: Family) -> Vec<Mentioned> {
    if text.lines().any(|line| line.starts_with("table ")) {
        return nft_mentioned::mentioned(text, family);
    }
    let mut all = vec![Mentioned::default()];
    for line in text.lines().filter(|line| line.contains("-A ")) {
        let mut one = Mentioned::default();
        let mut option = "";
        let words = line.split_whitespace().flat_map(|word| match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => vec![name, value],
            _ => vec![word],
        });
        for word in words.filter(|word| *word != "!") {
            if word.starts_with('-') {
                option = word;
            } else {
                for part in word.split(',') {
                    one.add(option, part, family);
                }
            }
        }
        all.push(one);
    }
    all
}

impl Mentioned {
    fn add(&mut self, option: &str, word: &str, family: Family) {
        match option {
            "-s" | "--source" | "--src" | "--src-range" => self.sources.extend(Addresses::read(word, family)),
            "-d" | "--destination" | "--dst" | "--dst-range" => {
                self.destinations.extend(Addresses::read(word, family));
            }
            "-p" | "--protocol" => self.protocols.extend(space::protocol::number(word)),
            "--sport" | "--sports" | "--source-port" | "--source-ports" => {
                self.source_ports.extend(ports(word))
            }
            "--dport" | "--dports" | "--destination-port" | "--destination-ports" => {
                self.destination_ports.extend(ports(word));
            }
            "--ports" => {
                self.source_ports.extend(ports(word));
                self.destination_ports.extend(ports(word));
            }
            "--icmp-type" | "--icmpv6-type" => self.icmp.extend(icmp(word, family)),
            "-i" | "--in-interface" => self.from.extend(links(word)),
            "-o" | "--out-interface" => self.to.extend(links(word)),
            _ => {}
        }
    }
}

impl Addresses {
    pub fn read(word: &str, family: Family) -> Option<Self> {
        let number = |text: &str| match text.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => (family == Family::V4).then(|| u128::from(u32::from(address))),
            IpAddr::V6(address) => (family == Family::V6).then(|| u128::from(address)),
        };
        let all = if family == Family::V4 { u128::from(u32::MAX) } else { u128::MAX };
        if let Some((low, high)) = word.split_once('-') {
            return Some(Addresses::Range(number(low)?, number(high)?));
        }
        let Some((base, mask)) = word.split_once('/') else {
            return number(word).map(|address| Addresses::Range(address, address));
        };
        let mask = match mask.parse::<u32>() {
            Ok(length) => all & !all.checked_shr(length).unwrap_or_default(),
            Err(_) => number(mask)?,
        };
        Some(Addresses::Masked { base: number(base)? & mask, mask })
    }

    /// An address that is in it, or right beside it, or differs in one bit.
    pub fn pick(self, family: Family, random: &mut Random) -> IpAddr {
        let all = if family == Family::V4 { u128::from(u32::MAX) } else { u128::MAX };
        let number = match self {
            Addresses::Range(low, high) => match random.below(6) {
                0 => low.saturating_sub(1),
                1 => high.saturating_add(1),
                2 => low,
                3 => high,
                _ => random.between(low.min(high), high.max(low)),
            },
            Addresses::Masked { base, mask } => match random.below(8) {
                0 => base,
                1 => base | (all & !mask),
                2 => base.wrapping_sub(1),
                3 => (base | (all & !mask)).wrapping_add(1),
                4 => base ^ 1 << random.below(family.bits() as usize),
                _ => base | (random.between(0, all) & all & !mask),
            },
        };
        family.address(number & all)
    }
}

pub fn ports(word: &str) -> Option<(u16, u16)> {
    let named = |text: &str| {
        let by_name = PORT_NAMES.iter().find(|(name, _)| *name == text).map(|(_, port)| *port);
        by_name.or_else(|| text.parse().ok())
    };
    match word.split_once(':') {
        Some((low, high)) => {
            let low = if low.is_empty() { Some(0) } else { named(low) };
            let high = if high.is_empty() { Some(u16::MAX) } else { named(high) };
            Some((low?, high?))
        }
        None => named(word).map(|port| (port, port)),
    }
}

pub fn icmp(word: &str, family: Family) -> Option<u16> {
    let (kind, code) = word.split_once('/').unwrap_or((word, "0"));
    let by_name = ICMP_NAMES.iter().find(|(name, ..)| *name == kind);
    let by_name = by_name.map(|(_, v4, v6)| if family == Family::V4 { *v4 } else { *v6 });
    let kind: u8 = by_name.or_else(|| kind.parse().ok())?;
    Some(u16::from_be_bytes([kind, code.parse().ok()?]))
}

/// The interfaces that a name, or the beginning of one with `+`, stands for.
pub fn links(word: &str) -> Vec<usize> {
    let fits = |link: &str| word.strip_suffix('+').map_or(link == word, |start| link.starts_with(start));
    (0..LINKS.len()).filter(|link| fits(LINKS[*link])).collect()
}
