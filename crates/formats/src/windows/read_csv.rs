use diagnostics::{TextRange, printable};

use super::model::{Reading, Rule, Shape, Slot, Store};
use super::property::{Column, FILTERS, Property};
use super::records::{Record, Records};
use crate::ImportError;

/// The header of a table of rules.
pub struct Header {
    pub delimiter: u8,
    pub place: TextRange,
    pub columns: Vec<(String, Column)>,
    /// Whether its fields stand in quotes.
    pub quoted: bool,
    /// Where the first record after it begins.
    pub end: usize,
}

/// The first line that has the columns of rules: `Export-Csv` of Windows PowerShell writes a `#TYPE` line before it,
/// and spreadsheets a `sep=;` line.
pub fn header(text: &str) -> Option<Header> {
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for _ in 0..4 {
        let rest = &text[at..];
        let line = rest.lines().next()?;
        let skipped = line.trim().is_empty() || line.starts_with("#TYPE") || line.starts_with("sep=");
        if !skipped {
            break;
        }
        at += rest.find('\n')? + 1;
    }
    let mut best: Option<Header> = None;
    for delimiter in *b";,\t" {
        let mut records = Records::new(text, delimiter, at);
        let record = records.next()?;
        let columns: Vec<(String, Column)> = record
            .fields
            .iter()
            .map(|field| (field.text.trim().to_owned(), Property::column(&field.text)))
            .collect();
        let known = |columns: &[(String, Column)]| {
            columns.iter().filter(|(_, column)| *column != Column::Unknown).count()
        };
        if best.as_ref().is_none_or(|best| known(&columns) > known(&best.columns)) {
            let quoted = record.fields.first().is_some_and(|field| field.quoted);
            best = Some(Header {
                delimiter,
                place: record.place,
                columns,
                quoted,
                end: record.place.end as usize,
            });
        }
    }
    best.filter(|header| header.has(Property::Direction) && header.has(Property::Action))
}

impl Header {
    pub fn has(&self, property: Property) -> bool {
        self.columns.iter().any(|(_, column)| *column == Column::Property(property))
    }
}

pub fn read(text: &str) -> Result<Reading<'_>, ImportError> {
    let Some(header) = header(text) else {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "the first line has no columns `Direction` and `Action`",
            "export the rules with `collect.ps1`, which stands beside this format's README",
        ));
    };
    check_filters(header.place, |property| header.has(property))?;
    let mut reading = Reading::new(Shape::Csv);
    reading.understood(header.place);
    let missing: Vec<&str> =
        FILTERS.iter().filter(|property| !header.has(**property)).map(|property| property.name()).collect();
    if !missing.is_empty() {
        reading.problem(
            header.place,
            format!("columns are missing: {}; every rule may be narrower than it looks", missing.join(", ")),
            "export the rules with `collect.ps1`, which joins all filters",
        );
    }
    for record in Records::new(text, header.delimiter, header.end) {
        if record.fields.iter().all(|field| field.text.trim().is_empty()) {
            reading.irrelevant(record.place, "a row of empty fields");
            continue;
        }
        let rule = row(&header, record);
        reading.rules.push(rule);
    }
    Ok(reading)
}

fn row<'t>(header: &Header, record: Record<'t>) -> Rule<'t> {
    let mut rule = Rule::new(record.place, record.place);
    let count = record.count;
    for (field, (name, column)) in record.fields.into_iter().zip(&header.columns) {
        if field.broken {
            rule.strange =
                Some(("a quote in the row is not closed where a field ends".to_owned(), field.place));
        }
        match column {
            Column::Property(property) => {
                if matches!(property, Property::DisplayName | Property::Name) && !field.text.is_empty() {
                    rule.head = field.place;
                }
                rule.set(*property, Slot::Text(field.text, field.place));
            }
            Column::Irrelevant => {}
            Column::Unknown => unknown(&mut rule, name, &field.text, field.place),
        }
    }
    if count != header.columns.len() {
        let what = format!("the row has {count} fields, and the header {}", header.columns.len());
        rule.strange = Some((what, rule.place));
    }
    set_store(&mut rule);
    rule
}

/// A column that is no property of rules may say anything of them, unless it says nothing.
pub fn unknown(rule: &mut Rule<'_>, name: &str, text: &str, place: TextRange) {
    let text = text.trim();
    let says_nothing =
        ["", "Any", "False", "NotRequired", "NotApplicable", "NotConfigured", "0", "null", "{}"];
    if !says_nothing.iter().any(|nothing| text.eq_ignore_ascii_case(nothing)) && rule.strange.is_none() {
        let what = format!(
            "property `{}` of a rule is not known: it may change what the rule does",
            printable(name)
        );
        rule.strange = Some((what, place));
    }
}

/// Where a rule comes from, by what the cmdlets say of its store.
pub fn set_store(rule: &mut Rule<'_>) {
    let source = rule.text(Property::PolicyStoreSourceType).unwrap_or_default();
    let is = |words: &[&str]| words.iter().any(|word| source.eq_ignore_ascii_case(word));
    rule.store = if is(&["Local", "1"]) {
        Store::Local
    } else if is(&["GroupPolicy", "2", "MDM", "Mdm"]) {
        Store::Policy
    } else {
        match rule.text(Property::PolicyStoreSource) {
            Some(store) if source.is_empty() && store.eq_ignore_ascii_case("PersistentStore") => Store::Local,
            _ => Store::Unknown,
        }
    };
}

/// `Get-NetFirewallRule` by itself has no ports, addresses or programs: they are in filters of their own.
pub fn check_filters(place: TextRange, has: impl Fn(Property) -> bool) -> Result<(), ImportError> {
    let joined = [Property::Protocol, Property::LocalPort, Property::RemotePort, Property::RemoteAddress];
    if joined.iter().any(|property| has(*property)) {
        return Ok(());
    }
    Err(ImportError::new(
        place,
        "the rules are without protocol, ports and addresses, as `Get-NetFirewallRule` alone gives them",
        "export them with `collect.ps1`, which joins the filters: `powershell -ExecutionPolicy Bypass -File collect.ps1 -Path rules.json`",
    ))
}
