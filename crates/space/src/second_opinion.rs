//! The engine against binary decision diagrams, which know nothing of it: rule sets of the size of real ones, over
//! whole IPv4 addresses, protocols and ports.

use std::cell::RefCell;
use std::collections::BTreeMap;

use biodivine_lib_bdd::{Bdd, BddVariable, BddVariableSet};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::brute_force::cases;
use crate::{
    Action, AddressSet, Chain, Coordinate, Effort, IntervalSet, Outcome, Piece, Region, Rule, RuleId,
    RuleSet, Set, Stage, decide, difference, redundant, shadowed,
};

/// Where the bits of a coordinate begin, and a set of its values.
type Known = (usize, Vec<(u128, u128)>);

/// The bits of a packet, in the order that keeps the diagrams small: each coordinate from its highest bit.
struct Bits {
    all: BddVariableSet,
    variables: Vec<BddVariable>,
    /// The same sets come again and again.
    known: RefCell<BTreeMap<Known, Bdd>>,
}

/// Where each coordinate's bits begin.
const PROTOCOL: usize = 0;
const DESTINATION_PORT: usize = 8;
const SOURCE: usize = 24;
const DESTINATION: usize = 56;
const SOURCE_PORT: usize = 88;
const END: usize = 104;

impl Bits {
    fn new() -> Self {
        let all = BddVariableSet::new_anonymous(u16::try_from(END).unwrap());
        let variables = all.variables();
        Bits { all, variables, known: RefCell::default() }
    }

    /// The packets whose number of `width` bits at `start` is in the set.
    fn among<T: Coordinate>(&self, set: &IntervalSet<T>, start: usize, width: usize) -> Bdd {
        if set.is_any() {
            return self.all.mk_true();
        }
        let ranges: Vec<(u128, u128)> = set.ranges().map(|(low, high)| (low.into(), high.into())).collect();
        let key = (start, ranges);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let mut found = self.all.mk_false();
        for (low, high) in &key.1 {
            let (mut from_low, mut to_high) = (self.all.mk_true(), self.all.mk_true());
            for bit in 0..width {
                let variable = self.variables[start + width - 1 - bit];
                let (one, zero) = (self.all.mk_literal(variable, true), self.all.mk_literal(variable, false));
                from_low = if low >> bit & 1 == 1 { one.and(&from_low) } else { one.or(&from_low) };
                to_high = if high >> bit & 1 == 1 { zero.or(&to_high) } else { zero.and(&to_high) };
            }
            found = found.or(&from_low.and(&to_high));
        }
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    fn region(&self, region: &Region) -> Bdd {
        let parts = [
            self.among(&region.protocol, PROTOCOL, 8),
            self.among(&region.destination_port, DESTINATION_PORT, 16),
            self.among(&region.source.v4, SOURCE, 32),
            self.among(&region.destination.v4, DESTINATION, 32),
            self.among(&region.source_port, SOURCE_PORT, 16),
        ];
        parts.iter().rev().fold(self.all.mk_true(), |all, part| part.and(&all))
    }

    /// Joined two by two, so that the large diagrams are few.
    fn union<'a>(&self, regions: impl IntoIterator<Item = &'a Region>) -> Bdd {
        let mut parts: Vec<Bdd> = regions.into_iter().map(|region| self.region(region)).collect();
        while parts.len() > 1 {
            parts = parts
                .chunks(2)
                .map(|pair| pair.iter().skip(1).fold(pair[0].clone(), |a, b| a.or(b)))
                .collect();
        }
        parts.pop().unwrap_or_else(|| self.all.mk_false())
    }
}

/// What each rule matches.
fn matches_of(bits: &Bits, rules: &RuleSet) -> BTreeMap<RuleId, Bdd> {
    rules.rules().map(|rule| (rule.id, bits.union(&rule.matches))).collect()
}

fn permitted(bits: &Bits, rules: &RuleSet) -> Bdd {
    Opinion::new(bits, rules, &matches_of(bits, rules)).permitted()
}

/// What diagrams say of a rule set.
struct Opinion<'a> {
    rules: &'a RuleSet,
    matches: &'a BTreeMap<RuleId, Bdd>,
    without: Option<RuleId>,
    /// What comes to each rule and matches it.
    reached: BTreeMap<RuleId, Bdd>,
    nothing: Bdd,
}

impl<'a> Opinion<'a> {
    fn new(bits: &Bits, rules: &'a RuleSet, matches: &'a BTreeMap<RuleId, Bdd>) -> Self {
        Opinion { rules, matches, without: None, reached: BTreeMap::new(), nothing: bits.all.mk_false() }
    }

    /// What is permitted by all stages.
    fn permitted(&mut self) -> Bdd {
        let mut here = self.nothing.not();
        for stage in &self.rules.stages {
            let (permitted, on) = self.chain(stage.chain, here);
            here = if stage.default == Action::Permit { permitted.or(&on) } else { permitted };
        }
        here
    }

    /// Of what enters a chain, what is permitted in it and what comes out undecided.
    fn chain(&mut self, chain: usize, entering: Bdd) -> (Bdd, Bdd) {
        let (mut here, mut permitted, mut out) = (entering, self.nothing.clone(), self.nothing.clone());
        for rule in &self.rules.chains[chain].rules {
            if self.without == Some(rule.id) {
                continue;
            }
            let matched = here.and(&self.matches[&rule.id]);
            let known = self.reached.entry(rule.id).or_insert_with(|| self.nothing.clone());
            *known = known.or(&matched);
            if rule.action == Action::Continue {
                continue;
            }
            here = here.and_not(&matched);
            match rule.action {
                Action::Permit => permitted = permitted.or(&matched),
                Action::Return => out = out.or(&matched),
                Action::Jump(to) => {
                    let (inside, back) = self.chain(to, matched);
                    permitted = permitted.or(&inside);
                    here = here.or(&back);
                }
                Action::Goto(to) => {
                    let (inside, back) = self.chain(to, matched);
                    permitted = permitted.or(&inside);
                    out = out.or(&back);
                }
                Action::Deny | Action::Unknown | Action::Continue => {}
            }
        }
        (permitted, out.or(&here))
    }
}

/// The numbers that a region is made of: cheap to draw, and smaller ones are simpler.
type Draw = [u16; 12];

/// Nested networks, ranges across prefixes, and the ends of the space.
fn addresses(draw: &[u16]) -> AddressSet {
    let one = |number: u16| {
        let number = u32::from(number);
        if number % 8 == 7 {
            let low = number.wrapping_mul(2_654_435_761);
            return AddressSet {
                v4: IntervalSet::range(low, low.saturating_add(number << 9)),
                ..Set::empty()
            };
        }
        let lengths = [32, 24, 16, 8, 30, 28, 23, 12];
        let bases = [10, 10, 172, 192, 255, 0];
        let pick = |list: &[u32], by: u32| list[(number / by) as usize % list.len()];
        let (middle, last) = (number / 384 % 4 * 80, number / 1536 % 4 * 85);
        let base = pick(&bases, 64) << 24 | middle << 16 | middle << 8 | last;
        AddressSet::from(ipnet::Ipv4Net::new(base.into(), pick(&lengths, 8) as u8).unwrap())
    };
    match draw {
        [kind, first, second] => match kind % 6 {
            0 => AddressSet::any_v4(),
            1..=3 => one(*first),
            _ => one(*first).union(&one(*second)),
        },
        _ => Set::empty(),
    }
}

fn ports(draw: &[u16]) -> IntervalSet<u16> {
    const USUAL: [u16; 10] = [443, 80, 22, 53, 0, 1023, 1024, 8080, 49152, 65535];
    let usual = |number: u16| USUAL[usize::from(number) % USUAL.len()];
    let (one, other) = (usual(draw[1]), usual(draw[2]));
    match draw[0] % 12 {
        0..=6 => IntervalSet::one(one),
        7 | 8 => IntervalSet::any(),
        9 | 10 => IntervalSet::range(one.min(other), one.max(other)),
        _ => IntervalSet::one(one).union(&IntervalSet::one(other)),
    }
}

fn region(draw: &Draw) -> Region {
    let service = match draw[0] % 11 {
        0..=5 => Region::any().service(6, ports(&draw[1..4])),
        6 | 7 => Region::any().service(17, ports(&draw[1..4])),
        8 => Region { source_port: ports(&draw[3..6]), ..Region::any().service(6, ports(&draw[1..4])) },
        9 => Region::any().protocol([1, 47, 50, 255][usize::from(draw[1] % 4)]),
        _ => Region::any(),
    };
    service.from(addresses(&draw[6..9])).to(addresses(&draw[9..12]))
}

fn entries(
    actions: Vec<Action>,
    count: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<(Vec<Region>, Action)>> {
    vec(any::<(Draw, Draw, u8)>(), count).prop_map(move |draws| {
        let entry = |(one, other, how): (Draw, Draw, u8)| {
            let how = usize::from(how);
            let matches = if how % 4 == 3 { vec![region(&one), region(&other)] } else { vec![region(&one)] };
            (matches, actions[how / 4 % actions.len()])
        };
        draws.into_iter().map(entry).collect()
    })
}

fn default() -> impl Strategy<Value = Action> {
    proptest::sample::select(vec![Action::Permit, Action::Deny])
}

fn numbered(chains: Vec<Vec<(Vec<Region>, Action)>>, stages: Vec<Stage>) -> RuleSet {
    let mut ids = (0..).map(RuleId);
    let mut rule = |(matches, action)| Rule { id: ids.next().unwrap(), matches, action };
    let chains =
        chains.into_iter().map(|rules| Chain::from(rules.into_iter().map(&mut rule).collect::<Vec<_>>()));
    RuleSet { chains: chains.collect(), stages }
}

/// One list, as an access list is.
fn list() -> impl Strategy<Value = RuleSet> {
    let rules = entries(vec![Action::Permit, Action::Permit, Action::Permit, Action::Deny], 50..=200);
    (rules, default()).prop_map(|(rules, default)| numbered(vec![rules], vec![Stage { chain: 0, default }]))
}

/// Two stages and two chains that they call, as a packet filter has them.
fn chains() -> impl Strategy<Value = RuleSet> {
    let own = || {
        vec![Action::Permit, Action::Deny, Action::Jump(2), Action::Jump(3), Action::Goto(3), Action::Return]
    };
    let called = || vec![Action::Permit, Action::Deny, Action::Return, Action::Jump(3)];
    let last = vec![Action::Permit, Action::Deny, Action::Return, Action::Continue];
    let all = (
        entries(own(), 15..=50),
        entries(own(), 10..=30),
        entries(called(), 10..=20),
        entries(last, 10..=20),
    );
    (all, default(), default()).prop_map(|((first, second, third, fourth), one, other)| {
        let stages = vec![Stage { chain: 0, default: one }, Stage { chain: 1, default: other }];
        numbered(vec![first, second, third, fourth], stages)
    })
}

fn rule_set() -> impl Strategy<Value = RuleSet> {
    prop_oneof![list(), chains()]
}

/// A rule set after some edits.
fn edited() -> impl Strategy<Value = (RuleSet, RuleSet)> {
    let index = any::<prop::sample::Index>;
    (rule_set(), vec((0..4_usize, index(), index(), any::<Draw>().prop_map(|draw| region(&draw))), 1..8))
        .prop_map(|(old, edits)| {
            let mut new = old.clone();
            let fresh = (100_000..).map(RuleId);
            for ((how, chain, at, region), id) in edits.into_iter().zip(fresh) {
                let count = new.chains.len();
                let rules = &mut new.chains[chain.index(count)].rules;
                let at = at.index(rules.len());
                match how {
                    0 => drop(rules.remove(at)),
                    1 => rules.insert(at, Rule { id, matches: vec![region], action: Action::Permit }),
                    2 => rules[at].matches.push(region),
                    _ => {
                        let moved = rules.remove(at);
                        rules.insert(0, moved);
                    }
                }
            }
            (old, new)
        })
}

fn v4() -> Region {
    Region::any().from(AddressSet::any_v4()).to(AddressSet::any_v4())
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn what_is_permitted(rules in rule_set()) {
        let bits = Bits::new();
        let pieces = decide(&[v4()], &rules, &Effort::usual()).unwrap();
        let of = |outcome| pieces.iter().filter(move |piece: &&Piece| piece.outcome == outcome).map(|piece| &piece.region);
        let (allowed, denied) = (bits.union(of(Outcome::Permit)), bits.union(of(Outcome::Deny)));
        let expected = permitted(&bits, &rules);
        prop_assert!(allowed == expected);
        prop_assert!(denied == expected.not());
        // All packets, and none twice: sizes add up (a tenth of a packet is lost in so many sums, not more).
        let whole = 2_f64.powi(104);
        let points = |region: &Region| region.protocol.size() * region.source.size() * region.destination.size()
            * region.source_port.size() * region.destination_port.size();
        let sum: f64 = pieces.iter().map(|piece| points(&piece.region)).sum();
        prop_assert!((sum - whole).abs() <= 1e-9 * whole);
        // So are the canonical regions.
        let set: crate::FlowSet = of(Outcome::Permit).cloned().collect();
        let canonical = set.canonical(&Effort::usual()).unwrap();
        prop_assert!(bits.union(&canonical.regions) == expected);
    }

    #[test]
    fn what_is_shadowed_or_redundant(rules in rule_set()) {
        let bits = Bits::new();
        let matches = matches_of(&bits, &rules);
        let mut opinion = Opinion::new(&bits, &rules, &matches);
        let permitted = opinion.permitted();
        for rule in rules.rules() {
            let dead = opinion.reached.get(&rule.id).is_none_or(Bdd::is_false);
            let found = shadowed(rule, &rules, &Effort::usual()).unwrap();
            prop_assert_eq!(found.is_some(), dead, "{:?}", rule.id);
        }
        for rule in rules.rules().step_by(20) {
            let dead = opinion.reached.get(&rule.id).is_none_or(Bdd::is_false);
            let mut without = Opinion { without: Some(rule.id), ..Opinion::new(&bits, &rules, &matches) };
            let idle = !dead && rule.action != Action::Continue && without.permitted() == permitted;
            let found = redundant(rule, &rules, &Effort::usual()).unwrap();
            prop_assert_eq!(found.is_some(), idle, "{:?}", rule.id);
        }
    }

    #[test]
    fn what_differs((old, new) in edited()) {
        let bits = Bits::new();
        let effort = Effort::usual();
        let (before, after) = (permitted(&bits, &old), permitted(&bits, &new));
        let found = difference(&old, &new, &effort).unwrap();
        let cut = |changes: &[crate::Change]| -> Vec<Region> {
            changes.iter().filter_map(|change| change.region.intersect(&v4())).collect()
        };
        let (more, less) = (cut(&found.newly_permitted), cut(&found.newly_denied));
        prop_assert!(bits.union(&more) == after.and_not(&before));
        prop_assert!(bits.union(&less) == before.and_not(&after));
    }
}
