//! Conjunctions of symbols against all valuations that the facts allow.

use proptest::prelude::*;

use super::cases;
use super::strategies::literals;
use super::universe::{ABOVE, Block, SYMBOLS, allows, is_set, symbol, valuations};
use crate::Conditions;

fn conditions() -> impl Strategy<Value = Conditions> {
    literals().prop_filter_map("they contradict each other", |literals| {
        Block { literals, ..Block::any() }.conditions()
    })
}

#[test]
fn the_facts_are_those_of_the_symbols() {
    for (number, above) in ABOVE.iter().enumerate().take(SYMBOLS) {
        let mut above: Vec<_> = above.iter().map(|above| symbol(*above)).collect();
        let mut theirs = symbol(number).above();
        above.sort();
        theirs.sort();
        assert_eq!(theirs, above);
    }
    assert_eq!(valuations().len(), 8 * 13);
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_conjunction_holds_where_its_literals_do(literals in literals()) {
        let block = Block { literals, ..Block::any() };
        let naive = |valuation: u8| block.literals.iter().all(|(number, value)| is_set(valuation, *number) == *value);
        match block.conditions() {
            Some(conditions) => {
                prop_assert!(valuations().into_iter().any(naive), "it can be met");
                for valuation in valuations() {
                    prop_assert_eq!(allows(&conditions, valuation), naive(valuation));
                }
            }
            None => prop_assert!(!valuations().into_iter().any(naive)),
        }
    }

    #[test]
    fn two_conjunctions(a in conditions(), b in conditions()) {
        let both = |valuation: &u8| allows(&a, *valuation) && allows(&b, *valuation);
        let meet = valuations().iter().any(both);
        prop_assert_eq!(a.contradict(&b), !meet);
        prop_assert_eq!(a.and(&b).is_some(), meet);
        prop_assert_eq!(b.implied_by(&a), valuations().iter().all(|v| !allows(&a, *v) || allows(&b, *v)));
        let outside = a.outside(&b);
        for piece in &outside {
            prop_assert!(valuations().iter().any(|v| allows(piece, *v)), "{:?} cannot be", piece);
        }
        for valuation in valuations() {
            let inside = a.and(&b).is_some_and(|both| allows(&both, valuation));
            prop_assert_eq!(inside, both(&valuation));
            let pieces = outside.iter().filter(|piece| allows(piece, valuation)).count();
            prop_assert_eq!(pieces, usize::from(allows(&a, valuation) && !allows(&b, valuation)));
        }
    }

    #[test]
    fn what_is_kept_is_closed(a in conditions(), keep in any::<u8>()) {
        let kept = a.retain(|symbol| is_set(keep, super::universe::number_of(symbol).unwrap()));
        prop_assert!(kept.implied_by(&a));
        let essential = a.essential().into_iter().try_fold(Conditions::none(), |all, (symbol, value)| {
            all.and(&Conditions::literal(symbol, value))
        });
        prop_assert_eq!(essential, Some(a));
        for number in (0..SYMBOLS).filter(|number| kept.get(&symbol(*number)) == Some(true)) {
            prop_assert!(ABOVE[number].iter().all(|above| kept.get(&symbol(*above)) == Some(true)));
        }
    }
}
