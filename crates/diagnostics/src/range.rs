use std::ops::Range;

/// A half-open range of bytes in one text. What the range is relative to (a file, an item) is said where it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextRange {
    pub start: u32,
    pub end: u32,
}

impl TextRange {
    /// `start..end`; a range that would end before it starts is empty at `start`.
    pub fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        TextRange { start, end: end.max(start) }
    }

    /// The same range in a text in which this one's text begins at `offset`.
    pub fn shifted_by(self, offset: u32) -> Self {
        TextRange { start: self.start.saturating_add(offset), end: self.end.saturating_add(offset) }
    }

    /// From the start of the earlier to the end of the later.
    pub fn cover(self, other: Self) -> Self {
        TextRange { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

impl From<TextRange> for Range<usize> {
    fn from(range: TextRange) -> Self {
        range.start as usize..range.end as usize
    }
}
