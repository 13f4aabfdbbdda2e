//! One address object.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use space::{AddressSet, Conditions, Set, Side, Symbol, SymbolKind};

use super::interface::{Interfaces, connected_v4};
use super::lexer::Word;
use super::parts::{Family, Part, kept_elsewhere};
use super::tree::{Document, Node};
use super::values::{self, is_placeholder};
use super::{Findings, shown};
use crate::NamePattern;

/// The settings of addresses and their groups, those that decide nothing too.
pub(super) const KNOWN: &[&str] = &[
    "uuid",
    "type",
    "sub-type",
    "subnet",
    "start-ip",
    "end-ip",
    "ip6",
    "fqdn",
    "wildcard-fqdn",
    "country",
    "wildcard",
    "interface",
    "comment",
    "comments",
    "color",
    "visibility",
    "associated-interface",
    "allow-routing",
    "fabric-object",
    "cache-ttl",
    "passive-fqdn-learning",
    "start-mac",
    "end-mac",
    "macaddr",
    "sdn",
    "sdn-tag",
    "sdn-addr-type",
    "filter",
    "obj-id",
    "obj-tag",
    "obj-type",
    "tag-type",
    "tag-detection-level",
    "tags",
    "dirty",
    "epg-name",
    "tenant",
    "organization",
    "subnet-name",
    "policy-group",
    "clearpass-spt",
    "fsso-group",
    "node-ip-only",
    "hw-vendor",
    "hw-model",
    "os",
    "sw-version",
    "agent-id",
    "route-tag",
    "template",
    "host",
    "host-type",
    "member",
    "exclude",
    "exclude-member",
    "category",
];

/// Reads single address objects.
pub(super) struct Reader<'a, 't> {
    pub document: &'a Document<'t>,
    pub family: Family,
    pub side: Side,
    pub interfaces: &'a Interfaces<'a>,
}

/// What an address stands for, and why that is not known whole.
pub(super) type Read = (Vec<Part>, Option<&'static str>);

impl Reader<'_, '_> {
    pub fn address(&self, node: &Node<'_>, findings: &mut Findings) -> Read {
        let document = self.document;
        let default = if self.family == Family::V4 { "ipmask" } else { "ipprefix" };
        // FortiOS has this one by itself, and fills it in without a line in the file that says so (FortiOS
        // Administration Guide, "Dynamic policy - Fabric devices").
        if self.family == Family::V4 && node.name == "FABRIC_DEVICE" {
            let why = "the addresses of the Security Fabric's devices are not in the file";
            return self.elsewhere("address FABRIC_DEVICE", why);
        }
        let sort = document.value(node, "type").map_or(default, |word| &*word.text);
        match sort {
            "ipmask" => self.subnet(node, findings),
            "ipprefix" => self.prefix(node, findings),
            "iprange" => self.range(node, findings),
            "fqdn" => self.name(node, "fqdn", findings),
            "wildcard-fqdn" => self.name(node, "wildcard-fqdn", findings),
            "wildcard" => self.wildcard(node, findings),
            "interface-subnet" => self.interface_subnet(node, findings),
            "geography" => {
                let country = document.value(node, "country").map_or("", |word| &*word.text);
                self.elsewhere(
                    &format!("geography {country}"),
                    "which addresses are in a country is not in the file",
                )
            }
            "mac" => self.elsewhere(&format!("address {}", node.name), "hardware addresses are not modelled"),
            "dynamic" => self.elsewhere(
                &format!("address {}", node.name),
                "a dynamic address gets its members from elsewhere",
            ),
            _ => self.elsewhere(&format!("address {}", node.name), "an address of this type is not modelled"),
        }
    }

    fn known(&self, addresses: AddressSet) -> Read {
        (vec![Part::known(addresses)], None)
    }

    fn elsewhere(&self, name: &str, why: &'static str) -> Read {
        (vec![Part::unknown(self.family, kept_elsewhere(self.side, name))], Some(why))
    }

    /// A value that is wrong, or that a template fills in.
    fn wrong(&self, node: &Node<'_>, word: Option<&Word<'_>>, help: &str, findings: &mut Findings) -> Read {
        let text = word.map_or("", |word| &*word.text);
        let kind = if is_placeholder(text) { SymbolKind::Placeholder } else { SymbolKind::AddressGroup };
        if kind == SymbolKind::AddressGroup {
            let place = word.map_or(node.head, |word| word.place);
            let message = if word.is_some() {
                format!("the address `{}` cannot be `{}`", shown(&node.name), shown(text))
            } else {
                format!("the address `{}` has no value", shown(&node.name))
            };
            findings.problem(place, message, help);
        }
        let symbol = Symbol::new(self.side, kind, &format!("address {}", node.name));
        (vec![Part::unknown(self.family, symbol)], Some("its value is not known"))
    }

    fn subnet(&self, node: &Node<'_>, findings: &mut Findings) -> Read {
        let words = self.document.list(node, "subnet").0;
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        // Without one it is 0.0.0.0 0.0.0.0 (FortiOS CLI Reference, config firewall address).
        if texts.is_empty() {
            return self.known(AddressSet::any_v4());
        }
        match values::interface_v4(&texts) {
            // FortiOS takes the network when host bits are set.
            Some(net) => self.known(net.trunc().into()),
            None => {
                self.wrong(node, words.last().copied(), "write it like `10.1.2.0 255.255.255.0`", findings)
            }
        }
    }

    fn prefix(&self, node: &Node<'_>, findings: &mut Findings) -> Read {
        match self.document.value(node, "ip6") {
            // Without one it is ::/0 (FortiOS CLI Reference, config firewall address6).
            None => self.known(AddressSet::any_v6()),
            Some(word) => match values::prefix_v6(&word.text) {
                Some(net) => self.known(IpNet::V6(net.trunc()).into()),
                None => self.wrong(node, Some(word), "write it like `2001:db8::/32`", findings),
            },
        }
    }

    fn range(&self, node: &Node<'_>, findings: &mut Findings) -> Read {
        let document = self.document;
        let (first, last) = (document.value(node, "start-ip"), document.value(node, "end-ip"));
        let zero = match self.family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
        };
        let read = |word: Option<&Word<'_>>| word.map_or(Some(zero), |word| word.text.parse::<IpAddr>().ok());
        let set = read(first).zip(read(last)).map(|(low, high)| AddressSet::range(low, high));
        match set.map(|set| set.intersect(&self.family.all())).filter(|set| !set.is_empty()) {
            Some(set) => self.known(set),
            None => self.wrong(
                node,
                last.or(first),
                "write the lower address first, both of one family",
                findings,
            ),
        }
    }

    fn wildcard(&self, node: &Node<'_>, findings: &mut Findings) -> Read {
        let words = self.document.list(node, "wildcard").0;
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        let read = match texts.as_slice() {
            // 0.0.0.0 0.0.0.0 by default.
            [] => Some((Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED)),
            [address, mask] => address.parse().ok().zip(mask.parse().ok()),
            [one] => one
                .parse::<Ipv4Net>()
                .ok()
                .map(|net| (net.addr(), net.netmask()))
                .or_else(|| one.split_once('/').and_then(|(a, m)| a.parse().ok().zip(m.parse().ok()))),
            _ => None,
        };
        let Some((address, mask)) = read else {
            return self.wrong(node, words.last().copied(), "write it like `10.0.0.1 255.0.0.255`", findings);
        };
        match values::wildcard(address, mask, &mut findings.ranges_left) {
            Some(set) => self.known(set),
            None => self.elsewhere(&format!("address {}", node.name), "its mask has too many gaps"),
        }
    }

    fn interface_subnet(&self, node: &Node<'_>, findings: &mut Findings) -> Read {
        let name = self.document.value(node, "interface").map_or("", |word| &*word.text);
        if let Some(interface) = self.interfaces.get(name)
            && !interface.is_dynamic
            && let [net] = connected_v4(interface).as_slice()
        {
            return self.known((*net).into());
        }
        if self.document.value(node, "subnet").is_some() {
            return self.subnet(node, findings);
        }
        let symbol = format!("subnet of the interface {name}");
        self.elsewhere(&symbol, "the address of its interface is not in the file")
    }

    /// FortiGate takes `*.example.com` for each name below `example.com`, however deep, and not for `example.com`
    /// itself: the star stands for any text before the dot (FortiOS Administration Guide, "Using wildcard FQDN
    /// addresses in firewall policies"; the objects that FortiOS comes with write `*play.google.com` to have both).
    fn name(&self, node: &Node<'_>, key: &'static str, findings: &mut Findings) -> Read {
        let Some(word) = self.document.value(node, key).filter(|word| !word.text.is_empty()) else {
            return self.wrong(node, None, "set its name with `set fqdn`", findings);
        };
        if is_placeholder(&word.text) {
            return self.wrong(node, Some(word), "", findings);
        }
        let all = self.family.all();
        let named = |name: &str| Part { addresses: all.clone(), when: Conditions::named(self.side, name) };
        let written = word.text.to_ascii_lowercase();
        let mut pattern = |covers: Vec<String>| {
            findings.pattern(NamePattern { written: word.text.to_string(), place: word.place, covers });
        };
        if let Some((host, is_wildcard)) = values::dns_name(&written) {
            let name = if is_wildcard { format!("*.{host}") } else { host.to_owned() };
            pattern(vec![name.clone()]);
            return (vec![named(&name)], None);
        }
        if !written.contains('*') {
            return self.wrong(
                node,
                Some(word),
                "write a DNS name: letters, digits, dashes and dots",
                findings,
            );
        }
        pattern(Vec::new());
        let rest = Part::unknown(self.family, kept_elsewhere(self.side, &format!("fqdn {written}")));
        let why = Some("a wildcard that is not the whole first label covers names that cannot be listed");
        // `*example.com` covers `example.com` and all below it, and `badexample.com` too.
        match written.strip_prefix('*').and_then(values::dns_name) {
            Some((host, false)) => (vec![named(host), named(&format!("*.{host}")), rest], why),
            _ => (vec![rest], why),
        }
    }
}
