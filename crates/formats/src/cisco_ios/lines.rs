//! Text to lines and words, each with its place.

use diagnostics::{TextRange, printable};

/// A line without its indentation, its ending and trailing blanks.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub text: &'a str,
    pub start: usize,
    pub indent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
}

/// More words than this are no line of a configuration.
const MOST_WORDS: usize = 4096;

/// Goes through the lines of a text.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Lines { text, at }
    }

    /// Goes on behind the line in which `position` lies.
    pub fn skip_to(&mut self, position: usize) {
        let rest = self.text.as_bytes().get(position..).unwrap_or_default();
        self.at = memchr::memchr(b'\n', rest).map_or(self.text.len(), |end| position + end + 1).max(self.at);
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..end)?;
        let text = line.trim_ascii_start();
        let indent = line.len() - text.len();
        let start = self.at + indent;
        self.at = (self.at + end + 1).min(self.text.len());
        Some(Line { text: text.trim_ascii_end(), start, indent })
    }
}

impl<'a> Line<'a> {
    pub fn place(&self) -> TextRange {
        TextRange::new(self.start, self.start + self.text.len())
    }

    /// Blank, or a comment: `!` in a configuration, `#` in what a script puts around it.
    pub fn is_nothing(&self) -> bool {
        self.text.is_empty() || self.text.starts_with(['!', '#'])
    }

    /// Its words; `false` where there are more than any line has.
    pub fn words(&self, words: &mut Vec<Word<'a>>) -> bool {
        words.clear();
        let base = self.text.as_ptr() as usize;
        for word in self.text.split_ascii_whitespace() {
            if words.len() == MOST_WORDS {
                return false;
            }
            // Where a part of a text stands in it.
            let offset = word.as_ptr() as usize - base;
            words.push(Word { text: word, start: self.start + offset });
        }
        true
    }
}

impl Word<'_> {
    pub fn place(&self) -> TextRange {
        TextRange::new(self.start, self.start + self.text.len())
    }
}

/// A text from the file for messages and names of conditions, cut where it is long.
pub fn short(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", printable(&text[..end])),
        None => printable(text).into_owned(),
    }
}
