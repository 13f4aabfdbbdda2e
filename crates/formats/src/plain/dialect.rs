use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::plain::header::Column;

/// What the columns of a table are called and what its words mean: our own, or what a mapping says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Whether a mapping says it. A name that nobody explains is an object that is not in the table then, and no
    /// mistake.
    pub mapped: bool,
    /// The table's own names of columns; of a dialect without a mapping, none.
    pub columns: BTreeMap<Column, String>,
    /// Columns that decide nothing.
    pub ignored: Vec<String>,
    pub delimiter: Option<u8>,
    /// What separates the words of a list; blanks and commas where it is not said.
    pub separators: Option<String>,
    pub default_permit: bool,
    pub permit: Vec<String>,
    pub deny: Vec<String>,
    pub any: Vec<String>,
    pub yes: Vec<String>,
    pub no: Vec<String>,
    /// Names that stand for addresses, prefixes, ranges and DNS names.
    pub addresses: BTreeMap<String, Vec<String>>,
    /// Names that stand for services in our notation.
    pub services: BTreeMap<String, Vec<String>>,
}

/// The dialect of a table without a mapping.
pub static STANDARD: LazyLock<Dialect> = LazyLock::new(|| {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Dialect {
        permit: words(&["permit", "allow", "accept"]),
        deny: words(&["deny", "drop", "block", "reject"]),
        any: words(&["any"]),
        yes: words(&["yes", "true", "1"]),
        no: words(&["no", "false", "0"]),
        ..Dialect::default()
    }
});

impl Dialect {
    /// The column that the table calls `text`.
    pub fn column(&self, text: &str) -> Option<Column> {
        if !self.mapped {
            return Column::named(text);
        }
        let same = |known: &str| known.trim().eq_ignore_ascii_case(text);
        self.columns.iter().find(|(_, name)| same(name)).map(|(column, _)| *column)
    }

    pub fn ignores(&self, text: &str) -> bool {
        self.ignored.iter().any(|known| known.trim().eq_ignore_ascii_case(text))
    }

    /// How the table calls a column; `None` where it has none.
    pub fn name_of(&self, column: Column) -> Option<Cow<'_, str>> {
        if self.mapped {
            self.columns.get(&column).map(|name| name.as_str().into())
        } else {
            Some(column.name().into())
        }
    }

    /// The columns without which there is no rule.
    pub fn required(&self) -> Vec<Column> {
        let service = if self.splits_services() { Column::Protocol } else { Column::Service };
        vec![Column::Action, Column::Source, Column::Destination, service]
    }

    /// Whether protocol and ports stand in columns of their own.
    pub fn splits_services(&self) -> bool {
        self.columns.contains_key(&Column::Protocol)
    }

    pub fn is(&self, words: &[String], text: &str) -> bool {
        words.iter().any(|word| word.eq_ignore_ascii_case(text))
    }

    pub fn is_any(&self, text: &str) -> bool {
        self.is(&self.any, text)
    }

    /// What is written between the words of a list.
    pub fn joint(&self) -> &str {
        self.separators.as_deref().and_then(|all| all.get(..1)).unwrap_or(" ")
    }

    /// The first of the words that mean something.
    pub fn word(words: &[String]) -> &str {
        words.first().map_or("", String::as_str)
    }
}
