//! Which packets are sent to a rule set.

use std::collections::BTreeSet;
use std::net::IpAddr;

use space::protocol;

use super::mentioned::{Addresses, Mentioned, mentioned};
use super::probe::Probe;
use super::random::Random;
use super::topology::{Family, LINKS, OWN, Way, is_ordinary, route};

/// The chain of table `filter` that packets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    Forward,
    Input,
    Output,
}

impl Hook {
    /// The name of the rule set that Flowright makes of it; for nftables in small letters.
    pub fn chain(self) -> &'static str {
        match self {
            Hook::Forward => "FORWARD",
            Hook::Input => "INPUT",
            Hook::Output => "OUTPUT",
        }
    }
}

/// The protocols that packets have where no rule suggests one; the first of them more often.
const PROTOCOLS: [u8; 13] = [
    protocol::TCP,
    protocol::TCP,
    protocol::UDP,
    protocol::UDP,
    protocol::ICMP,
    protocol::SCTP,
    protocol::UDPLITE,
    protocol::DCCP,
    protocol::GRE,
    protocol::ESP,
    89,
    112,
    253,
];

/// `count` packets of the family that come close to what the rules mention, one beside the other.
///
/// No packet looks like the reply to another of `sent`, which it is added to: such a one would not be the first of a flow.
pub fn probes(
    text: &str,
    family: Family,
    hook: Hook,
    count: usize,
    random: &mut Random,
    sent: &mut Sent,
) -> Vec<Probe> {
    let lines = mentioned(text, family);
    // Where connections are tracked, only the first packet of one is a packet of ours.
    let tracked = text.contains("state") || text.contains("conntrack");
    let mut all = Vec::with_capacity(count);
    // Some are thrown away; not so many that this limit is met.
    for _ in 0..count * 20 {
        if all.len() == count {
            break;
        }
        let near = Near { line: &lines[random.below(lines.len())], lines: &lines, family };
        let probe = near.probe(hook, tracked, random);
        if probe.source != probe.destination && sent.admits(&probe) {
            all.push(probe);
        }
    }
    all
}

/// The packets sent so far through one network.
#[derive(Default)]
pub struct Sent(BTreeSet<(IpAddr, IpAddr, u8, u16, u16)>);

impl Sent {
    fn admits(&mut self, probe: &Probe) -> bool {
        let Probe { source, destination, protocol, source_port, destination_port, .. } = *probe;
        // An ICMP request is no reply to any.
        let [to, from] = if protocol::is_icmp(protocol) { [0, 0] } else { [source_port, destination_port] };
        if !protocol::is_icmp(protocol) && self.0.contains(&(destination, source, protocol, from, to)) {
            return false;
        }
        self.0.insert((source, destination, protocol, to, from));
        true
    }
}

/// Packets near one line, and sometimes near any of them.
struct Near<'a> {
    line: &'a Mentioned,
    lines: &'a [Mentioned],
    family: Family,
}

impl Near<'_> {
    fn probe(&self, hook: Hook, tracked: bool, random: &mut Random) -> Probe {
        let mut protocol = self.protocol(hook, random);
        // Connection tracking checks the sum of UDP-Lite as if it were UDP's (seen in Linux 6.18): to it, no such packet
        // is valid.
        if tracked && protocol == protocol::UDPLITE {
            protocol = protocol::UDP;
        }
        let destination = if hook == Hook::Input { self.own(random) } else { self.destination(random) };
        let source = match hook {
            Hook::Output if random.chance(40) => self.own(random),
            _ => self.source(random),
        };
        let from = match self.one(|line| &line.from, random) {
            Some(link) => link,
            None => random.below(LINKS.len()),
        };
        let to = route(destination);
        let ported = protocol::has_ports(protocol);
        let (mut source_port, mut destination_port) = (0, 0);
        if ported {
            source_port = self.port(|line| &line.source_ports, 1024, random);
            destination_port = self.port(|line| &line.destination_ports, 1, random);
        } else if protocol::is_icmp(protocol) {
            destination_port = self.icmp(hook, tracked, random);
        }
        let way = match hook {
            Hook::Forward => Way::Through { from, to },
            Hook::Input => Way::Into { from },
            Hook::Output => Way::OutOf { to },
        };
        Probe { source, destination, protocol, source_port, destination_port, way }
    }

    /// A value that the line mentions, or else one that any line does.
    fn one<T: Copy>(&self, field: impl Fn(&Mentioned) -> &Vec<T>, random: &mut Random) -> Option<T> {
        let mine = field(self.line);
        if !mine.is_empty() && random.chance(85) {
            return Some(*random.pick(mine));
        }
        let any = field(&self.lines[random.below(self.lines.len())]);
        (!any.is_empty() && random.chance(70)).then(|| *random.pick(any))
    }

    fn protocol(&self, hook: Hook, random: &mut Random) -> u8 {
        let suggested = self.one(|line| &line.protocols, random);
        let ports = !self.line.destination_ports.is_empty() || !self.line.source_ports.is_empty();
        let mut protocol =
            suggested.unwrap_or_else(|| *random.pick(&PROTOCOLS[..if ports { 7 } else { 13 }]));
        if self.family == Family::V6 && protocol == protocol::ICMP {
            protocol = protocol::ICMPV6;
        }
        // In IPv6 some numbers are extension headers, which these packets do not have; to the router itself only
        // packets go that it hands to a socket.
        let header = matches!(protocol, 0 | 43 | 44 | 51 | 59 | 60 | 135) && self.family == Family::V6;
        let heard = [protocol::TCP, protocol::UDP, protocol::SCTP, protocol::UDPLITE];
        let deaf = hook == Hook::Input && !heard.contains(&protocol) && !protocol::is_icmp(protocol);
        let foreign = protocol == if self.family == Family::V4 { protocol::ICMPV6 } else { protocol::ICMP };
        if header || deaf || foreign || protocol == 0 { protocol::TCP } else { protocol }
    }

    fn source(&self, random: &mut Random) -> IpAddr {
        self.ordinary(|line| &line.sources, random)
    }

    /// A destination, one behind an interface that the line wants packets to leave by.
    fn destination(&self, random: &mut Random) -> IpAddr {
        let wanted = if self.line.to.is_empty() { None } else { Some(*random.pick(&self.line.to)) };
        let mut destination = self.ordinary(|line| &line.destinations, random);
        for _ in 0..8 {
            if wanted.is_none_or(|link| route(destination) == link) {
                break;
            }
            destination = match (&self.line.destinations[..], wanted) {
                ([], Some(link)) => behind(link, self.family, random),
                _ => self.ordinary(|line| &line.destinations, random),
            };
        }
        destination
    }

    fn ordinary(&self, field: impl Fn(&Mentioned) -> &Vec<Addresses>, random: &mut Random) -> IpAddr {
        let picked = self.one(field, random).map(|addresses| addresses.pick(self.family, random));
        picked.filter(|address| is_ordinary(*address)).unwrap_or_else(|| {
            let link = random.below(LINKS.len());
            behind(link, self.family, random)
        })
    }

    fn own(&self, random: &mut Random) -> IpAddr {
        let mine = if self.family == Family::V4 { &OWN[..3] } else { &OWN[3..] };
        random.pick(mine).parse().expect("the router's addresses are addresses")
    }

    fn port(&self, field: impl Fn(&Mentioned) -> &Vec<(u16, u16)>, lowest: u16, random: &mut Random) -> u16 {
        let Some((low, high)) = self.one(field, random) else {
            return u16::try_from(random.between(lowest.into(), u16::MAX.into()))
                .expect("it is in the range");
        };
        match random.below(6) {
            0 => low.saturating_sub(1),
            1 => high.saturating_add(1),
            2 => low,
            3 => high,
            _ => u16::try_from(random.between(low.min(high).into(), low.max(high).into()))
                .expect("it is in the range"),
        }
    }

    /// A type and a code. Where connections are tracked, those that begin one; to the router itself, none by which it
    /// would change its routes.
    fn icmp(&self, hook: Hook, tracked: bool, random: &mut Random) -> u16 {
        let usual: &[u8] = match (self.family, tracked, hook) {
            (Family::V4, true, _) => &[8, 13, 15, 17],
            (Family::V6, true, _) => &[128, 139],
            (Family::V4, false, Hook::Forward) => &[0, 3, 4, 5, 8, 11, 12, 13, 17, 40],
            (Family::V4, false, _) => &[0, 3, 8, 11, 12, 13],
            (Family::V6, false, Hook::Forward) => &[1, 2, 3, 4, 128, 129, 135, 136, 137, 140, 200],
            (Family::V6, false, _) => &[1, 2, 3, 4, 128, 129],
        };
        let suggested = self.one(|line| &line.icmp, random).map(u16::to_be_bytes);
        let [kind, code] =
            suggested.unwrap_or_else(|| [*random.pick(usual), *random.pick(&[0, 0, 1, 4, 10])]);
        let kind = if usual.contains(&kind) { kind } else { *random.pick(usual) };
        let code = if random.chance(20) { code.wrapping_add(1) } else { code };
        u16::from_be_bytes([kind, code])
    }
}

/// Any address behind an interface.
fn behind(link: usize, family: Family, random: &mut Random) -> IpAddr {
    let number = link as u128;
    let (base, host_bits) = match family {
        Family::V4 if random.chance(25) => (0xc0a8_0000 | number << 8, 8),
        Family::V4 => (0x0a00_0000 | number << 16, 16),
        Family::V6 => (0x2001_0db8 << 96 | number << 80, 80),
    };
    family.address(base | random.between(0, (1 << host_bits) - 1))
}
