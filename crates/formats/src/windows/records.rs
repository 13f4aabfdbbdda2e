use std::borrow::Cow;

use diagnostics::TextRange;

/// The records of a CSV text as `Export-Csv` and spreadsheets write it (RFC 4180, any delimiter), with their places.
pub struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    at: usize,
}

pub struct Record<'t> {
    /// Without the line ending.
    pub place: TextRange,
    /// The first of them: a line may have millions, and no table of rules has more columns.
    pub fields: Vec<Field<'t>>,
    /// How many there are in all.
    pub count: usize,
}

const FIELD_LIMIT: usize = 500;

pub struct Field<'t> {
    pub text: Cow<'t, str>,
    /// What stands between the quotes, or the delimiters.
    pub place: TextRange,
    pub quoted: bool,
    /// Whether a quote in it is never closed, or something follows the closing one.
    pub broken: bool,
}

impl<'t> Records<'t> {
    pub fn new(text: &'t str, delimiter: u8, at: usize) -> Self {
        Records { text, delimiter, at }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn field(&mut self) -> Field<'t> {
        let bytes = self.text.as_bytes();
        if self.byte() != Some(b'"') {
            let start = self.at;
            let length = memchr::memchr3(self.delimiter, b'\r', b'\n', &bytes[start..]);
            self.at = length.map_or(bytes.len(), |length| start + length);
            let place = TextRange::new(start, self.at);
            let text = Cow::Borrowed(&self.text[start..self.at]);
            return Field { text, place, quoted: false, broken: false };
        }
        let start = self.at + 1;
        let mut doubled = false;
        let mut end = start;
        let closed = loop {
            match memchr::memchr(b'"', &bytes[end..]) {
                None => {
                    end = bytes.len();
                    break false;
                }
                Some(length) => end += length,
            }
            if bytes.get(end + 1) == Some(&b'"') {
                doubled = true;
                end += 2;
            } else {
                break true;
            }
        };
        let inner = &self.text[start..end];
        let text = if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
        self.at = if closed { end + 1 } else { end };
        let behind = self.at;
        let length = memchr::memchr3(self.delimiter, b'\r', b'\n', &bytes[behind..]);
        self.at = length.map_or(bytes.len(), |length| behind + length);
        let stray = !self.text[behind..self.at].trim().is_empty();
        Field { text, place: TextRange::new(start, end), quoted: true, broken: !closed || stray }
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Record<'t>;

    /// The next record; blank lines are none.
    fn next(&mut self) -> Option<Record<'t>> {
        while let Some(b'\r' | b'\n') = self.byte() {
            self.at += 1;
        }
        self.byte()?;
        let start = self.at;
        let mut fields = Vec::new();
        let mut count = 0;
        loop {
            let field = self.field();
            if fields.len() < FIELD_LIMIT {
                fields.push(field);
            }
            count += 1;
            if self.byte() == Some(self.delimiter) {
                self.at += 1;
            } else {
                break;
            }
        }
        Some(Record { place: TextRange::new(start, self.at), fields, count })
    }
}
