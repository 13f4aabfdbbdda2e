//! The two lists.

use std::collections::{BTreeMap, BTreeSet};

use compiler::LibraryRecord;
use serde_json::Value;

use super::document::Document;
use super::endpoints::Port;

/// What one side has and the other does not, each in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// In the document, not in the library.
    pub lacking: Vec<String>,
    /// In the library, not in the document.
    pub invented: Vec<String>,
}

/// Holds a document against the records of the module that encodes it.
pub fn compare(document: &Document, records: &[&LibraryRecord]) -> Lists {
    let mut lists = Lists::default();
    names(document, records, &mut lists);
    ports(document, records, &mut lists);
    triples(document, records, &mut lists);
    rows(document, records, &mut lists);
    lists
}

/// Hosts and addresses, wherever they stand.
fn names(document: &Document, records: &[&LibraryRecord], lists: &mut Lists) {
    let theirs = document.endpoints();
    let hosts: BTreeSet<String> = records.iter().flat_map(|record| hosts(record)).collect();
    let addresses: BTreeSet<String> =
        records.iter().flat_map(|record| record.addresses.iter().cloned()).collect();
    let both = [("host", &theirs.hosts, &hosts), ("address", &theirs.addresses, &addresses)];
    for (noun, theirs, ours) in both {
        lists.lacking.extend(theirs.difference(ours).map(|name| format!("the {noun} {name}")));
        lists.invented.extend(ours.difference(theirs).map(|name| format!("the {noun} {name}")));
    }
}

/// Ports, wherever they stand: one without a protocol is any protocol's.
fn ports(document: &Document, records: &[&LibraryRecord], lists: &mut Lists) {
    let theirs = document.ports();
    let mut ours: BTreeSet<Port> = records.iter().flat_map(|record| services(record)).collect();
    ours.extend(
        records
            .iter()
            .flat_map(|record| &record.services)
            .filter_map(|it| Some((None, it.source_ports.clone()?))),
    );
    for port in theirs.iter().filter(|port| !ours.iter().any(|ours| agree(ours, port))) {
        lists.lacking.push(format!("the port {}", spelled(port)));
    }
    for port in ours.iter().filter(|port| !theirs.iter().any(|theirs| agree(port, theirs))) {
        lists.invented.push(format!("the port {}", spelled(port)));
    }
}

/// Which port goes with which host or address.
fn triples(document: &Document, records: &[&LibraryRecord], lists: &mut Lists) {
    let mut ours: BTreeMap<String, BTreeSet<Port>> = BTreeMap::new();
    for record in records {
        for name in hosts(record).into_iter().chain(record.addresses.iter().cloned()) {
            ours.entry(name).or_default().extend(services(record));
        }
    }
    // What rows give must be there; what prose gives may be, and some of it must.
    let mut allowed: BTreeMap<&str, BTreeSet<Port>> = BTreeMap::new();
    for row in &document.rows {
        for name in row.endpoints.hosts.iter().chain(&row.endpoints.addresses) {
            allowed.entry(name).or_default().extend(row.ports.iter().cloned());
            for port in &row.ports {
                if ours.get(name).is_some_and(|ours| !ours.iter().any(|ours| agree(ours, port))) {
                    let row = document.name_of(row);
                    lists.lacking.push(format!("{name} with {} (row {row})", spelled(port)));
                }
            }
        }
    }
    for section in &document.sections {
        let given = document.ports_of(section);
        for name in section.endpoints.hosts.iter().chain(&section.endpoints.addresses) {
            allowed.entry(name).or_default().extend(given.iter().cloned());
            let met =
                |ours: &BTreeSet<Port>| ours.iter().any(|ours| given.iter().any(|given| agree(ours, given)));
            if !given.is_empty() && ours.get(name).is_some_and(|ours| !met(ours)) {
                lists.lacking.push(format!("{name} with a port of \"{}\"", section.heading));
            }
        }
    }
    for (name, ports) in &ours {
        let Some(allowed) = allowed.get(name.as_str()) else { continue };
        for port in ports.iter().filter(|port| !allowed.iter().any(|theirs| agree(port, theirs))) {
            lists.invented.push(format!("{name} with {}", spelled(port)));
        }
    }
}

/// Rows by name, with exactly their ports, all their hosts and all their items.
fn rows(document: &Document, records: &[&LibraryRecord], lists: &mut Lists) {
    let known: BTreeSet<String> = document.rows.iter().map(|row| document.name_of(row)).collect();
    for (index, row) in document.rows.iter().enumerate() {
        let name = document.name_of(row);
        let of_row: Vec<&LibraryRecord> =
            records.iter().filter(|record| named(record).any(|it| it == name)).copied().collect();
        if of_row.is_empty() {
            lists.lacking.push(format!("the row \"{name}\""));
            continue;
        }
        let ours: BTreeSet<Port> = of_row.iter().flat_map(|record| services(record)).collect();
        for port in row.ports.iter().filter(|port| !ours.iter().any(|ours| agree(ours, port))) {
            lists.lacking.push(format!("the port {} of the row \"{name}\"", spelled(port)));
        }
        for port in ours.iter().filter(|port| !row.ports.iter().any(|theirs| agree(port, theirs))) {
            lists.invented.push(format!("the port {} of the row \"{name}\"", spelled(port)));
        }
        // Rows under each other may share a description, and with it their hosts: each has some of them.
        if !row.shares_above {
            let below = document.rows.iter().skip(index + 1).take_while(|below| below.shares_above);
            let rows: Vec<String> =
                std::iter::once(row).chain(below).map(|row| document.name_of(row)).collect();
            let of_rows =
                records.iter().filter(|record| named(record).any(|it| rows.iter().any(|row| row == it)));
            let ours: BTreeSet<String> = of_rows.flat_map(|record| hosts(record)).collect();
            for host in row.endpoints.hosts.difference(&ours) {
                lists.lacking.push(format!("the host {host} of the row \"{name}\""));
            }
            // A row without an id may lean on the hosts that another one names for the same role.
            for host in ours.difference(&row.endpoints.hosts).filter(|_| row.is_id) {
                lists.invented.push(format!("the host {host} of the row \"{name}\""));
            }
        }
        let items: BTreeSet<String> = of_row.iter().flat_map(|record| items(record)).collect();
        for item in row.items.difference(&items) {
            lists.lacking.push(format!("`{item}` of the row \"{name}\""));
        }
    }
    for record in records {
        let label = record.label.as_deref().unwrap_or("a flow without a label");
        let mut rows = named(record).peekable();
        if rows.peek().is_none() {
            lists.invented.push(format!("`{label}`, which names no row"));
        }
        for row in rows.filter(|row| !known.contains(*row) && !is_place(document, row)) {
            lists.invented.push(format!("the row \"{row}\" of `{label}`"));
        }
        for name in &record.storage_names {
            let mut of =
                document.rows.iter().filter(|row| named(record).any(|it| it == document.name_of(row)));
            if !of.any(|row| row.items.contains(name)) {
                lists.invented.push(format!("`{name}` of `{label}`"));
            }
        }
        // A value that stands in a row must not lead to another one.
        let of_others: BTreeSet<&String> = document
            .rows
            .iter()
            .filter(|row| !named(record).any(|it| it == document.name_of(row)))
            .flat_map(|row| &row.items)
            .collect();
        for item in items(record).iter().filter(|item| of_others.contains(item)) {
            let mut of =
                document.rows.iter().filter(|row| named(record).any(|it| it == document.name_of(row)));
            let is_list = of.clone().any(|row| !row.items.is_empty());
            if is_list && !of.any(|row| row.items.contains(item)) {
                lists.invented.push(format!("`{item}` leads to another row than that of `{label}`"));
            }
        }
    }
}

/// Whether a row is prose: a heading, a tab in a section, or a footnote; with or without words of its text after it.
fn is_place(document: &Document, row: &str) -> bool {
    document.sections.iter().enumerate().any(|(index, section)| {
        let Some(rest) = row.strip_prefix(section.heading.as_str()).filter(|_| !section.heading.is_empty())
        else {
            return false;
        };
        let Some(detail) = rest.strip_prefix(", ") else { return rest.is_empty() };
        let tab = document.sections.iter().any(|tab| tab.inside == Some(index) && tab.heading == detail);
        let part = document
            .sections
            .iter()
            .any(|part| part.heading == section.heading && part.text.contains(detail));
        let names =
            document.rows.iter().any(|row| row.heading == section.heading && row.name.contains(detail));
        // A footnote speaks of rows, and may be split by what they are called.
        let of_rows = section.heading.starts_with("footnote ")
            && document.rows.iter().any(|row| row.name.contains(detail));
        tab || part || names || of_rows
    })
}

/// The rows that a record encodes.
fn named(record: &LibraryRecord) -> impl Iterator<Item = &str> {
    record.row.iter().flat_map(|row| row.split("; "))
}

fn hosts(record: &LibraryRecord) -> Vec<String> {
    record.hosts.iter().map(|host| host.to_ascii_lowercase()).collect()
}

fn services(record: &LibraryRecord) -> Vec<Port> {
    let ports = record
        .services
        .iter()
        .flat_map(|service| service.ports.iter().map(|port| (Some(service.protocol.clone()), port.clone())));
    ports.collect()
}

/// Names that a record has beside its hosts: those of storage accounts, and the values of its parameters.
fn items(record: &LibraryRecord) -> Vec<String> {
    fn texts(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::String(text) => out.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| texts(value, out)),
            _ => {}
        }
    }
    let mut out = record.storage_names.clone();
    record.when.values().for_each(|value| texts(value, &mut out));
    out
}

/// Whether two ports are one: a protocol that one side leaves open is the other's.
fn agree(ours: &Port, theirs: &Port) -> bool {
    ours.1 == theirs.1 && (ours.0.is_none() || theirs.0.is_none() || ours.0 == theirs.0)
}

fn spelled(port: &Port) -> String {
    match &port.0 {
        Some(protocol) => format!("{protocol}/{}", port.1),
        None => port.1.clone(),
    }
}
