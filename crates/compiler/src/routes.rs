use std::sync::Arc;

use space::{AddressSet, NameSet, Question, Region, Set, Side, SymbolKind, pattern_covers};

use crate::firewall::imported;
use crate::{Db, File, FirewallValue};

/// By which interface (or zone) of a firewall packets come and go: what its export knows of networks and routes, and what
/// the policy says, which goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// Disjoint sets of addresses, each with the interface that they are behind.
    addresses: Vec<(Arc<str>, AddressSet)>,
    /// DNS names and wildcards, each with the interface that they are behind.
    names: Vec<(Arc<str>, Arc<str>)>,
}

/// A `route` of a firewall statement: what stands behind an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteValue {
    pub interface: Arc<str>,
    /// With `any`, whatever no other route takes.
    pub behind: crate::EndpointSet,
}

/// The interfaces of an export with what is behind them, without places.
#[salsa::tracked]
fn interfaces_of(db: &dyn Db, file: File) -> Vec<(Arc<str>, AddressSet)> {
    let read = imported(db, file).as_ref().ok();
    let interfaces = read.map(|export| export.inventory.interfaces.as_slice()).unwrap_or_default();
    interfaces.iter().map(|entry| (entry.name.as_str().into(), entry.behind.clone())).collect()
}

impl Routes {
    /// The routes of a firewall.
    pub fn of(db: &dyn Db, firewall: &FirewallValue) -> Self {
        let mut routes = Routes::default();
        let mut taken = AddressSet::empty();
        let (rest, some): (Vec<&RouteValue>, Vec<&RouteValue>) =
            firewall.routes.iter().partition(|route| route.behind.is_any());
        for route in some.into_iter().chain(rest) {
            routes.behind(&route.interface, &route.behind.addresses, &mut taken);
            let names = route.behind.names.iter().map(|name| (name.clone(), route.interface.clone()));
            routes.names.extend(names);
        }
        for (name, behind) in firewall.export.map(|file| interfaces_of(db, file)).into_iter().flatten() {
            routes.behind(name, behind, &mut taken);
        }
        routes
    }

    fn behind(&mut self, interface: &Arc<str>, addresses: &AddressSet, taken: &mut AddressSet) {
        let fresh = addresses.subtract(taken);
        if !fresh.is_empty() {
            *taken = taken.union(&fresh);
            self.addresses.push((interface.clone(), fresh));
        }
    }

    /// `question`, in as many as there are ways for its packets: each comes and goes by the interface that its addresses
    /// are behind. Where the routes say nothing, the interface stays open.
    pub fn applied(&self, question: Question) -> Vec<Question> {
        if self.addresses.is_empty() && self.names.is_empty() {
            return vec![question];
        }
        let mut out = Vec::new();
        for (source, by) in self.ways(&question, Side::Source) {
            for (destination, to) in self.ways(&question, Side::Destination) {
                let mut region = Region { source: source.clone(), destination, ..question.region.clone() };
                if let Some(by) = &by {
                    region.in_interface = region.in_interface.intersect(by);
                }
                if let Some(to) = &to {
                    region.out_interface = region.out_interface.intersect(to);
                }
                if !region.is_empty() {
                    out.push(Question { region, hidden: question.hidden });
                }
            }
        }
        out
    }

    /// The parts of one end, each with its interfaces where they are known.
    fn ways(&self, question: &Question, side: Side) -> Vec<(AddressSet, Option<NameSet>)> {
        let region = &question.region;
        let (whole, hidden) = match side {
            Side::Source => (&region.source, question.hidden.source),
            _ => (&region.destination, question.hidden.destination),
        };
        if hidden {
            return match self.of_name(region, side) {
                // What is behind one interface has no address that is behind another.
                Some(interface) => {
                    let others = self.addresses.iter().filter(|(other, _)| **other != *interface);
                    let here = others.fold(whole.clone(), |here, (_, behind)| here.subtract(behind));
                    // Where other routes take every address, what is said of the name goes first.
                    let here = if here.is_empty() { whole.clone() } else { here };
                    vec![(here, Some(NameSet::one(&interface)))]
                }
                None => vec![(whole.clone(), self.perhaps(whole))],
            };
        }
        let mut rest = whole.clone();
        let mut out = Vec::new();
        for (interface, behind) in &self.addresses {
            let here = rest.intersect(behind);
            if !here.is_empty() {
                rest = rest.subtract(&here);
                out.push((here, Some(NameSet::one(interface))));
            }
        }
        if !rest.is_empty() {
            out.push((rest, None));
        }
        out
    }

    /// The interface that a name is behind, where a route says so.
    fn of_name(&self, region: &Region, side: Side) -> Option<Arc<str>> {
        let asked = region
            .conditions
            .iter()
            .filter(|(symbol, held)| *held && symbol.side == side && symbol.kind == SymbolKind::Name);
        let known = asked.filter_map(|(symbol, _)| {
            self.names.iter().find(|(pattern, _)| pattern_covers(pattern, &symbol.name))
        });
        known.last().map(|(_, interface)| interface.clone())
    }

    /// The interfaces that an address which is not known may be behind, where the routes cover all that it may be.
    fn perhaps(&self, whole: &AddressSet) -> Option<NameSet> {
        let mut rest = whole.clone();
        let mut all = NameSet::empty();
        for (interface, behind) in &self.addresses {
            if behind.overlaps(&rest) {
                rest = rest.subtract(behind);
                all = all.union(&NameSet::one(interface));
            }
        }
        rest.is_empty().then_some(all)
    }
}

#[cfg(test)]
mod tests {
    use space::Conditions;

    use super::*;

    fn set(text: &str) -> AddressSet {
        AddressSet::from(text.parse::<ipnet::IpNet>().expect("a prefix"))
    }

    fn routes() -> Routes {
        let mut routes = Routes::default();
        let mut taken = AddressSet::empty();
        routes.behind(&"inside".into(), &set("10.0.0.0/8"), &mut taken);
        routes.behind(&"outside".into(), &AddressSet::any(), &mut taken);
        routes.names.push(("*.example.com".into(), "dmz".into()));
        routes
    }

    #[test]
    fn a_flow_is_asked_by_the_interfaces_its_addresses_are_behind() {
        let region = Region::any().from(set("10.0.0.0/7")).to(set("192.0.2.0/24"));
        let ways = routes().applied(Question::about(region));
        let seen: Vec<(String, Option<String>)> = ways
            .iter()
            .map(|it| (space::address_set(&it.region.source), it.region.in_interface.example()))
            .collect();
        assert_eq!(
            seen,
            [
                ("10.0.0.0/8".to_owned(), Some("inside".to_owned())),
                ("11.0.0.0/8".to_owned(), Some("outside".to_owned())),
            ]
        );
        assert!(ways.iter().all(|it| it.region.out_interface == NameSet::one("outside")));
    }

    #[test]
    fn a_name_leaves_by_its_route_or_by_any_interface_that_its_address_may_be_behind() {
        let to = |name| {
            let named = Conditions::named(Side::Destination, name);
            let region = Region::any().from(set("10.0.0.0/8")).when(named);
            let hidden = space::Hidden { destination: true, ..Default::default() };
            let [only] = routes().applied(Question { region, hidden }).try_into().expect("one way");
            let only: Question = only;
            only.region.out_interface
        };
        assert_eq!(to("a.example.com"), NameSet::one("dmz"));
        assert_eq!(to("a.example.org"), NameSet::one("inside").union(&NameSet::one("outside")));
    }
}
