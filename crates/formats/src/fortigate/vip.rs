//! Virtual IPs: which packets one translates, and which of them a policy for it catches.
//!
//! A packet to the external address is translated before the policies are asked. A policy that names the virtual IP
//! catches it, with the mapped port as its port; a policy that names addresses does not, unless it denies and
//! `match-vip` is on (Technical Tips "DENY policy for Virtual IP firewall policy" and "How to use virtual IPs with
//! non-standard external ports"). Packets are written here as they arrive: to the external address and port.

use space::{AddressSet, Conditions, IntervalSet, NameSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::interface::Interfaces;
use super::parts::{Family, Part, kept_elsewhere};
use super::service_parts::ServicePart;
use super::tree::{Document, Node};
use super::values::{self, is_placeholder};
use super::{Findings, shown};

/// What a virtual IP translates.
#[derive(Clone, Debug)]
pub(super) struct VirtualIp {
    from: AddressSet,
    to: Part,
    in_interface: NameSet,
    ports: Forward,
    /// For what of it is not known.
    unsure: Conditions,
    pub unknown: Option<&'static str>,
    pub is_enabled: bool,
}

#[derive(Clone, Debug)]
enum Forward {
    /// All protocols and ports; ports stay as they are.
    Whole,
    /// The ports of a protocol from the first external one on become those from the first mapped one on.
    Shifted {
        protocol: u8,
        external: (u16, u16),
        mapped: u16,
    },
    /// These external ports; which they become is not known.
    Somehow {
        protocol: u8,
        external: (u16, u16),
    },
    Nothing,
}

impl VirtualIp {
    pub fn of(
        document: &Document<'_>,
        node: &Node<'_>,
        family: Family,
        interfaces: &mut Interfaces<'_>,
        findings: &mut Findings,
    ) -> Self {
        let text = |key: &str| document.value(node, key).map(|word| &*word.text);
        let name = format!("virtual IP {}", node.name);
        let mut unknown = None;
        let to = match document.value(node, "extip").map(|word| (word, values::range(&word.text))) {
            Some((_, Some(set))) if set.first().is_some_and(|first| !first.is_unspecified()) => {
                Part::known(set.intersect(&family.all()))
            }
            Some((word, None)) => {
                if !is_placeholder(&word.text) {
                    let message = format!("`{}` is no address or range", shown(&word.text));
                    findings.problem(
                        word.place,
                        message,
                        "write it like `192.0.2.1` or `192.0.2.1-192.0.2.9`",
                    );
                }
                unknown = Some("its external address is not known");
                Part::unknown(family, kept_elsewhere(Side::Destination, &name))
            }
            // 0.0.0.0, the default, is the address that the interface has.
            _ => {
                unknown = Some("its external address is that of the interface");
                Part::unknown(family, kept_elsewhere(Side::Destination, &name))
            }
        };
        let (in_interface, by) = match document.value(node, "extintf") {
            Some(word) if word.text != "any" => interfaces.named(&word.text, word.place, findings),
            _ => (NameSet::any(), Conditions::none()),
        };
        let filters = document.list(node, "src-filter").0;
        let from: Option<Vec<AddressSet>> = filters.iter().map(|word| values::range(&word.text)).collect();
        let unsure_symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
        let mut when = to.when.and(&by).unwrap_or_default();
        let from = match from {
            Some(sets) if sets.is_empty() => family.all(),
            Some(sets) => AddressSet::union_of(&sets),
            None => {
                unknown = Some("its source filter is not known");
                when = when.and(&Conditions::holds(unsure_symbol.clone())).unwrap_or_default();
                family.all()
            }
        };
        let restricts = |key: &str| !document.list(node, key).is_empty();
        if restricts("service") || restricts("srcintf-filter") || restricts("extaddr") {
            unknown = Some("its filter is not modelled");
            when = when.and(&Conditions::holds(unsure_symbol.clone())).unwrap_or_default();
        }
        let sort = text("type").unwrap_or("static-nat");
        let ports = match sort {
            // It changes what name servers answer, and no packet.
            "dns-translation" => Forward::Nothing,
            "static-nat" | "load-balance" | "fqdn" => {
                let enabled = document.is_enabled(node, "portforward");
                let protocol = text("protocol").unwrap_or("tcp");
                let ports = |key| document.value(node, key).map(|word| values::ports(&word.text));
                match (enabled, protocol::number(protocol), ports("extport"), ports("mappedport")) {
                    (false, ..) => Forward::Whole,
                    (true, Some(number), ..) if protocol::is_icmp(number) => {
                        Forward::Shifted { protocol: number, external: (0, u16::MAX), mapped: 0 }
                    }
                    (true, Some(protocol), Some(Some(external)), mapped)
                        if matches!(protocol, protocol::TCP | protocol::UDP | protocol::SCTP) =>
                    {
                        match mapped {
                            // Without one the port stays as it is.
                            None => Forward::Shifted { protocol, external, mapped: external.0 },
                            Some(Some(mapped)) if mapped.1 - mapped.0 == external.1 - external.0 => {
                                Forward::Shifted { protocol, external, mapped: mapped.0 }
                            }
                            _ => Forward::Somehow { protocol, external },
                        }
                    }
                    _ => {
                        unknown = Some("its ports are not known");
                        when = when.and(&Conditions::holds(unsure_symbol.clone())).unwrap_or_default();
                        Forward::Whole
                    }
                }
            }
            _ => {
                unknown = Some("a virtual IP of this type is not modelled");
                when = when.and(&Conditions::holds(unsure_symbol.clone())).unwrap_or_default();
                Forward::Whole
            }
        };
        let unsure = Conditions::holds(Symbol::new(
            Side::Packet,
            SymbolKind::Match,
            &format!("mapped port of the {name}"),
        ));
        VirtualIp {
            from,
            to: Part { addresses: to.addresses, when },
            in_interface,
            ports,
            unsure,
            unknown,
            is_enabled: text("status") != Some("disable"),
        }
    }

    /// The packets that it translates.
    pub fn packets(&self) -> Option<Region> {
        let region = Region {
            source: self.from.clone(),
            destination: self.to.addresses.clone(),
            in_interface: self.in_interface.clone(),
            conditions: self.to.when.clone(),
            ..Region::any()
        };
        match self.ports {
            Forward::Nothing => None,
            Forward::Whole => Some(region),
            Forward::Shifted { protocol, external: (low, high), .. }
            | Forward::Somehow { protocol, external: (low, high) } => {
                Some(region.service(protocol, IntervalSet::range(low, high)))
            }
        }
    }

    /// Those of its packets that a policy with this service catches.
    pub fn caught_by(&self, service: &ServicePart) -> Option<Region> {
        let packets = self.packets()?;
        let mut region = Region {
            protocol: packets.protocol.intersect(&service.protocols),
            source_port: service.source_port.clone(),
            conditions: packets.conditions.and(&service.when)?,
            ..packets
        };
        // A service for some destinations only means the mapped ones.
        if !service.to.is_any() {
            region.conditions = region.conditions.and(&self.unsure)?;
        }
        let wanted = &service.destination_port;
        region.destination_port = match self.ports {
            Forward::Nothing => return None,
            Forward::Whole => wanted.clone(),
            Forward::Shifted { external: (low, high), mapped, .. } => {
                let last = mapped.saturating_add(high - low);
                let mapped_ports = wanted.intersect(&IntervalSet::range(mapped, last));
                let back = |port: u16| port - mapped + low;
                IntervalSet::from_ranges(mapped_ports.ranges().map(|(a, b)| (back(a), back(b))))
            }
            Forward::Somehow { external: (low, high), .. } => {
                if !wanted.is_any() {
                    region.conditions = region.conditions.and(&self.unsure)?;
                }
                IntervalSet::range(low, high)
            }
        };
        (!region.is_empty()).then_some(region)
    }
}
