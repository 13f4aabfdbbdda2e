//! Addresses, prefixes and wildcard masks.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use space::{AddressSet, IntervalSet, Set};

use super::model::Family;

/// What an address and its mask mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masked {
    Set(AddressSet),
    /// The addresses lie in this set, and listing them would take too many ranges.
    Within(AddressSet),
}

/// A wildcard with holes becomes no more ranges than this.
const MOST_RANGES: u32 = 4096;

/// All wildcards with holes of a file together become no more ranges than this.
const MOST_RANGES_OF_A_FILE: usize = 2_000_000;

/// Wildcards with holes that were listed before.
#[derive(Debug, Default)]
pub struct Wildcards {
    known: HashMap<(u32, u32), AddressSet>,
    ranges: usize,
}

impl Wildcards {
    /// The addresses that agree with `address` in every bit that `wildcard` has not.
    pub fn addresses(&mut self, address: u32, wildcard: u32) -> Masked {
        let base = address & !wildcard;
        // The lowest wildcard bits in a row make each range; every other wildcard bit doubles their number.
        let low = wildcard.trailing_ones();
        let row = if low == 32 { u32::MAX } else { (1 << low) - 1 };
        let holes = wildcard & !row;
        let v4 = |v4| AddressSet { v4, v6: IntervalSet::empty() };
        if holes == 0 {
            return Masked::Set(v4(IntervalSet::range(base, base | row)));
        }
        if let Some(set) = self.known.get(&(base, wildcard)) {
            return Masked::Set(set.clone());
        }
        let count = 1_u64 << holes.count_ones();
        let hull = v4(IntervalSet::range(base, base | wildcard));
        if count > u64::from(MOST_RANGES) || self.ranges + count as usize > MOST_RANGES_OF_A_FILE {
            return Masked::Within(hull);
        }
        self.ranges += count as usize;
        let mut ranges = Vec::with_capacity(count as usize);
        // Counts through the subsets of the scattered bits.
        let mut some = 0_u32;
        loop {
            let low = base | some;
            ranges.push((low, low | row));
            if some == holes {
                break;
            }
            some = some.wrapping_sub(holes) & holes;
        }
        let set = v4(IntervalSet::from_ranges(ranges));
        self.known.insert((base, wildcard), set.clone());
        Masked::Set(set)
    }
}

/// `10.0.0.1`
pub fn v4(word: &str) -> Option<u32> {
    // No number is so short, and none of the words that stand here begins with a digit.
    if !word.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    word.parse::<Ipv4Addr>().ok().map(u32::from)
}

/// `2001:db8::1`
pub fn v6(word: &str) -> Option<u128> {
    if !word.contains(':') {
        return None;
    }
    word.parse::<Ipv6Addr>().ok().map(u128::from)
}

/// `10.0.0.0/8`, `2001:db8::/32`: the address as written, and the length.
pub fn prefix(word: &str, family: Family) -> Option<(u128, u8)> {
    let (address, length) = word.split_once('/')?;
    let length = super::names::number(length, if family == Family::V4 { 32 } else { 128 })?;
    let length = u8::try_from(length).ok()?;
    let address = match family {
        Family::V4 => u128::from(v4(address)?),
        Family::V6 => v6(address)?,
    };
    Some((address, length))
}

/// The addresses of a prefix, and whether the address has bits beyond its length.
pub fn network(family: Family, address: u128, length: u8) -> (AddressSet, bool) {
    match family {
        Family::V4 => {
            let address = u32::try_from(address).unwrap_or_default();
            let host = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
            let set = IntervalSet::range(address & !host, address | host);
            (AddressSet { v4: set, v6: IntervalSet::empty() }, address & host != 0)
        }
        Family::V6 => {
            let host = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
            let set = IntervalSet::range(address & !host, address | host);
            (AddressSet { v4: IntervalSet::empty(), v6: set }, address & host != 0)
        }
    }
}

/// The length of a netmask; `None` where its ones are not all in front.
pub fn mask_length(mask: u32) -> Option<u8> {
    let length = mask.leading_ones();
    (mask.count_ones() == length).then(|| u8::try_from(length).ok()).flatten()
}

/// One address of either family.
pub fn host(word: &str, family: Family) -> Option<AddressSet> {
    match family {
        Family::V4 => {
            v4(word).map(|address| AddressSet { v4: IntervalSet::one(address), v6: IntervalSet::empty() })
        }
        Family::V6 => {
            v6(word).map(|address| AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::one(address) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_listed_exactly() {
        let mut wildcards = Wildcards::default();
        let at = |text: &str| v4(text).unwrap();
        for (address, wildcard) in [
            ("10.0.0.1", "0.0.0.0"),
            ("10.0.0.0", "0.0.0.255"),
            ("128.12.0.1", "0.0.255.0"),
            ("10.0.0.0", "0.0.254.255"),
            ("10.1.2.3", "0.0.0.5"),
        ] {
            let Masked::Set(set) = wildcards.addresses(at(address), at(wildcard)) else {
                panic!("{wildcard}")
            };
            let expected = 2f64.powi(at(wildcard).count_ones() as i32);
            assert_eq!(set.size(), expected, "{address} {wildcard}");
            for (low, high) in set.v4.ranges() {
                assert_eq!((low ^ at(address)) & !at(wildcard), 0);
                assert_eq!((high ^ at(address)) & !at(wildcard), 0);
            }
        }
        assert_eq!(wildcards.addresses(0, u32::MAX), Masked::Set(AddressSet::any_v4()));
        assert!(matches!(wildcards.addresses(at("10.0.0.1"), at("0.255.255.0")), Masked::Within(_)));
        assert!(matches!(wildcards.addresses(at("10.0.0.0"), at("255.255.255.0")), Masked::Within(_)));
    }
}
