//! What a list tells without walking, against the walk: on rule sets with both families, sets with gaps, interfaces,
//! conditions, returns and jumps.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::brute_force::cases;
use crate::list::{List, Told};
use crate::{
    Action, AddressSet, Conditions, Decider, Effort, IntervalSet, NameSet, Region, Rule, RuleId, RuleSet,
    Set, Shadow, Side, relation, shadow,
};

/// The numbers that a region is made of.
type Draw = [u8; 12];

/// How much of a rule set is of the kinds that cells do not show, in percent.
#[derive(Clone, Copy, Debug)]
struct Mixture {
    interfaces: u8,
    conditions: u8,
    jumps: u8,
}

fn addresses(kind: u8, one: u8, other: u8) -> AddressSet {
    let four = |number: u8| {
        let length = [32, 31, 30, 29, 28, 24][usize::from(number % 6)];
        AddressSet::from(Ipv4Net::new(Ipv4Addr::new(10, 0, 0, number / 6), length).unwrap())
    };
    let six = |number: u8| {
        let length = [128, 127, 126, 125, 124, 64][usize::from(number % 6)];
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(number / 6));
        AddressSet::from(Ipv6Net::new(address, length).unwrap())
    };
    match kind % 16 {
        0..=5 => four(one),
        6 | 7 => four(one).union(&four(other)),
        8 => four(one.min(other)).union(&six(one)),
        9..=11 => six(one),
        12 => six(one).union(&six(other)),
        13 => AddressSet::any_v4(),
        14 => four(one).complement(),
        _ => AddressSet::any(),
    }
}

fn ports(kind: u8, one: u8, other: u8) -> IntervalSet<u16> {
    let (one, other) = (u16::from(one % 12), u16::from(other % 12));
    match kind % 8 {
        0..=2 => IntervalSet::any(),
        3..=5 => IntervalSet::range(one.min(other), one.max(other)),
        6 => IntervalSet::one(one),
        _ => IntervalSet::one(one).union(&IntervalSet::one(other)),
    }
}

fn region(draw: Draw, mixture: Mixture) -> Region {
    let [protocol, p, q, r, s, t, u, v, w, interface, condition, which] = draw;
    let protocol = match protocol % 8 {
        0..=4 => IntervalSet::one(6),
        5 => IntervalSet::one(17),
        6 => IntervalSet::one(6).union(&IntervalSet::one(17)),
        _ => IntervalSet::any(),
    };
    let name = |number: u8| ["eth0", "eth1", "tun0"][usize::from(number % 3)];
    let interface = match interface % 100 {
        percent if percent >= mixture.interfaces => NameSet::any(),
        percent if percent % 3 == 0 => NameSet::starting_with("eth"),
        percent => NameSet::one(name(percent)),
    };
    let conditions = if condition % 100 < mixture.conditions {
        let pattern = ["a.example", "*.example", "b.example"][usize::from(which % 3)];
        Conditions::named(Side::Destination, pattern)
    } else {
        Conditions::none()
    };
    Region {
        protocol,
        destination_port: ports(p, q, r),
        source_port: if which > 220 { ports(r, p, q) } else { IntervalSet::any() },
        in_interface: interface,
        conditions,
        ..Region::any().from(addresses(s, t, u)).to(addresses(v, w, t))
    }
}

fn rules() -> impl Strategy<Value = RuleSet> {
    let mixtures = vec![
        Mixture { interfaces: 0, conditions: 0, jumps: 0 },
        Mixture { interfaces: 40, conditions: 0, jumps: 0 },
        Mixture { interfaces: 10, conditions: 10, jumps: 5 },
    ];
    let default = proptest::sample::select(vec![Action::Permit, Action::Deny, Action::Unknown]);
    let draws = |count| vec(any::<(Draw, Draw, u8, u8)>(), count);
    (proptest::sample::select(mixtures), draws(5..=60), draws(0..=3), default).prop_map(
        |(mixture, own, called, default)| {
            let mut ids = (0..).map(RuleId);
            let mut rule = |(one, other, kind, action): (Draw, Draw, u8, u8), jumps: u8| {
                let more = (kind % 6 == 0).then(|| region(other, mixture));
                let action = match action % 100 {
                    percent if percent < jumps => {
                        if percent % 2 == 0 {
                            Action::Jump(1)
                        } else {
                            Action::Goto(1)
                        }
                    }
                    90..=93 => Action::Return,
                    94..=95 => Action::Continue,
                    96..=97 => Action::Unknown,
                    percent if percent < 55 => Action::Permit,
                    _ => Action::Deny,
                };
                let matches = std::iter::once(region(one, mixture)).chain(more).collect();
                Rule { id: ids.next().unwrap(), matches, action }
            };
            let own: Vec<Rule> = own.into_iter().map(|draw| rule(draw, mixture.jumps)).collect();
            let called: Vec<Rule> = called.into_iter().map(|draw| rule(draw, 0)).collect();
            let mut rules = RuleSet::flat(own, default);
            rules.chains.push(called.into());
            rules
        },
    )
}

/// Of the rules before, only those that are to blame.
fn with_only(rules: &RuleSet, by: &[Decider], rule: &Rule) -> RuleSet {
    let kept = |other: &&Rule| other.id == rule.id || by.contains(&Decider::Rule(other.id));
    let default = rules.stages.first().map_or(Action::Deny, |stage| stage.default);
    RuleSet::flat(rules.chains[0].rules.iter().filter(kept).cloned().collect(), default)
}

/// Those to blame take everything, and none of them can be left out.
fn blame_holds(rules: &RuleSet, rule: &Rule, told: &Shadow, walked: &Shadow) -> Result<(), TestCaseError> {
    prop_assert_eq!(told.contradicted, walked.contradicted);
    prop_assert!(told.by.len() <= walked.by.len(), "{:?} {:?}", told, walked);
    let dead = |by: &[Decider]| {
        shadow::walked(rule, &with_only(rules, by, rule), &Effort::usual()).map(|found| found.is_some())
    };
    prop_assert_eq!(dead(&told.by), Ok(true));
    let otherwise = |by: &[Decider]| {
        let of = |decider: &Decider| match decider {
            Decider::Rule(id) => rules.rule(*id).and_then(|rule| relation::outcome_of(rule.action)),
            Decider::Default(_) => None,
        };
        by.iter().filter_map(of).any(|outcome| Some(outcome) != relation::outcome_of(rule.action))
    };
    prop_assert_eq!(otherwise(&told.by), otherwise(&walked.by), "{:?} {:?}", told, walked);
    for at in 0..told.by.len() {
        let mut rest = told.by.clone();
        rest.remove(at);
        let needed = otherwise(&told.by) && !otherwise(&rest);
        prop_assert!(needed || dead(&rest) == Ok(false), "{:?} can be left out of {:?}", at, told);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn lists_tell_what_walks_find(rules in rules()) {
        let effort = Effort::usual();
        for rule in &rules.chains[0].rules {
            let list = List::of(rule, &rules, &effort).expect("there is one stage, and no jump leads to its chain");
            let shadow = shadow::walked(rule, &rules, &effort).unwrap();
            match (list.shadow().unwrap(), &shadow) {
                (Told::NotKnown, _) | (Told::Known(None), None) => {}
                (Told::Known(Some(told)), Some(walked)) => blame_holds(&rules, rule, &told, walked)?,
                (told, walked) => prop_assert!(false, "{:?}: {:?}, {:?}", rule.id, told, walked),
            }
            let redundant = if rule.action == Action::Continue { None } else {
                relation::walked(rule, &rules, &effort).unwrap()
            };
            if let Told::Known(told) = list.redundant().unwrap() {
                prop_assert_eq!(told, redundant, "{:?}", rule.id);
            }
            // Asked again, when more is known.
            let again = List::of(rule, &rules, &effort).unwrap().shadow().unwrap();
            prop_assert!(again == Told::NotKnown || matches!(again, Told::Known(found) if found.is_some() == shadow.is_some()));
            if !list.may_conflict().unwrap() {
                prop_assert_eq!(relation::walked_conflicts(rule, &rules, &effort).unwrap(), []);
            }
        }
    }

    /// Where there is nothing but numbers, a list tells everything.
    #[test]
    fn lists_of_cells_tell_all(mut rules in rules()) {
        for rule in rules.chains[0].rules.iter_mut() {
            rule.matches.iter_mut().for_each(|region| *region = region.packets_only());
            if matches!(rule.action, Action::Jump(_) | Action::Goto(_)) {
                rule.action = Action::Deny;
            }
        }
        let effort = Effort::usual();
        for rule in &rules.chains[0].rules {
            let list = List::of(rule, &rules, &effort).unwrap();
            prop_assert_ne!(list.shadow().unwrap(), Told::NotKnown);
            prop_assert_ne!(list.redundant().unwrap(), Told::NotKnown);
        }
    }
}
