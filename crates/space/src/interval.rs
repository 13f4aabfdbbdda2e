use std::sync::Arc;

use crate::Set;

/// A finite set of numbers (ports, addresses, protocols) as sorted, disjoint, non-adjacent closed intervals.
///
/// The form is canonical, so `==` is equality of sets. A single interval is kept in place: most rules have no more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntervalSet<T>(Form<T>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form<T> {
    Empty,
    One(T, T),
    /// Two or more.
    Many(Arc<[(T, T)]>),
}

/// A number with a smallest and a largest value and a next one.
pub trait Coordinate: Copy + Ord + std::fmt::Debug + Into<u128> {
    const MIN: Self;
    const MAX: Self;
    /// The number after this one; `None` after the largest.
    fn next(self) -> Option<Self>;
    /// The number before this one; `None` before the smallest.
    fn previous(self) -> Option<Self>;
    /// The number half-way from `low` to `high`, which is not below it.
    fn between(low: Self, high: Self) -> Self;
}

macro_rules! coordinates {
    ($($number:ty),*) => {$(
        impl Coordinate for $number {
            const MIN: Self = <$number>::MIN;
            const MAX: Self = <$number>::MAX;
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
            fn between(low: Self, high: Self) -> Self {
                low + (high - low) / 2
            }
        }
    )*};
}
coordinates!(u8, u16, u32, u128);

impl<T: Coordinate> IntervalSet<T> {
    /// The numbers from `low` to `high`, both included; empty when `low > high`.
    pub fn range(low: T, high: T) -> Self {
        IntervalSet(if low <= high { Form::One(low, high) } else { Form::Empty })
    }

    pub fn one(value: T) -> Self {
        IntervalSet(Form::One(value, value))
    }

    /// The union of any intervals, in any order, overlapping or not; those with `low > high` are empty.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut ranges: Vec<(T, T)> = ranges.into_iter().filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        Self::joined(ranges)
    }

    /// `ranges` ascend by their low ends.
    fn joined(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut out: Vec<(T, T)> = Vec::new();
        for (low, high) in ranges {
            match out.last_mut() {
                Some(last) if last.1.next().is_none_or(|after| low <= after) => last.1 = last.1.max(high),
                _ => out.push((low, high)),
            }
        }
        Self::from_sorted(out)
    }

    /// `ranges` are sorted, disjoint and not adjacent.
    fn from_sorted(ranges: Vec<(T, T)>) -> Self {
        IntervalSet(match ranges.as_slice() {
            [] => Form::Empty,
            [(low, high)] => Form::One(*low, *high),
            _ => Form::Many(ranges.into()),
        })
    }

    /// The intervals, ascending.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = (T, T)> + '_ {
        let (one, many) = match &self.0 {
            Form::Empty => (None, [].as_slice()),
            Form::One(low, high) => (Some((*low, *high)), [].as_slice()),
            Form::Many(ranges) => (None, &**ranges),
        };
        let length = usize::from(one.is_some()) + many.len();
        Counted { inner: one.into_iter().chain(many.iter().copied()), length }
    }

    /// The smallest interval that holds the whole set.
    pub fn hull(&self) -> Option<(T, T)> {
        match &self.0 {
            Form::Empty => None,
            Form::One(low, high) => Some((*low, *high)),
            Form::Many(ranges) => Some((ranges.first()?.0, ranges.last()?.1)),
        }
    }

    pub fn first(&self) -> Option<T> {
        self.hull().map(|(low, _)| low)
    }

    pub fn contains(&self, value: T) -> bool {
        match &self.0 {
            Form::Empty => false,
            Form::One(low, high) => *low <= value && value <= *high,
            Form::Many(ranges) => {
                let at = ranges.partition_point(|(low, _)| *low <= value);
                at > 0 && ranges.get(at - 1).is_some_and(|(_, high)| value <= *high)
            }
        }
    }

    /// The first interval that does not end before `value`: the one that has it, or else the next.
    pub(crate) fn next_interval(&self, value: T) -> Option<(T, T)> {
        match &self.0 {
            Form::Empty => None,
            Form::One(low, high) => (value <= *high).then_some((*low, *high)),
            Form::Many(ranges) => ranges.get(ranges.partition_point(|(_, high)| *high < value)).copied(),
        }
    }

    /// How many numbers it holds, as a float: 2^128 has no place in an integer.
    pub fn size(&self) -> f64 {
        self.ranges()
            .map(|(low, high)| {
                let (low, high): (u128, u128) = (low.into(), high.into());
                (high - low) as f64 + 1.0
            })
            .sum()
    }
}

impl<T: Coordinate> Set for IntervalSet<T> {
    fn any() -> Self {
        IntervalSet(Form::One(T::MIN, T::MAX))
    }

    fn empty() -> Self {
        IntervalSet(Form::Empty)
    }

    fn is_any(&self) -> bool {
        matches!(self.0, Form::One(low, high) if low == T::MIN && high == T::MAX)
    }

    fn is_empty(&self) -> bool {
        matches!(self.0, Form::Empty)
    }

    fn intersect(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Form::Empty, _) | (_, Form::Empty) => return Self::empty(),
            (Form::One(a, b), Form::One(c, d)) => return Self::range(*a.max(c), *b.min(d)),
            _ => {}
        }
        if self.is_any() {
            return other.clone();
        }
        if other.is_any() {
            return self.clone();
        }
        if let (Form::One(low, high), Form::Many(many)) | (Form::Many(many), Form::One(low, high)) =
            (&self.0, &other.0)
        {
            let first = many.partition_point(|(_, end)| end < low);
            let within = many.iter().skip(first).take_while(|(start, _)| start <= high);
            return Self::from_sorted(within.map(|(start, end)| (*start.max(low), *end.min(high))).collect());
        }
        let mut out = Vec::new();
        let (mut left, mut right) = (self.ranges().peekable(), other.ranges().peekable());
        while let (Some(&(a, b)), Some(&(c, d))) = (left.peek(), right.peek()) {
            let (low, high) = (a.max(c), b.min(d));
            if low <= high {
                out.push((low, high));
            }
            if b < d {
                left.next();
            } else {
                right.next();
            }
        }
        Self::from_sorted(out)
    }

    fn subtract(&self, other: &Self) -> Self {
        if other.is_empty() || self.is_empty() {
            return self.clone();
        }
        if other.is_any() {
            return Self::empty();
        }
        if let (Form::One(low, high), Form::One(cut_low, cut_high)) = (&self.0, &other.0) {
            if cut_high < low || high < cut_low {
                return self.clone();
            }
            let before = cut_low.previous().map_or_else(Self::empty, |before| Self::range(*low, before));
            let after = cut_high.next().map_or_else(Self::empty, |after| Self::range(after, *high));
            return match (&before.0, &after.0) {
                (Form::Empty, _) => after,
                (_, Form::Empty) => before,
                _ => before.union(&after),
            };
        }
        let mut out = Vec::new();
        let mut cuts = other.ranges().peekable();
        for (mut low, high) in self.ranges() {
            let mut gone = false;
            while let Some(&(cut_low, cut_high)) = cuts.peek() {
                if cut_high < low {
                    cuts.next();
                    continue;
                }
                if cut_low > high {
                    break;
                }
                if let Some(before) = cut_low.previous()
                    && low <= before
                {
                    out.push((low, before));
                }
                match cut_high.next() {
                    Some(after) if after <= high => low = after,
                    _ => {
                        gone = true;
                        break;
                    }
                }
            }
            if !gone {
                out.push((low, high));
            }
        }
        Self::from_sorted(out)
    }

    fn union(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_any() {
            return other.clone();
        }
        if other.is_empty() || self.is_any() {
            return self.clone();
        }
        let (mut left, mut right) = (self.ranges().peekable(), other.ranges().peekable());
        Self::joined(std::iter::from_fn(|| match (left.peek(), right.peek()) {
            (Some(mine), Some(theirs)) if mine > theirs => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        }))
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Empty, _) | (_, Form::Empty) => false,
            (Form::One(a, b), Form::One(c, d)) => a <= d && c <= b,
            (Form::Many(many), Form::One(low, high)) | (Form::One(low, high), Form::Many(many)) => {
                meets(many, *low, *high)
            }
            (Form::Many(left), Form::Many(right)) => {
                // Each interval of the shorter list is looked up in the longer one: a host in a feed of thousands.
                let (few, many) = if left.len() < right.len() { (left, right) } else { (right, left) };
                few.iter().any(|(low, high)| meets(many, *low, *high))
            }
        }
    }
}

/// Whether one of the sorted, disjoint `ranges` has a number from `low` to `high`.
fn meets<T: Coordinate>(ranges: &[(T, T)], low: T, high: T) -> bool {
    let at = ranges.partition_point(|(_, end)| *end < low);
    ranges.get(at).is_some_and(|(start, _)| *start <= high)
}

impl<T: Coordinate> std::fmt::Debug for IntervalSet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ranges()).finish()
    }
}

struct Counted<I> {
    inner: I,
    length: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        let item = self.inner.next();
        self.length -= usize::from(item.is_some());
        item
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.length, Some(self.length))
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}
