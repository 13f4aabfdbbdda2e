//! Rule sets as texts, for us and for the peers.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::{Ports, Prefix, Protocol, Rule, Rules, Side};

/// What a rule set can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As iptables-save prints it: a line for each pair of prefixes.
    Iptables,
    Nftables,
    /// A `.net`, a `.svc` and a `.pol` file of Capirca and Aerleon.
    Networks,
    Services,
    Policy,
}

impl Format {
    pub fn named(name: &str) -> Option<Format> {
        Some(match name {
            "iptables" => Format::Iptables,
            "nftables" => Format::Nftables,
            "net" => Format::Networks,
            "svc" => Format::Services,
            "pol" => Format::Policy,
            _ => return None,
        })
    }
}

impl Rules {
    pub fn written(&self, format: Format) -> String {
        match format {
            Format::Iptables => self.iptables(),
            Format::Nftables => self.nftables(),
            Format::Networks => self.networks(),
            Format::Services => self.services(),
            Format::Policy => self.terms(),
        }
    }

    /// As iptables-save prints it.
    pub fn iptables(&self) -> String {
        let mut text =
            String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n");
        for (index, rule) in self.rules.iter().enumerate() {
            let service = iptables_service(rule);
            let target = if rule.permit { "ACCEPT" } else { "DROP" };
            for source in rule.source.iter().flatten() {
                for destination in rule.destination.iter().flatten() {
                    text.push_str("-A FORWARD");
                    for (option, prefix) in [("-s", source), ("-d", destination)] {
                        if *prefix != Prefix::ANY {
                            let _ = write!(text, " {option} {}", prefix.long());
                        }
                    }
                    let _ = writeln!(text, "{service} -m comment --comment r{index} -j {target}");
                }
            }
        }
        text.push_str("COMMIT\n");
        text
    }

    fn nftables(&self) -> String {
        let mut text = String::from(
            "table ip filter {\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n",
        );
        for (index, rule) in self.rules.iter().enumerate() {
            text.push_str("\t\t");
            for (word, side) in [("saddr", &rule.source), ("daddr", &rule.destination)] {
                let prefixes = disjoint(side);
                if !prefixes.contains(&Prefix::ANY) {
                    let _ =
                        write!(text, "ip {word} {} ", one_or_set(prefixes.into_iter().map(Prefix::short)));
                }
            }
            let service = &rule.service;
            let protocol = service.protocol.name();
            for (word, ports) in [("sport", &service.source), ("dport", &service.destination)] {
                if !ports.is_empty() {
                    let _ = write!(
                        text,
                        "{protocol} {word} {} ",
                        one_or_set(ports.iter().map(|range| dash(*range)))
                    );
                }
            }
            if service.protocol != Protocol::Any
                && service.source.is_empty()
                && service.destination.is_empty()
            {
                let _ = write!(text, "ip protocol {protocol} ");
            }
            let _ = writeln!(text, "{} comment \"r{index}\"", if rule.permit { "accept" } else { "drop" });
        }
        text.push_str("\t}\n}\n");
        text
    }

    fn networks(&self) -> String {
        let mut objects = BTreeMap::new();
        for rule in &self.rules {
            for object in rule.source.iter().chain(&rule.destination) {
                objects.insert(object_name(object), object);
            }
        }
        let mut text = String::new();
        for (name, object) in objects {
            let _ = writeln!(text, "{name} = {}", joined(object.iter().map(|prefix| prefix.long()), "\n  "));
        }
        text
    }

    fn services(&self) -> String {
        let mut services = BTreeMap::new();
        for rule in &self.rules {
            for ports in [&rule.service.source, &rule.service.destination] {
                if !ports.is_empty() {
                    services
                        .insert(service_name(rule.service.protocol, ports), (rule.service.protocol, ports));
                }
            }
        }
        let mut text = String::new();
        for (name, (protocol, ports)) in services {
            let protocol = protocol.name();
            let ports = joined(ports.iter().map(|range| format!("{}/{protocol}", dash(*range))), " ");
            let _ = writeln!(text, "{name} = {ports}");
        }
        text
    }

    fn terms(&self) -> String {
        let mut text = String::from("header {\n  target:: cisco OUTSIDE_IN extended\n}\n");
        for (index, rule) in self.rules.iter().enumerate() {
            let _ = writeln!(text, "term r{index} {{");
            for (word, side) in [("source", &rule.source), ("destination", &rule.destination)] {
                if !side.iter().flatten().any(|prefix| *prefix == Prefix::ANY) {
                    let _ = writeln!(
                        text,
                        "  {word}-address:: {}",
                        joined(side.iter().map(|one| object_name(one)), " ")
                    );
                }
            }
            let service = &rule.service;
            if service.protocol != Protocol::Any {
                let _ = writeln!(text, "  protocol:: {}", service.protocol.name());
            }
            for (word, ports) in [("source", &service.source), ("destination", &service.destination)] {
                if !ports.is_empty() {
                    let _ = writeln!(text, "  {word}-port:: {}", service_name(service.protocol, ports));
                }
            }
            let _ = writeln!(text, "  action:: {}\n}}", if rule.permit { "accept" } else { "deny" });
        }
        text
    }

    /// A policy of at most `count` flows that the permitting rules suggest.
    pub fn policy(&self, count: usize) -> String {
        let permits = self.rules.iter().filter(|rule| {
            let any =
                rule.source.iter().chain(&rule.destination).flatten().any(|prefix| *prefix == Prefix::ANY);
            let service = &rule.service;
            rule.permit && !service.destination.is_empty() && service.source.is_empty() && !any
        });
        let step = (self.rules.len() / count.max(1)).max(1);
        let mut text = String::new();
        for (index, rule) in permits.step_by(step).take(count).enumerate() {
            let side =
                |side: &Side| side.iter().flatten().next().map_or_else(String::new, |prefix| prefix.short());
            let ports = joined(rule.service.destination.iter().map(|range| dash(*range)), ", ");
            let protocol = rule.service.protocol.name();
            let (source, destination) = (side(&rule.source), side(&rule.destination));
            let _ = writeln!(text, "flow_{index}: {source} -> {destination} {protocol}/{{{ports}}}");
        }
        text
    }
}

fn iptables_service(rule: &Rule) -> String {
    let service = &rule.service;
    if service.protocol == Protocol::Any {
        return String::new();
    }
    let protocol = service.protocol.name();
    let mut text = format!(" -p {protocol}");
    let several = service.source.len() > 1 || service.destination.len() > 1;
    for (word, ports) in [("sport", &service.source), ("dport", &service.destination)] {
        if ports.is_empty() {
            continue;
        }
        let colon = |(low, high): &Ports| if low == high { low.to_string() } else { format!("{low}:{high}") };
        let ports = joined(ports.iter().map(colon), ",");
        let _ = if several {
            write!(text, " -m multiport --{word}s {ports}")
        } else {
            write!(text, " -m {protocol} --{word} {ports}")
        };
    }
    text
}

/// Without the prefixes that lie in others.
fn disjoint(side: &Side) -> Vec<Prefix> {
    let mut all: Vec<Prefix> = side.iter().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    let within = |one: &Prefix, other: &Prefix| other.1 < one.1 && one.0 & Prefix::mask(other.1) == other.0;
    let kept = all.iter().filter(|one| !all.iter().any(|other| within(one, other)));
    kept.copied().collect()
}

fn object_name(object: &[Prefix]) -> String {
    joined(object.iter().map(|prefix| format!("N{:08X}_{}", prefix.0, prefix.1)), "__")
}

fn service_name(protocol: Protocol, ports: &[Ports]) -> String {
    let ports = joined(ports.iter().map(|(low, high)| format!("{low}TO{high}")), "_");
    format!("{}_{ports}", protocol.name().to_uppercase())
}

fn dash((low, high): Ports) -> String {
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

fn one_or_set(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    if let [one] = values.as_slice() { one.clone() } else { format!("{{ {} }}", values.join(", ")) }
}

fn joined(values: impl Iterator<Item = String>, by: &str) -> String {
    values.collect::<Vec<_>>().join(by)
}
