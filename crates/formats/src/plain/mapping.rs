use std::collections::BTreeMap;

use diagnostics::{TextRange, printable};
use serde::Deserialize;

use crate::ImportError;
use crate::plain::dialect::{Dialect, STANDARD};
use crate::plain::header::Column;
use crate::plain::records::Word;
use crate::plain::values::{self, Endpoint};

/// Reads a mapping. What is wrong with it is said with its line, at the start of the table: places are in the table.
pub fn read(mapping: &str) -> Result<Dialect, ImportError> {
    let file: File = toml::from_str(mapping).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| 1 + mapping.get(..span.start).map_or(0, |head| head.matches('\n').count()));
        wrong(format!("line {line}: {}", error.message().replace('\n', ", ")))
    })?;
    let mut columns = BTreeMap::new();
    for (name, title) in &file.columns {
        let column =
            Column::of_mapping(name).ok_or_else(|| wrong(format!("`{}` is no column", printable(name))))?;
        columns.insert(column, title.clone());
    }
    let has = |column| columns.contains_key(&column);
    if has(Column::Service) == has(Column::Protocol) {
        return Err(wrong("it needs either `service` or `protocol` among its columns".to_owned()));
    }
    if has(Column::Port) && !has(Column::Protocol) {
        return Err(wrong("`port` stands beside `protocol`, not beside `service`".to_owned()));
    }
    let delimiter = match file.table.delimiter.as_deref().map(str::as_bytes) {
        None => None,
        Some([one]) if !matches!(one, b'"' | b'\n' | b'\r' | b'#') && one.is_ascii() => Some(*one),
        Some(_) => return Err(wrong("`delimiter` is one character: `,`, `;` or a tab".to_owned())),
    };
    if file.table.lists.as_deref().is_some_and(|all| all.is_empty() || !all.is_ascii()) {
        return Err(wrong("`lists` holds the characters between the words of a list".to_owned()));
    }
    let default_permit = match file.table.default.as_deref() {
        None | Some("deny") => false,
        Some("permit") => true,
        Some(other) => {
            return Err(wrong(format!("`default` is `permit` or `deny`, and not `{}`", printable(other))));
        }
    };
    let or =
        |words: Vec<String>, standard: &[String]| if words.is_empty() { standard.to_vec() } else { words };
    let dialect = Dialect {
        mapped: true,
        columns,
        ignored: file.ignore,
        delimiter,
        separators: file.table.lists,
        default_permit,
        permit: or(file.words.permit, &STANDARD.permit),
        deny: or(file.words.deny, &STANDARD.deny),
        any: or(file.words.any, &STANDARD.any),
        yes: or(file.words.yes, &STANDARD.yes),
        no: or(file.words.no, &STANDARD.no),
        addresses: file.addresses,
        services: file.services,
    };
    checked(dialect)
}

/// Objects that say nothing would be found out only where a rule uses them.
fn checked(dialect: Dialect) -> Result<Dialect, ImportError> {
    let word = |text| Word { text, place: TextRange::default() };
    for (name, members) in &dialect.addresses {
        for member in members {
            let read = values::endpoint(word(member), &STANDARD);
            if !matches!(read, Ok(Endpoint::Addresses(_) | Endpoint::Name(_))) {
                return Err(wrong(format!("`{}` in `{}` is no address", printable(member), printable(name))));
            }
        }
    }
    for (name, members) in &dialect.services {
        if let Some(member) = members.iter().find(|member| values::service(member).is_none()) {
            return Err(wrong(format!("`{}` in `{}` is no service", printable(member), printable(name))));
        }
    }
    Ok(dialect)
}

fn wrong(what: String) -> ImportError {
    let help = "correct the mapping beside the table; the README of `plain` has an example";
    ImportError::new(TextRange::default(), format!("the mapping cannot be used: {what}"), help)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    columns: BTreeMap<String, String>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    table: Table,
    #[serde(default)]
    words: Words,
    #[serde(default)]
    addresses: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    services: BTreeMap<String, Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    delimiter: Option<String>,
    lists: Option<String>,
    default: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Words {
    permit: Vec<String>,
    deny: Vec<String>,
    any: Vec<String>,
    yes: Vec<String>,
    no: Vec<String>,
}
