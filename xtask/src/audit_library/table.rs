//! A table's rows: with the cells they have from above, their names and their ports.

use std::collections::BTreeSet;

use super::clean::BREAK;
use super::endpoints::{Endpoints, Port, cell_ports, endpoints, transport};

/// A row that gives ports.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id, or what stands in the columns that tell it from others.
    pub name: String,
    /// Whether the name is an id, which another table may have too.
    pub is_id: bool,
    pub heading: String,
    /// Whether it has its description, and with it its hosts, from the row above.
    pub shares_above: bool,
    pub endpoints: Endpoints,
    pub ports: BTreeSet<Port>,
    /// The lines of cells that are plain lists of words: scale units, storage accounts.
    pub items: BTreeSet<String>,
}

/// The cells of a line; `None` where it is no line of a table.
pub fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    if !line.contains('|') {
        return None;
    }
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    Some(line.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// Whether the cells are the line under a table's head.
pub fn is_ruler(cells: &[String]) -> bool {
    cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')))
}

/// Which column is what, by the words in the head.
struct Columns {
    id: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    protocol: Option<usize>,
    ports: usize,
    count: usize,
}

impl Columns {
    /// `None` where no column gives ports.
    fn of(head: &[String]) -> Option<Self> {
        let find =
            |names: &[&str]| head.iter().position(|cell| names.contains(&cell.to_ascii_lowercase().as_str()));
        Some(Columns {
            id: find(&["id"]),
            from: find(&["from"]),
            to: find(&["to"]),
            protocol: find(&["protocol"]),
            ports: find(&["port", "ports"])?,
            count: head.len(),
        })
    }

    /// Whether a line has only a destination of its own, and all that follows it from above.
    fn shares(&self, cells: &[String]) -> bool {
        self.protocol.is_some() && cells.len() < self.count && !cells.iter().any(|cell| is_protocol(cell))
    }

    /// Puts the cells of a line where they belong, and takes those that it lacks from the row above.
    ///
    /// Where cells span several rows, the lines below have fewer of them. A line with a protocol tells by it how many
    /// of the first are missing; a line without one has only a destination of its own.
    fn align(&self, cells: Vec<String>, above: &[String]) -> Vec<String> {
        let missing = match self.protocol {
            Some(protocol) if cells.len() < self.count => {
                let named = cells.iter().position(|cell| is_protocol(cell));
                named.map_or(protocol.saturating_sub(cells.len()), |named| protocol.saturating_sub(named))
            }
            _ => 0,
        };
        let shares = self.shares(&cells);
        let mut row: Vec<String> = above.iter().take(missing).cloned().collect();
        row.resize(missing, String::new());
        row.extend(cells);
        if shares {
            row.extend(above.iter().skip(row.len()).cloned());
        }
        row.resize(self.count.max(row.len()), String::new());
        row
    }
}

fn is_protocol(cell: &str) -> bool {
    let mut words =
        cell.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| transport(word).is_some())
}

/// The rows of a table under `heading`, and the text of its lines where it gives no ports.
///
/// `footnotes` are the marks that hang on names.
pub fn rows(
    lines: Vec<Vec<String>>,
    heading: &str,
    footnotes: &BTreeSet<char>,
    left_out: &mut Vec<String>,
) -> (Vec<Row>, String) {
    let mut lines = lines.into_iter();
    let head = lines.next().unwrap_or_default();
    let body: Vec<Vec<String>> = lines.filter(|line| !is_ruler(line)).collect();
    let Some(columns) = Columns::of(&head) else {
        let all = std::iter::once(head).chain(body);
        return (Vec::new(), all.map(|line| line.join(" ")).collect::<Vec<_>>().join("\n"));
    };
    let mut rows = Vec::new();
    let mut group = heading.to_owned();
    let mut above: Vec<String> = Vec::new();
    for line in body {
        if line.len() > 1 && line.iter().skip(1).all(String::is_empty) {
            group = line.into_iter().next().unwrap_or_default();
            continue;
        }
        let shares_above = columns.shares(&line);
        let mut cells = columns.align(line, &above);
        for column in [columns.from, columns.to].into_iter().flatten() {
            if let Some(cell) = cells.get_mut(column) {
                *cell = without_mark(cell, footnotes);
            }
        }
        rows.push(Row { shares_above, ..row(&cells, &columns, &group, heading, left_out) });
        above = cells;
    }
    (rows, String::new())
}

fn row(cells: &[String], columns: &Columns, group: &str, heading: &str, left_out: &mut Vec<String>) -> Row {
    let cell = |column: usize| cells.get(column).map_or("", String::as_str);
    let named = columns.protocol.map(cell);
    let protocol =
        named.and_then(|cell| cell.split(|c: char| !c.is_ascii_alphanumeric()).find_map(transport));
    let ports: Vec<Port> = cell_ports(cell(columns.ports), protocol);
    let numbers: Vec<&str> = ports.iter().map(|(_, port)| port.as_str()).collect();
    let name = match (columns.id, columns.from, columns.to) {
        (Some(id), _, _) => cell(id).to_owned(),
        (None, Some(from), Some(to)) => {
            let service = format!("{} {}", named.unwrap_or_default(), numbers.join("/"));
            format!("{} to {}, {}", cell(from), cell(to), service.trim())
        }
        _ => format!("{group}, {}", cell(0).split(BREAK).next().unwrap_or_default().trim()),
    };
    let mut items = BTreeSet::new();
    if columns.id.is_none() {
        for cell in cells.iter().filter(|cell| cell.contains(BREAK)) {
            for item in cell.split(BREAK).map(str::trim) {
                if !item.is_empty() && item.chars().all(|c| c.is_ascii_alphanumeric()) {
                    items.insert(item.to_owned());
                }
            }
        }
    }
    // The ports' cell is read above: a number there is no address.
    let others = cells
        .iter()
        .enumerate()
        .filter(|(column, _)| *column != columns.ports)
        .map(|(_, cell)| cell.as_str());
    let text = others.collect::<Vec<_>>().join(" | ");
    Row {
        name,
        is_id: columns.id.is_some(),
        heading: heading.to_owned(),
        shares_above: false,
        endpoints: endpoints(&text, left_out),
        ports: ports.into_iter().collect(),
        items,
    }
}

/// `Backup proxy server1` is `Backup proxy server`, where there is a footnote 1.
fn without_mark(cell: &str, footnotes: &BTreeSet<char>) -> String {
    let mut characters = cell.chars();
    match (characters.next_back(), characters.clone().next_back()) {
        (Some(mark), Some(before)) if footnotes.contains(&mark) && before.is_alphabetic() => {
            characters.as_str().to_owned()
        }
        _ => cell.to_owned(),
    }
}
