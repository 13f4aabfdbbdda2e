use std::fmt::Write;
use std::net::Ipv4Addr;

use crate::Random;

/// A generated rule set and a policy that speaks of it.
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Clone)]
struct Rule {
    source: Prefix,
    destination: Prefix,
    service: Service,
    permit: bool,
}

/// An address and the length of its prefix.
#[derive(Clone, Copy, PartialEq)]
struct Prefix(u32, u8);

#[derive(Clone, Copy, PartialEq)]
enum Service {
    Any,
    Icmp,
    /// Protocol, first and last port.
    Ports(&'static str, u16, u16),
}

/// Services with their weights: a few carry most rules.
const SERVICES: &[(u32, Service)] = &[
    (22, Service::Ports("tcp", 443, 443)),
    (11, Service::Ports("tcp", 80, 80)),
    (9, Service::Ports("tcp", 22, 22)),
    (5, Service::Ports("tcp", 1433, 1433)),
    (4, Service::Ports("tcp", 5432, 5432)),
    (4, Service::Ports("tcp", 8080, 8080)),
    (4, Service::Ports("tcp", 3389, 3389)),
    (3, Service::Ports("tcp", 445, 445)),
    (2, Service::Ports("tcp", 9000, 9100)),
    (2, Service::Ports("tcp", 1024, 65535)),
    (6, Service::Ports("udp", 53, 53)),
    (3, Service::Ports("udp", 123, 123)),
    (3, Service::Ports("udp", 161, 162)),
    (3, Service::Icmp),
    (2, Service::Any),
];

/// `count` rules and a last one that denies everything.
pub fn enterprise(count: usize, seed: u64) -> Rules {
    let mut random = Random::new(seed);
    let sites: Vec<Prefix> = (0..(count / 60).clamp(4, 3800))
        .map(|_| Prefix((10 << 24) | (random.below(1 << 12) << 12), 20))
        .collect();
    let mut rules: Vec<Rule> = Vec::with_capacity(count);
    while rules.len() < count {
        let earlier = if rules.is_empty() { None } else { random.pick(&rules).cloned() };
        let rule = match (random.below(1000), earlier) {
            // Shadowed by an earlier rule, with the other action.
            (0..35, Some(earlier)) => Rule { permit: !earlier.permit, ..narrower(&mut random, &earlier) },
            // Redundant: the same action.
            (35..65, Some(earlier)) => narrower(&mut random, &earlier),
            // Correlated: narrower on one side, wider on the other.
            (65..85, Some(earlier)) => Rule {
                permit: !earlier.permit,
                destination: wider(earlier.destination),
                ..narrower(&mut random, &earlier)
            },
            _ => fresh(&mut random, &sites),
        };
        rules.push(rule);
    }
    Rules { rules }
}

fn fresh(random: &mut Random, sites: &[Prefix]) -> Rule {
    let site = |random: &mut Random| random.pick(sites).copied().unwrap_or(Prefix(10 << 24, 8));
    let (here, there) = (site(random), site(random));
    let source_length = if random.chance(45) { 24 } else { 32 };
    let source = inside(random, here, source_length);
    let destination_length = if random.chance(80) { 32 } else { 28 };
    let destination = inside(random, there, destination_length);
    let total = SERVICES.iter().map(|(weight, _)| weight).sum();
    let mut at = random.below(total);
    let mut service = Service::Any;
    for (weight, candidate) in SERVICES {
        service = *candidate;
        if at < *weight {
            break;
        }
        at -= weight;
    }
    Rule { source, destination, service, permit: !random.chance(8) }
}

fn inside(random: &mut Random, prefix: Prefix, length: u8) -> Prefix {
    let length = length.max(prefix.1);
    let host = u32::MAX.checked_shr(u32::from(prefix.1)).unwrap_or(0);
    let kept = u32::MAX.checked_shl(u32::from(32 - length)).unwrap_or(0);
    let bits = u32::try_from(random.number() >> 32).unwrap_or(0);
    Prefix((prefix.0 & !host) | (bits & host & kept), length)
}

fn narrower(random: &mut Random, rule: &Rule) -> Rule {
    let more = u8::try_from(random.below(8) + 1).unwrap_or(1);
    Rule { source: inside(random, rule.source, (rule.source.1 + more).min(32)), ..rule.clone() }
}

fn wider(prefix: Prefix) -> Prefix {
    let length = prefix.1.saturating_sub(4).max(8);
    Prefix(prefix.0 & u32::MAX.checked_shl(u32::from(32 - length)).unwrap_or(0), length)
}

impl Rules {
    /// As iptables-save prints it.
    pub fn iptables(&self) -> String {
        let mut text =
            String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n");
        for (index, rule) in self.rules.iter().enumerate() {
            let _ = writeln!(text, "{} -m comment --comment r{index}{}", rule.matches(), rule.target());
        }
        text.push_str("-A FORWARD -j DROP\nCOMMIT\n");
        text
    }

    /// The same with every `step`-th rule left out.
    pub fn without_every(&self, step: usize) -> Rules {
        let kept = self.rules.iter().enumerate().filter(|(index, _)| index % step != step - 1);
        Rules { rules: kept.map(|(_, rule)| rule.clone()).collect() }
    }

    /// A policy of `count` flows that the permitting rules suggest.
    pub fn policy(&self, count: usize) -> String {
        let permits = self.rules.iter().filter(|rule| rule.permit && rule.service != Service::Any);
        let step = (self.rules.len() / count.max(1)).max(1);
        let mut text = String::new();
        for (index, rule) in permits.step_by(step).take(count).enumerate() {
            let service = match rule.service {
                Service::Any => "any".to_owned(),
                Service::Icmp => "icmp".to_owned(),
                Service::Ports(protocol, low, high) if low == high => format!("{protocol}/{low}"),
                Service::Ports(protocol, low, high) => format!("{protocol}/{low}-{high}"),
            };
            let _ = writeln!(
                text,
                "flow_{index}: {} -> {} {service}",
                rule.source.short(),
                rule.destination.short()
            );
        }
        text
    }
}

impl Rule {
    fn matches(&self) -> String {
        let mut text = format!("-A FORWARD -s {} -d {}", self.source.long(), self.destination.long());
        match self.service {
            Service::Any => {}
            Service::Icmp => text.push_str(" -p icmp"),
            Service::Ports(protocol, low, high) => {
                let _ = write!(text, " -p {protocol} -m {protocol} --dport {low}");
                if low != high {
                    let _ = write!(text, ":{high}");
                }
            }
        }
        text
    }

    fn target(&self) -> &'static str {
        if self.permit { " -j ACCEPT" } else { " -j DROP" }
    }
}

impl Prefix {
    fn long(self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.0), self.1)
    }

    fn short(self) -> String {
        if self.1 == 32 { Ipv4Addr::from(self.0).to_string() } else { self.long() }
    }
}
