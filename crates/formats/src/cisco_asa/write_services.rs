//! Protocols and ports as the words of an entry, or of a group's member.

use space::{IntervalSet, Region, Set, protocol};

use super::literals;
use super::write::MOST_MEMBERS;
use crate::Refusal;

/// One protocol with at most one range of ports on each side.
pub(super) struct One {
    pub protocol: String,
    pub source_port: String,
    pub destination_port: String,
}

/// Everything that `protocol` ports stand beside in what is written.
pub(super) fn protocol_with_ports(written: &str) -> bool {
    matches!(written, "tcp" | "udp" | "sctp")
}

pub(super) fn services(region: &Region) -> Result<Vec<One>, Refusal> {
    let plain = region.source_port.is_any() && region.destination_port.is_any();
    let one =
        |protocol: String| One { protocol, source_port: String::new(), destination_port: String::new() };
    if region.protocol.is_any() {
        if plain {
            return Ok(vec![one("ip".to_owned())]);
        }
        return Err(Refusal::new(
            "a port without its protocol cannot be matched",
            "name the protocol: `tcp/443`",
        ));
    }
    let mut all = Vec::new();
    for number in region.protocol.ranges().flat_map(|(low, high)| low..=high) {
        let name = literals::protocol_name(number);
        if number == 0 {
            return Err(Refusal::new(
                "an ASA reads protocol 0 as all protocols",
                "leave protocol 0 out, or name the protocols one by one",
            ));
        }
        if plain {
            all.push(one(name));
        } else if protocol_with_ports(&name) {
            for source in ports(&region.source_port) {
                for destination in ports(&region.destination_port) {
                    all.push(One {
                        protocol: name.clone(),
                        source_port: source.clone(),
                        destination_port: destination,
                    });
                    if all.len() > MOST_MEMBERS {
                        return Err(Refusal::new(
                            "the ports of the rule are too many to list",
                            "write ranges of ports, or fewer of them",
                        ));
                    }
                }
            }
        } else if protocol::is_icmp(number) && region.source_port.is_any() {
            let types = icmp_types(&region.destination_port);
            all.extend(types.into_iter().map(|destination_port| One {
                protocol: name.clone(),
                source_port: String::new(),
                destination_port,
            }));
        } else {
            let message = format!("ports of protocol {name} cannot be written");
            return Err(Refusal::new(
                message,
                "leave the ports out: an ASA matches those of TCP, UDP and SCTP",
            ));
        }
    }
    Ok(all)
}

fn ports(set: &IntervalSet<u16>) -> Vec<String> {
    if set.is_any() {
        return vec![String::new()];
    }
    let written = |(low, high): (u16, u16)| {
        if low == high { format!("eq {low}") } else { format!("range {low} {high}") }
    };
    set.ranges().map(written).collect()
}

/// Whole types and single codes that make up the set.
fn icmp_types(set: &IntervalSet<u16>) -> Vec<String> {
    if set.is_any() {
        return vec![String::new()];
    }
    let mut out = Vec::new();
    for (low, high) in set.ranges() {
        let mut at = u32::from(low);
        while at <= u32::from(high) {
            let (kind, code) = (at >> 8, at & 255);
            if code == 0 && at + 255 <= u32::from(high) {
                out.push(kind.to_string());
                at += 256;
            } else {
                out.push(format!("{kind} {code}"));
                at += 1;
            }
        }
    }
    out
}
