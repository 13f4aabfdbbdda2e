//! Shadowed, redundant and conflicting rules, packet by packet.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::cases;
use super::evaluate::Rules;
use super::strategies::{edge, flat_rules, rules};
use super::universe::{Point, has, points};
use crate::{
    Action, Decider, Effort, IntervalSet, Outcome, Region, Rule, RuleId, RuleSet, Shadow, conflicts,
    protocol, redundant, shadowed,
};

fn outcome_of(action: Action) -> Option<Outcome> {
    match action {
        Action::Permit => Some(Outcome::Permit),
        Action::Deny => Some(Outcome::Deny),
        Action::Unknown => Some(Outcome::Unknown),
        _ => None,
    }
}

/// The chains to which a chain leads, with itself.
fn reachable(rules: &Rules, chain: usize) -> BTreeSet<usize> {
    let mut all = BTreeSet::from([chain]);
    for entry in &rules.chains[chain] {
        if let Action::Jump(to) | Action::Goto(to) = entry.action {
            all.extend(reachable(rules, to));
        }
    }
    all
}

fn chain_of(rules: &Rules, id: RuleId) -> usize {
    (0..rules.chains.len())
        .find(|chain| (0..rules.chains[*chain].len()).any(|at| rules.id(*chain, at) == id))
        .unwrap()
}

/// The stages that lead to the rule.
fn stages_of(rules: &Rules, id: RuleId) -> Vec<usize> {
    let chain = chain_of(rules, id);
    (0..rules.stages.len())
        .filter(|stage| reachable(rules, rules.stages[*stage].0).contains(&chain))
        .collect()
}

/// The packets that the rule matches.
fn matched(rules: &Rules, id: RuleId) -> Vec<Point> {
    points(rules.blocks()).into_iter().filter(|point| rules.entry(id).contains(point)).collect()
}

fn visits(rules: &Rules, point: &Point, id: RuleId) -> bool {
    rules.fate(point).visited.iter().any(|(_, visited)| *visited == id)
}

/// Whether nothing gets to the rule when, of all rules that could keep packets from it, only `by` are there.
fn suffices(rules: &Rules, id: RuleId, stage: usize, by: &[RuleId]) -> bool {
    let chain = chain_of(rules, id);
    let skip = |at: usize, other: RuleId| {
        let action = rules.entry(other).action;
        let own = at == stage && chain_of(rules, other) == chain;
        let keeps_away = match action {
            Action::Deny | Action::Unknown => true,
            Action::Permit => at == stage,
            Action::Return => own,
            Action::Goto(to) => own && !reachable(rules, to).contains(&chain),
            Action::Jump(_) | Action::Continue => false,
        };
        keeps_away && other != id && !by.contains(&other)
    };
    let reached = |point: &Point| {
        let fate = rules.fate_within(point, 0..stage + 1, &skip);
        fate.visited.iter().any(|(_, visited)| *visited == id)
    };
    !matched(rules, id).iter().any(reached)
}

/// What the engine says of a rule's shadow is so.
fn shadow_holds(rules: &Rules, id: RuleId, found: Option<&Shadow>) -> Result<(), TestCaseError> {
    let matched = matched(rules, id);
    let dead = !matched.is_empty() && !matched.iter().any(|point| visits(rules, point, id));
    prop_assert_eq!(found.is_some(), dead, "{:?}", id);
    let Some(shadow) = found else { return Ok(()) };
    prop_assert!(shadow.rule == id && !shadow.by.is_empty());

    let stages = stages_of(rules, id);
    let end = stages.last().map_or(rules.stages.len(), |last| last + 1);
    let mine = outcome_of(rules.entry(id).action);
    let fate = |point: &Point| rules.fate_within(point, 0..end, &|_, _| false);
    let contradicted = matched.iter().any(|point| mine.is_some_and(|mine| fate(point).outcome != mine));
    prop_assert_eq!(shadow.contradicted, contradicted);

    let blamed: Vec<RuleId> = shadow
        .by
        .iter()
        .filter_map(|decider| match decider {
            Decider::Rule(rule) => Some(*rule),
            Decider::Default(_) => None,
        })
        .collect();
    match stages.as_slice() {
        [stage] if !suffices(rules, id, *stage, &[]) => {
            prop_assert_eq!(blamed.len(), shadow.by.len());
            prop_assert!(suffices(rules, id, *stage, &blamed));
            let otherwise = |rule: &RuleId| {
                outcome_of(rules.entry(*rule).action).is_some_and(|theirs| Some(theirs) != mine)
            };
            for left_out in &blamed {
                let rest: Vec<RuleId> = blamed.iter().copied().filter(|rule| rule != left_out).collect();
                let only_other = contradicted && otherwise(left_out) && !rest.iter().any(otherwise);
                prop_assert!(
                    only_other || !suffices(rules, id, *stage, &rest),
                    "{:?} can be left out",
                    left_out
                );
            }
            for rule in &blamed {
                prop_assert!(
                    matched.iter().any(|point| visits(rules, point, *rule)),
                    "{:?} takes nothing",
                    rule
                );
            }
        }
        _ => {
            let deciders: BTreeSet<Decider> = matched.iter().map(|point| fate(point).decider).collect();
            prop_assert_eq!(&shadow.by, &deciders.into_iter().collect::<Vec<_>>());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn shadows(rules in rules()) {
        let rule_set = rules.rule_set();
        for rule in rules.ids().filter_map(|id| rule_set.rule(id)) {
            let found = shadowed(rule, &rule_set, &Effort::usual()).unwrap();
            shadow_holds(&rules, rule.id, found.as_ref())?;
        }
    }

    /// In one list, those to blame are before the rule and match all that it does.
    #[test]
    fn shadows_in_one_list(rules in flat_rules()) {
        let rule_set = rules.rule_set();
        for rule in rules.ids().filter_map(|id| rule_set.rule(id)) {
            let found = shadowed(rule, &rule_set, &Effort::usual()).unwrap();
            shadow_holds(&rules, rule.id, found.as_ref())?;
            let Some(shadow) = found else { continue };
            for point in matched(&rules, rule.id) {
                let covers = |decider: &Decider| match decider {
                    Decider::Rule(id) => *id < rule.id && rules.entry(*id).contains(&point),
                    Decider::Default(_) => false,
                };
                prop_assert!(shadow.by.iter().any(covers));
            }
        }
    }

    #[test]
    fn redundancy(rules in rules()) {
        let rule_set = rules.rule_set();
        for rule in rules.ids().filter_map(|id| rule_set.rule(id)) {
            let found = redundant(rule, &rule_set, &Effort::usual()).unwrap();
            let reached: Vec<Point> =
                matched(&rules, rule.id).into_iter().filter(|point| visits(&rules, point, rule.id)).collect();
            let same = |point: &Point| rules.fate(point).outcome == rules.fate_without(point, rule.id).outcome;
            let idle = !reached.is_empty() && rule.action != Action::Continue && reached.iter().all(same);
            let heirs: BTreeSet<Decider> =
                reached.iter().map(|point| rules.fate_without(point, rule.id).decider).collect();
            prop_assert_eq!(found, idle.then(|| heirs.into_iter().collect::<Vec<_>>()), "{:?}", rule.id);
            if idle {
                let whole = points(rules.blocks());
                prop_assert!(whole.iter().all(same), "no other packet misses it");
            }
        }
    }

    #[test]
    fn conflict(rules in rules(), edge in edge()) {
        let rule_set = rules.rule_set();
        let all = points(rules.blocks());
        let contains = |id: RuleId| -> Vec<bool> { all.iter().map(|point| rules.entry(id).contains(point)).collect() };
        let within = |a: RuleId, b: RuleId| contains(a).iter().zip(contains(b)).all(|(a, b)| !a || b);
        for rule in rules.ids().filter_map(|id| rule_set.rule(id)) {
            let found = conflicts(rule, &rule_set, &Effort::usual()).unwrap();
            let Some(mine) = outcome_of(rule.action) else {
                prop_assert!(found.is_empty());
                continue;
            };
            // Each packet that the rule decides in a stage, and the rule that would decide it there otherwise.
            let mut lost: Vec<(Point, RuleId)> = Vec::new();
            for point in &all {
                for (stage, id) in rules.fate(point).visited {
                    let then = rules.fate_within(point, stage..stage + 1, &|_, other| other == rule.id);
                    if id == rule.id && then.outcome != mine && let Decider::Rule(second) = then.decider {
                        lost.push((*point, second));
                    }
                }
            }
            let second: BTreeSet<RuleId> = lost.iter().map(|(_, second)| *second).collect();
            let expected: Vec<RuleId> =
                second.into_iter().filter(|second| !within(rule.id, *second) && !within(*second, rule.id)).collect();
            let mut seconds: Vec<RuleId> = found.iter().map(|conflict| conflict.second).collect();
            seconds.sort_unstable();
            prop_assert_eq!(seconds, expected, "{:?}", rule.id);
            for conflict in &found {
                let inside: Vec<&Point> = all.iter().filter(|point| has(&conflict.region, point, edge)).collect();
                prop_assert!(conflict.first == rule.id && !inside.is_empty());
                prop_assert!(inside.iter().all(|point| lost.contains(&(**point, conflict.second))));
            }
        }
    }
}

fn tcp(low: u16, high: u16) -> Region {
    Region::any().service(protocol::TCP, IntervalSet::range(low, high))
}

fn flat(rules: &[(Region, Action)], default: Action) -> RuleSet {
    let rule = |(id, (region, action)): (u32, &(Region, Action))| Rule {
        id: RuleId(id),
        matches: vec![region.clone()],
        action: *action,
    };
    RuleSet::flat((0..).zip(rules).map(rule).collect(), default)
}

fn shadow_of(rules: &RuleSet, id: u32) -> Option<Shadow> {
    shadowed(rules.rule(RuleId(id)).unwrap(), rules, &Effort::usual()).unwrap()
}

#[test]
fn two_rules_together_leave_nothing() {
    let rules = flat(
        &[
            (tcp(1, 100), Action::Permit),
            (tcp(50, 60), Action::Permit),
            (tcp(101, 200), Action::Permit),
            (tcp(90, 110), Action::Permit),
        ],
        Action::Deny,
    );
    let by = vec![Decider::Rule(RuleId(0)), Decider::Rule(RuleId(2))];
    assert_eq!(shadow_of(&rules, 3), Some(Shadow { rule: RuleId(3), by, contradicted: false }));
}

#[test]
fn a_rule_that_acts_otherwise_is_named() {
    let rules = flat(
        &[(tcp(85, 85), Action::Deny), (tcp(1, 100), Action::Permit), (tcp(80, 90), Action::Permit)],
        Action::Deny,
    );
    let by = vec![Decider::Rule(RuleId(0)), Decider::Rule(RuleId(1))];
    assert_eq!(shadow_of(&rules, 2), Some(Shadow { rule: RuleId(2), by, contradicted: true }));
}

#[test]
fn a_return_is_to_blame_and_not_the_default() {
    let rules = flat(&[(tcp(1, 100), Action::Return), (tcp(5, 5), Action::Permit)], Action::Deny);
    let by = vec![Decider::Rule(RuleId(0))];
    assert_eq!(shadow_of(&rules, 1), Some(Shadow { rule: RuleId(1), by, contradicted: true }));
}

#[test]
fn a_permit_of_an_earlier_stage_is_not_redundant() {
    let mut rules = flat(&[(tcp(1, 100), Action::Permit)], Action::Deny);
    rules.chains.push(flat(&[(tcp(1, 100), Action::Permit)], Action::Deny).chains.remove(0));
    rules.chains[1].rules[0].id = RuleId(1);
    rules.stages.push(crate::Stage { chain: 1, default: Action::Deny });
    for rule in rules.rules() {
        assert_eq!(redundant(rule, &rules, &Effort::usual()), Ok(None), "{:?}", rule.id);
    }
}

#[test]
fn a_shadowed_rule_is_not_redundant() {
    let rules = flat(&[(tcp(1, 100), Action::Permit), (tcp(5, 5), Action::Permit)], Action::Deny);
    let ask = |id| redundant(rules.rule(RuleId(id)).unwrap(), &rules, &Effort::usual()).unwrap();
    assert_eq!((ask(0), ask(1)), (None, None));
}

/// The goto leads past the rules after it: without the permit at its end more gets to rule 1 with it than without.
#[test]
fn a_goto_elsewhere_is_left_as_it_is() {
    let from = |low: u8| Region::any().from(crate::AddressSet::from(std::net::IpAddr::from([low, 0, 0, 0])));
    let rule = |id, region: Region, action| Rule { id: RuleId(id), matches: vec![region], action };
    let rules = RuleSet {
        chains: vec![
            vec![rule(0, Region::any(), Action::Jump(1)), rule(1, Region::any(), Action::Permit)].into(),
            vec![
                rule(2, from(0), Action::Goto(2)),
                rule(3, from(1), Action::Deny),
                rule(4, Region::any(), Action::Permit),
            ]
            .into(),
            vec![rule(5, Region::any(), Action::Permit)].into(),
        ],
        stages: vec![crate::Stage { chain: 0, default: Action::Permit }],
    };
    assert_eq!(rules.check(), Ok(()));
    let by = [3, 4, 5].map(|id| Decider::Rule(RuleId(id))).to_vec();
    assert_eq!(shadow_of(&rules, 1), Some(Shadow { rule: RuleId(1), by, contradicted: true }));
}
