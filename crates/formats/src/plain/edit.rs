use std::collections::BTreeSet;

use diagnostics::{Edit, TextRange};
use space::RuleId;

use crate::plain::dialect::Dialect;
use crate::plain::emit::{Cells, cells, default_row, write_rows};
use crate::plain::header::{Column, Header};
use crate::plain::records::line_ending;
use crate::plain::values::shown;
use crate::{Change, Edited, Export, NewRule, Refusal, RuleEntry, RuleSetExport};

/// The edits that insert, remove and replace rows; every other byte of the file stays as it is. There are no commands:
/// no device reads the table.
pub fn edit(
    text: &str,
    export: &Export,
    rule_set: usize,
    changes: &[Change],
    dialect: &Dialect,
) -> Result<Edited, Refusal> {
    let header = Header::read(text, dialect).map_err(|error| Refusal::new(error.message, error.help))?;
    let Some(rules) = export.rule_sets.get(rule_set) else {
        return Err(Refusal::new("the table has one rule set only", "change the rule set `rules`"));
    };
    let rows = rules.entries.len();
    let mut editor = Editor { text, dialect, header, rules, gone: BTreeSet::new(), rows, edits: Vec::new() };
    for change in changes {
        match change {
            Change::Insert { before, rule } => editor.insert(*before, rule)?,
            Change::Remove { rule } => editor.replace(*rule, &[])?,
            Change::Replace { rule, with } => editor.replace(*rule, with)?,
        }
    }
    editor.keep_a_row()?;
    Ok(Edited { edits: editor.edits, commands: Vec::new(), rollback: Vec::new() })
}

struct Editor<'a> {
    text: &'a str,
    dialect: &'a Dialect,
    header: Header<'a>,
    rules: &'a RuleSetExport,
    /// Rules that were removed or replaced.
    gone: BTreeSet<RuleId>,
    /// How many rules the edits so far leave.
    rows: usize,
    edits: Vec<Edit>,
}

impl<'a> Editor<'a> {
    fn insert(&mut self, before: Option<RuleId>, rule: &NewRule) -> Result<(), Refusal> {
        let row = self.write(&[cells(rule, self.dialect)?])?;
        let place = match before {
            Some(id) => Some(self.entry(id)?.place),
            // After all rules is right before the default.
            None => self.rules.stages.first().and_then(|stage| stage.place),
        };
        match place {
            Some(place) => self.push(TextRange { end: place.start, ..place }, row),
            None => self.append(&row),
        }
        self.rows += 1;
        Ok(())
    }

    /// Puts rows in the place of a rule's row. They keep its comment, and whether it logs.
    fn replace(&mut self, id: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let entry = self.entry(id)?;
        if !self.gone.insert(id) {
            let message = format!("two changes are to be made to the rule `{}`", shown(&entry.name));
            return Err(Refusal::new(message, "make one of them"));
        }
        let mut rows =
            with.iter().map(|rule| cells(rule, self.dialect)).collect::<Result<Vec<Cells>, Refusal>>()?;
        for row in &mut rows {
            row.extend(entry.comment.clone().map(|comment| (Column::Comment, comment)));
            row.extend(entry.logs.then(|| (Column::Log, Dialect::word(&self.dialect.yes).to_owned())));
        }
        if rows.is_empty() {
            self.push(self.whole_line(entry.place), String::new());
        } else {
            let rows = self.write(&rows)?;
            self.push(entry.place, self.without_last_line_ending(&rows).to_owned());
        }
        self.rows = self.rows - 1 + with.len();
        Ok(())
    }

    /// A table without rows would be taken for an export that went wrong: it gets the default that it has anyway.
    fn keep_a_row(&mut self) -> Result<(), Refusal> {
        let has_default = self.rules.stages.iter().any(|stage| stage.place.is_some());
        if self.rows == 0 && !has_default {
            let row = self.write(&[default_row(false, self.dialect)])?;
            self.append(&row);
        }
        Ok(())
    }

    fn entry(&self, id: RuleId) -> Result<&'a RuleEntry, Refusal> {
        let rules = self.rules;
        rules.entry(id).ok_or_else(|| {
            Refusal::new(
                format!("the table has no rule number {}", u64::from(id.0) + 1),
                "read the table again",
            )
        })
    }

    /// Rows in the shape of this file, each with its line ending.
    fn write(&self, rows: &[Cells]) -> Result<String, Refusal> {
        // A rule without a name is called by its number.
        let must_have =
            |column: &&Column| **column != Column::Name && self.header.position(**column).is_none();
        if let Some(column) = rows.iter().flat_map(Cells::keys).find(must_have) {
            let message = format!("the table has no column `{}`", column.name());
            let help = format!("add `{}` to the header, and an empty field to each row", column.name());
            return Err(Refusal::new(message, help));
        }
        let columns: Vec<Option<Column>> = self.header.columns.iter().map(|(column, _)| *column).collect();
        Ok(write_rows(rows, &columns, self.header.delimiter, self.header.line_ending))
    }

    fn append(&mut self, rows: &str) {
        let end = TextRange::new(self.text.len(), self.text.len());
        if self.text.ends_with(['\r', '\n']) {
            self.push(end, rows.to_owned());
        } else {
            let rows = self.without_last_line_ending(rows);
            self.push(end, format!("{}{rows}", self.header.line_ending));
        }
    }

    fn push(&mut self, range: TextRange, replacement: String) {
        self.edits.push(Edit { range, replacement });
    }

    fn whole_line(&self, row: TextRange) -> TextRange {
        let (start, end) = (row.start as usize, row.end as usize);
        TextRange::new(start, end + self.text.get(end..).map_or("", line_ending).len())
    }

    fn without_last_line_ending<'r>(&self, rows: &'r str) -> &'r str {
        rows.strip_suffix(self.header.line_ending).unwrap_or(rows)
    }
}
