//! A document, section by section.

use std::collections::BTreeSet;

use super::clean::{TAB, clean};
use super::endpoints::{Endpoints, Port, endpoints, prose_ports};
use super::table::{Row, cells, is_ruler, rows};

/// What a document says, as far as an audit goes.
pub struct Document {
    pub title: Option<String>,
    /// The address it was read from.
    pub source: Option<String>,
    pub sections: Vec<Section>,
    pub rows: Vec<Row>,
    /// What was not looked at, and why.
    pub left_out: Vec<String>,
}

/// Prose under one heading.
#[derive(Debug, Default)]
pub struct Section {
    pub heading: String,
    /// For a tab: the section it is in.
    pub inside: Option<usize>,
    pub text: String,
    pub endpoints: Endpoints,
    pub ports: BTreeSet<Port>,
}

impl Document {
    /// Reads a document's text, Markdown with front matter; or says what keeps it from being read whole.
    pub fn read(text: &str) -> Result<Self, String> {
        let cleaned = clean(text)?;
        let entry = |key: &str| {
            let found = cleaned.front_matter.iter().find(|(known, _)| known == key);
            found.map(|(_, value)| value.clone())
        };
        let mut document = Document {
            title: entry("title"),
            source: entry("source_url"),
            sections: Vec::new(),
            rows: Vec::new(),
            left_out: cleaned.left_out,
        };
        document.open(entry("title").unwrap_or_default(), None);
        let footnotes: BTreeSet<char> = cleaned.text.lines().filter_map(footnote).collect();
        let mut lines = cleaned.text.lines().peekable();
        while let Some(line) = lines.next() {
            let line_cells = cells(line);
            if let Some(head) = line_cells
                && lines.peek().and_then(|next| cells(next)).is_some_and(|next| is_ruler(&next))
            {
                let mut table = vec![head];
                while let Some(next) = lines.peek().and_then(|next| cells(next)) {
                    table.push(next);
                    lines.next();
                }
                let heading = document.heading();
                let (rows, prose) = rows(table, &heading, &footnotes, &mut document.left_out);
                document.rows.extend(rows);
                document.add(&prose);
            } else if let Some(heading) =
                line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))
            {
                let inside = document.enclosing();
                match heading.trim().strip_suffix(TAB) {
                    Some(tab) => document.open(tab.trim().to_owned(), Some(inside)),
                    None => document.open(heading.trim().to_owned(), None),
                }
            } else if line.trim() == "---" {
                // The end of tabs: what follows belongs to the section around them.
                let heading = document.sections.get(document.enclosing()).map(|it| it.heading.clone());
                document.open(heading.unwrap_or_default(), None);
            } else if let Some(mark) = footnote(line) {
                document.open(format!("footnote {mark}"), None);
                document.add(line);
            } else {
                document.add(line);
            }
        }
        for section in &mut document.sections {
            section.endpoints = endpoints(&section.text, &mut document.left_out);
            section.ports = prose_ports(&section.text).into_iter().collect();
        }
        Ok(document)
    }

    fn open(&mut self, heading: String, inside: Option<usize>) {
        self.sections.push(Section { heading, inside, ..Section::default() });
    }

    fn heading(&self) -> String {
        self.sections.last().map(|section| section.heading.clone()).unwrap_or_default()
    }

    /// The section that is open, or the one around the tab that is.
    fn enclosing(&self) -> usize {
        let last = self.sections.len().saturating_sub(1);
        self.sections.get(last).and_then(|section| section.inside).unwrap_or(last)
    }

    fn add(&mut self, line: &str) {
        if let Some(section) = self.sections.last_mut() {
            section.text.push_str(line);
            section.text.push('\n');
        }
    }

    /// Every host and address, of rows and of prose.
    pub fn endpoints(&self) -> Endpoints {
        let mut all = Endpoints::default();
        let of_rows = self.rows.iter().map(|row| &row.endpoints);
        for found in of_rows.chain(self.sections.iter().map(|section| &section.endpoints)) {
            all.hosts.extend(found.hosts.iter().cloned());
            all.addresses.extend(found.addresses.iter().cloned());
        }
        all
    }

    /// Every port, of rows and of prose.
    pub fn ports(&self) -> BTreeSet<Port> {
        let of_rows = self.rows.iter().flat_map(|row| &row.ports);
        of_rows.chain(self.sections.iter().flat_map(|section| &section.ports)).cloned().collect()
    }

    /// The ports that prose gives for what it names in a section: those of the section, and of the one around it.
    pub fn ports_of(&self, section: &Section) -> BTreeSet<Port> {
        let around = section.inside.and_then(|index| self.sections.get(index));
        section.ports.iter().chain(around.iter().flat_map(|around| &around.ports)).cloned().collect()
    }

    /// What a row is called in the library: where several have one id, the heading tells them apart.
    pub fn name_of(&self, row: &Row) -> String {
        let same = self.rows.iter().filter(|other| other.is_id && other.name == row.name).count();
        if row.is_id && same > 1 { format!("{}, {}", row.name, row.heading) } else { row.name.clone() }
    }

    /// How much was found, for the reader to see that it was read.
    pub fn counts(&self) -> String {
        let all = self.endpoints();
        format!(
            "{} rows, {} hosts, {} addresses, {} ports",
            self.rows.len(),
            all.hosts.len(),
            all.addresses.len(),
            self.ports().len()
        )
    }
}

/// The mark of a footnote: a digit at the start of a line, with the text glued to it.
fn footnote(line: &str) -> Option<char> {
    let mut characters = line.chars();
    let mark = characters.next().filter(char::is_ascii_digit)?;
    characters.next().is_some_and(char::is_uppercase).then_some(mark)
}
