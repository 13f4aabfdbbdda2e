//! Commands outside of interfaces and lists: which of them may decide packets, and which do not.

use space::Set;

use super::addresses;
use super::lines::{Line, Word};
use super::model::{Family, Inspection, Nat, Route, Target};
use super::parse::{Reader, Section};
use super::settings;
use crate::Status;

impl<'a> Reader<'a> {
    /// A line that begins a section, or is a command by itself.
    pub(super) fn top(&mut self, line: Line<'a>, words: &[Word<'a>]) {
        let texts: Vec<&'a str> = words.iter().take(12).map(|word| word.text).collect();
        let other = |reason, uses| Section::Other { reason, uses };
        match texts[..] {
            ["hostname" | "switchname", name, ..] => {
                self.config.hostname = Some(name.trim_matches('"'));
                self.state(line.place(), Status::Understood, "");
            }
            ["access-list", ..] => self.numbered(line, words),
            ["ip" | "ipv4" | "ipv6", "access-list", ..] => self.named(line, words),
            ["no", "ip" | "ipv4" | "ipv6", "access-list", ..] | ["no", "access-list", ..] => {
                self.no_list(line, &words[1..])
            }
            ["object-group", ..] => self.group(line, words),
            ["time-range", ..] => self.time_range(line, words),
            ["interface", ..] => self.interface(line, words),
            ["ip" | "ipv6", "route", ..] => {
                self.route(line, &texts[2..], if texts[0] == "ip" { Family::V4 } else { Family::V6 }, None)
            }
            ["router", "static"] => {
                self.section = Section::Routes { vrf: None, family: Family::V4, static_only: true };
                self.irrelevant(line, "static routes");
            }
            ["router", ..] => {
                self.config.routed_otherwise = true;
                self.section = other("a routing protocol", "a routing protocol");
                self.irrelevant(line, "a routing protocol");
            }
            ["vrf", "context", name] => {
                self.section = Section::Routes { vrf: Some(name), family: Family::V4, static_only: false };
                self.irrelevant(line, "a table of routes");
            }
            ["zone", "security", _] => {
                self.section = other("a description", "");
                self.state(line.place(), Status::Understood, "");
            }
            ["zone-pair", ..] => self.zone_pair(line, words),
            ["ip", "inspect", "name", name, protocol, ..] => {
                self.state(line.place(), Status::Understood, "");
                self.config.inspections.push(Inspection { name, protocol });
            }
            ["ip", "inspect" | "ips" | "urlfilter" | "audit", ..] => {
                self.irrelevant(line, "a setting of an inspection that an interface applies")
            }
            ["ip", "nat", "inside" | "outside", "source", ..] => self.nat(line, &texts),
            ["ip", "nat", ..] => self.irrelevant(line, "a setting of address translation"),
            ["vlan", "filter", ..] | ["cts", "role-based", "enforcement", ..] => {
                self.obscure(line, "this", None)
            }
            ["vlan", "access-map", ..] => {
                self.section = other("in a map that `vlan filter` applies", "a VLAN access map");
                self.irrelevant(line, "a map that `vlan filter` applies");
            }
            ["policy-map", .., name] => {
                self.section = Section::PolicyMap(name);
                self.irrelevant(line, "quality of service, or what another command applies");
            }
            ["class-map", ..] => {
                self.section =
                    other("a class of packets: what is done with it is said elsewhere", "a class map");
                self.irrelevant(line, "a class of packets: what is done with it is said elsewhere");
            }
            ["parameter-map", ..] => {
                self.section = other("settings of an inspection", "");
                self.irrelevant(line, "settings of an inspection");
            }
            ["route-map", ..] => {
                self.section = other("a route map", "a route map");
                self.irrelevant(line, "a route map");
            }
            ["line", ..] => {
                self.section = other("access to the device itself", "access to the device itself");
                self.irrelevant(line, "access to the device itself");
            }
            ["crypto", ..] => {
                self.section = other("a VPN: says what is encrypted", "a VPN");
                self.irrelevant(line, "a VPN: says what is encrypted");
            }
            ["ip" | "ipv4" | "ipv6", ..] => {
                let reason = "a setting that filters no packets on their way through";
                self.section = other(reason, "a service of the device itself");
                self.uses(words, "a service of the device itself");
                self.irrelevant(line, reason);
            }
            ["Building" | "Current" | "Using" | "Command" | "Last" | "NVRAM", ..] => {
                self.irrelevant(line, "printed around the configuration");
            }
            _ if self.shown(line, words) => {}
            [first, ..] if settings::has(settings::GLOBAL, first) => {
                let reason = "a setting that filters no packets on their way through";
                self.section = other(reason, "another setting");
                self.uses(words, "another setting");
                self.irrelevant(line, reason);
            }
            [first, ..] if first.contains('#') || first.ends_with('>') => self.irrelevant(line, "a prompt"),
            _ => {
                self.section = Section::NotKnown;
                self.not_understood(
                    line,
                    "not known: it is none of the commands that bind lists or filter packets",
                );
            }
        }
    }

    /// Lines of `vrf context` (NX-OS) and of `router static` (IOS XR).
    pub(super) fn routes_line(
        &mut self,
        vrf: Option<&'a str>,
        family: Family,
        static_only: bool,
        line: Line<'a>,
        words: &[Word<'a>],
    ) {
        let texts: Vec<&'a str> = words.iter().take(12).map(|word| word.text).collect();
        match texts[..] {
            ["ip", "route", ..] => self.route(line, &texts[2..], Family::V4, vrf),
            ["ipv6", "route", ..] => self.route(line, &texts[2..], Family::V6, vrf),
            ["address-family", word, ..] if static_only => {
                let family = if word == "ipv6" { Family::V6 } else { Family::V4 };
                self.section = Section::Routes { vrf, family, static_only };
                self.irrelevant(line, "static routes");
            }
            ["vrf", name] if static_only => {
                self.section = Section::Routes { vrf: Some(name), family, static_only };
                self.irrelevant(line, "static routes of a table");
            }
            _ if static_only => self.route(line, &texts, family, vrf),
            _ => self.irrelevant(line, "a table of routes"),
        }
    }

    /// `ip route 10.0.0.0 255.0.0.0 192.0.2.1`, `ip route vrf A 10.0.0.0/8 Ethernet1/1 192.0.2.1`
    fn route(&mut self, line: Line<'a>, texts: &[&'a str], family: Family, vrf: Option<&'a str>) {
        let (vrf, rest) = match *texts {
            ["vrf", name, ref rest @ ..] => (Some(name), rest),
            _ => (vrf, texts),
        };
        let found = match *rest {
            [network, ref rest @ ..] if network.contains('/') => {
                addresses::prefix(network, family).map(|found| (found, rest))
            }
            [network, mask, ref rest @ ..] if family == Family::V4 => addresses::v4(network)
                .zip(addresses::v4(mask).and_then(addresses::mask_length))
                .map(|(network, length)| ((u128::from(network), length), rest)),
            _ => None,
        };
        let Some(((network, length), rest)) = found else {
            // A route that is not read might be any.
            self.config.routed_otherwise = true;
            self.irrelevant(line, "a route, or a setting of routes");
            return;
        };
        let hop = |text: &str| match family {
            Family::V4 => addresses::v4(text).map(u128::from),
            Family::V6 => addresses::v6(text),
        };
        let target = match *rest {
            [_, ref rest @ ..] if rest.contains(&"track") => Target::Other,
            [to, ..] if to.to_ascii_lowercase().starts_with("null") => Target::Other,
            // A route may lead into another table.
            [_, "vrf" | "global", ..] | [_, _, "vrf" | "global", ..] | ["vrf" | "dhcp" | "global", ..] => {
                Target::Other
            }
            [to, ..] => match hop(to) {
                Some(hop) => Target::NextHop(hop),
                None => Target::Interface(to),
            },
            [] => Target::Other,
        };
        self.state(line.place(), Status::Understood, "");
        self.config.routes.push(Route { vrf, family, network, length, target });
    }

    /// `ip nat inside source list NAME interface Dialer1 overload`, `ip nat inside source static 10.0.0.5 192.0.2.5`
    fn nat(&mut self, line: Line<'a>, texts: &[&'a str]) {
        let (list, local) = match *texts {
            [_, _, "inside", _, "list", name, ..] => (Some(name), None),
            [_, _, "inside", _, "static", "tcp" | "udp" | "esp", local, ..]
            | [_, _, "inside", _, "static", local, ..] => (None, addresses::host(local, Family::V4)),
            _ => (None, None),
        };
        if let Some(list) = list {
            self.config.other_uses.entry(list).or_insert("address translation");
        }
        debug_assert!(local.as_ref().is_none_or(|set| !set.is_empty()));
        self.config.nat.push(Nat { list, local });
        self.state(
            line.place(),
            Status::Approximated,
            "translates addresses: where lists see translated packets, that is kept as an unknown",
        );
    }
}
