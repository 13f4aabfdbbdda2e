//! The words of a line, with their places.

use diagnostics::TextRange;

/// One word of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    /// The byte of the export at which it stands.
    pub start: usize,
}

impl Word<'_> {
    pub fn place(self) -> TextRange {
        TextRange::new(self.start, self.start + self.text.len())
    }
}

/// What of a line is still to be read. A copy is a bookmark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    rest: &'a str,
    start: usize,
}

impl<'a> Words<'a> {
    /// `start` is the byte at which `line` stands.
    pub fn new(line: &'a str, start: usize) -> Self {
        Words { rest: line, start }
    }

    pub fn peek(&self) -> Option<&'a str> {
        let mut ahead = *self;
        ahead.next().map(|word| word.text)
    }

    /// Takes the next word where it is `wanted`.
    pub fn eat(&mut self, wanted: &str) -> bool {
        let mut ahead = *self;
        let is = ahead.next().is_some_and(|word| word.text == wanted);
        if is {
            *self = ahead;
        }
        is
    }

    /// What is left, without blanks around it.
    pub fn rest(&self) -> &'a str {
        self.rest.trim_ascii()
    }

    /// What lies between this bookmark and a later one.
    pub fn distance(&self, later: &Words<'a>) -> &'a str {
        let length = self.rest.len().saturating_sub(later.rest.len());
        self.rest.get(..length).unwrap_or_default().trim_ascii()
    }

    /// What is left, with its place.
    pub fn remainder(&self) -> Word<'a> {
        let text = self.rest.trim_ascii_start();
        let start = self.start + (self.rest.len() - text.len());
        Word { text: text.trim_ascii_end(), start }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let text = self.rest.trim_ascii_start();
        let start = self.start + (self.rest.len() - text.len());
        let end = text.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(text.len());
        if end == 0 {
            return None;
        }
        let (word, rest) = text.split_at(end);
        *self = Words { rest, start: start + end };
        Some(Word { text: word, start })
    }
}
