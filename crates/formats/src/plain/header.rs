use diagnostics::TextRange;

use crate::ImportError;
use crate::plain::dialect::Dialect;
use crate::plain::records::{Record, Records, Word, line_ending};
use crate::plain::values::shown;

/// The first record: which column stands where, and what separates them.
pub struct Header<'t> {
    pub place: TextRange,
    pub delimiter: u8,
    /// The line ending behind the header, which new rows get too.
    pub line_ending: &'static str,
    /// Each column as the file calls it, and which one that is, if any.
    pub columns: Vec<(Option<Column>, Word<'t>)>,
    /// Where each known column stands.
    positions: [Option<usize>; COLUMNS.len()],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Name,
    Action,
    Source,
    Destination,
    Service,
    SourcePort,
    InInterface,
    OutInterface,
    Enabled,
    Log,
    Comment,
    /// With a mapping only, in place of `Service`.
    Protocol,
    /// With a mapping only, beside `Protocol`.
    Port,
}

/// Every column there is, in the order of [`Column`], which is the one in which they are written.
const COLUMNS: [(Column, &str); 13] = [
    (Column::Name, "name"),
    (Column::Action, "action"),
    (Column::Source, "source"),
    (Column::Destination, "destination"),
    (Column::Service, "service"),
    (Column::SourcePort, "source_port"),
    (Column::InInterface, "in_interface"),
    (Column::OutInterface, "out_interface"),
    (Column::Enabled, "enabled"),
    (Column::Log, "log"),
    (Column::Comment, "comment"),
    (Column::Protocol, "protocol"),
    (Column::Port, "port"),
];

/// A first line with more columns is no header.
const MOST_COLUMNS: usize = 1_000;

impl Column {
    pub fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }

    /// By its name in any case; `Source Port` and `source-port` are `source_port`.
    pub fn named(text: &str) -> Option<Self> {
        let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b) || a == b'_' && matches!(b, b' ' | b'-');
        let is =
            |name: &str| name.len() == text.len() && name.bytes().zip(text.bytes()).all(|(a, b)| same(a, b));
        let with_mapping = |column| matches!(column, Column::Protocol | Column::Port);
        COLUMNS.iter().find(|(column, name)| is(name) && !with_mapping(*column)).map(|(column, _)| *column)
    }

    /// By the key that a mapping gives it.
    pub fn of_mapping(key: &str) -> Option<Self> {
        COLUMNS.iter().find(|(_, name)| *name == key).map(|(column, _)| *column)
    }
}

impl<'t> Header<'t> {
    /// Reads the header of `text`, separated by the first of comma, semicolon and tab that gives the required columns.
    pub fn read(text: &'t str, dialect: &Dialect) -> Result<Self, ImportError> {
        let mut closest: Option<Header> = None;
        let delimiters = dialect.delimiter.map_or(vec![b',', b';', b'\t'], |delimiter| vec![delimiter]);
        for delimiter in delimiters {
            let Some(record) = Records::new(text, delimiter, MOST_COLUMNS).next() else { break };
            let header = Self::of(text, delimiter, &record?, dialect);
            let missing = header.missing(dialect).len();
            if missing == 0 {
                return header.without_doubles();
            }
            if closest.as_ref().is_none_or(|closest| missing < closest.missing(dialect).len()) {
                closest = Some(header);
            }
        }
        let place = closest.as_ref().map_or(TextRange::new(0, text.len()), |header| header.place);
        let message =
            closest.map_or("there is no header".to_owned(), |header| header.what_is_missing(dialect));
        let help = match dialect.mapped {
            true => "correct the names under `[columns]` in the mapping",
            false => "a header looks like `name,action,source,destination,service`",
        };
        Err(ImportError::new(place, message, help))
    }

    fn of(text: &'t str, delimiter: u8, record: &Record<'t>, dialect: &Dialect) -> Self {
        let behind = text.get(record.place.end as usize..).map_or("", line_ending);
        let fields = if record.count > MOST_COLUMNS { &[][..] } else { &record.fields };
        let columns: Vec<_> =
            fields.iter().map(|field| (dialect.column(field.word.text), field.word)).collect();
        let position = |wanted| columns.iter().position(|(column, _)| *column == Some(wanted));
        Header {
            place: record.place,
            delimiter,
            line_ending: if behind.is_empty() { "\n" } else { behind },
            positions: COLUMNS.map(|(column, _)| position(column)),
            columns,
        }
    }

    /// Where a column stands; `None` where the file does not have it.
    pub fn position(&self, column: Column) -> Option<usize> {
        self.positions[column as usize]
    }

    /// The columns that say nothing to us.
    pub fn unknown(&self) -> impl Iterator<Item = Word<'t>> {
        self.columns.iter().filter(|(known, _)| known.is_none()).map(|(_, word)| *word)
    }

    fn missing(&self, dialect: &Dialect) -> Vec<Column> {
        dialect.required().into_iter().filter(|column| self.position(*column).is_none()).collect()
    }

    fn what_is_missing(&self, dialect: &Dialect) -> String {
        let name = |column: &Column| dialect.name_of(*column).unwrap_or(column.name().into()).into_owned();
        let names: Vec<String> =
            self.missing(dialect).iter().map(|column| format!("`{}`", shown(&name(column)))).collect();
        match names.as_slice() {
            [others @ .., last] if !others.is_empty() => {
                format!("the header lacks the columns {} and {last}", others.join(", "))
            }
            _ => format!("the header lacks the column {}", names.concat()),
        }
    }

    fn without_doubles(self) -> Result<Self, ImportError> {
        for (at, (column, word)) in self.columns.iter().enumerate() {
            if let Some(column) = column
                && self.position(*column) != Some(at)
            {
                let message = format!("the header has the column `{}` twice", column.name());
                return Err(ImportError::new(word.place, message, "remove or rename one of the two"));
            }
        }
        Ok(self)
    }
}

/// The columns of a new file: the name, the required ones, and those that are `used`; of a mapping, all that it has.
pub fn columns_of_new_file(dialect: &Dialect, used: impl Fn(Column) -> bool) -> Vec<Column> {
    let required = dialect.required();
    let always = |column| column == Column::Name || required.contains(&column);
    let wanted = |column: &Column| match dialect.mapped {
        true => dialect.columns.contains_key(column),
        false => always(*column) || used(*column),
    };
    COLUMNS.iter().map(|(column, _)| *column).filter(wanted).collect()
}
