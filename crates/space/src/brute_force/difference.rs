//! The difference of two rule sets, packet by packet.

use proptest::collection::vec;
use proptest::prelude::*;

use super::cases;
use super::evaluate::{Entry, Rules};
use super::strategies::{Palette, edge, entry, palette, terminal, wild_or_plain};
use super::universe::{Edge, Point, has, points};
use crate::{
    Action, Change, Effort, IntervalSet, Outcome, Region, Rule, RuleId, RuleSet, difference, protocol,
};

/// An edit of a rule set.
#[derive(Clone, Debug)]
enum Edit {
    Insert(prop::sample::Index, prop::sample::Index, Entry),
    Remove(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index, prop::sample::Index),
    Double(prop::sample::Index, prop::sample::Index),
    Default(prop::sample::Index, Action),
    Stage(usize),
    Chain,
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), index(), entry(terminal())).prop_map(|(chain, at, entry)| Edit::Insert(chain, at, entry)),
        4 => (index(), index()).prop_map(|(chain, at)| Edit::Remove(chain, at)),
        4 => (index(), index(), index()).prop_map(|(chain, one, other)| Edit::Swap(chain, one, other)),
        2 => (index(), index()).prop_map(|(chain, at)| Edit::Double(chain, at)),
        1 => (index(), terminal()).prop_map(|(stage, action)| Edit::Default(stage, action)),
        1 => (0..2_usize).prop_map(Edit::Stage),
        1 => Just(Edit::Chain),
    ]
}

fn apply(rules: &mut Rules, edit: &Edit) {
    let count = rules.chains.len();
    let pick = |chain: &prop::sample::Index| chain.index(count);
    match edit {
        Edit::Insert(chain, at, entry) => {
            let chain = &mut rules.chains[pick(chain)];
            chain.insert(at.index(chain.len() + 1), entry.clone());
        }
        Edit::Remove(chain, at) | Edit::Double(chain, at) => {
            let chain = &mut rules.chains[pick(chain)];
            if chain.is_empty() {
                return;
            }
            let at = at.index(chain.len());
            let entry = chain.remove(at);
            if let Edit::Double(..) = edit {
                chain.insert(at, entry.clone());
                chain.push(entry);
            }
        }
        Edit::Swap(chain, one, other) => {
            let chain = &mut rules.chains[pick(chain)];
            if !chain.is_empty() {
                let (one, other) = (one.index(chain.len()), other.index(chain.len()));
                chain.swap(one, other);
            }
        }
        Edit::Default(stage, action) => {
            if !rules.stages.is_empty() {
                let at = stage.index(rules.stages.len());
                rules.stages[at].1 = *action;
            }
        }
        Edit::Stage(chain) => rules.stages.push((chain % count, Action::Permit)),
        // A chain that nothing leads to.
        Edit::Chain => rules.chains.push(Vec::new()),
    }
}

fn old_and_new() -> impl Strategy<Value = (Rules, Rules)> {
    let limited = |(palette, mut old, edits): (Palette, Rules, Vec<Edit>)| {
        let mut new = old.clone();
        edits.iter().for_each(|edit| apply(&mut new, edit));
        palette.limit_rules(&mut old);
        palette.limit_rules(&mut new);
        (old, new)
    };
    prop_oneof![
        3 => (palette(3), wild_or_plain(), vec(edit(), 0..4)).prop_map(limited),
        1 => (palette(3), wild_or_plain(), wild_or_plain()).prop_map(|(palette, mut old, mut new)| {
            palette.limit_rules(&mut old);
            palette.limit_rules(&mut new);
            (old, new)
        }),
    ]
}

/// The changes that have the packet.
fn among<'a>(changes: &'a [Change], point: &Point, edge: Edge) -> Vec<&'a Change> {
    changes.iter().filter(|change| has(&change.region, point, edge)).collect()
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn two_rule_sets((old, new) in old_and_new(), edge in edge()) {
        let effort = Effort::usual();
        let found = difference(&old.rule_set(), &new.rule_set(), &effort).unwrap();
        let mut any = false;
        for point in points(old.blocks().chain(new.blocks())) {
            let (before, after) = (old.fate(&point), new.fate(&point));
            let rank = |outcome| [Outcome::Deny, Outcome::Unknown, Outcome::Permit].iter().position(|o| *o == outcome);
            let (more, less) = (rank(after.outcome) > rank(before.outcome), rank(after.outcome) < rank(before.outcome));
            any |= more || less;
            for (changes, expected) in [(&found.newly_permitted, more), (&found.newly_denied, less)] {
                let among = among(changes, &point, edge);
                prop_assert_eq!(among.len(), usize::from(expected), "{:?}", point);
                prop_assert!(among.iter().all(|change| (change.old, change.new) == (before.decider, after.decider)));
            }
        }
        prop_assert_eq!(found.is_empty(), !any);
        // The other way round it is the same.
        let back = difference(&new.rule_set(), &old.rule_set(), &effort).unwrap();
        prop_assert_eq!(back.denied(&effort), found.permitted(&effort));
        prop_assert_eq!(back.permitted(&effort), found.denied(&effort));
    }
}

#[test]
fn a_small_edit_of_a_long_list_is_a_small_question() {
    let rule = |id: u32| {
        let port = u16::try_from(id).unwrap();
        let matches = vec![Region::any().service(protocol::TCP, IntervalSet::one(port))];
        Rule { id: RuleId(id), matches, action: Action::Permit }
    };
    let old = RuleSet::flat((0..20_000).map(rule).collect(), Action::Deny);
    let mut new = old.clone();
    new.chains[0].rules.remove(10_000);
    let effort = Effort::limited(10_000);
    let found = difference(&old, &new, &effort).unwrap();
    assert_eq!(found.denied(&effort).unwrap().condensed().to_string(), "any -> any tcp/10000");
    assert!(found.newly_permitted.is_empty());
}

#[test]
fn equal_rules_without_end_are_paired_in_time() {
    let rule =
        |id: u32| Rule { id: RuleId(id), matches: vec![Region::any().protocol(6)], action: Action::Permit };
    let other = |id: u32| Rule { action: Action::Deny, ..rule(id) };
    // Nothing in common at the ends, everything in between the same.
    let middle = || (1..100_000).map(rule);
    let old = RuleSet::flat(
        std::iter::once(other(0)).chain(middle()).chain([rule(100_000)]).collect(),
        Action::Deny,
    );
    let new = RuleSet::flat(
        std::iter::once(rule(0)).chain(middle()).chain([other(100_000)]).collect(),
        Action::Deny,
    );
    let found = difference(&old, &new, &Effort::usual()).unwrap();
    // One for each family.
    assert_eq!(found.newly_permitted.len(), 2);
}
