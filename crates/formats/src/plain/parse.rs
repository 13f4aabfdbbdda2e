use std::borrow::Cow;

use diagnostics::TextRange;
use space::protocol;

use crate::plain::dialect::Dialect;
use crate::plain::header::{Column, Header};
use crate::plain::records::{Field, Record, Records, Word};
use crate::plain::values::{self, Endpoint, Service, shown};
use crate::{ImportError, Problem};

/// A table of rules in the file's own words.
pub struct Table<'t> {
    pub header: Header<'t>,
    pub rows: Vec<Row<'t>>,
}

/// What follows the header, in the order of the file.
pub enum Row<'t> {
    /// Delimiters and nothing else.
    Empty(TextRange),
    Rule(Box<Rule<'t>>),
}

/// One row that says something.
pub struct Rule<'t> {
    pub place: TextRange,
    /// Empty where the file gives none.
    pub name: Cow<'t, str>,
    pub comment: Cow<'t, str>,
    pub enabled: bool,
    pub logs: bool,
    /// `None` where some of it is not understood; `problems` says what.
    pub meaning: Option<Meaning<'t>>,
    pub problems: Vec<Problem>,
    /// The column and the value, where a column that is not known has one.
    pub unknown: Vec<(Word<'t>, Word<'t>)>,
}

/// What a row matches and does. A list is a union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning<'t> {
    pub permit: bool,
    pub source: Vec<Endpoint<'t>>,
    pub destination: Vec<Endpoint<'t>>,
    pub services: Vec<Service>,
    /// Services by names that nobody explains.
    pub unknown_services: Vec<Word<'t>>,
    /// `None` is any; the same for the interfaces.
    pub source_ports: Option<Vec<(u16, u16)>>,
    pub in_interfaces: Option<Vec<&'t str>>,
    pub out_interfaces: Option<Vec<&'t str>>,
}

/// Reads a whole file. An error is one that leaves no table: a header that is none, a quote that is never closed.
pub fn parse<'t>(text: &'t str, dialect: &'t Dialect) -> Result<Table<'t>, ImportError> {
    let header = Header::read(text, dialect)?;
    let mut rows = Vec::new();
    for record in Records::new(text, header.delimiter, header.columns.len()).skip(1) {
        let record = record?;
        rows.push(if record.is_empty {
            Row::Empty(record.place)
        } else {
            Row::Rule(Box::new(rule(&header, &record, dialect)))
        });
    }
    Ok(Table { header, rows })
}

fn rule<'t>(header: &Header<'t>, record: &Record<'t>, dialect: &'t Dialect) -> Rule<'t> {
    let row = Cells { header, record, dialect };
    let text = |column| row.filled(column).map_or(Cow::Borrowed(""), Field::value);
    let mut rule = Rule {
        place: record.place,
        name: text(Column::Name),
        comment: text(Column::Comment),
        enabled: true,
        logs: false,
        meaning: None,
        problems: row.problems_of_shape(),
        unknown: row.unknown(),
    };
    // A value may stand in another's column: not even `enabled` can be believed.
    if !rule.problems.is_empty() {
        return rule;
    }
    let enabled = keep(
        row.filled(Column::Enabled).map_or(Ok(true), |field| values::yes(field.word, dialect)),
        &mut rule.problems,
    );
    rule.enabled = enabled.unwrap_or(true);
    rule.meaning = row.meaning(&mut rule.problems).filter(|_| enabled.is_some());
    // Whether a rule logs decides nothing, so one that says it badly is understood all the same.
    let logs = keep(
        row.filled(Column::Log).map_or(Ok(false), |field| values::yes(field.word, dialect)),
        &mut rule.problems,
    );
    rule.logs = logs.unwrap_or(false);
    rule
}

/// The value, or a note of the problem.
fn keep<T>(read: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// A record, by the columns of the header.
#[derive(Clone, Copy)]
struct Cells<'a, 't> {
    header: &'a Header<'t>,
    record: &'a Record<'t>,
    dialect: &'t Dialect,
}

impl<'a, 't> Cells<'a, 't> {
    /// The field of a column, where there is one and something in it.
    fn filled(self, column: Column) -> Option<&'a Field<'t>> {
        let field = self.record.fields.get(self.header.position(column)?)?;
        (!field.word.text.is_empty()).then_some(field)
    }

    /// The field of a column that must say something; commas alone say nothing.
    fn required(self, column: Column) -> Result<&'a Field<'t>, Problem> {
        self.filled(column).filter(|field| field.words(self.dialect).next().is_some()).ok_or_else(|| {
            Problem {
                place: self.record.place,
                message: format!("the rule has no {}", column.name()),
                help: format!("fill in `{}`", column.name()),
            }
        })
    }

    /// Why it is not sure that each value stands in its own column.
    fn problems_of_shape(self) -> Vec<Problem> {
        let strays = self.record.fields.iter().filter_map(|field| field.stray).map(|stray| Problem {
            place: stray,
            message: "text follows a closing quote".to_owned(),
            help: "quote the whole field, and write a quote in it twice".to_owned(),
        });
        let (found, wanted) = (self.record.count, self.header.columns.len());
        let length = (found != wanted).then(|| Problem {
            place: self.record.place,
            message: format!("the row has {found} fields, and the header {wanted}"),
            help: "give the row a field for each column, and quote a field with a delimiter in it".to_owned(),
        });
        strays.chain(length).collect()
    }

    /// What the row says, if all of it is understood. Each field that is not leaves a problem.
    fn meaning(self, problems: &mut Vec<Problem>) -> Option<Meaning<'t>> {
        let dialect = self.dialect;
        let action = self.required(Column::Action).and_then(|field| values::action(field.word, dialect));
        let permit = keep(action, problems);
        let endpoints = |column| self.required(column).and_then(|field| values::endpoints(field, dialect));
        let source = keep(endpoints(Column::Source), problems);
        let destination = keep(endpoints(Column::Destination), problems);
        let services = keep(self.services(), problems);
        let ports = |field| values::ports(field, dialect);
        let source_ports = keep(self.filled(Column::SourcePort).map_or(Ok(None), ports), problems);
        let interfaces =
            |column| self.filled(column).map_or(Ok(None), |field| values::interfaces(field, dialect));
        let in_interfaces = keep(interfaces(Column::InInterface), problems);
        let out_interfaces = keep(interfaces(Column::OutInterface), problems);
        let (services, unknown_services) =
            services.map_or((None, Vec::new()), |(known, unknown)| (Some(known), unknown));
        let meaning = Meaning {
            permit: permit?,
            source: source?,
            destination: destination?,
            services: services?,
            unknown_services,
            source_ports: source_ports?,
            in_interfaces: in_interfaces?,
            out_interfaces: out_interfaces?,
        };
        keep(self.check_source_ports(&meaning), problems)?;
        Some(meaning)
    }

    fn services(self) -> Result<(Vec<Service>, Vec<Word<'t>>), Problem> {
        if !self.dialect.splits_services() {
            return self.required(Column::Service).and_then(|field| values::services(field, self.dialect));
        }
        let protocol = self.required(Column::Protocol)?;
        let services = values::protocols_and_ports(protocol, self.filled(Column::Port), self.dialect)?;
        Ok((services, Vec::new()))
    }

    /// `icmp` from port 53 is no packet, and `any` from port 53 could mean several things.
    fn check_source_ports(self, meaning: &Meaning) -> Result<(), Problem> {
        let ported = |service: &Service| (service.protocols.0..=service.protocols.1).all(protocol::has_ports);
        if meaning.source_ports.is_none() || meaning.services.iter().all(ported) {
            return Ok(());
        }
        let field = self.required(Column::SourcePort)?;
        Err(Problem {
            place: field.word.place,
            message: format!("`{}` is a source port for a service without ports", shown(field.word.text)),
            help: "give source ports to services like `tcp` or `udp/53` only".to_owned(),
        })
    }

    fn unknown(self) -> Vec<(Word<'t>, Word<'t>)> {
        let cells = self.header.columns.iter().zip(&self.record.fields);
        let values = cells.filter(|((known, column), field)| {
            known.is_none() && !field.word.text.is_empty() && !self.dialect.ignores(column.text)
        });
        values.map(|((_, column), field)| (*column, field.word)).collect()
    }
}
