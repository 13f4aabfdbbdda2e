//! The zone-based firewall: which zones talk to which. What a policy permits between two is kept as an unknown.

use std::collections::BTreeMap;

use space::{Action, NameSet, Region, Set};

use super::build::{Builder, Draft};
use super::import;
use super::lines::short;
use super::model::Config;
use super::router::names;

/// One more stage, where interfaces are members of zones ("Zone-Based Policy Firewall": traffic within a zone passes,
/// and between a zone and anything else only by a zone pair).
pub fn stage(config: &Config<'_>, builder: &mut Builder) {
    let mut by_zone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for interface in &config.interfaces {
        if let Some(zone) = interface.zone {
            by_zone.entry(zone).or_default().push(&interface.name);
        }
    }
    let members: BTreeMap<&str, NameSet> = by_zone.iter().map(|(zone, of)| (*zone, names(of))).collect();
    let Some(first) = config.interfaces.iter().find(|interface| interface.zone.is_some()) else { return };
    let chain = builder.chain();
    let between = |from: &NameSet, to: &NameSet| Region {
        in_interface: from.clone(),
        out_interface: to.clone(),
        ..Region::any()
    };
    for pair in &config.zone_pairs {
        let draft = |suffix: &str, implied| Draft {
            name: format!("zone-pair {}{suffix}", short(pair.name)),
            place: pair.place,
            list: "zone pairs".to_owned(),
            implied,
        };
        let (Some(from), Some(to)) = (members.get(pair.source), members.get(pair.destination)) else {
            // To or from the device itself, or a zone without interfaces: nothing passes through by it.
            builder.entry(draft("", false));
            continue;
        };
        let action = if pair.policy.is_some() { Action::Unknown } else { Action::Deny };
        builder.rule(chain, draft("", false), vec![between(from, to)], action);
        if pair.policy.is_some() {
            let back = import::replies(between(to, from));
            builder.rule(chain, draft(" replies", true), back.into_iter().collect(), Action::Unknown);
        }
    }
    let draft = |name: String| Draft { name, place: first.place, list: "zones".to_owned(), implied: true };
    for (zone, names) in &members {
        builder.rule(
            chain,
            draft(format!("within zone {}", short(zone))),
            vec![between(names, names)],
            Action::Permit,
        );
    }
    let all = names(&by_zone.values().flatten().copied().collect::<Vec<_>>());
    let any = NameSet::any();
    builder.rule(
        chain,
        draft("between zones".to_owned()),
        vec![between(&all, &any), between(&any, &all)],
        Action::Deny,
    );
    builder.stage(chain, Action::Permit, "interfaces in no zone");
}
