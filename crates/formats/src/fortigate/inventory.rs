//! The objects that an administrator defined, and what became of their statements.

use space::{AddressSet, Set, Side};

use super::address::Sort;
use super::domain::Domain;
use super::parts::Part;
use super::predefined;
use super::sections::Kind;
use super::service_parts::ServicePart;
use super::tree::Node;
use crate::ObjectEntry;

/// Addresses and groups that FortiOS comes with.
const VENDORS_ADDRESSES: &[&str] = &[
    "all",
    "none",
    "FIREWALL_AUTH_PORTAL_ADDRESS",
    "FABRIC_DEVICE",
    "SSLVPN_TUNNEL_ADDR1",
    "SSLVPN_TUNNEL_IPv6_ADDR1",
    "FCTEMS_ALL_FORTICLOUD_SERVERS",
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "gmail.com",
    "wildcard.google.com",
    "wildcard.dropbox.com",
    "G Suite",
    "Microsoft Office 365",
    "metadata-server",
];

const VENDORS_SCHEDULES: &[&str] = &["always", "none", "default-darrp-optimize"];

/// What two objects that stand for the same have alike may be no longer than this many ranges.
const MOST_COMPARED: usize = 1_000;

/// What became of an object: its table, its name, and why it is not known whole.
pub(super) type Fate = (Kind, String, Option<&'static str>);

/// Reads every object there is, used or not.
pub(super) fn objects(domain: &mut Domain<'_, '_>) -> (Vec<ObjectEntry>, Vec<Fate>) {
    let mut out = Vec::new();
    let mut fates = Vec::new();
    addresses(domain, &mut out, &mut fates);
    services(domain, &mut out, &mut fates);
    for schedule in &domain.schedules.list {
        if !VENDORS_SCHEDULES.contains(&&*schedule.node.name) {
            out.push(entry(schedule.kind, schedule.node, schedule.uses, None));
        }
    }
    for zone in &domain.interfaces.zones {
        let mut members = zone.members.clone();
        members.sort_unstable();
        out.push(ObjectEntry {
            kind: zone.kind,
            name: zone.name.to_owned(),
            place: zone.place,
            head: zone.head,
            uses: zone.uses,
            content: Some(members.join(" ")),
        });
    }
    (out, fates)
}

fn addresses(domain: &mut Domain<'_, '_>, out: &mut Vec<ObjectEntry>, fates: &mut Vec<Fate>) {
    let Domain { objects, interfaces, findings, document, .. } = domain;
    for (at_family, objects) in objects.iter_mut().enumerate() {
        for group in 0..objects.list.len() {
            let Some(node) = objects.list.get(group).filter(|it| has_members(it.kind)).map(|it| it.node)
            else {
                continue;
            };
            for key in ["member", "exclude-member"] {
                for word in document.list(node, key).0 {
                    let member = objects.find(&word.text).and_then(|at| objects.list.get_mut(at));
                    if let Some(member) = member {
                        member.uses = member.uses.saturating_add(1);
                    }
                }
            }
        }
        for at in 0..objects.list.len() {
            let Some((sort, node)) = objects.list.get(at).map(|it| (it.kind, it.node)) else { continue };
            let content = if matches!(sort, Sort::Address | Sort::Group) {
                let parts = objects.resolve(at, Side::Destination, interfaces, findings);
                content_of_addresses(&parts)
            } else {
                None
            };
            let Some(object) = objects.list.get(at) else { continue };
            let kind = match (sort, at_family) {
                (Sort::Address, 0) => Kind::Address,
                (Sort::Address, _) => Kind::Address6,
                (Sort::Group, 0) => Kind::AddressGroup,
                (Sort::Group, _) => Kind::AddressGroup6,
                (Sort::Vip, 0) => Kind::Vip,
                (Sort::Vip, _) => Kind::Vip6,
                (Sort::VipGroup, 0) => Kind::VipGroup,
                (Sort::VipGroup, _) => Kind::VipGroup6,
                (Sort::Resource, _) => Kind::ExternalResource,
            };
            // The same list is looked up for both families.
            if sort == Sort::Resource && at_family == 1 {
                continue;
            }
            let why = if sort == Sort::Resource && object.uses > 0 {
                Some("what it fetches is not in the file")
            } else {
                object.unknown
            };
            fates.push((kind, node.name.to_string(), why));
            if sort != Sort::Resource && !VENDORS_ADDRESSES.contains(&&*node.name) {
                let noun = match (sort, at_family) {
                    (Sort::Address, 1) => "IPv6 address",
                    (Sort::Group, 1) => "IPv6 address group",
                    _ => sort.noun(),
                };
                let content = content.filter(|_| object.unknown.is_none());
                out.push(entry(noun, node, object.uses, content));
            }
        }
    }
}

fn has_members(sort: Sort) -> bool {
    matches!(sort, Sort::Group | Sort::VipGroup)
}

fn services(domain: &mut Domain<'_, '_>, out: &mut Vec<ObjectEntry>, fates: &mut Vec<Fate>) {
    let Domain { services, findings, document, .. } = domain;
    for group in 0..services.list.len() {
        let Some(node) = services.list.get(group).filter(|it| it.is_group).map(|it| it.node) else {
            continue;
        };
        for word in document.list(node, "member").0 {
            services.refer(&word.text);
        }
    }
    for at in 0..services.list.len() {
        let parts = services.resolve(at, findings);
        let Some(service) = services.list.get(at) else { continue };
        let kind = if service.is_group { Kind::ServiceGroup } else { Kind::Service };
        fates.push((kind, service.node.name.to_string(), service.unknown));
        if !predefined::is_predefined(&service.node.name) {
            let noun = if service.is_group { "service group" } else { "service" };
            let content = content_of_services(&parts).filter(|_| service.unknown.is_none());
            out.push(entry(noun, service.node, service.uses, content));
        }
    }
}

fn entry(kind: &'static str, node: &Node<'_>, uses: u32, content: Option<String>) -> ObjectEntry {
    ObjectEntry { kind, name: node.name.to_string(), place: node.place(), head: node.head, uses, content }
}

/// The same text for the same addresses and names.
fn content_of_addresses(parts: &[Part]) -> Option<String> {
    let pieces = |set: &AddressSet| set.v4.ranges().len() + set.v6.ranges().len();
    if parts.len() + parts.iter().map(|part| pieces(&part.addresses)).sum::<usize>() > MOST_COMPARED {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    for part in parts {
        if part.when.is_none() {
            words.extend(part.addresses.ranges().map(|(low, high)| format!("{low}-{high}")));
        } else {
            let names = part.when.essential();
            let names =
                names.iter().map(|(symbol, held)| format!("{}{}", if *held { "" } else { "!" }, symbol.name));
            words.push(names.collect::<Vec<_>>().join("&"));
        }
    }
    Some(words.join(" "))
}

fn content_of_services(parts: &[ServicePart]) -> Option<String> {
    if parts.len() > MOST_COMPARED {
        return None;
    }
    let words = parts.iter().map(|part| {
        let to = if part.to.is_any() { String::new() } else { format!(" to {:?}", part.to) };
        format!("{:?} {:?} {:?}{to}", part.protocols, part.source_port, part.destination_port)
    });
    Some(words.collect::<Vec<_>>().join("; "))
}
