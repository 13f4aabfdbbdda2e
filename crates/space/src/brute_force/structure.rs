//! What rule sets may look like, and what becomes of those made to hurt.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;

use super::cases;
use crate::{
    Action, Chain, Conditions, Decider, Effort, Exhausted, FlowSet, IntervalSet, Outcome, Region, Rule,
    RuleId, RuleSet, Side, Stage, StructureError, Symbol, SymbolKind, decide, protocol,
};

/// Chains of jumps (or gotos, where marked) on everything; ids count chain by chain.
fn jumps(chains: &[Vec<(usize, bool)>], stages: &[usize]) -> RuleSet {
    let mut next = 0;
    let mut rule = |(to, goto): &(usize, bool)| {
        next += 1;
        let action = if *goto { Action::Goto(*to) } else { Action::Jump(*to) };
        Rule { id: RuleId(next - 1), matches: vec![Region::any()], action }
    };
    RuleSet {
        chains: chains
            .iter()
            .map(|targets| Chain::from(targets.iter().map(&mut rule).collect::<Vec<_>>()))
            .collect(),
        stages: stages.iter().map(|chain| Stage { chain: *chain, default: Action::Deny }).collect(),
    }
}

/// Whether a chain leads to itself; at most as many steps as there are chains.
fn is_circular(chains: &[Vec<(usize, bool)>]) -> bool {
    fn returns(chains: &[Vec<(usize, bool)>], from: usize, to: usize, steps: usize) -> bool {
        steps > 0 && chains[from].iter().any(|(next, _)| *next == to || returns(chains, *next, to, steps - 1))
    }
    (0..chains.len()).any(|chain| returns(chains, chain, chain, chains.len()))
}

/// The chain that a rule is in, and where it leads.
fn edge_of(rules: &RuleSet, id: RuleId) -> (usize, usize) {
    let holder = rules.chains.iter().position(|chain| chain.rules.iter().any(|rule| rule.id == id)).unwrap();
    match rules.rule(id).unwrap().action {
        Action::Jump(to) | Action::Goto(to) => (holder, to),
        other => panic!("{other:?} leads nowhere"),
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn circles_are_found(chains in vec(vec((0..5_usize, any::<bool>()), 0..3), 5)) {
        let rules = jumps(&chains, &[0]);
        match rules.check() {
            Ok(()) => prop_assert!(!is_circular(&chains)),
            Err(StructureError::Cycle { rules: circle }) => {
                let edges: Vec<(usize, usize)> = circle.iter().map(|id| edge_of(&rules, *id)).collect();
                let next = edges.iter().cycle().skip(1);
                prop_assert!(!edges.is_empty());
                prop_assert!(edges.iter().zip(next).all(|(one, other)| one.1 == other.0), "{:?}", edges);
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn missing_chains_are_found(chains in vec(vec((1..7_usize, any::<bool>()), 0..3), 1..4), stage in 0..5_usize) {
        // Only to later chains: there are no circles.
        let chains: Vec<Vec<(usize, bool)>> = chains
            .iter()
            .enumerate()
            .map(|(index, targets)| targets.iter().map(|(by, goto)| (index + by, *goto)).collect())
            .collect();
        let rules = jumps(&chains, &[stage]);
        let missing = |rule: &&Rule| edge_of(&rules, rule.id).1 >= chains.len();
        match rules.check() {
            Ok(()) => prop_assert!(stage < chains.len() && !rules.rules().any(|rule| missing(&rule))),
            Err(StructureError::NoSuchChain { rule: None }) => prop_assert!(stage >= chains.len()),
            Err(StructureError::NoSuchChain { rule: Some(id) }) => prop_assert!(rules.rule(id).is_some_and(|rule| missing(&rule))),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}

fn tcp(port: u16) -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(port))
}

#[test]
fn what_leads_into_a_circle_is_no_part_of_it() {
    let rules = jumps(&[vec![(1, false)], vec![(2, false)], vec![(1, true)]], &[0]);
    assert_eq!(rules.check(), Err(StructureError::Cycle { rules: vec![RuleId(1), RuleId(2)] }));
}

#[test]
fn ten_thousand_jumps_need_no_deep_stack() {
    let count = 10_000;
    for goto in [false, true] {
        let chains: Vec<Vec<(usize, bool)>> = (0..count)
            .map(|chain| if chain + 1 < count { vec![(chain + 1, goto)] } else { Vec::new() })
            .collect();
        let mut rules = jumps(&chains, &[0]);
        rules.chains[count - 1].rules.push(Rule {
            id: RuleId(99_999),
            matches: vec![tcp(443)],
            action: Action::Permit,
        });
        assert_eq!(rules.check(), Ok(()));
        let pieces = decide(&[Region::any()], &rules, &Effort::usual()).unwrap();
        let permitted: FlowSet = pieces
            .iter()
            .filter(|piece| piece.outcome == Outcome::Permit)
            .map(|piece| piece.region.clone())
            .collect();
        assert_eq!(permitted.condensed().regions, [tcp(443)]);
        rules.chains[count - 1].rules.push(Rule {
            id: RuleId(99_998),
            matches: vec![tcp(1)],
            action: Action::Jump(0),
        });
        assert!(matches!(rules.check(), Err(StructureError::Cycle { rules }) if rules.len() == count));
    }
}

#[test]
fn jumps_that_double_end_in_exhaustion() {
    // Sixty chains, each called twice by the one before: 2^60 walks.
    let mut chains: Vec<Vec<(usize, bool)>> = (0..60).map(|chain| vec![(chain + 1, false); 2]).collect();
    chains.push(Vec::new());
    let rules = jumps(&chains, &[0]);
    assert_eq!(rules.check(), Ok(()));
    let ticks = Cell::new(0);
    let tick = || ticks.set(ticks.get() + 1);
    let effort = Effort::limited(100_000).with_tick(&tick);
    assert_eq!(decide(&[Region::any()], &rules, &effort), Err(Exhausted { limit: 100_000 }));
    assert!(ticks.get() > 0);
}

/// A jump to chain 1 under each of `count` matches that are not known.
fn conditional(count: u32) -> Vec<Rule> {
    (0..count)
        .map(|number| {
            let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &format!("match {number}"));
            let matches = vec![Region::any().when(Conditions::holds(symbol))];
            Rule { id: RuleId(number), matches, action: Action::Jump(1) }
        })
        .collect()
}

#[test]
fn pieces_that_double_end_in_exhaustion() {
    let decides = Rule { id: RuleId(1_000), matches: vec![tcp(0)], action: Action::Deny };
    let rules = RuleSet {
        chains: vec![Chain::from(conditional(64)), Chain::from(vec![decides])],
        stages: vec![Stage { chain: 0, default: Action::Deny }],
    };
    let effort = Effort::limited(200_000);
    assert_eq!(decide(&[Region::any()], &rules, &effort).err(), Some(Exhausted { limit: 200_000 }));
}

#[test]
fn a_jump_to_a_chain_that_decides_nothing_leaves_no_cut() {
    let log = Rule { id: RuleId(1_000), matches: vec![Region::any()], action: Action::Continue };
    let back = Rule { id: RuleId(1_001), matches: vec![tcp(5)], action: Action::Return };
    let rules = RuleSet {
        chains: vec![Chain::from(conditional(1_000)), Chain::from(vec![log, back])],
        stages: vec![Stage { chain: 0, default: Action::Deny }],
    };
    let pieces = decide(&[Region::any()], &rules, &Effort::limited(100_000)).unwrap();
    let whole: FlowSet = pieces.iter().map(|piece| piece.region.clone()).collect();
    assert_eq!((pieces.len(), whole.condensed().regions), (2, vec![Region::any()]));
    assert!(pieces.iter().all(|piece| piece.decider == Decider::Default(0)));
}

#[test]
fn a_rule_set_without_stages_permits() {
    let pieces = decide(&[Region::any()], &RuleSet::default(), &Effort::usual()).unwrap();
    assert_eq!(
        pieces.iter().map(|piece| piece.outcome).collect::<Vec<_>>(),
        [Outcome::Permit, Outcome::Permit]
    );
}
