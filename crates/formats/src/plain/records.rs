use std::borrow::Cow;

use diagnostics::TextRange;

use crate::ImportError;
use crate::plain::dialect::Dialect;

/// The records of a CSV text, one after the other, with the place of every field.
///
/// CSV is what RFC 4180 says, and what people write by hand: blanks around a field do not count, any line ending ends
/// a record, and blank lines and lines that begin with `#` are no records. The `csv` crate reads the same fields (the
/// tests compare), but does not say where in the file they stand, nor that a quote is never closed.
pub struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    most_fields: usize,
    at: usize,
}

/// One line, or several where a quoted field goes over their ends.
pub struct Record<'t> {
    /// Without the line ending.
    pub place: TextRange,
    /// The first of them; a line may have millions, and no table needs more than its header has.
    pub fields: Vec<Field<'t>>,
    /// How many there are in all.
    pub count: usize,
    /// Whether nothing stands in any of them, as in the rows that spreadsheets write below a table.
    pub is_empty: bool,
}

pub struct Field<'t> {
    /// What stands in the field, without the blanks and the quotes around it.
    pub word: Word<'t>,
    pub quoted: bool,
    /// What follows the closing quote and does not belong there.
    pub stray: Option<TextRange>,
}

/// A piece of the file, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'t> {
    pub text: &'t str,
    pub place: TextRange,
}

impl<'t> Records<'t> {
    /// Of each record, the first `most_fields` fields are kept.
    pub fn new(text: &'t str, delimiter: u8, most_fields: usize) -> Self {
        Records { text, delimiter, most_fields, at: 0 }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// To the start of the next line that holds a record; `false` at the end of the text.
    fn skip_lines_without_record(&mut self) -> bool {
        loop {
            let first = self.after_blanks(self.at);
            match self.byte(first) {
                None => return false,
                Some(b'#') => self.at = self.after_line_ending(self.line_end(first)),
                Some(b'\r' | b'\n') => self.at = self.after_line_ending(first),
                Some(_) => return true,
            }
        }
    }

    /// Reads the field at `self.at` and stops at the delimiter or line ending behind it.
    fn field(&mut self) -> Result<Field<'t>, ImportError> {
        let first = self.after_blanks(self.at);
        if self.byte(first) != Some(b'"') {
            let start = self.at;
            self.at = self.field_end(start);
            return Ok(Field { word: self.trimmed(start, self.at), quoted: false, stray: None });
        }
        let close = self.closing_quote(first)?;
        self.at = self.field_end(close + 1);
        let behind = self.trimmed(close + 1, self.at);
        let stray = (!behind.text.is_empty()).then_some(behind.place);
        Ok(Field { word: self.trimmed(first + 1, close), quoted: true, stray })
    }

    /// The quote that closes the one at `open`. Two quotes in a row are one quote of the field.
    fn closing_quote(&self, open: usize) -> Result<usize, ImportError> {
        let mut at = open + 1;
        while let Some(length) = memchr::memchr(b'"', &self.text.as_bytes()[at..]) {
            at += length;
            if self.byte(at + 1) != Some(b'"') {
                return Ok(at);
            }
            at += 2;
        }
        Err(ImportError::new(
            TextRange::new(open, open + 1),
            "the quote is never closed",
            "close it, or export the file again if it was cut off",
        ))
    }

    fn trimmed(&self, start: usize, end: usize) -> Word<'t> {
        let text = &self.text[start..end];
        let start = start + text.len() - text.trim_start().len();
        let text = text.trim();
        Word { text, place: TextRange::new(start, start + text.len()) }
    }

    fn after_blanks(&self, at: usize) -> usize {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t') && *byte != self.delimiter;
        at + self.text.as_bytes()[at..].iter().take_while(|byte| blank(byte)).count()
    }

    fn field_end(&self, at: usize) -> usize {
        let end = memchr::memchr3(self.delimiter, b'\r', b'\n', &self.text.as_bytes()[at..]);
        end.map_or(self.text.len(), |length| at + length)
    }

    fn line_end(&self, at: usize) -> usize {
        let end = memchr::memchr2(b'\r', b'\n', &self.text.as_bytes()[at..]);
        end.map_or(self.text.len(), |length| at + length)
    }

    fn after_line_ending(&self, at: usize) -> usize {
        at + line_ending(&self.text[at..]).len()
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<Record<'t>, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.skip_lines_without_record() {
            return None;
        }
        let start = self.at;
        let (mut fields, mut count, mut is_empty) = (Vec::with_capacity(8), 0, true);
        loop {
            match self.field() {
                Ok(field) => {
                    count += 1;
                    is_empty &= field.word.text.is_empty() && field.stray.is_none();
                    if count <= self.most_fields {
                        fields.push(field);
                    }
                }
                Err(error) => {
                    self.at = self.text.len();
                    return Some(Err(error));
                }
            }
            if self.byte(self.at) != Some(self.delimiter) {
                break;
            }
            self.at += 1;
        }
        let place = TextRange::new(start, self.at);
        self.at = self.after_line_ending(self.at);
        Some(Ok(Record { place, fields, count, is_empty }))
    }
}

impl<'t> Field<'t> {
    /// The value, with two quotes in a row read as one.
    pub fn value(&self) -> Cow<'t, str> {
        if self.quoted && self.word.text.contains('"') {
            self.word.text.replace("\"\"", "\"").into()
        } else {
            self.word.text.into()
        }
    }

    /// The words of a list. Blanks separate them, and commas, which need quotes around the field; or what a mapping says.
    pub fn words<'d>(&self, dialect: &'d Dialect) -> impl Iterator<Item = Word<'t>> + use<'t, 'd> {
        let mut next = self.word.place.start as usize;
        let separators = dialect.separators.as_deref().unwrap_or(" \t\r\n,");
        self.word.text.split(move |c| separators.contains(c)).filter_map(move |piece| {
            let start = next + (piece.len() - piece.trim_start().len());
            next += piece.len() + 1;
            let text = piece.trim();
            (!text.is_empty()).then_some(Word { text, place: TextRange::new(start, start + text.len()) })
        })
    }
}

/// The line ending with which `text` begins: `\r\n`, `\n`, `\r`, or nothing.
pub fn line_ending(text: &str) -> &'static str {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => "\r\n",
        [b'\n', ..] => "\n",
        [b'\r', ..] => "\r",
        _ => "",
    }
}
