//! Object groups and time ranges, as the file defines them.

use space::{IntervalSet, Set, protocol};

use super::ace::above_or_below;
use super::addresses;
use super::lines::{Line, Word, short};
use super::model::{Family, Group, GroupKind, Member, Platform, TimeRange};
use super::names;
use super::parse::{Reader, Section};
use crate::{Day, Status};

impl<'a> Reader<'a> {
    /// `object-group network NAME` (IOS, also ASA's words), `object-group ip address NAME` (NX-OS),
    /// `object-group network ipv4 NAME` (IOS XR)
    pub(super) fn group(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let texts: Vec<&str> = words.iter().take(5).map(|word| word.text).collect();
        let (kind, name, at) = match texts[..] {
            [_, "network", family @ ("ipv4" | "ipv6"), name, ..] => (
                GroupKind::Addresses(Some(if family == "ipv4" { Family::V4 } else { Family::V6 })),
                name,
                "object-group network",
            ),
            [_, "network", name, ..] => {
                (GroupKind::Addresses(Some(Family::V4)), name, "object-group network")
            }
            [_, "v6-network", name, ..] => {
                (GroupKind::Addresses(Some(Family::V6)), name, "object-group v6-network")
            }
            [_, "ip", "address", name, ..] => {
                (GroupKind::Addresses(Some(Family::V4)), name, "object-group ip address")
            }
            [_, "ipv6", "address", name, ..] => {
                (GroupKind::Addresses(Some(Family::V6)), name, "object-group ipv6 address")
            }
            [_, "ip", "port", name, ..] => (GroupKind::Ports, name, "object-group ip port"),
            [_, "port", name, ..] => (GroupKind::Ports, name, "object-group port"),
            [_, "service" | "v6-service", name, ..] => (GroupKind::Services, name, "object-group service"),
            [_, "protocol", name, ..] => (GroupKind::Protocols, name, "object-group protocol"),
            [_, "security" | "user" | "udf" | "mac" | "fqdn", ..] => {
                self.irrelevant(line, "a group of which no access list is made here");
                self.section =
                    Section::Other { reason: "in a group of which no access list is made here", uses: "" };
                return;
            }
            _ => {
                self.not_understood(line, "a kind of object group that is not known");
                self.section = Section::NotKnown;
                return;
            }
        };
        self.state(line.place(), Status::Understood, "");
        let index = *self.groups.entry((at, name)).or_insert(self.config.groups.len());
        if index == self.config.groups.len() {
            let place = line.place();
            self.config.groups.push(Group { kind, words: at, name, place, head: place, members: Vec::new() });
        }
        self.section = Section::Group(index);
    }

    pub(super) fn group_line(&mut self, group: usize, line: Line<'a>, words: &[Word<'a>]) {
        let numbered = names::number(words[0].text, u32::MAX).is_some() && words.len() > 1;
        let Some(kind) = self.config.groups.get(group).map(|group| group.kind) else { return };
        // In a group of services a number is a protocol; in those of NX-OS it is the place of the member.
        let rest = if numbered && kind != GroupKind::Services { &words[1..] } else { words };
        let texts: Vec<&str> = rest.iter().map(|word| word.text).collect();
        if matches!(texts[..], ["description", ..] | ["remark", ..]) {
            self.irrelevant(line, "a description");
            return self.grow(group, line, None);
        }
        let member = match texts[..] {
            ["group-object" | "object-group", name] => Some(Member::Group(name, rest[1].place())),
            ["group-object" | "object-group", _, "ipv4" | "ipv6", name] => {
                rest.last().map(|word| Member::Group(name, word.place()))
            }
            _ => match kind {
                GroupKind::Addresses(family) => self.addresses(family.unwrap_or(Family::V4), &texts),
                GroupKind::Ports => ports(&texts, false).map(service(IntervalSet::any())),
                GroupKind::Protocols => match texts[..] {
                    ["protocol-object", name] => names::protocol(name, Family::V4)
                        .map(|protocols| service(protocols)(IntervalSet::any())),
                    _ => None,
                },
                GroupKind::Services => services(&texts),
            },
        };
        if member.is_some() {
            self.state(line.place(), Status::Understood, "");
        } else {
            self.state(
                line.place(),
                Status::Approximated,
                "a member that is not understood: it is kept as an unknown",
            );
        }
        let member = member.unwrap_or_else(|| Member::Unknown(short(line.text)));
        self.grow(group, line, Some(member));
    }

    fn grow(&mut self, group: usize, line: Line<'a>, member: Option<Member<'a>>) {
        if let Some(group) = self.config.groups.get_mut(group) {
            group.place = group.place.cover(line.place());
            group.members.extend(member);
        }
    }

    fn addresses(&mut self, family: Family, texts: &[&str]) -> Option<Member<'a>> {
        let texts = texts.strip_prefix(&["network-object"]).unwrap_or(texts);
        let host = |text: &str| addresses::host(text, family);
        let set = match texts {
            ["any"] => family.any(),
            ["host", address] => host(address)?,
            ["range", low, high] | [low, "-", high] => {
                let (low, high) = (host(low)?.first()?, host(high)?.first()?);
                let set = space::AddressSet::range(low, high);
                return (!set.is_empty()).then_some(Member::Addresses(set));
            }
            [address, mask] if mask.starts_with('/') => {
                let (address, length) = addresses::prefix(&format!("{address}{mask}"), family)?;
                addresses::network(family, address, length).0
            }
            [address, mask] if family == Family::V4 => {
                let (address, mask) = (addresses::v4(address)?, addresses::v4(mask)?);
                // IOS takes a netmask here ("object-group network"), NX-OS a wildcard mask; of the others it is not sure.
                let wildcard = match self.config.platform {
                    Platform::Ios => !mask,
                    Platform::NxOs => mask,
                    Platform::Xr | Platform::Eos => return None,
                };
                match self.wildcards.addresses(address, wildcard) {
                    addresses::Masked::Set(set) => set,
                    addresses::Masked::Within(_) => return None,
                }
            }
            [one] => match addresses::prefix(one, family) {
                Some((address, length)) => addresses::network(family, address, length).0,
                None => host(one)?,
            },
            _ => return None,
        };
        Some(Member::Addresses(set))
    }

    /// `time-range NAME`
    pub(super) fn time_range(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let Some(name) = words.get(1) else {
            self.not_understood(line, "a time range without a name");
            return;
        };
        self.state(line.place(), Status::Understood, "");
        self.section = Section::TimeRange(self.config.time_ranges.len());
        let place = line.place();
        self.config.time_ranges.push(TimeRange {
            name: name.text,
            place,
            head: place,
            ends: None,
            lines: Vec::new(),
        });
    }

    pub(super) fn time_range_line(&mut self, at: usize, line: Line<'a>, words: &[Word<'a>]) {
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        let end = texts.iter().position(|text| *text == "end");
        let verb = texts.iter().find(|text| matches!(**text, "absolute" | "periodic"));
        self.state(line.place(), Status::Approximated, "whether a time range holds is kept as an unknown");
        let Some(range) = self.config.time_ranges.get_mut(at) else { return };
        range.place = range.place.cover(line.place());
        range.lines.push(line.text);
        // `absolute start 08:00 1 January 2026 end 18:00 31 March 2026`: there is one such line at most.
        if verb == Some(&"absolute")
            && let Some(rest) = end.and_then(|end| texts.get(end + 1..))
        {
            range.ends = match rest {
                [_, day, month, year, ..] => date(day, month, year).or_else(|| date(month, day, year)),
                _ => None,
            };
        }
    }
}

/// `31 March 2026`
fn date(day: &str, month: &str, year: &str) -> Option<Day> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let short = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == short)? + 1;
    let day = names::number(day, 31).filter(|day| *day > 0)?;
    let year = names::number(year, 9999)?;
    Some(Day {
        year: i16::try_from(year).ok()?,
        month: i8::try_from(month).ok()?,
        day: i8::try_from(day).ok()?,
    })
}

/// The ports that `eq 80`, `range 1 5` say; `None` where it is none of that, or no port at all.
fn ports(texts: &[&str], udp: bool) -> Option<IntervalSet<u16>> {
    let port = |text: &str| names::port(text, udp).or_else(|| names::port(text, !udp));
    Some(match texts {
        ["eq", all @ ..] if !all.is_empty() => IntervalSet::from_ranges(
            all.iter().map(|text| port(text).map(|port| (port, port))).collect::<Option<Vec<_>>>()?,
        ),
        ["neq", one] => IntervalSet::one(port(one)?).complement(),
        [operator @ ("gt" | "lt"), one] => above_or_below(operator, port(one)?),
        ["range", low, high] => {
            let (low, high) = (port(low)?, port(high)?);
            // NX-OS exchanges the two itself; a group of ports in this form is its own.
            IntervalSet::range(low.min(high), low.max(high))
        }
        [one] => IntervalSet::one(port(one)?),
        _ => return None,
    })
}

fn service<'a>(protocols: IntervalSet<u8>) -> impl Fn(IntervalSet<u16>) -> Member<'a> {
    move |destination| Member::Service {
        protocols: protocols.clone(),
        source: IntervalSet::any(),
        destination,
    }
}

/// `tcp eq 443`, `udp source gt 1023 range 5 6`, `tcp-udp eq 53`, `icmp echo`, `47`
fn services<'a>(texts: &[&str]) -> Option<Member<'a>> {
    let texts = texts.strip_prefix(&["service-object"]).unwrap_or(texts);
    let (name, rest) = texts.split_first()?;
    let protocols = match *name {
        "tcp-udp" => {
            IntervalSet::from_ranges([(protocol::TCP, protocol::TCP), (protocol::UDP, protocol::UDP)])
        }
        other => names::protocol(other, Family::V4)?,
    };
    let any = IntervalSet::any;
    let one = if protocols.size() == 1.0 { protocols.first() } else { None };
    if one == Some(protocol::ICMP) {
        let destination = match rest {
            [] => any(),
            [word] => names::icmp(word, Family::V4).or_else(|| {
                let kind = u16::try_from(names::number(word, 255)?).ok()?;
                Some(IntervalSet::range(kind * 256, kind * 256 + 255))
            })?,
            _ => return None,
        };
        return Some(Member::Service { protocols, source: any(), destination });
    }
    if rest.is_empty() {
        return Some(Member::Service { protocols, source: any(), destination: any() });
    }
    let ported = *name == "tcp-udp" || one.is_some_and(protocol::has_ports);
    let udp = one == Some(protocol::UDP);
    if !ported {
        return None;
    }
    let width = |texts: &[&str]| match texts.first() {
        Some(&"range") => 3,
        Some(&("eq" | "neq" | "gt" | "lt")) => 2,
        _ => 1,
    };
    let (source, rest) = match rest {
        ["source", rest @ ..] => {
            let (own, rest) = rest.split_at_checked(width(rest))?;
            (ports(own, udp)?, rest)
        }
        _ => (any(), rest),
    };
    let destination = if rest.is_empty() {
        any()
    } else {
        ports(rest.strip_prefix(&["destination"]).unwrap_or(rest), udp)?
    };
    Some(Member::Service { protocols, source, destination })
}
