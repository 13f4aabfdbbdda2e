//! Addresses as `-s`, `-d` and `-m iprange` take them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use space::{AddressSet, IntervalSet, Set};

use super::family::Family;
use super::values::number;

/// More ranges than this, from one mask with holes, are not listed.
const MOST_RANGES: usize = 4096;

/// What `-s` or `-d` says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Addresses {
    pub set: AddressSet,
    /// Whether an address has bits set that its mask drops.
    pub host_bits: bool,
}

/// Why an address is not a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A host name: resolved when the rules are loaded.
    Name,
    /// An address of the other family.
    OtherFamily,
    /// A mask with so many holes that its ranges are not listed.
    Scattered,
    /// No address.
    Malformed,
}

/// All addresses of a family.
pub(super) fn any(family: Family) -> AddressSet {
    match family {
        Family::V4 => AddressSet::any_v4(),
        Family::V6 => AddressSet::any_v6(),
    }
}

/// `10.0.0.0/8`, `10.0.0.0/255.0.255.0`, `2001:db8::/32`, or several of those with commas.
pub(super) fn list(text: &str, family: Family) -> Result<Addresses, Trouble> {
    if !text.contains(',') {
        return one(text, family);
    }
    let all = text.split(',').map(|part| one(part, family)).collect::<Result<Vec<_>, _>>()?;
    Ok(Addresses {
        set: AddressSet::union_of(all.iter().map(|addresses| &addresses.set)),
        host_bits: all.iter().any(|addresses| addresses.host_bits),
    })
}

fn one(text: &str, family: Family) -> Result<Addresses, Trouble> {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let width = family.width();
    let mask = match mask {
        None => low_bits(width),
        Some(mask) => match (number(mask), address_bits(mask, family)) {
            (Some(length), _) if length <= width => low_bits(width) & !low_bits(width - length),
            (None, Some(mask)) if mask_has_address_form(mask, family) => mask.bits,
            _ => return Err(Trouble::Malformed),
        },
    };
    // "With a null mask the name does not count": `any/0` is everything.
    if mask == 0 {
        return Ok(Addresses { set: any(family), host_bits: false });
    }
    let Some(Bits { bits, .. }) = address_bits(address, family) else {
        return Err(why_no_address(address, family));
    };
    let base = bits & mask;
    let set = masked(base, mask, width).ok_or(Trouble::Scattered)?;
    Ok(Addresses { set: of_family(set, family), host_bits: base != bits })
}

/// An address as a number.
#[derive(Clone, Copy)]
struct Bits {
    bits: u128,
    /// Fewer than all four numbers were written.
    short: bool,
}

/// `10` and `10.1` are `10.0.0.0` and `10.1.0.0`, but not in a mask.
fn mask_has_address_form(mask: Bits, family: Family) -> bool {
    family == Family::V6 || !mask.short
}

fn address_bits(text: &str, family: Family) -> Option<Bits> {
    match family {
        Family::V6 => {
            text.parse::<Ipv6Addr>().ok().map(|address| Bits { bits: address.into(), short: false })
        }
        Family::V4 => {
            let mut bits = 0_u32;
            let mut count = 0;
            for part in text.split('.') {
                let byte = u8::try_from(number(part)?).ok()?;
                count += 1;
                if count > 4 {
                    return None;
                }
                bits |= u32::from(byte) << (32 - 8 * count);
            }
            Some(Bits { bits: bits.into(), short: count < 4 })
        }
    }
}

fn why_no_address(text: &str, family: Family) -> Trouble {
    let other = match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    };
    let is_name = |text: &str| {
        text.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        }) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
            && text.rsplit('.').next().is_some_and(|last| last.bytes().any(|byte| !byte.is_ascii_digit()))
    };
    if address_bits(text, other).is_some_and(|bits| !bits.short) {
        Trouble::OtherFamily
    } else if is_name(text) {
        Trouble::Name
    } else {
        Trouble::Malformed
    }
}

fn low_bits(count: u32) -> u128 {
    1_u128.checked_shl(count).map_or(u128::MAX, |bit| bit - 1)
}

/// The numbers `x` with `x & mask == base`, as ranges; `None` where there are too many of those.
fn masked(base: u128, mask: u128, width: u32) -> Option<Vec<(u128, u128)>> {
    let open = !mask & low_bits(width);
    let tail = low_bits(open.trailing_ones());
    let mut ranges = vec![(base, base | tail)];
    let mut holes = open & !tail;
    while holes != 0 {
        let bit = holes & holes.wrapping_neg();
        holes &= !bit;
        if ranges.len() * 2 > MOST_RANGES {
            return None;
        }
        let above: Vec<_> = ranges.iter().map(|(low, high)| (low | bit, high | bit)).collect();
        ranges.extend(above);
    }
    Some(ranges)
}

fn of_family(ranges: Vec<(u128, u128)>, family: Family) -> AddressSet {
    match family {
        Family::V4 => {
            let narrow = |bits: u128| u32::try_from(bits & u128::from(u32::MAX)).unwrap_or(u32::MAX);
            let v4 = match ranges.as_slice() {
                [(low, high)] => IntervalSet::range(narrow(*low), narrow(*high)),
                _ => IntervalSet::from_ranges(
                    ranges.into_iter().map(|(low, high)| (narrow(low), narrow(high))),
                ),
            };
            AddressSet { v4, v6: IntervalSet::empty() }
        }
        Family::V6 => AddressSet { v4: IntervalSet::empty(), v6: IntervalSet::from_ranges(ranges) },
    }
}

/// The range of `--src-range` and `--dst-range`: `10.0.0.1-10.0.0.9`, or one address. A range that runs backwards is
/// loaded by iptables with a warning and is empty: the second value says so.
pub(super) fn range(text: &str, family: Family) -> Result<(AddressSet, bool), Trouble> {
    let parse = |text: &str| -> Result<IpAddr, Trouble> {
        let address = match family {
            Family::V4 => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            Family::V6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        };
        address.ok_or_else(|| match why_no_address(text, family) {
            Trouble::Name => Trouble::Malformed,
            trouble => trouble,
        })
    };
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (parse(low)?, parse(high)?);
    Ok((AddressSet::range(low, high), low > high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Vec<String> {
        list(text, Family::V4)
            .map(|found| found.set.ranges().map(|(low, high)| format!("{low}-{high}")).collect())
            .unwrap_or_else(|trouble| vec![format!("{trouble:?}")])
    }

    #[test]
    fn addresses_as_iptables_takes_them() {
        assert_eq!(v4("10.0.0.0/8"), ["10.0.0.0-10.255.255.255"]);
        assert_eq!(v4("10.1.2.3"), ["10.1.2.3-10.1.2.3"]);
        assert_eq!(v4("10.1.2.0/255.255.255.0"), ["10.1.2.0-10.1.2.255"]);
        assert_eq!(v4("10.1/16"), ["10.1.0.0-10.1.255.255"]);
        assert_eq!(v4("010.1.1.1"), ["8.1.1.1-8.1.1.1"]);
        assert_eq!(v4("any/0"), ["0.0.0.0-255.255.255.255"]);
        assert_eq!(v4("10.0.0.0/9,10.128.0.0/9"), ["10.0.0.0-10.255.255.255"]);
        assert_eq!(v4("0.0.0.0/0.0.0.0"), ["0.0.0.0-255.255.255.255"]);
    }

    #[test]
    fn a_mask_with_holes_is_every_range_it_means() {
        let found = list("10.1.2.3/255.0.255.0", Family::V4).unwrap();
        assert_eq!(found.set.ranges().count(), 256);
        assert!(found.host_bits);
        for (address, inside) in
            [("10.0.2.9", true), ("10.77.2.0", true), ("10.0.3.9", false), ("11.0.2.9", false)]
        {
            assert_eq!(found.set.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert_eq!(v4("10.0.0.0/255.0.0.1"), ["Scattered"]);
        let found = list("2001:db8::1/ffff:ffff::ffff", Family::V6).unwrap_err();
        assert_eq!(found, Trouble::Scattered);
        let found = list("2001:db8:0:7::/ffff:ffff:0fff:ffff::", Family::V6).unwrap();
        assert_eq!(found.set.ranges().count(), 16);
    }

    #[test]
    fn what_is_no_address_of_the_family() {
        assert_eq!(v4("10.0.0.0/33"), ["Malformed"]);
        assert_eq!(v4("300.1.1.1"), ["Malformed"]);
        assert_eq!(v4("10.0.0.0/255.255"), ["Malformed"]);
        assert_eq!(v4("1.2.3.4.5"), ["Malformed"]);
        assert_eq!(v4(""), ["Malformed"]);
        assert_eq!(v4("2001:db8::1"), ["OtherFamily"]);
        assert_eq!(v4("host.example.com"), ["Name"]);
        assert_eq!(list("10.0.0.1", Family::V6), Err(Trouble::OtherFamily));
        assert_eq!(list("::/129", Family::V6), Err(Trouble::Malformed));
        assert_eq!(list("mail", Family::V6), Err(Trouble::Name));
    }

    #[test]
    fn ranges() {
        assert_eq!(range("10.0.0.1-10.0.0.9", Family::V4).map(|(set, _)| set.size()), Ok(9.0));
        assert_eq!(range("10.0.0.7", Family::V4).map(|(set, _)| set.size()), Ok(1.0));
        assert_eq!(
            range("10.0.0.9-10.0.0.1", Family::V4).map(|(set, back)| (set.is_empty(), back)),
            Ok((true, true))
        );
        assert_eq!(range("::1-::9", Family::V4), Err(Trouble::OtherFamily));
        assert_eq!(range("10.0.0.1-", Family::V4), Err(Trouble::Malformed));
    }
}
