//! One service object.

use space::{AddressSet, Conditions, IntervalSet, Set, Side, protocol};

use super::lexer::Word;
use super::service_parts::{ServicePart, icmp_codes, merged, port_range};
use super::tree::{Document, List, Node, Verb};
use super::values::{self, is_placeholder};
use super::{Findings, shown};

/// What `config firewall service custom` says of one service.
struct Custom<'d, 't> {
    protocol: &'d str,
    ports: [(u8, List<'d, 't>); 4],
    number: Option<&'d Word<'t>>,
    icmp_type: Option<&'d Word<'t>>,
    icmp_code: Option<&'d Word<'t>>,
    addresses: List<'d, 't>,
    name: Option<&'d Word<'t>>,
    is_for_proxy: bool,
    by_application: bool,
}

impl Custom<'_, '_> {
    /// Another protocol takes what was said for the old one away.
    fn forget(&mut self) {
        for (_, ports) in &mut self.ports {
            ports.0.clear();
        }
        (self.number, self.icmp_type, self.icmp_code) = (None, None, None);
    }
}

const PORTED: &str = "TCP/UDP/SCTP";

/// What a service stands for, and why that is not known whole.
pub(super) fn custom(
    document: &Document<'_>,
    node: &Node<'_>,
    findings: &mut Findings,
) -> (Vec<ServicePart>, Option<&'static str>) {
    let mut it = Custom {
        protocol: PORTED,
        ports: [protocol::TCP, protocol::UDP, protocol::SCTP, protocol::UDPLITE]
            .map(|number| (number, List::default())),
        number: None,
        icmp_type: None,
        icmp_code: None,
        addresses: List::default(),
        name: None,
        is_for_proxy: false,
        by_application: false,
    };
    for setting in &node.settings {
        let words = document.values(setting);
        let first = words.first().filter(|_| setting.verb != Verb::Unset);
        let mut ports = |at: usize| {
            if let Some((_, list)) = it.ports.get_mut(at) {
                list.apply(setting.verb, words);
            }
        };
        match setting.key {
            "protocol" => {
                let new = first.map_or(PORTED, |word| match &*word.text {
                    // `TCP/UDP` up to FortiOS 5.0, with UDP-Lite from 7.6 on.
                    text if text.starts_with("TCP/") => PORTED,
                    text => text,
                });
                if new != it.protocol {
                    it.forget();
                    it.protocol = new;
                }
            }
            "tcp-portrange" => ports(0),
            "udp-portrange" => ports(1),
            "sctp-portrange" => ports(2),
            "udplite-portrange" => ports(3),
            "protocol-number" => it.number = first,
            "icmptype" => {
                it.icmp_type = first;
                it.icmp_code = it.icmp_code.filter(|_| first.is_some());
            }
            "icmpcode" => it.icmp_code = first,
            "iprange" => it.addresses.apply(setting.verb, words),
            "fqdn" => it.name = first.filter(|word| !word.text.is_empty()),
            "proxy" | "explicit-proxy" => it.is_for_proxy = first.is_some_and(|word| word.text == "enable"),
            "app-service-type" => it.by_application = first.is_some_and(|word| word.text != "disable"),
            _ => {}
        }
    }
    read(&it, node, findings)
}

fn read(
    it: &Custom<'_, '_>,
    node: &Node<'_>,
    findings: &mut Findings,
) -> (Vec<ServicePart>, Option<&'static str>) {
    let unknown = |why: &'static str| (vec![ServicePart::unknown(&node.name)], Some(why));
    if it.is_for_proxy {
        return unknown("a service of the web proxy");
    }
    if it.by_application {
        return unknown("applications are not modelled");
    }
    let mut wrong = |word: &Word<'_>, help: &str| {
        if !is_placeholder(&word.text) {
            let message = format!("the service `{}` cannot have `{}`", shown(&node.name), shown(&word.text));
            findings.problem(word.place, message, help);
        }
    };
    let mut parts = Vec::new();
    let mut why = None;
    match it.protocol {
        PORTED => {
            for (number, list) in &it.ports {
                for word in &list.0 {
                    // One word may hold several, where a script quotes them.
                    for text in word.text.split([' ', ',']).filter(|text| !text.is_empty()) {
                        parts.push(port_range(*number, text).unwrap_or_else(|| {
                            wrong(word, "write ports like `443`, `8000-8010` or `513:512-1023`");
                            why = Some("its ports are not known");
                            ServicePart {
                                protocols: IntervalSet::one(*number),
                                ..ServicePart::unknown(&node.name)
                            }
                        }));
                    }
                }
            }
            if parts.is_empty() {
                return unknown("it has no ports");
            }
        }
        "ICMP" | "ICMP6" => {
            let number = if it.protocol == "ICMP" { protocol::ICMP } else { protocol::ICMPV6 };
            let mut read = |word: Option<&Word<'_>>| match word {
                None => Some(None),
                Some(word) => word.text.parse::<u8>().map(Some).ok().or_else(|| {
                    wrong(word, "write a number from 0 to 255");
                    None
                }),
            };
            match (read(it.icmp_type), read(it.icmp_code)) {
                (Some(kind), Some(code)) => {
                    parts.push(ServicePart::ports(number, IntervalSet::any(), icmp_codes(kind, code)));
                }
                _ => {
                    why = Some("its type is not known");
                    let protocols = IntervalSet::one(number);
                    parts.push(ServicePart { protocols, ..ServicePart::unknown(&node.name) });
                }
            }
        }
        // The number 0, which is the default, is any protocol (FortiOS CLI Reference, config firewall service custom).
        "IP" => match it.number.map(|word| (word, word.text.parse::<u8>())) {
            None | Some((_, Ok(0))) => parts.push(ServicePart::any()),
            Some((_, Ok(number))) => {
                parts.push(ServicePart::ports(number, IntervalSet::any(), IntervalSet::any()));
            }
            Some((word, Err(_))) => {
                wrong(word, "write a number from 0 to 254");
                return unknown("its protocol is not known");
            }
        },
        _ => return unknown("a service of the web proxy"),
    }
    let mut to = Vec::new();
    for word in it.addresses.0.iter().filter(|word| !matches!(&*word.text, "0.0.0.0" | "")) {
        match values::range(&word.text) {
            Some(set) => to.push(set),
            None => {
                wrong(word, "write it like `10.0.0.1-10.0.0.9`");
                return unknown("its addresses are not known");
            }
        }
    }
    if !to.is_empty() {
        let to = AddressSet::union_of(&to);
        parts.iter_mut().for_each(|part| part.to = to.clone());
    }
    if let Some(word) = it.name {
        let named = Conditions::named(Side::Destination, &word.text);
        parts.iter_mut().for_each(|part| part.when = part.when.and(&named).unwrap_or_default());
    }
    match merged(&parts) {
        Some(parts) => (parts, why),
        None => unknown("it has too many ports"),
    }
}
