//! Judging, against every packet that a question could mean.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::cases;
use super::evaluate::{Entry, Rules};
use super::strategies::{block, edge, palette, rules_and_blocks};
use super::universe::{
    ABOVE, AXES, Block, CELLS, DESTINATION, DESTINATION_PORT, FIRST_NAME, IN_INTERFACE, OUT_INTERFACE, Point,
    SOURCE, SOURCE_PORT, SYMBOLS, every_point, is_set, points, some_has, symbol,
};
use crate::{
    Action, Decider, Effort, FlowSet, Hidden, Judgement, Outcome, Question, Side, Unknown, Verdict, judge,
    surely_excess,
};

#[derive(Clone, Debug)]
struct Asked {
    block: Block,
    hidden: Hidden,
}

impl Asked {
    fn question(&self) -> Option<Question> {
        Some(Question { region: self.block.region()?, hidden: self.hidden })
    }

    fn is_hidden(&self, axis: usize) -> bool {
        match axis {
            SOURCE => self.hidden.source,
            DESTINATION => self.hidden.destination,
            SOURCE_PORT => self.hidden.source_port,
            DESTINATION_PORT => self.hidden.destination_port,
            IN_INTERFACE | OUT_INTERFACE => true,
            _ => false,
        }
    }

    fn asserts(&self, number: usize) -> bool {
        self.block.literals.contains(&(number, true))
    }

    /// Whether the question is about packets with the symbol and without: a name under the narrowest that it asserts.
    fn demands(&self, number: usize) -> bool {
        let narrowest = |asked: &usize| {
            self.asserts(*asked)
                && !(0..SYMBOLS).any(|other| self.asserts(other) && ABOVE[other].contains(asked))
        };
        let covered = |asked: usize| asked == number || ABOVE[number].contains(&asked);
        number >= FIRST_NAME && (FIRST_NAME..SYMBOLS).filter(narrowest).any(covered)
    }

    /// What of a packet the question demands; packets with the same may be one and the same for all that is known.
    fn key(&self, point: &Point) -> Point {
        let mut key = *point;
        for axis in (0..AXES).filter(|axis| self.is_hidden(*axis)) {
            key.cells[axis] = 0;
        }
        key.valuation = (0..SYMBOLS)
            .filter(|number| self.demands(*number))
            .map(|number| point.valuation & 1 << number)
            .sum();
        key
    }
}

fn hidden() -> impl Strategy<Value = Hidden> {
    let flag = || prop::bool::weighted(0.3);
    (flag(), flag(), flag(), flag()).prop_map(|(source, destination, source_port, destination_port)| Hidden {
        source,
        destination,
        source_port,
        destination_port,
    })
}

fn rules_and_question() -> impl Strategy<Value = (Rules, Asked)> {
    (rules_and_blocks(3, 1), hidden())
        .prop_map(|((rules, mut blocks), hidden)| (rules, Asked { block: blocks.remove(0), hidden }))
}

type Fates = Vec<(Point, Outcome, Decider)>;

/// All packets of the question, by what it demands of them.
fn groups(rules: &Rules, asked: &Asked) -> BTreeMap<Point, Fates> {
    let mut groups: BTreeMap<Point, Fates> = BTreeMap::new();
    for point in
        points(rules.blocks().chain([&asked.block])).into_iter().filter(|point| asked.block.contains(point))
    {
        let fate = rules.fate(&point);
        groups.entry(asked.key(&point)).or_default().push((point, fate.outcome, fate.decider));
    }
    groups
}

/// Permit or deny where all agree, and otherwise `Unknown`.
fn together(fates: &Fates) -> Outcome {
    let first = fates[0].1;
    if fates.iter().all(|(_, outcome, _)| *outcome == first) { first } else { Outcome::Unknown }
}

fn verdict(groups: &BTreeMap<Point, Fates>) -> Verdict {
    let all: BTreeSet<Outcome> = groups.values().map(together).collect();
    if all.contains(&Outcome::Unknown) {
        Verdict::Undecided
    } else if all.len() == 2 {
        Verdict::Partial
    } else if all.contains(&Outcome::Deny) {
        Verdict::Missing
    } else {
        Verdict::Met
    }
}

/// Each thing that alone turns one outcome into another, or is an outcome that is not known.
fn pivots(asked: &Asked, groups: &BTreeMap<Point, Fates>) -> BTreeSet<Unknown> {
    let fates: BTreeMap<Point, Outcome> =
        groups.values().flatten().map(|(point, outcome, _)| (*point, *outcome)).collect();
    let mut found = BTreeSet::new();
    let actions = groups.values().flatten().filter(|(_, outcome, _)| *outcome == Outcome::Unknown);
    found.extend(actions.map(|(_, _, decider)| Unknown::Action(*decider)));
    for (point, outcome) in &fates {
        let turned = |other: &Point| fates.get(other).is_some_and(|theirs| theirs != outcome);
        for axis in (0..AXES).filter(|axis| asked.is_hidden(*axis)) {
            let other = |cell: usize| {
                let mut cells = point.cells;
                cells[axis] = cell;
                Point { cells, ..*point }
            };
            if (0..CELLS[axis]).any(|cell| turned(&other(cell))) {
                found.insert(match axis {
                    SOURCE => Unknown::Address(Side::Source),
                    DESTINATION => Unknown::Address(Side::Destination),
                    SOURCE_PORT => Unknown::Port(Side::Source),
                    DESTINATION_PORT => Unknown::Port(Side::Destination),
                    IN_INTERFACE => Unknown::InInterface,
                    _ => Unknown::OutInterface,
                });
            }
        }
        // The family of addresses that are known of neither end.
        if asked.hidden.source && asked.hidden.destination {
            let other_family = |other: &Point| {
                let same = (0..AXES).all(|axis| axis < 2 || other.cells[axis] == point.cells[axis]);
                same && other.valuation == point.valuation
                    && (other.cells[SOURCE] < 4) != (point.cells[SOURCE] < 4)
            };
            if fates.keys().filter(|other| other_family(other)).any(turned) {
                found.extend([Side::Source, Side::Destination].map(Unknown::Address));
            }
        }
        for number in (0..SYMBOLS).filter(|number| !asked.demands(*number)) {
            if turned(&Point { valuation: point.valuation ^ 1 << number, ..*point }) {
                let settles = [false, true].into_iter().all(|value| settled(groups, number, value));
                found.insert(Unknown::Symbol { symbol: symbol(number), settles });
            }
        }
    }
    found
}

/// Whether knowing that the symbol has this value leaves nothing open.
fn settled(groups: &BTreeMap<Point, Fates>, number: usize, value: bool) -> bool {
    groups.values().all(|fates| {
        let left: Fates =
            fates.iter().filter(|(point, ..)| is_set(point.valuation, number) == value).copied().collect();
        left.is_empty() || together(&left) != Outcome::Unknown
    })
}

fn judged(rules: &Rules, asked: &Asked) -> Option<Judgement> {
    Some(judge(&asked.question()?, &rules.rule_set(), &Effort::usual()).unwrap())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn judging_is_trying_everything((rules, asked) in rules_and_question(), edge in edge()) {
        let Some(judgement) = judged(&rules, &asked) else { return Ok(()) };
        let groups = groups(&rules, &asked);
        for fates in groups.values() {
            let expected = match together(fates) {
                Outcome::Permit => [true, false, false],
                Outcome::Deny => [false, true, false],
                Outcome::Unknown => [false, false, true],
            };
            for (point, ..) in fates {
                let sets = [&judgement.permitted, &judgement.denied, &judgement.either];
                prop_assert_eq!(sets.map(|set| some_has(&set.regions, point, edge)), expected, "{:?}", point);
            }
        }
        prop_assert_eq!(judgement.verdict(), verdict(&groups));
        for (deciders, wanted) in [(judgement.denying(), Outcome::Deny), (judgement.permitting(), Outcome::Permit)] {
            let fates = groups.values().flatten().filter(|(_, outcome, _)| *outcome == wanted || *outcome == Outcome::Unknown);
            let expected: BTreeSet<Decider> = fates.map(|(_, _, decider)| *decider).collect();
            prop_assert_eq!(deciders, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_it_hangs_on_is_what_turns_it((rules, asked) in rules_and_question()) {
        let Some(judgement) = judged(&rules, &asked) else { return Ok(()) };
        let groups = groups(&rules, &asked);
        let found: BTreeSet<Unknown> = judgement.unknowns.iter().cloned().collect();
        prop_assert_eq!(found.len(), judgement.unknowns.len());
        prop_assert_eq!(found, pivots(&asked, &groups));
        prop_assert_eq!(judgement.unknowns.is_empty(), judgement.either.is_empty());
        let settling = |unknown: &Unknown| matches!(unknown, Unknown::Symbol { settles: true, .. });
        prop_assert!(judgement.unknowns.is_sorted_by_key(|unknown| !settling(unknown)));
    }

    /// The law: what is not known never turns met into missing nor missing into met.
    #[test]
    fn the_law(
        (mut rules, mut asked) in rules_and_question(),
        rule in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        how in 0..3_usize,
    ) {
        // This symbol is kept for what is made unknown.
        const FRESH: usize = 2;
        let blocks = rules.chains.iter_mut().flatten().flat_map(|entry| &mut entry.matches);
        for block in blocks.chain([&mut asked.block]) {
            block.literals.retain(|(number, _)| *number != FRESH);
        }
        let Some(before) = judged(&rules, &asked) else { return Ok(()) };
        let mut entries: Vec<_> = rules.chains.iter_mut().flatten().filter(|entry| !entry.matches.is_empty()).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let at = rule.index(entries.len());
        let matches = &mut entries[at].matches;
        let at = place.index(matches.len());
        match how {
            0 | 1 => {
                let axis = [SOURCE, DESTINATION][how];
                matches[at].masks[axis] = Block::any().masks[axis];
                matches[at].literals.push((FRESH, true));
            }
            _ => *matches = vec![Block { literals: vec![(FRESH, true)], ..Block::any() }],
        }
        let after = judged(&rules, &asked).unwrap();
        prop_assert!(after.verdict() == before.verdict() || after.verdict() == Verdict::Undecided);
        let effort = Effort::usual();
        prop_assert!(after.permitted.is_subset_of(&before.permitted, &effort).unwrap());
        prop_assert!(after.denied.is_subset_of(&before.denied, &effort).unwrap());
        prop_assert!(before.either.is_subset_of(&after.either, &effort).unwrap());
    }

    #[test]
    fn what_is_surely_too_much(
        (permitted, declared) in (palette(3), vec(block(), 0..5), vec(block(), 0..3)).prop_map(|(palette, mut a, mut b)| {
            a.iter_mut().chain(&mut b).for_each(|block| palette.limit(block));
            (a, b)
        }),
        edge in edge(),
    ) {
        let set = |blocks: &[Block]| -> FlowSet { blocks.iter().filter_map(Block::region).collect() };
        let excess = surely_excess(&set(&permitted), &set(&declared), &Effort::usual()).unwrap();
        let all = every_point(permitted.iter().chain(&declared));
        let declared: Vec<Block> = declared.into_iter().filter(|block| block.region().is_some()).collect();
        // By the packet, interfaces and conditions aside, and then by the interfaces.
        let mut packets: BTreeMap<Vec<usize>, BTreeMap<Vec<usize>, bool>> = BTreeMap::new();
        for point in &all {
            let sure = permitted.iter().any(|block| block.contains(point))
                && !declared.iter().any(|block| block.covers_cells(point));
            let ways = packets.entry(point.cells[..IN_INTERFACE].to_vec()).or_default();
            *ways.entry(point.cells[IN_INTERFACE..].to_vec()).or_insert(true) &= sure;
        }
        for point in &all {
            let expected = packets[&point.cells[..IN_INTERFACE]].values().any(|sure| *sure);
            prop_assert_eq!(some_has(&excess.regions, point, edge), expected, "{:?}", point);
        }
    }
}

#[test]
fn the_family_alone_can_be_what_it_hangs_on() {
    let mut v4 = Block::any();
    (v4.masks[SOURCE], v4.masks[DESTINATION]) = (0b1111, 0b1111);
    let rules = Rules {
        chains: vec![vec![Entry { matches: vec![v4], action: Action::Permit }]],
        stages: vec![(0, Action::Deny)],
        padding: 0,
    };
    let hidden = Hidden { source: true, destination: true, ..Hidden::default() };
    let judgement = judged(&rules, &Asked { block: Block::any(), hidden }).unwrap();
    assert_eq!(judgement.verdict(), Verdict::Undecided);
    assert_eq!(judgement.unknowns, [Side::Source, Side::Destination].map(Unknown::Address));
}

/// Outside the wildcard permitted, the name under it denied, its other names permitted: that the name is under the
/// wildcard decides nothing, as long as it is not the name.
#[test]
fn a_wildcard_is_not_to_blame_for_a_name_under_it() {
    let entry = |number, value, action| Entry {
        matches: vec![Block { literals: vec![(number, value)], ..Block::any() }],
        action,
    };
    let rules = Rules {
        chains: vec![vec![entry(3, false, Action::Permit), entry(4, true, Action::Deny)]],
        stages: vec![(0, Action::Permit)],
        padding: 0,
    };
    let judgement = judged(&rules, &Asked { block: Block::any(), hidden: Hidden::default() }).unwrap();
    assert_eq!(judgement.unknowns, [Unknown::Symbol { symbol: symbol(4), settles: true }]);
}
