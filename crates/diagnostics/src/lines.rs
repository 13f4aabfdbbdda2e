use std::sync::OnceLock;

use crate::TextRange;

/// Turns offsets of a text into lines and columns.
///
/// Making one costs nothing; the first question walks the text once. A line ends with a line feed, or with a
/// carriage return and a line feed; a carriage return alone ends nothing. A text that ends with a line feed has an
/// empty last line.
#[derive(Debug)]
pub struct LineIndex<'text> {
    text: &'text str,
    /// Where each line starts; never empty.
    starts: OnceLock<Vec<u32>>,
    /// How many characters start before each multiple of [`CHUNK`] bytes.
    characters: OnceLock<Vec<u32>>,
}

/// Between two counts of characters: a column in a line of 50 MB is found by looking at this many bytes, not at 50 MB.
const CHUNK: usize = 4096;

impl<'text> LineIndex<'text> {
    pub fn new(text: &'text str) -> Self {
        // No offset, having 32 bits, can point further.
        let text = &text[..text.floor_char_boundary(u32::MAX as usize)];
        LineIndex { text, starts: OnceLock::new(), characters: OnceLock::new() }
    }

    /// The line and the column of a byte offset, both from 1; the column counts characters (Unicode scalar values).
    ///
    /// An offset past the end is the end; one inside a character, or between the two bytes that end a line, is
    /// rounded down.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let offset = self.boundary(offset);
        let line = self.line_at(offset);
        let start = self.starts()[line] as usize;
        (number(line) + 1, number(self.count(start, offset)) + 1)
    }

    /// The line of a byte offset, from 1; offsets as in [`line_column`](Self::line_column).
    pub fn line(&self, offset: u32) -> u32 {
        number(self.line_at(self.boundary(offset))) + 1
    }

    /// The bytes of a line (from 1) without what ends it; `None` when there is no such line.
    pub fn line_range(&self, line: u32) -> Option<TextRange> {
        let index = line.checked_sub(1)? as usize;
        let start = *self.starts().get(index)? as usize;
        let end = self.starts().get(index + 1).map_or(self.text.len(), |next| *next as usize);
        let content = &self.text[start..end];
        let content =
            content.strip_suffix('\n').map_or(content, |line| line.strip_suffix('\r').unwrap_or(line));
        Some(TextRange::new(start, start + content.len()))
    }

    /// How many lines there are; at least one.
    pub fn line_count(&self) -> u32 {
        number(self.starts().len())
    }

    /// The offset as [`line_column`](Self::line_column) understands it: in the text, and between two characters.
    pub(crate) fn boundary(&self, offset: u32) -> usize {
        let offset = self.text.floor_char_boundary(offset as usize);
        let inside_line_end = offset > 0
            && self.text.as_bytes().get(offset) == Some(&b'\n')
            && self.text.as_bytes()[offset - 1] == b'\r';
        if inside_line_end { offset - 1 } else { offset }
    }

    /// From 0.
    fn line_at(&self, boundary: usize) -> usize {
        self.starts().partition_point(|start| *start as usize <= boundary) - 1
    }

    fn starts(&self) -> &[u32] {
        self.starts.get_or_init(|| {
            let after = self.text.match_indices('\n').map(|(at, _)| number(at + 1));
            std::iter::once(0).chain(after).collect()
        })
    }

    /// How many characters start in `from..to`.
    fn count(&self, from: usize, to: usize) -> usize {
        if to - from <= CHUNK {
            return count_characters(&self.text.as_bytes()[from..to]);
        }
        self.count_from_start(to) - self.count_from_start(from)
    }

    fn count_from_start(&self, to: usize) -> usize {
        let counts = self.characters.get_or_init(|| {
            let mut sum = 0;
            let mut counts = vec![0];
            for chunk in self.text.as_bytes().chunks(CHUNK) {
                sum += count_characters(chunk);
                counts.push(number(sum));
            }
            counts
        });
        let chunk = to / CHUNK;
        counts[chunk] as usize + count_characters(&self.text.as_bytes()[chunk * CHUNK..to])
    }
}

/// Every byte of UTF-8 starts a character but the ones of the form `10xxxxxx`.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_ends_before_its_line_end() {
        let text = "one\r\ntwo\n\nfour";
        let index = LineIndex::new(text);
        let lines: Vec<&str> = (1..=index.line_count())
            .filter_map(|line| index.line_range(line))
            .map(|range| &text[range.start as usize..range.end as usize])
            .collect();
        assert_eq!(lines, ["one", "two", "", "four"]);
        assert_eq!(index.line_range(0), None);
        assert_eq!(index.line_range(5), None);
    }

    #[test]
    fn offsets_are_clamped_and_rounded_down() {
        let index = LineIndex::new("aø\r\nb");
        assert_eq!(index.line_column(0), (1, 1));
        assert_eq!(index.line_column(2), (1, 2), "inside ø");
        assert_eq!(index.line_column(3), (1, 3), "the end of the line");
        assert_eq!(index.line_column(4), (1, 3), "inside the line end");
        assert_eq!(index.line_column(5), (2, 1));
        assert_eq!(index.line_column(6), (2, 2), "the end of the text");
        assert_eq!(index.line_column(u32::MAX), (2, 2), "past the end");
    }

    #[test]
    fn an_empty_text_has_one_line() {
        let index = LineIndex::new("");
        assert_eq!(index.line_count(), 1);
        assert_eq!(index.line_column(7), (1, 1));
        assert_eq!(index.line_range(1), Some(TextRange::new(0, 0)));
    }

    #[test]
    fn a_text_that_ends_with_a_line_end_has_an_empty_last_line() {
        let index = LineIndex::new("a\n");
        assert_eq!(index.line_column(2), (2, 1));
        assert_eq!(index.line_range(2), Some(TextRange::new(2, 2)));
    }

    #[test]
    fn columns_of_a_long_line_count_characters() {
        let text = format!("first\n{}", "aø".repeat(2 * CHUNK));
        let index = LineIndex::new(&text);
        for pair in [0, 1, CHUNK / 3, CHUNK / 3 + 1, CHUNK, 2 * CHUNK] {
            let offset = number("first\n".len() + pair * "aø".len());
            assert_eq!(index.line_column(offset), (2, number(pair * 2 + 1)));
        }
    }

    /// Counts from the start of the text, one character at a time.
    fn naive(text: &str, offset: u32) -> (u32, u32) {
        let (mut line, mut column) = (1, 1);
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if offset as usize <= at || (offset as usize) < at + character.len_utf8() {
                break;
            }
            if character == '\r' && next == Some('\n') && offset as usize == at + 1 {
                break;
            }
            if character == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        (line, column)
    }

    proptest! {
        #[test]
        fn agrees_with_a_naive_count(text in "[aø世😀\r\n\t]{0,40}", offset in 0u32..200) {
            prop_assert_eq!(LineIndex::new(&text).line_column(offset), naive(&text, offset));
        }

        #[test]
        fn agrees_with_a_naive_count_in_long_lines(
            unit in "[aø世😀]{1,6}",
            times in 0usize..3000,
            part in 0.0f64..1.1,
        ) {
            let text = format!("x\r\n{}\ny", unit.repeat(times));
            let offset = number((text.len() as f64 * part) as usize);
            prop_assert_eq!(LineIndex::new(&text).line_column(offset), naive(&text, offset));
        }

        #[test]
        fn every_offset_lies_in_its_line(text in "[aø\r\n]{0,40}", offset in 0u32..100) {
            let index = LineIndex::new(&text);
            let range = index.line_range(index.line(offset)).expect("a line of the text");
            let boundary = index.boundary(offset);
            prop_assert!((range.start as usize..=range.end as usize).contains(&boundary));
        }
    }
}
