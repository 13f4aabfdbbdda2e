//! One access control entry: the words after `permit` or `deny`.

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet, Set, protocol};

use super::addresses::{self, Masked, Wildcards};
use super::lines::{Word, short};
use super::model::{Ace, Endpoint, Family, Platform, Ports, Protocol};
use super::names;

/// What the reader of an entry needs to know of its list, and what it leaves behind.
pub struct Around<'r> {
    pub family: Family,
    pub standard: bool,
    pub platform: Platform,
    pub wildcards: &'r mut Wildcards,
    /// What is odd in the entry, with its place and help.
    pub odd: &'r mut Vec<(TextRange, String, &'static str)>,
}

/// Reads `words`, of which the first is `permit` or `deny`; an error says why it cannot be read.
pub fn read<'a>(words: &[Word<'a>], around: &mut Around<'_>) -> Result<Ace<'a>, String> {
    let mut reader = Reader { words, at: 1, around };
    let mut ace = Ace {
        permit: words.first().is_some_and(|word| word.text == "permit"),
        protocol: Protocol::Known(IntervalSet::any()),
        source: Endpoint::Known(AddressSet::any()),
        source_ports: Ports::any(),
        destination: Endpoint::Known(AddressSet::any()),
        destination_ports: Ports::any(),
        established: false,
        flags: None,
        fragments: false,
        logs: false,
        time_range: None,
        reflect: None,
        shared: Vec::new(),
        unknown: Vec::new(),
    };
    ace.destination = Endpoint::Known(reader.around.family.any());
    if reader.around.standard {
        ace.source = reader.endpoint(true)?;
    } else {
        let ported = reader.protocol(&mut ace)?;
        ace.source = reader.endpoint(false)?;
        if let Some(udp) = ported {
            ace.source_ports = reader.ports(udp)?.unwrap_or_else(Ports::any);
        }
        ace.destination = reader.endpoint(false)?;
        if let Some(udp) = ported {
            ace.destination_ports = reader.ports(udp)?.unwrap_or_else(Ports::any);
        } else if is_one(&ace.protocol, protocol::ICMP) || is_one(&ace.protocol, protocol::ICMPV6) {
            ace.destination_ports = Ports::Known(reader.icmp());
        }
    }
    reader.options(&mut ace)?;
    Ok(ace)
}

pub(super) fn is_one(protocol: &Protocol<'_>, number: u8) -> bool {
    matches!(protocol, Protocol::Known(set) if *set == IntervalSet::one(number))
}

pub(super) struct Reader<'a, 'r, 'w> {
    pub words: &'r [Word<'a>],
    pub at: usize,
    around: &'r mut Around<'w>,
}

impl<'a> Reader<'a, '_, '_> {
    pub fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(|word| word.text)
    }

    pub fn next(&mut self, what: &str) -> Result<Word<'a>, String> {
        let word = self.words.get(self.at).copied().ok_or_else(|| format!("{what} is missing"))?;
        self.at += 1;
        Ok(word)
    }

    fn odd(&mut self, place: TextRange, message: String, help: &'static str) {
        self.around.odd.push((place, message, help));
    }

    /// The protocol. Returns whether names of ports are those of UDP, where there are ports.
    fn protocol(&mut self, ace: &mut Ace<'a>) -> Result<Option<bool>, String> {
        let word = self.next("the protocol")?;
        if word.text == "object-group" {
            let name = self.next("the name of the object group")?;
            ace.protocol = Protocol::Group(name.text, name.place());
            return Ok(None);
        }
        let protocols = names::protocol(word.text, self.around.family)
            .ok_or_else(|| format!("no protocol is called `{}`", short(word.text)))?;
        let only = if protocols.size() == 1.0 { protocols.first() } else { None };
        ace.protocol = Protocol::Known(protocols);
        Ok(only.filter(|number| protocol::has_ports(*number)).map(|number| number == protocol::UDP))
    }

    fn endpoint(&mut self, standard: bool) -> Result<Endpoint<'a>, String> {
        let family = self.around.family;
        let word = self.next("an address")?;
        match word.text {
            "any" | "any4" | "any6" => return Ok(Endpoint::Known(family.any())),
            "host" => {
                let host = self.next("the address of the host")?;
                return Ok(match addresses::host(host.text, family) {
                    Some(set) => Endpoint::Known(set),
                    None if is_host_name(host.text) => Endpoint::Host(host.text),
                    None => return Err(format!("`{}` is no address", short(host.text))),
                });
            }
            "object-group" | "addrgroup" | "net-group" => {
                let name = self.next("the name of the group")?;
                return Ok(Endpoint::Group(name.text, name.place()));
            }
            _ => {}
        }
        if let Some((address, length)) = addresses::prefix(word.text, family) {
            let (set, host_bits) = addresses::network(family, address, length);
            if host_bits {
                self.odd(
                    word.place(),
                    format!("`{}` has bits set beyond its prefix", short(word.text)),
                    "they do not count: write the network's own address",
                );
            }
            return Ok(Endpoint::Known(set));
        }
        let not_an_address = || format!("`{}` is no address", short(word.text));
        match family {
            Family::V4 => {
                // `show` writes `10.0.0.0, wildcard bits 0.0.0.255`.
                let (plain, comma) = match word.text.strip_suffix(',') {
                    Some(plain) => (plain, true),
                    None => (word.text, false),
                };
                let address = addresses::v4(plain).ok_or_else(not_an_address)?;
                for filler in ["wildcard", "bits"] {
                    if comma && self.peek() == Some(filler) {
                        self.at += 1;
                    }
                }
                let wildcard = match self.peek().and_then(addresses::v4) {
                    Some(wildcard) => {
                        let place = self
                            .words
                            .get(self.at)
                            .map_or(word.place(), |last| word.place().cover(last.place()));
                        self.at += 1;
                        self.wildcard(address, wildcard, place);
                        wildcard
                    }
                    None if standard => 0,
                    None => return Err(format!("`{}` has no wildcard mask", short(word.text))),
                };
                Ok(match self.around.wildcards.addresses(address, wildcard) {
                    Masked::Set(set) => Endpoint::Known(set),
                    Masked::Within(set) => {
                        let [address, wildcard] =
                            [address & !wildcard, wildcard].map(std::net::Ipv4Addr::from);
                        Endpoint::Within(set, format!("address {address} {wildcard}"))
                    }
                })
            }
            Family::V6 => {
                let address = addresses::v6(word.text).ok_or_else(not_an_address)?;
                let Some(wildcard) = self.peek().and_then(addresses::v6) else {
                    return match addresses::host(word.text, family).filter(|_| standard) {
                        Some(host) => Ok(Endpoint::Known(host)),
                        None => Err(format!("`{}` has no length of its prefix", short(word.text))),
                    };
                };
                self.at += 1;
                let (base, low) = (address & !wildcard, wildcard.trailing_ones());
                let row = 1_u128.checked_shl(low).map_or(u128::MAX, |bit| bit - 1);
                let set =
                    AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::range(base, base | wildcard) };
                Ok(if wildcard == row {
                    Endpoint::Known(set)
                } else {
                    let [base, wildcard] = [base, wildcard].map(std::net::Ipv6Addr::from);
                    Endpoint::Within(set, format!("address {base} {wildcard}"))
                })
            }
        }
    }

    /// What is odd in a wildcard mask.
    fn wildcard(&mut self, address: u32, wildcard: u32, place: TextRange) {
        let is_netmask =
            wildcard.leading_ones() > 0 && addresses::mask_length(wildcard).is_some_and(|length| length < 32);
        if is_netmask {
            let message = format!(
                "`{}` is a netmask, and is read as a wildcard mask",
                std::net::Ipv4Addr::from(wildcard)
            );
            self.odd(
                place,
                message,
                "in a wildcard mask the bits that do not matter are one: `0.0.0.255` is 256 addresses",
            );
        } else if address & wildcard != 0 && wildcard != u32::MAX {
            let message = format!(
                "`{}` has bits set that its wildcard mask ignores",
                std::net::Ipv4Addr::from(address)
            );
            self.odd(place, message, "they do not count: write the network's own address");
        }
    }

    /// The ports of one side; `None` where no operator stands here.
    fn ports(&mut self, udp: bool) -> Result<Option<Ports<'a>>, String> {
        let Some(operator) = self.peek() else { return Ok(None) };
        match operator {
            "eq" | "neq" => {
                self.at += 1;
                let mut ports: Vec<(u16, u16)> = Vec::new();
                let first = self.next("a port")?;
                let Some(port) = names::port(first.text, udp) else {
                    return Ok(Some(Ports::Undefined(first.text)));
                };
                ports.push((port, port));
                // Several ports: "Named ACL Support for Noncontiguous Ports on an Access Control Entry".
                while let Some(port) = self.peek().and_then(|word| names::port(word, udp)) {
                    ports.push((port, port));
                    self.at += 1;
                }
                let set = IntervalSet::from_ranges(ports);
                Ok(Some(Ports::Known(if operator == "eq" { set } else { set.complement() })))
            }
            "gt" | "lt" => {
                self.at += 1;
                let word = self.next("a port")?;
                let Some(port) = names::port(word.text, udp) else {
                    return Ok(Some(Ports::Undefined(word.text)));
                };
                let set = above_or_below(operator, port);
                if set.is_empty() {
                    let message = format!(
                        "no port is {} than {port}",
                        if operator == "gt" { "greater" } else { "less" }
                    );
                    self.odd(
                        word.place(),
                        message,
                        "the entry matches nothing: remove it, or correct the port",
                    );
                }
                Ok(Some(Ports::Known(set)))
            }
            "range" => {
                self.at += 1;
                let (from, to) = (self.next("a port")?, self.next("the end of the range")?);
                let Some(low) = names::port(from.text, udp) else {
                    return Ok(Some(Ports::Undefined(from.text)));
                };
                let Some(high) = names::port(to.text, udp) else {
                    return Ok(Some(Ports::Undefined(to.text)));
                };
                if low <= high {
                    return Ok(Some(Ports::Known(IntervalSet::range(low, high))));
                }
                self.odd(
                    from.place().cover(to.place()),
                    format!("the range `{low} {high}` is reversed"),
                    "write the lower port first",
                );
                // NX-OS puts it right by itself; of the others it is not known.
                if self.around.platform == Platform::NxOs {
                    return Ok(Some(Ports::Known(IntervalSet::range(high, low))));
                }
                Err("a range of ports is reversed".to_owned())
            }
            "portgroup" | "port-group" => {
                self.at += 1;
                let name = self.next("the name of the port group")?;
                Ok(Some(Ports::Group(name.text, name.place())))
            }
            _ => Ok(None),
        }
    }

    /// A message by name, or its type and code.
    fn icmp(&mut self) -> IntervalSet<u16> {
        let Some(word) = self.peek() else { return IntervalSet::any() };
        if let Some(types) = names::icmp(word, self.around.family) {
            self.at += 1;
            return types;
        }
        let byte = |word: &str| names::number(word, 255).and_then(|number| u16::try_from(number).ok());
        let Some(kind) = byte(word) else { return IntervalSet::any() };
        self.at += 1;
        match self.peek().and_then(byte) {
            Some(code) => {
                self.at += 1;
                IntervalSet::one(kind * 256 + code)
            }
            None => IntervalSet::range(kind * 256, kind * 256 + 255),
        }
    }
}

/// The ports greater or less than one.
pub fn above_or_below(operator: &str, port: u16) -> IntervalSet<u16> {
    match operator {
        "gt" => port.checked_add(1).map_or_else(IntervalSet::empty, |low| IntervalSet::range(low, u16::MAX)),
        _ => port.checked_sub(1).map_or_else(IntervalSet::empty, |high| IntervalSet::range(0, high)),
    }
}

/// A name that IOS would ask DNS for when the line is entered.
fn is_host_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}
