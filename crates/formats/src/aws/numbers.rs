/// The numbers that an entry of one's own may have: EC2 API reference, `CreateNetworkAclEntry`.
pub const NUMBERS: std::ops::RangeInclusive<i64> = 1..=32766;

const SLOT_LIMIT: usize = 1_000;

/// Gives every slot a number that keeps their order: the numbers that are there stay, and where there is no room
/// the fewest of them move. `None` where there are more slots than numbers.
///
/// A slot is `Some` where a rule stands that has a number, and `None` where one is wanted.
pub fn assign(slots: &[Option<i64>]) -> Option<Vec<i64>> {
    let (first, last) = (*NUMBERS.start(), *NUMBERS.end());
    // AWS takes 40 of each family: no network ACL comes near.
    if slots.len() > SLOT_LIMIT {
        return None;
    }
    let mut slots = slots.to_vec();
    let mut at = 0;
    while let Some(start) = (at..slots.len()).find(|slot| slots[*slot].is_none()) {
        let end = (start..slots.len()).find(|slot| slots[*slot].is_some()).unwrap_or(slots.len());
        let window = widened(&slots, start, end, first, last)?;
        let (low, high) = around(&slots, &window, first, last);
        let wanted = i64::try_from(window.len()).ok()?;
        // From 100 in steps of ten, as the manual advises, where the way is open; else evenly, so that more fit in later.
        let open = if low < first { 90 } else { low };
        for (nth, slot) in (1..=wanted).zip(window.clone()) {
            let ten = open + 10 * nth;
            let fits = open + 10 * wanted < high && (low < first || high > last);
            slots[slot] = Some(if fits { ten } else { low + (high - low) / (wanted + 1) * nth });
        }
        at = window.end;
    }
    slots.into_iter().collect()
}

/// The fewest slots around `start..end` between whose neighbours there are enough numbers.
fn widened(
    slots: &[Option<i64>],
    start: usize,
    end: usize,
    first: i64,
    last: i64,
) -> Option<std::ops::Range<usize>> {
    (0..=slots.len()).find_map(|more| {
        (0..=more).rev().find_map(|right| {
            let left = more - right;
            let window =
                start.checked_sub(left)?..end.checked_add(right).filter(|end| *end <= slots.len())?;
            // A window ends beside slots that have numbers.
            let numbered = |slot: usize| slots.get(slot).is_none_or(Option::is_some);
            let closed = window.start.checked_sub(1).is_none_or(numbered) && numbered(window.end);
            let (low, high) = around(slots, &window, first, last);
            let room = high.checked_sub(low)?.checked_sub(1)?;
            (closed && i64::try_from(window.len()).is_ok_and(|wanted| room >= wanted)).then_some(window)
        })
    })
}

/// The numbers between which a window lies, both taken.
fn around(slots: &[Option<i64>], window: &std::ops::Range<usize>, first: i64, last: i64) -> (i64, i64) {
    let before = window.start.checked_sub(1).and_then(|slot| slots.get(slot).copied().flatten());
    let after = slots.get(window.end).copied().flatten();
    (before.map_or(first - 1, |low| low.max(first - 1)), after.map_or(last + 1, |high| high.min(last + 1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_free_number_is_taken_and_none_moves() {
        assert_eq!(assign(&[Some(100), None, Some(110)]), Some(vec![100, 105, 110]));
        assert_eq!(assign(&[Some(100), None, None, Some(103)]), Some(vec![100, 101, 102, 103]));
        assert_eq!(assign(&[None]), Some(vec![100]));
        assert_eq!(assign(&[None, None]), Some(vec![100, 110]));
        assert_eq!(assign(&[Some(300), None, None]), Some(vec![300, 310, 320]));
        assert_eq!(assign(&[None, Some(100)]), Some(vec![50, 100]));
        assert_eq!(assign(&[Some(32760), None]), Some(vec![32760, 32763]));
    }

    #[test]
    fn without_room_the_fewest_move() {
        let moved = assign(&[Some(100), None, Some(101), Some(102), Some(110)]).expect("there is room");
        assert_eq!(moved.get(2..), Some(&[101, 102, 110][..]), "the left one moves");
        assert_eq!(assign(&[None, Some(1)]).map(|all| all[1] > all[0]), Some(true), "nothing is below 1");
        assert_eq!(assign(&vec![None; 2_000]), None);
    }

    proptest! {
        #[test]
        fn order_is_kept_and_numbers_are_in_range(
            numbers in prop::collection::btree_set(1_i64..30, 0..20),
            gaps in prop::collection::vec(0_usize..20, 0..8),
        ) {
            let mut slots: Vec<Option<i64>> = numbers.into_iter().map(Some).collect();
            for gap in gaps {
                slots.insert(gap.min(slots.len()), None);
            }
            let assigned = assign(&slots).expect("there are enough numbers");
            prop_assert!(assigned.is_sorted_by(|a, b| a < b), "{slots:?} {assigned:?}");
            prop_assert!(assigned.iter().all(|number| NUMBERS.contains(number)));
        }
    }
}
