use super::{Cell, Entry, Point};

/// Entries by one of their axes (or by the service, which is two), each at nested intervals that together are its own.
///
/// Any two of the intervals are disjoint or nested, being prefixes. So those that have a value are a chain of parents,
/// and those within a range lie side by side; what is side by side in the tree is so in memory.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Low ends, ascending; of equal ones the widest interval comes first.
    lows: Vec<u32>,
    nodes: Vec<Node>,
    /// The numbers of all entries, by node, then ascending.
    numbers: Vec<u32>,
    /// Those that are looked up by this axis alone, by node, then by place: no other axis has fewer at the same value.
    kept: Vec<Entry>,
}

#[derive(Debug)]
struct Node {
    high: u32,
    /// The narrowest interval around this one, or `NONE`.
    parent: u32,
    /// The narrowest one around it at which entries are kept, or `NONE`.
    keeper: u32,
    /// Its first number; they end where those of the next node begin.
    first: u32,
    /// Its first kept entry.
    first_kept: u32,
    /// How many numbers this and all intervals around it have.
    above: u32,
}

const NONE: u32 = u32::MAX;

/// An interval and the number of the entry that it is a part of.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The low end, and the complement of the high one: ascending, enclosing intervals come before what they enclose.
    key: u64,
    pub entry: u32,
}

impl Span {
    fn new(low: u32, high: u32, entry: u32) -> Self {
        Span { key: u64::from(low) << 32 | u64::from(!high), entry }
    }

    fn low(self) -> u32 {
        (self.key >> 32) as u32
    }

    fn high(self) -> u32 {
        !(self.key as u32)
    }
}

/// By interval; those of one interval stay in order.
pub(super) fn sort(spans: &mut [Span]) {
    spans.sort_by_key(|span| span.key);
}

/// The entries that an interval meets.
#[derive(Clone, Copy)]
pub(super) struct Meeting {
    from: usize,
    to: usize,
    /// The narrowest node that begins before the interval and reaches into it, or `NONE`.
    around: u32,
    pub count: usize,
}

impl Tree {
    /// `spans` are sorted; `kept` tells of an entry's number whether it is looked up here.
    pub fn new(spans: &[Span], entries: &[Entry], kept: impl Fn(u32) -> bool) -> Self {
        let mut tree = Tree { numbers: Vec::with_capacity(spans.len()), ..Tree::default() };
        let mut open: Vec<u32> = Vec::new();
        for same in spans.chunk_by(|a, b| a.key == b.key) {
            let Some((low, high)) = same.first().map(|span| (span.low(), span.high())) else { continue };
            while open.last().is_some_and(|top| tree.nodes[*top as usize].high < low) {
                open.pop();
            }
            let parent = open.last().copied().unwrap_or(NONE);
            let around = tree.nodes.get(parent as usize);
            let keeper = match around {
                Some(node) if tree.first_kept(parent as usize + 1) == node.first_kept as usize => node.keeper,
                _ => parent,
            };
            let above = around.map_or(0, |node| node.above) + number(same.len());
            open.push(number(tree.nodes.len()));
            tree.lows.push(low);
            let (first, first_kept) = (number(tree.numbers.len()), number(tree.kept.len()));
            tree.nodes.push(Node { high, parent, keeper, first, first_kept, above });
            tree.numbers.extend(same.iter().map(|span| span.entry));
            let here = same.iter().filter(|span| kept(span.entry));
            tree.kept.extend(here.filter_map(|span| entries.get(span.entry as usize)));
        }
        tree
    }

    /// Shows `each` the kept entries before the place `before` whose intervals have `value` and whose cells have `point`.
    /// Returns how many were looked at.
    pub fn at(&self, value: u32, point: &Point, before: u32, mut each: impl FnMut(&Entry)) -> usize {
        let mut looks = 8;
        let mut at = self.around(self.lows.partition_point(|low| *low <= value), value);
        while let Some(node) = self.nodes.get(at as usize) {
            for entry in &self.kept[node.first_kept as usize..self.first_kept(at as usize + 1)] {
                if entry.place >= before {
                    break;
                }
                looks += 1;
                if entry.cell.has(point) {
                    each(entry);
                }
            }
            looks += 1;
            at = node.keeper;
        }
        looks
    }

    /// What meets `low..=high`.
    pub fn meeting(&self, (low, high): (u32, u32)) -> Meeting {
        let from = self.lows.partition_point(|other| *other < low);
        let to = self.lows.partition_point(|other| *other <= high);
        let around = self.around(from, low);
        let above = self.nodes.get(around as usize).map_or(0, |node| node.above as usize);
        Meeting { from, to, around, count: self.first(to) - self.first(from) + above }
    }

    /// Shows `each` the entries of a meeting whose cells overlap `cell`, some more than once, until it returns `false`.
    pub fn each(
        &self,
        meeting: Meeting,
        entries: &[Entry],
        cell: &Cell,
        mut each: impl FnMut(&Entry) -> bool,
    ) {
        let mut all = |numbers: &[u32]| {
            let entries = numbers.iter().filter_map(|number| entries.get(*number as usize));
            entries.filter(|entry| entry.cell.overlaps(cell)).all(&mut each)
        };
        let mut around = meeting.around as usize;
        while let Some(node) = self.nodes.get(around) {
            if !all(&self.numbers[node.first as usize..self.first(around + 1)]) {
                return;
            }
            around = node.parent as usize;
        }
        all(&self.numbers[self.first(meeting.from)..self.first(meeting.to)]);
    }

    /// The narrowest of the first `count` nodes that reaches as far as `value`; they do not begin after it.
    fn around(&self, count: usize, value: u32) -> u32 {
        let mut at = number(count).wrapping_sub(1);
        while let Some(node) = self.nodes.get(at as usize)
            && node.high < value
        {
            at = node.parent;
        }
        at
    }

    fn first(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(self.numbers.len(), |node| node.first as usize)
    }

    fn first_kept(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(self.kept.len(), |node| node.first_kept as usize)
    }
}

/// Adds the prefixes that together are `low..=high`.
pub(super) fn push_spans((mut low, high): (u32, u32), entry: u32, out: &mut Vec<Span>) {
    loop {
        // The largest block that begins here, and is not too large.
        let mut width = if low == 0 { u32::MAX } else { (1 << low.trailing_zeros()) - 1 };
        while width > high - low {
            width >>= 1;
        }
        out.push(Span::new(low, low + width, entry));
        match (low + width).checked_add(1) {
            Some(next) if next <= high => low = next,
            _ => return,
        }
    }
}

/// For each of the sorted `spans`, how many lie in its interval.
pub(super) fn populations(spans: &[Span]) -> Vec<u32> {
    let mut out = vec![0; spans.len()];
    // The intervals around the one at hand, each with its first and last span.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut close = |(first, last): (usize, usize), end: usize| {
        out[first..=last].fill(number(end - first));
    };
    for (at, span) in spans.iter().enumerate() {
        while let Some((first, last)) = open.last_mut() {
            if spans[*first].high() < span.low() {
                close((*first, *last), at);
                open.pop();
                continue;
            }
            if spans[*first].key == span.key {
                *last = at;
            } else {
                open.push((at, at));
            }
            break;
        }
        if open.is_empty() {
            open.push((at, at));
        }
    }
    while let Some(last) = open.pop() {
        close(last, spans.len());
    }
    out
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans_of(low: u32, high: u32) -> Vec<(u32, u32)> {
        let mut spans = Vec::new();
        push_spans((low, high), 0, &mut spans);
        spans.iter().map(|span| (span.low(), span.high())).collect()
    }

    #[test]
    fn an_interval_is_cut_into_prefixes() {
        assert_eq!(spans_of(0, u32::MAX), [(0, u32::MAX)]);
        assert_eq!(spans_of(u32::MAX, u32::MAX), [(u32::MAX, u32::MAX)]);
        assert_eq!(spans_of(1, 6), [(1, 1), (2, 3), (4, 5), (6, 6)]);
        assert_eq!(spans_of(0, 6), [(0, 3), (4, 5), (6, 6)]);
        assert_eq!(spans_of(1, u32::MAX).len(), 32);
    }

    proptest! {
        #[test]
        fn populations_are_counted(ends in proptest::collection::vec((0u32..40, 0u32..12), 0..40)) {
            let mut spans = Vec::new();
            for ((low, width), entry) in ends.into_iter().zip(0..) {
                push_spans((low, low + width), entry, &mut spans);
            }
            sort(&mut spans);
            for (span, population) in spans.iter().zip(populations(&spans)) {
                let inside = spans.iter().filter(|other| span.low() <= other.low() && other.high() <= span.high());
                prop_assert_eq!(inside.count(), population as usize);
            }
        }
    }
}
