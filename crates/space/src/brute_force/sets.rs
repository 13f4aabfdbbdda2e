//! The laws of sets, for intervals, addresses and names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::cases;
use crate::{AddressSet, Coordinate, IntervalSet, NameSet, Set};

/// Every operation of two sets against membership of `values`, and the forms against each other.
fn laws<S: Set + std::fmt::Debug, V: Copy + std::fmt::Debug>(
    a: &S,
    b: &S,
    values: impl IntoIterator<Item = V>,
    has: impl Fn(&S, V) -> bool,
) -> Result<(), TestCaseError> {
    let (both, either, rest, not) = (a.intersect(b), a.union(b), a.subtract(b), a.complement());
    let (mut met, mut left, mut some) = (false, false, false);
    for value in values {
        let (in_a, in_b) = (has(a, value), has(b, value));
        prop_assert_eq!(has(&both, value), in_a && in_b, "{:?} in both", value);
        prop_assert_eq!(has(&either, value), in_a || in_b, "{:?} in either", value);
        prop_assert_eq!(has(&rest, value), in_a && !in_b, "{:?} in the rest", value);
        prop_assert_eq!(has(&not, value), !in_a, "{:?} in the complement", value);
        met |= in_a && in_b;
        left |= in_a && !in_b;
        some |= in_a;
        prop_assert!(has(&S::any(), value) && !has(&S::empty(), value));
    }
    prop_assert_eq!(a.overlaps(b), met);
    prop_assert_eq!(b.overlaps(a), met);
    prop_assert_eq!(a.is_subset_of(b), !left);
    prop_assert_eq!(a.is_empty(), !some);
    prop_assert_eq!(&both, &b.intersect(a));
    prop_assert_eq!(&either, &b.union(a));
    prop_assert_eq!(&both.union(&rest), a);
    prop_assert_eq!(&not.complement(), a);
    prop_assert_eq!(not.intersect(&b.complement()), either.complement());
    prop_assert!(a.union(&not).is_any() && a.intersect(&not).is_empty());
    prop_assert!(rest.intersect(b).is_empty() && both.is_subset_of(a) && a.is_subset_of(&either));
    Ok(())
}

/// A coordinate whose ends are near: numbers up to 255 stand for the values around 0, the middle and the greatest.
fn spread<T: Coordinate + TryFrom<u128>>(number: u8) -> T {
    let greatest: u128 = T::MAX.into();
    let number = u128::from(number);
    let value = match number {
        0..=84 => number,
        85..=169 => greatest / 2 + number - 127,
        _ => greatest - (255 - number),
    };
    T::try_from(value).unwrap_or(T::MIN)
}

/// All values of `spread`, and one in each gap between them.
fn values<T: Coordinate + TryFrom<u128>>() -> BTreeSet<T> {
    let greatest: u128 = T::MAX.into();
    let gaps = [85, greatest - 86].into_iter().filter_map(|value| T::try_from(value).ok());
    (0..=255).map(spread).chain(gaps).collect()
}

fn ranges<T: Coordinate + TryFrom<u128>>() -> impl Strategy<Value = Vec<(T, T)>> {
    vec((any::<u8>(), any::<u8>()), 0..6)
        .prop_map(|all| all.into_iter().map(|(low, high)| (spread(low), spread(high))).collect())
}

/// What the numbers of `spread` say, and that the intervals are as promised.
fn intervals<T: Coordinate + TryFrom<u128>>(a: Vec<(T, T)>, b: Vec<(T, T)>) -> Result<(), TestCaseError> {
    let values = values::<T>();
    let (left, right) = (IntervalSet::from_ranges(a.clone()), IntervalSet::from_ranges(b));
    laws(&left, &right, values.iter().copied(), |set, value| set.contains(value))?;
    let joined =
        a.iter().fold(IntervalSet::empty(), |all, (low, high)| all.union(&IntervalSet::range(*low, *high)));
    prop_assert_eq!(&joined, &left);
    for value in values {
        prop_assert_eq!(left.contains(value), a.iter().any(|(low, high)| *low <= value && value <= *high));
        prop_assert_eq!(left.overlaps(&IntervalSet::one(value)), left.contains(value));
        prop_assert_eq!(left.subtract(&IntervalSet::one(value)).contains(value), false);
    }
    for set in [left.clone(), left.subtract(&right), left.intersect(&right), left.union(&right)] {
        let all: Vec<(T, T)> = set.ranges().collect();
        prop_assert_eq!(all.len(), set.ranges().len());
        prop_assert!(all.iter().all(|(low, high)| low <= high));
        let apart = |pair: &[(T, T)]| pair[0].1.next().is_some_and(|after| after < pair[1].0);
        prop_assert!(all.windows(2).all(apart), "{:?}", all);
        prop_assert_eq!(set.hull(), all.first().zip(all.last()).map(|(first, last)| (first.0, last.1)));
        prop_assert_eq!(&IntervalSet::from_ranges(all.into_iter().rev()), &set);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn of_one_byte(a in ranges::<u8>(), b in ranges::<u8>()) {
        intervals(a.clone(), b)?;
        let set = IntervalSet::from_ranges(a);
        prop_assert_eq!(set.size(), (0..=255).filter(|value| set.contains(*value)).count() as f64);
    }

    #[test]
    fn of_two_bytes(a in ranges::<u16>(), b in ranges::<u16>()) {
        intervals(a, b)?;
    }

    #[test]
    fn of_four_bytes(a in ranges::<u32>(), b in ranges::<u32>()) {
        intervals(a, b)?;
    }

    #[test]
    fn of_sixteen_bytes(a in ranges::<u128>(), b in ranges::<u128>()) {
        intervals(a, b)?;
    }

    #[test]
    fn of_addresses(a in addresses(), b in addresses()) {
        let v4 = values::<u32>().into_iter().map(|value| IpAddr::V4(value.into()));
        let v6 = values::<u128>().into_iter().map(|value| IpAddr::V6(value.into()));
        laws(&a, &b, v4.chain(v6), |set, value| set.contains(value))?;
        let prefixes: Vec<AddressSet> = a.prefixes().into_iter().map(AddressSet::from).collect();
        prop_assert_eq!(&AddressSet::union_of(&prefixes), &a);
        let sizes: f64 = prefixes.iter().map(AddressSet::size).sum();
        prop_assert!((sizes - a.size()).abs() <= 1e-9 * a.size(), "they are disjoint");
        prop_assert_eq!(a.first().is_none(), a.is_empty());
        let again = a.ranges().map(|(low, high)| AddressSet::range(low, high));
        prop_assert_eq!(again.fold(AddressSet::empty(), |all, one| all.union(&one)), a);
    }

    #[test]
    fn of_names(a in names(), b in names()) {
        laws(&a, &b, NAMES, NameSet::contains)?;
        for set in [a.clone(), b.complement(), a.subtract(&b), a.union(&b)] {
            match set.example() {
                Some(name) => prop_assert!(set.contains(&name), "{:?} has no {:?}", set, name),
                None => prop_assert!(set.is_empty()),
            }
            if let Some(exact) = set.exact() {
                let again = exact.into_iter().map(NameSet::one);
                prop_assert_eq!(again.fold(NameSet::empty(), |all, one| all.union(&one)), set.clone());
            }
            if let Some(patterns) = set.patterns() {
                let one = |text: &String| match text.strip_suffix('*') {
                    Some(prefix) => NameSet::starting_with(prefix),
                    None => NameSet::one(text),
                };
                prop_assert_eq!(patterns.iter().map(one).fold(NameSet::empty(), |all, one| all.union(&one)), set);
            }
        }
    }
}

fn addresses() -> impl Strategy<Value = AddressSet> {
    (ranges::<u32>(), ranges::<u128>()).prop_map(|(v4, v6)| AddressSet {
        v4: IntervalSet::from_ranges(v4),
        v6: IntervalSet::from_ranges(v6),
    })
}

/// One name in and one outside each part that the sets below can be cut into.
const NAMES: [&str; 14] =
    ["", "\0", "a", "a\0", "ab", "b", "e", "eth", "eth0", "eth00", "eth1", "eti", "\u{7f}x", "\u{e9}1"];

fn names() -> impl Strategy<Value = NameSet> {
    let one = prop_oneof![
        proptest::sample::select(vec!["", "a", "eth", "eth0"]).prop_map(NameSet::one),
        proptest::sample::select(vec!["", "a", "e", "eth", "eth0", "\u{7f}", "\u{e9}"])
            .prop_map(NameSet::starting_with),
    ];
    vec((one, 0..3_u8), 0..5).prop_map(|all| {
        all.into_iter().fold(NameSet::empty(), |all, (one, how)| match how {
            0 => all.union(&one),
            1 => all.complement().intersect(&one.complement()).union(&one),
            _ => all.subtract(&one),
        })
    })
}
