//! Rule sets made to be slow are answered, or ended by the bound on work.

use crate::{
    Action, AddressSet, Chain, Decider, Effort, Exhausted, IntervalSet, Region, Rule, RuleId, RuleSet, Set,
    Stage, protocol, redundant, shadowed,
};

fn flat(rules: impl IntoIterator<Item = (Region, Action)>) -> RuleSet {
    let rule = |(id, (region, action))| Rule { id: RuleId(id), matches: vec![region], action };
    RuleSet::flat((0..).zip(rules).map(rule).collect(), Action::Deny)
}

fn last(rules: &RuleSet) -> &Rule {
    rules.rules().last().unwrap()
}

fn v4(ranges: impl IntoIterator<Item = (u32, u32)>) -> AddressSet {
    AddressSet { v4: IntervalSet::from_ranges(ranges), v6: Set::empty() }
}

fn tcp() -> Region {
    Region::any().protocol(protocol::TCP).to(AddressSet::any_v4())
}

/// The whole of IPv4, in so many disjoint intervals and rules.
fn slices(count: u32) -> impl Iterator<Item = (Region, Action)> {
    let width = u32::MAX / count;
    let slice = move |number: u32| {
        let low = number * width;
        let high = if number == count - 1 { u32::MAX } else { low + width - 1 };
        (tcp().from(v4([(low, high)])), Action::Permit)
    };
    (0..count).map(slice)
}

#[test]
fn thousands_of_disjoint_intervals_are_all_to_blame() {
    let rules = flat(slices(5_000).chain([(tcp().from(AddressSet::any_v4()), Action::Permit)]));
    let shadow = shadowed(last(&rules), &rules, &Effort::usual()).unwrap().unwrap();
    assert_eq!(shadow.by, (0..5_000).map(|id| Decider::Rule(RuleId(id))).collect::<Vec<_>>());
    let holed = flat(
        rules
            .rules()
            .filter(|rule| rule.id != RuleId(4_321))
            .map(|rule| (rule.matches[0].clone(), rule.action)),
    );
    assert_eq!(shadowed(last(&holed), &holed, &Effort::usual()), Ok(None));
}

#[test]
fn the_bound_is_met_and_told() {
    let rules = flat(slices(5_000).chain([(tcp().from(AddressSet::any_v4()), Action::Permit)]));
    let ask = |limit| shadowed(last(&rules), &rules, &Effort::limited(limit)).map(|found| found.is_some());
    assert_eq!(ask(500), Err(Exhausted { limit: 500 }));
    // The bound is for one question: the next one is answered.
    assert_eq!(ask(Effort::USUAL), Ok(true));
}

#[test]
fn every_rule_overlaps_every_other() {
    // Stripes of sources and stripes of destinations, permitted and denied in turn, the narrow ones first.
    let count = 1_500;
    let stripes = (0..count).map(|number: u32| {
        let stripe = v4([(number << 8, (1 << 31) + (number << 16))]);
        let action = if number.is_multiple_of(3) { Action::Deny } else { Action::Permit };
        let all = AddressSet::any_v4();
        (if number.is_multiple_of(2) { tcp().from(stripe) } else { tcp().from(all).to(stripe) }, action)
    });
    let rules = flat(stripes.chain([(tcp(), Action::Deny)]));
    let effort = Effort::usual();
    // Each begins after the one before and ends after it.
    assert!(rules.rules().all(|rule| shadowed(rule, &rules, &effort) == Ok(None)));
    let redundant = rules.rules().filter(|rule| redundant(rule, &rules, &effort) != Ok(None));
    // What denies before the last of the permits is missed.
    let idle: Vec<u32> = redundant.map(|rule| rule.id.0).collect();
    assert!(idle.contains(&count) && idle.iter().all(|id| *id >= count - 3), "{idle:?}");
}

#[test]
fn sets_of_a_million_elements() {
    let set = |step: usize, first: u32| v4((first..2_000_000).step_by(step).map(|value| (value, value)));
    let (even, fourth, others) = (set(2, 0), set(4, 0), set(4, 2));
    assert_eq!(even.v4.ranges().len(), 1_000_000);
    // One rule has them all.
    let rules =
        flat([(tcp().from(even.clone()), Action::Permit), (tcp().from(fourth.clone()), Action::Permit)]);
    let by = shadowed(last(&rules), &rules, &Effort::usual()).unwrap().unwrap().by;
    assert_eq!(by, [Decider::Rule(RuleId(0))]);
    // Two have them in turn.
    let halves = [fourth, others].map(|set| (tcp().from(set), Action::Permit));
    let rules = flat(halves.into_iter().chain([(tcp().from(even), Action::Permit)]));
    match shadowed(last(&rules), &rules, &Effort::usual()) {
        Ok(shadow) => assert_eq!(shadow.unwrap().by, [0, 1].map(|id| Decider::Rule(RuleId(id)))),
        Err(exhausted) => assert_eq!(exhausted.limit, Effort::USUAL),
    }
}

#[test]
fn a_chain_of_ten_thousand_jumps() {
    let count = 10_000;
    let chain = |number: u32| {
        let jump =
            Rule { id: RuleId(2 * number), matches: vec![tcp()], action: Action::Jump(number as usize + 1) };
        let own = Rule { id: RuleId(2 * number + 1), matches: vec![tcp()], action: Action::Permit };
        Chain::from(if number < count - 1 { vec![jump, own] } else { vec![own] })
    };
    let rules = RuleSet {
        chains: (0..count).map(chain).collect(),
        stages: vec![Stage { chain: 0, default: Action::Deny }],
    };
    assert_eq!(rules.check(), Ok(()));
    // The innermost permits everything, so that nothing comes back.
    let ask = |id| shadowed(rules.rule(RuleId(id)).unwrap(), &rules, &Effort::usual()).unwrap();
    assert_eq!(ask(2 * count - 1), None);
    let by = vec![Decider::Rule(RuleId(2 * count - 1))];
    assert_eq!(ask(1).map(|shadow| shadow.by), Some(by));
}
