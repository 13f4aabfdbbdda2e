//! The one operation, packet by packet.

use proptest::prelude::*;

use super::cases;
use super::evaluate::Rules;
use super::strategies::{edge, rules_and_blocks};
use super::universe::{Block, Edge, Point, has, points};
use crate::{Decider, Effort, Piece, decide, decide_without, reaches};

/// The only piece that has the packet.
fn piece_of<'a>(pieces: &'a [Piece], point: &Point, edge: Edge) -> Result<Option<&'a Piece>, TestCaseError> {
    let mut found = pieces.iter().filter(|piece| has(&piece.region, point, edge));
    let first = found.next();
    prop_assert!(found.next().is_none(), "the pieces are disjoint");
    Ok(first)
}

fn all_points(rules: &Rules, asked: &Block) -> Vec<Point> {
    points(rules.blocks().chain([asked]))
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_pieces_are_the_question((rules, blocks) in rules_and_blocks(3, 1), edge in edge()) {
        let asked = &blocks[0];
        let Some(question) = asked.region() else { return Ok(()) };
        let rule_set = rules.rule_set();
        prop_assert_eq!(rule_set.check(), Ok(()));
        let pieces = decide(&[question], &rule_set, &Effort::usual()).unwrap();
        prop_assert!(!pieces.iter().any(|piece| piece.region.is_empty()));
        for point in all_points(&rules, asked) {
            match piece_of(&pieces, &point, edge)? {
                None => prop_assert!(!asked.contains(&point), "{:?} is lost", point),
                Some(piece) => {
                    prop_assert!(asked.contains(&point), "{:?} was not asked about", point);
                    let fate = rules.fate(&point);
                    prop_assert_eq!((piece.outcome, piece.decider), (fate.outcome, fate.decider), "{:?}", point);
                }
            }
        }
    }

    #[test]
    fn without_a_rule((rules, blocks) in rules_and_blocks(3, 1), edge in edge(), which in any::<prop::sample::Index>()) {
        let asked = &blocks[0];
        let (Some(question), ids) = (asked.region(), rules.ids().collect::<Vec<_>>()) else { return Ok(()) };
        if ids.is_empty() {
            return Ok(());
        }
        let rule = ids[which.index(ids.len())];
        let pieces = decide_without(&[question], &rules.rule_set(), rule, &Effort::usual()).unwrap();
        prop_assert!(pieces.iter().all(|piece| piece.decider != Decider::Rule(rule)));
        for point in all_points(&rules, asked) {
            let piece = piece_of(&pieces, &point, edge)?;
            let fate = rules.fate_without(&point, rule);
            let expected = asked.contains(&point).then_some((fate.outcome, fate.decider));
            prop_assert_eq!(piece.map(|piece| (piece.outcome, piece.decider)), expected);
        }
    }

    #[test]
    fn what_reaches_a_rule((rules, blocks) in rules_and_blocks(3, 1), edge in edge()) {
        let asked = &blocks[0];
        let Some(question) = asked.region() else { return Ok(()) };
        let rule_set = rules.rule_set();
        let all: Vec<(Point, Vec<_>)> = all_points(&rules, asked)
            .into_iter()
            .filter(|point| asked.contains(point))
            .map(|point| (point, rules.fate(&point).visited))
            .collect();
        for rule in rules.ids() {
            let found = reaches(std::slice::from_ref(&question), &rule_set, rule, &Effort::usual()).unwrap();
            let comes = |visited: &[(usize, _)]| visited.iter().any(|(_, id)| *id == rule);
            prop_assert_eq!(found.is_some(), all.iter().any(|(_, visited)| comes(visited)));
            if let Some(region) = found {
                let mut inside = all.iter().filter(|(point, _)| has(&region, point, edge)).peekable();
                prop_assert!(inside.peek().is_some());
                prop_assert!(inside.all(|(_, visited)| comes(visited)));
            }
        }
    }
}
