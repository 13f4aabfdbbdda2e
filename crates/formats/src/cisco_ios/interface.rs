//! The lines of an interface: its networks, and the lists that are bound to it.

use super::addresses;
use super::lines::{Line, Word};
use super::model::{Binding, Family, Interface, ServicePolicy, Way};
use super::parse::{Reader, Section};
use super::settings;
use crate::Status;

impl<'a> Reader<'a> {
    /// `interface GigabitEthernet0/1`, `interface GigabitEthernet 0/1`, `interface ATM0.1 point-to-point`
    pub(super) fn interface(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let Some(first) = words.get(1) else {
            self.not_understood(line, "an interface without a name");
            return;
        };
        if matches!(first.text, "range" | "breakout") || first.text == "template" {
            self.not_understood(line, "settings for several interfaces at once");
            self.section = Section::NotKnown;
            return;
        }
        let (first, second) = match first.text {
            "preconfigure" => (words.get(2), words.get(3)),
            _ => (Some(first), words.get(2)),
        };
        let mut name = first.map_or("", |word| word.text).to_owned();
        let digits = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        if let Some(second) = second
            && digits(second.text)
            && !name.ends_with(|last: char| last.is_ascii_digit())
        {
            name.push_str(second.text);
        }
        self.state(line.place(), Status::Understood, "");
        let index = *self.interfaces.entry(name.clone()).or_insert(self.config.interfaces.len());
        self.section = Section::Interface(index);
        if index < self.config.interfaces.len() {
            return;
        }
        self.config.interfaces.push(Interface {
            name,
            place: line.place(),
            vrf: None,
            shutdown: false,
            switchport: false,
            networks: Vec::new(),
            bindings: Vec::new(),
            zone: None,
            inspects: Vec::new(),
            nat_inside: false,
            nat_outside: false,
        });
    }

    pub(super) fn interface_line(&mut self, at: usize, line: Line<'a>, words: &[Word<'a>]) {
        let texts: Vec<&str> = words.iter().take(12).map(|word| word.text).collect();
        let Some(interface) = self.config.interfaces.get_mut(at) else { return };
        let understood = |reader: &mut Self| {
            reader.state(line.place(), Status::Understood, "");
        };
        match texts[..] {
            ["shutdown"] => interface.shutdown = true,
            ["no", "shutdown"] => interface.shutdown = false,
            ["switchport", ..] => {
                interface.switchport = true;
                return self.irrelevant(line, "a setting of a switch port");
            }
            ["no", "switchport"] => interface.switchport = false,
            ["vrf", "member" | "forwarding", name] | ["ip", "vrf", "forwarding", name] => {
                interface.vrf = Some(name)
            }
            ["vrf", name] => interface.vrf = Some(name),
            ["ip" | "ipv4", "address", ..] => {
                let Some(network) = network_v4(&texts[2..]) else {
                    return self.irrelevant(line, "an address that is not written here");
                };
                interface.networks.push(network);
            }
            ["ipv6", "address", address, ..] => {
                let Some((address, length)) = addresses::prefix(address, Family::V6) else {
                    return self.irrelevant(line, "an address that is not written here");
                };
                interface.networks.push((Family::V6, address, length));
            }
            ["zone-member", "security", zone] => interface.zone = Some(zone),
            ["ip", "inspect", name, way @ ("in" | "out")] => {
                let way = if way == "in" { Way::In } else { Way::Out };
                interface.inspects.push((name, way, line.place()));
            }
            ["ip", "nat", "inside"] => interface.nat_inside = true,
            ["ip", "nat", "outside"] => interface.nat_outside = true,
            ["no", _, "port", "access-group", ..] | ["no", _, "access-group" | "traffic-filter", ..] => {
                let way = texts.iter().find_map(|text| way(text));
                interface.bindings.retain(|binding| {
                    Some(binding.way) != way || Some(&binding.family.word()) != texts.get(1)
                });
            }
            ["mac", ..] => return self.irrelevant(line, "filters frames that are not IP"),
            _ => {
                if !self.binding(at, line, &texts) {
                    self.setting(at, line, &texts, words);
                }
                return;
            }
        }
        understood(self);
    }

    /// `ip access-group NAME in`, `ipv6 traffic-filter NAME out`, `ipv4 access-group NAME ingress`
    fn binding(&mut self, at: usize, line: Line<'a>, texts: &[&'a str]) -> bool {
        let (family, list, way_word, port) = match *texts {
            ["ip" | "ipv4", "access-group", list, way, ..] => (Family::V4, list, way, false),
            ["ip", "port", "access-group", list, way, ..] => (Family::V4, list, way, true),
            ["ipv6", "access-group" | "traffic-filter", list, way, ..] => (Family::V6, list, way, false),
            ["ipv6", "port", "traffic-filter", list, way, ..] => (Family::V6, list, way, true),
            _ => return false,
        };
        let Some(way) = way(way_word) else {
            // IOS XR can put a common list in front; old IOS takes no word for `out`.
            self.obscure(line, "an access group in this form", Some((at, None)));
            return true;
        };
        let statement = self.state(line.place(), Status::Understood, "");
        let Some(interface) = self.config.interfaces.get_mut(at) else { return true };
        let replaced = interface.bindings.iter().position(|other| (other.family, other.way) == (family, way));
        // A second one of a kind replaces the first.
        if let Some(replaced) = replaced {
            let old = interface.bindings.remove(replaced);
            if let Some(statement) = self.config.coverage.statements.get_mut(old.statement as usize) {
                (statement.status, statement.reason) = (Status::Irrelevant, "replaced further down".into());
            }
        }
        interface.bindings.push(Binding { list, family, way, place: line.place(), statement, port });
        true
    }

    /// A line that is no address and no access group.
    fn setting(&mut self, at: usize, line: Line<'a>, texts: &[&'a str], words: &[Word<'a>]) {
        let way = texts.iter().find_map(|text| match *text {
            "input" => Some(Way::In),
            "output" => Some(Way::Out),
            text => way(text),
        });
        match *texts {
            ["service-policy", "input" | "output", _] | ["service-policy", "type", "qos", ..] => {
                let statement = self.state(line.place(), Status::Irrelevant, "quality of service");
                let name = texts.last().copied().unwrap_or_default();
                self.config.service_policies.push(ServicePolicy {
                    name,
                    interface: at,
                    way,
                    place: line.place(),
                    statement,
                });
            }
            ["ip" | "ipv6", "policy", ..] | ["ipv6" | "ipv4", "policy-based-routing", ..] => {
                self.config.routed_otherwise = true;
                self.irrelevant(line, "sends packets elsewhere, and filters none");
            }
            ["ip", "verify", ..] | ["ipv6", "verify", ..] | ["ipv4", "verify", ..] => {
                self.irrelevant(line, "drops only packets of which the source is routed elsewhere");
            }
            ["rate-limit", ..] | ["police", ..] => self.irrelevant(line, "limits rates"),
            [
                "ip" | "ipv6",
                "ips" | "urlfilter" | "admission" | "auth-proxy" | "inspect" | "audit" | "traffic-filter",
                ..,
            ]
            | ["cts", "role-based", ..]
            | ["service-policy", ..]
            | ["utd" | "traffic-filter" | "firewall" | "flowspec" | "access-session", ..] => {
                self.obscure(line, "this", Some((at, way)));
            }
            ["crypto", ..] => self.irrelevant(line, "a VPN: says what is encrypted"),
            ["ip" | "ipv4" | "ipv6", ..] => {
                self.uses(words, "a setting of an interface");
                self.irrelevant(line, "a setting of an interface that filters nothing");
            }
            [first, ..] if settings::has(settings::INTERFACE, first) || first.parse::<f64>().is_ok() => {
                self.irrelevant(line, "a setting of an interface that filters nothing");
            }
            _ => {
                self.not_understood(
                    line,
                    "not a setting of an interface that is known, nor one that binds a list",
                );
            }
        }
    }
}

fn way(word: &str) -> Option<Way> {
    match word {
        "in" | "ingress" => Some(Way::In),
        "out" | "egress" => Some(Way::Out),
        _ => None,
    }
}

/// `10.0.0.1 255.255.255.0`, `10.0.0.1/24`
fn network_v4(texts: &[&str]) -> Option<(Family, u128, u8)> {
    let first = texts.first()?;
    if let Some((address, length)) = addresses::prefix(first, Family::V4) {
        return Some((Family::V4, address, length));
    }
    let (address, mask) = (addresses::v4(first)?, addresses::v4(texts.get(1)?)?);
    Some((Family::V4, u128::from(address), addresses::mask_length(mask)?))
}
