//! `ip inspect` (CBAC): replies to sessions that were inspected pass the lists on their way back.

use std::collections::BTreeMap;

use space::{Action, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::build::{Builder, Draft};
use super::import;
use super::lines::short;
use super::meaning::every;
use super::model::{Config, Family, Way};
use super::router::at;

/// Permits the replies ahead of the lists. Inspected on the way out of an interface, replies come back in by it, and
/// pass every list that would block them ("Configuring Context-Based Access Control").
pub fn replies(config: &Config<'_>, builder: &mut Builder, stages: [usize; 2]) {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for inspection in &config.inspections {
        by_name.entry(inspection.name).or_default().push(inspection.protocol);
    }
    for interface in &config.interfaces {
        for (name, way, place) in &interface.inspects {
            let back = if *way == Way::Out { Way::In } else { Way::Out };
            let protocols = by_name.get(name).map_or(&[][..], Vec::as_slice);
            let regions = sessions(name, protocols);
            let matches: Vec<Region> = regions
                .into_iter()
                .filter_map(|region| import::replies(at(region, &interface.name, back)))
                .collect();
            for (stage, lists) in stages.into_iter().zip(["inbound", "outbound"]) {
                let way = if *way == Way::Out { "out" } else { "in" };
                let draft = Draft {
                    name: format!(
                        "{} {way}: inspect {}, past {lists} lists",
                        short(&interface.name),
                        short(name)
                    ),
                    place: *place,
                    list: format!("interface {}", short(&interface.name)),
                    implied: false,
                };
                builder.rule(stage, draft, matches.clone(), Action::Permit);
            }
        }
    }
}

/// What an inspection keeps track of: whole protocols, and of applications an unknown part.
fn sessions(name: &str, protocols: &[&str]) -> Vec<Region> {
    let mut whole = IntervalSet::empty();
    let mut part = IntervalSet::empty();
    for word in protocols {
        match *word {
            "tcp" => whole = whole.union(&IntervalSet::one(protocol::TCP)),
            "udp" => whole = whole.union(&IntervalSet::one(protocol::UDP)),
            "icmp" => part = part.union(&IntervalSet::one(protocol::ICMP)),
            // Says how fragments are kept, and is no session.
            "fragment" | "parameter" => {}
            _ => {
                part = part.union(&IntervalSet::from_ranges([
                    (protocol::TCP, protocol::TCP),
                    (protocol::UDP, protocol::UDP),
                ]))
            }
        }
    }
    let part = part.subtract(&whole);
    let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &format!("inspect {}", short(name)));
    let all = [
        Region { protocol: whole, ..every(Family::V4) },
        Region { protocol: part, ..every(Family::V4).when(Conditions::holds(symbol)) },
    ];
    all.into_iter().filter(|region| !region.is_empty()).collect()
}
