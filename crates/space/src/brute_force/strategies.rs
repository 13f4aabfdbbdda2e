use proptest::collection::vec;
use proptest::prelude::*;

use crate::Action;

use super::evaluate::{Entry, Rules};
use super::universe::{AXES, Block, CELLS, Edge, Point, SYMBOLS, valuations};

pub fn edge() -> impl Strategy<Value = Edge> {
    prop_oneof![Just(Edge::Low), Just(Edge::High)]
}

fn mask(cells: usize) -> impl Strategy<Value = u8> {
    let all = (1_u8 << cells) - 1;
    prop_oneof![
        40 => Just(all),
        40 => (0..cells).prop_map(|cell| 1 << cell),
        30 => 1..=all,
        1 => Just(0_u8),
    ]
}

pub fn literals() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop_oneof![
        2 => Just(Vec::new()),
        3 => vec((0..SYMBOLS, any::<bool>()), 1..=3),
    ]
}

pub fn block() -> impl Strategy<Value = Block> {
    (CELLS.map(mask), literals()).prop_map(|(masks, literals)| Block { masks, literals })
}

pub fn point() -> impl Strategy<Value = Point> {
    (CELLS.map(|cells| 0..cells), proptest::sample::select(valuations()))
        .prop_map(|(cells, valuation)| Point { cells, valuation })
}

/// Which axes the blocks of one test restrict, and whether they have conditions: with all at once there would be too
/// many packets to try.
#[derive(Clone, Debug)]
pub struct Palette {
    axes: [bool; AXES],
    conditions: bool,
}

pub fn palette(most: usize) -> impl Strategy<Value = Palette> {
    let axes = proptest::sample::subsequence((0..AXES).collect::<Vec<_>>(), 1..=most);
    (axes, prop::bool::weighted(0.6)).prop_map(|(chosen, conditions)| {
        let mut axes = [false; AXES];
        chosen.into_iter().for_each(|axis| axes[axis] = true);
        Palette { axes, conditions }
    })
}

impl Palette {
    pub fn limit(&self, block: &mut Block) {
        for (axis, used) in self.axes.iter().enumerate() {
            if !used {
                block.masks[axis] = Block::any().masks[axis];
            }
        }
        if !self.conditions {
            block.literals.clear();
        }
    }

    pub fn limit_rules(&self, rules: &mut Rules) {
        for entry in rules.chains.iter_mut().flatten() {
            entry.matches.iter_mut().for_each(|block| self.limit(block));
        }
    }
}

pub fn terminal() -> impl Strategy<Value = Action> {
    prop_oneof![4 => Just(Action::Permit), 4 => Just(Action::Deny), 1 => Just(Action::Unknown)]
}

/// The number in a jump is made one of a later chain afterwards.
fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => terminal(),
        1 => Just(Action::Continue),
        2 => Just(Action::Return),
        4 => (0..4_usize).prop_map(Action::Jump),
        2 => (0..4_usize).prop_map(Action::Goto),
    ]
}

pub fn entry(action: impl Strategy<Value = Action>) -> impl Strategy<Value = Entry> {
    (vec(block(), 0..=2), action).prop_map(|(mut matches, action)| {
        // A rule that matches nothing is a rare thing.
        if matches.is_empty() && action != Action::Continue {
            matches.push(Block::any());
        }
        Entry { matches, action }
    })
}

/// Several chains and stages, every jump to a later chain.
fn wild() -> impl Strategy<Value = Rules> {
    let chains = vec(vec(entry(action()), 0..=5), 1..=4);
    let stages = vec((0..2_usize, terminal()), 0..=3);
    (chains, stages, padding()).prop_map(|(mut chains, mut stages, padding)| {
        let count = chains.len();
        for (index, chain) in chains.iter_mut().enumerate() {
            for entry in chain {
                let later = |to: usize| index + 1 + to % (count - index - 1);
                entry.action = match entry.action {
                    Action::Jump(_) | Action::Goto(_) if index + 1 == count => Action::Continue,
                    Action::Jump(to) => Action::Jump(later(to)),
                    Action::Goto(to) => Action::Goto(later(to)),
                    other => other,
                };
            }
        }
        for (chain, _) in &mut stages {
            *chain %= count;
        }
        Rules { chains, stages, padding }
    })
}

fn padding() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(64)]
}

/// One list of rules that decide.
fn plain() -> impl Strategy<Value = Rules> {
    (vec(entry(terminal()), 1..=7), terminal(), padding()).prop_map(|(entries, default, padding)| Rules {
        chains: vec![entries],
        stages: vec![(0, default)],
        padding,
    })
}

pub fn wild_or_plain() -> impl Strategy<Value = Rules> {
    prop_oneof![1 => plain(), 3 => wild()]
}

pub fn flat_rules() -> impl Strategy<Value = Rules> {
    (palette(3), plain()).prop_map(limited)
}

pub fn rules() -> impl Strategy<Value = Rules> {
    (palette(3), wild_or_plain()).prop_map(limited)
}

fn limited((palette, mut rules): (Palette, Rules)) -> Rules {
    palette.limit_rules(&mut rules);
    rules
}

/// Rules and further blocks, all within one palette.
pub fn rules_and_blocks(most: usize, count: usize) -> impl Strategy<Value = (Rules, Vec<Block>)> {
    (palette(most), wild_or_plain(), vec(block(), count)).prop_map(|(palette, mut rules, mut blocks)| {
        palette.limit_rules(&mut rules);
        blocks.iter_mut().for_each(|block| palette.limit(block));
        (rules, blocks)
    })
}
