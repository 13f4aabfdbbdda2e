use std::collections::BTreeMap;
use std::fmt::Display;

use csv::{Terminator, WriterBuilder};
use space::{
    AddressSet, Conditions, Coordinate, IntervalSet, NameSet, Region, Set, Side, SymbolKind, protocol,
};

use crate::plain::dialect::Dialect;
use crate::plain::header::{Column, columns_of_new_file};
use crate::plain::records::Word;
use crate::plain::values::{self, Endpoint, is_interface, is_name, shown};
use crate::{NewRule, Refusal, RuleListing};

/// The fields of one row that are not empty.
pub type Cells = BTreeMap<Column, String>;

/// Writes a whole file: a header with the columns that are needed, a row for each rule, and a default where it is not
/// the one that a file without gets.
pub fn emit(listing: &RuleListing, dialect: &Dialect) -> Result<String, Refusal> {
    let rules = listing.rules.iter();
    let mut rows = rules.map(|rule| cells(rule, dialect)).collect::<Result<Vec<Cells>, Refusal>>()?;
    if listing.default_permit != dialect.default_permit || rows.is_empty() {
        rows.push(default_row(listing.default_permit, dialect));
    }
    let columns = columns_of_new_file(dialect, |column| rows.iter().any(|row| row.contains_key(&column)));
    let missing = |column: &&Column| **column != Column::Name && !columns.contains(column);
    if let Some(column) = rows.iter().flat_map(Cells::keys).find(missing) {
        return Err(without_column(*column));
    }
    let title = |column: Column| dialect.name_of(column).unwrap_or(column.name().into()).into_owned();
    rows.insert(0, columns.iter().map(|column| (*column, title(*column))).collect());
    let delimiter = dialect.delimiter.unwrap_or(b',');
    Ok(write_rows(&rows, &columns.into_iter().map(Some).collect::<Vec<_>>(), delimiter, "\n"))
}

/// Rows as text, each with its line ending, the fields in the order of `columns`. What has no column is not written.
pub fn write_rows(rows: &[Cells], columns: &[Option<Column>], delimiter: u8, line_ending: &str) -> String {
    let terminator = match line_ending {
        "\r\n" => Terminator::CRLF,
        "\r" => Terminator::Any(b'\r'),
        _ => Terminator::Any(b'\n'),
    };
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(terminator)
        .comment(Some(b'#'))
        .from_writer(Vec::new());
    for row in rows {
        let field =
            |column: &Option<Column>| column.and_then(|column| row.get(&column)).map_or("", String::as_str);
        writer.write_record(columns.iter().map(field)).expect("every row has a field for each column");
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error()).expect("memory takes every byte");
    String::from_utf8(bytes).expect("fields and delimiters are UTF-8")
}

/// The row that decides what no rule does.
pub fn default_row(permit: bool, dialect: &Dialect) -> Cells {
    let any = || Dialect::word(&dialect.any).to_owned();
    let service = if dialect.splits_services() { Column::Protocol } else { Column::Service };
    Cells::from([
        (Column::Name, "default".to_owned()),
        (Column::Action, action(permit, dialect)),
        (Column::Source, any()),
        (Column::Destination, any()),
        (service, any()),
    ])
}

/// A rule as a row, or what of it a row cannot say.
pub fn cells(rule: &NewRule, dialect: &Dialect) -> Result<Cells, Refusal> {
    let region = &rule.region;
    if region.is_empty() {
        let message = format!("the rule `{}` matches nothing", shown(&rule.name));
        return Err(Refusal::new(message, "leave it out"));
    }
    let (source_name, destination_name) = names(&region.conditions)?;
    let mut cells = Cells::from([
        (Column::Name, name(&rule.name)),
        (Column::Action, action(rule.permit, dialect)),
        (Column::Source, endpoints(&region.source, source_name, dialect)?),
        (Column::Destination, endpoints(&region.destination, destination_name, dialect)?),
    ]);
    cells.extend(services(region, dialect)?);
    if !region.source_port.is_any() {
        cells.insert(Column::SourcePort, ports(&region.source_port).join(dialect.joint()));
    }
    for (column, names) in
        [(Column::InInterface, &region.in_interface), (Column::OutInterface, &region.out_interface)]
    {
        if !names.is_any() {
            cells.insert(column, interfaces(names, dialect)?);
        }
    }
    Ok(cells)
}

fn action(permit: bool, dialect: &Dialect) -> String {
    Dialect::word(if permit { &dialect.permit } else { &dialect.deny }).to_owned()
}

/// The name in one line. `default` has a meaning of its own.
fn name(name: &str) -> String {
    let words: Vec<&str> =
        name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let name = words.join(" ");
    if name.eq_ignore_ascii_case("default") { format!("{name} rule") } else { name }
}

/// The DNS names of source and destination, if the conditions say that and nothing more.
fn names(conditions: &Conditions) -> Result<(Option<&str>, Option<&str>), Refusal> {
    // The narrowest name comes last, and implies the wildcards above it.
    let narrowest = |side| {
        let names = conditions
            .iter()
            .filter(|(symbol, held)| *held && symbol.side == side && symbol.kind == SymbolKind::Name);
        names.last().map(|(symbol, _)| &*symbol.name)
    };
    let named =
        |side, name: Option<&str>| name.map_or_else(Conditions::none, |name| Conditions::named(side, name));
    let (source, destination) = (narrowest(Side::Source), narrowest(Side::Destination));
    let written = named(Side::Source, source).and(&named(Side::Destination, destination)).unwrap_or_default();
    match conditions.iter().find(|(symbol, held)| written.get(symbol) != Some(*held)) {
        None => Ok((source, destination)),
        Some((symbol, _)) => Err(Refusal::new(
            format!("a condition on the {} `{}` cannot be written", symbol.kind.noun(), shown(&symbol.name)),
            "use addresses, or one DNS name for the source and one for the destination",
        )),
    }
}

fn endpoints(addresses: &AddressSet, name: Option<&str>, dialect: &Dialect) -> Result<String, Refusal> {
    let Some(name) = name else {
        let object = object(addresses, dialect).map(str::to_owned);
        return Ok(object.unwrap_or_else(|| address_words(addresses, dialect).join(dialect.joint())));
    };
    if !is_name(name) {
        let message = format!("`{}` cannot be written: it is no DNS name with a dot", shown(name));
        return Err(Refusal::new(message, "use the full name, or its addresses"));
    }
    if !addresses.is_any() {
        let message = format!("`{}` at certain addresses only cannot be written", shown(name));
        return Err(Refusal::new(message, "use the name or the addresses"));
    }
    Ok(name.to_owned())
}

/// The object that stands for exactly these addresses.
fn object<'d>(addresses: &AddressSet, dialect: &'d Dialect) -> Option<&'d str> {
    let read = |member: &String| {
        let word = Word { text: member, place: diagnostics::TextRange::default() };
        match values::endpoint(word, dialect) {
            Ok(Endpoint::Addresses(set)) => Some(set),
            _ => None,
        }
    };
    let same = |members: &Vec<String>| {
        let sets = members.iter().map(read).collect::<Option<Vec<AddressSet>>>();
        sets.is_some_and(|sets| AddressSet::union_of(&sets) == *addresses)
    };
    dialect.addresses.iter().find(|(_, members)| same(members)).map(|(name, _)| name.as_str())
}

fn address_words(addresses: &AddressSet, dialect: &Dialect) -> Vec<String> {
    if addresses.is_any() {
        return vec![Dialect::word(&dialect.any).to_owned()];
    }
    let words = addresses.ranges().map(|(low, high)| {
        let range = AddressSet::range(low, high);
        match range.prefixes().as_slice() {
            _ if low == high => low.to_string(),
            _ if range == AddressSet::any_v4() => "any4".to_owned(),
            _ if range == AddressSet::any_v6() => "any6".to_owned(),
            [prefix] => prefix.to_string(),
            _ => format!("{low}-{high}"),
        }
    });
    words.collect()
}

/// What a region says of protocols and ports, in the columns that the table has for it.
fn services(region: &Region, dialect: &Dialect) -> Result<Vec<(Column, String)>, Refusal> {
    if dialect.splits_services() {
        return protocol_and_ports(region, dialect);
    }
    let words = service_words(region, dialect)?;
    let named = dialect.services.iter().find(|(_, members)| **members == words);
    let text = named.map_or_else(|| words.join(dialect.joint()), |(name, _)| name.clone());
    Ok(vec![(Column::Service, text)])
}

fn protocol_and_ports(region: &Region, dialect: &Dialect) -> Result<Vec<(Column, String)>, Refusal> {
    if region.protocol.is_any() && region.destination_port.is_any() {
        return Ok(vec![(Column::Protocol, Dialect::word(&dialect.any).to_owned())]);
    }
    let numbers = || region.protocol.ranges().flat_map(|(low, high)| low..=high);
    let name = |number| protocol::name(number).map_or_else(|| format!("{number}"), str::to_owned);
    let words: Vec<String> = numbers().map(name).collect();
    let mut cells = vec![(Column::Protocol, words.join(dialect.joint()))];
    if !region.destination_port.is_any() {
        if let Some(number) = numbers().find(|number| !protocol::has_ports(*number)) {
            let message = format!("a part of the protocol `{}` cannot be written", name(number));
            return Err(Refusal::new(
                message,
                "write a rule for the whole protocol: the table has ports only",
            ));
        }
        cells.push((Column::Port, ports(&region.destination_port).join(dialect.joint())));
    }
    Ok(cells)
}

fn without_column(column: Column) -> Refusal {
    let message = format!("the table has no column for `{}`", column.name());
    Refusal::new(message, "add it to the mapping, or leave that out of the policy")
}

fn service_words(region: &Region, dialect: &Dialect) -> Result<Vec<String>, Refusal> {
    let (protocols, from, to) = (&region.protocol, &region.source_port, &region.destination_port);
    let words: Vec<String> = match (protocols.is_any(), from.is_any() && to.is_any()) {
        (true, true) => vec![Dialect::word(&dialect.any).to_owned()],
        (false, true) => protocols.ranges().flat_map(|(low, high)| protocol_words(low, high)).collect(),
        (_, false) => {
            let mut words = Vec::new();
            for number in protocols.ranges().flat_map(|(low, high)| low..=high) {
                let protocol = protocol_word(number);
                if protocol::has_ports(number) && to.is_any() {
                    words.push(protocol);
                } else if protocol::has_ports(number) {
                    words.extend(ports(to).into_iter().map(|ports| format!("{protocol}/{ports}")));
                } else if protocol::is_icmp(number) && from.is_any() {
                    words.extend(to.ranges().map(|types| format!("{protocol}/{}", icmp_types(types))));
                } else {
                    let message =
                        format!("ports of the protocol `{protocol}` cannot be written: it has none");
                    return Err(Refusal::new(message, "write a rule for it without ports"));
                }
            }
            words
        }
    };
    Ok(words)
}

/// Each protocol by its name, where they are few.
fn protocol_words(low: u8, high: u8) -> Vec<String> {
    if high - low < 4 { (low..=high).map(protocol_word).collect() } else { vec![format!("ip/{low}-{high}")] }
}

fn protocol_word(number: u8) -> String {
    protocol::name(number).map_or_else(|| format!("ip/{number}"), str::to_owned)
}

fn ports<T: Coordinate + Display>(ports: &IntervalSet<T>) -> Vec<String> {
    let word = |(low, high)| if low == high { format!("{low}") } else { format!("{low}-{high}") };
    ports.ranges().map(word).collect()
}

/// `8` for a type with all its codes, `3.1` for one code, and ranges of these.
fn icmp_types((low, high): (u16, u16)) -> String {
    let ([first, first_code], [last, last_code]) = (low.to_be_bytes(), high.to_be_bytes());
    match (first_code, last_code) {
        (0, 255) if first == last => format!("{first}"),
        (0, 255) => format!("{first}-{last}"),
        _ if low == high => format!("{first}.{first_code}"),
        _ => format!("{first}.{first_code}-{last}.{last_code}"),
    }
}

fn interfaces(names: &NameSet, dialect: &Dialect) -> Result<String, Refusal> {
    let exact = names.exact().filter(|names| names.iter().all(|name| is_interface(name)));
    exact.map(|names| names.join(dialect.joint())).ok_or_else(|| {
        let name = names.example().unwrap_or_default();
        let message = format!("a set of interfaces such as `{}` cannot be written", shown(&name));
        Refusal::new(message, "list whole names of interfaces, without blanks in them")
    })
}
