//! What the policies of one virtual domain refer to.

use std::collections::HashMap;
use std::rc::Rc;

use space::{Conditions, Region, Side};

use super::Findings;
use super::address::{Named, Objects, Sort};
use super::interface::Interfaces;
use super::parts::{Family, Parts, kept_elsewhere};
use super::policy::{Internet, Policy};
use super::schedule::Schedules;
use super::sections::Kind;
use super::service::Services;
use super::tree::{Document, List};
use super::vip::VirtualIp;

/// How many pairs of a region of a policy and what a virtual IP translates are compared.
const MOST_PAIRS: usize = 20_000_000;

/// The objects of one virtual domain.
pub(super) struct Domain<'d, 't> {
    pub document: &'d Document<'t>,
    pub scope: usize,
    pub objects: [Objects<'d, 't>; 2],
    pub services: Services<'d, 't>,
    pub schedules: Schedules<'d, 't>,
    pub interfaces: Interfaces<'d>,
    pub findings: Findings,
    /// By index in the objects of the family.
    vips: [HashMap<usize, Rc<VirtualIp>>; 2],
    /// What the virtual IPs that policies use translate, once that is known.
    pub translated: Vec<Region>,
    /// How many pairs of a region and what a virtual IP translates may still be compared.
    pub pairs_left: usize,
    /// Names of internet services by their numbers.
    internet_names: HashMap<&'d str, &'d str>,
    /// Their groups.
    internet_groups: HashMap<&'d str, List<'d, 't>>,
}

impl<'d, 't> Domain<'d, 't> {
    pub fn of(document: &'d Document<'t>, scope: usize) -> Self {
        let mut findings = Findings::default();
        let holders = if scope == 0 { vec![0] } else { vec![0, scope] };
        let named = holders.iter().flat_map(|&it| document.entries(it, Kind::InternetServiceName));
        let internet_names = named.filter_map(|node| {
            let id = document.value(node, "internet-service-id")?;
            Some((&*id.text, &*node.name))
        });
        let groups = holders.iter().flat_map(|&it| document.entries(it, Kind::InternetServiceGroup));
        let internet_groups = groups.map(|node| (&*node.name, document.list(node, "member")));
        Domain {
            document,
            scope,
            objects: [Family::V4, Family::V6].map(|family| Objects::of(document, scope, family)),
            services: Services::of(document, scope),
            schedules: Schedules::of(document, scope),
            interfaces: Interfaces::of(document, scope, &mut findings),
            internet_names: internet_names.collect(),
            internet_groups: internet_groups.collect(),
            findings,
            vips: Default::default(),
            translated: Vec::new(),
            pairs_left: MOST_PAIRS,
        }
    }

    /// What the names in a list stand for, and the virtual IPs among them.
    pub fn addresses(
        &mut self,
        family: Family,
        side: Side,
        list: &List<'_, '_>,
    ) -> (Vec<Parts>, Vec<Rc<VirtualIp>>) {
        let mut parts = Vec::new();
        let mut vips = Vec::new();
        for word in &list.0 {
            let Some(objects) = self.objects.get_mut(index(family)) else { continue };
            match objects.named(side, word, &self.interfaces, &mut self.findings) {
                Named::Parts(found) => parts.push(found),
                Named::Vips(found) => vips.extend(found.into_iter().map(|at| self.vip(family, at))),
            }
        }
        (parts, vips)
    }

    pub fn vip(&mut self, family: Family, at: usize) -> Rc<VirtualIp> {
        let known = self.vips.get(index(family)).and_then(|vips| vips.get(&at));
        if let Some(vip) = known {
            return vip.clone();
        }
        let Domain { objects, interfaces, findings, document, vips, .. } = self;
        let node = objects.get(index(family)).and_then(|objects| objects.list.get(at)).map(|it| it.node);
        let empty = super::tree::Node::default();
        let vip = Rc::new(VirtualIp::of(document, node.unwrap_or(&empty), family, interfaces, findings));
        let object = objects.get_mut(index(family)).and_then(|objects| objects.list.get_mut(at));
        if let Some(object) = object {
            object.unknown = vip.unknown;
        }
        if let Some(vips) = vips.get_mut(index(family)) {
            vips.insert(at, vip.clone());
        }
        vip
    }

    pub fn has_virtual_ips(&self) -> bool {
        self.objects.iter().flat_map(|objects| &objects.list).any(|object| object.kind == Sort::Vip)
    }

    /// Notes what the virtual IPs translate that the enabled policies use: only those are looked at (Technical Tip
    /// "Virtual IP port forwarding order of execution").
    pub fn note_virtual_ips(&mut self, policies: &[Policy<'_, '_>]) {
        let mut used: [Vec<usize>; 2] = Default::default();
        for policy in policies.iter().filter(|policy| !policy.disabled) {
            for (family, used) in [Family::V4, Family::V6].into_iter().zip(&mut used) {
                let Some(objects) = self.objects.get(index(family)) else { continue };
                for word in policy.destination.get(index(family)).iter().flat_map(|list| &list.0) {
                    let Some(at) = objects.find(&word.text) else { continue };
                    match objects.list.get(at).map(|object| object.kind) {
                        Some(Sort::Vip) => used.push(at),
                        Some(Sort::VipGroup) => {
                            let node = objects.list.get(at).map(|object| object.node);
                            let members = node.map(|node| self.document.list(node, "member"));
                            let members = members.iter().flat_map(|list| &list.0);
                            used.extend(members.filter_map(|member| objects.find(&member.text)));
                        }
                        _ => {}
                    }
                }
            }
        }
        let mut translated: Vec<Region> = Vec::new();
        for (family, mut used) in [Family::V4, Family::V6].into_iter().zip(used) {
            used.sort_unstable();
            used.dedup();
            for at in used {
                let vip = self.vip(family, at);
                translated.extend(vip.packets().filter(|_| vip.is_enabled));
            }
        }
        translated.sort();
        translated.dedup();
        self.translated = translated;
    }

    /// The internet services that a policy names as one side, as the names of the vendor's database.
    pub fn internet_services(&self, side: Side, internet: &Internet<'_, '_>) -> Vec<Conditions> {
        let mut names: Vec<String> = Vec::new();
        for (by, list) in &internet.chosen {
            for word in &list.0 {
                let text = &*word.text;
                match *by {
                    "name" => names.push(text.to_owned()),
                    "id" => {
                        let name = self.internet_names.get(text);
                        names.push(
                            name.map_or_else(|| format!("internet service {text}"), |it| (*it).to_owned()),
                        );
                    }
                    "group" => match self.internet_groups.get(text) {
                        Some(members) => names.extend(members.0.iter().map(|word| word.text.to_string())),
                        None => names.push(format!("internet service group {text}")),
                    },
                    by => names.push(format!("internet service {by} {text}")),
                }
            }
        }
        names.sort();
        names.dedup();
        names.iter().map(|name| Conditions::holds(kept_elsewhere(side, name))).collect()
    }

    /// Whether virtual IPs are looked at by themselves, and policies see mapped addresses.
    pub fn has_central_nat(&self) -> bool {
        let table = self.document.table(self.scope, Kind::Settings);
        table.is_some_and(|table| self.document.is_enabled(&table.whole, "central-nat"))
    }

    /// The virtual IPs that central NAT looks at: all.
    pub fn all_virtual_ips(&mut self) -> Vec<Region> {
        let mut out = Vec::new();
        for family in [Family::V4, Family::V6] {
            let count = self.objects.get(index(family)).map_or(0, |objects| objects.list.len());
            for at in 0..count {
                let objects = self.objects.get(index(family));
                if objects.and_then(|it| it.list.get(at)).is_some_and(|object| object.kind == Sort::Vip) {
                    let vip = self.vip(family, at);
                    out.extend(vip.packets().filter(|_| vip.is_enabled));
                }
            }
        }
        out
    }
}

pub(super) fn index(family: Family) -> usize {
    usize::from(family == Family::V6)
}
