use std::collections::{BTreeMap, BTreeSet};

use diagnostics::{Edit, TextRange};

use crate::json::{Kind, Value};
use crate::json_out::{Layout, Out};

/// Edits of a JSON text that read like the text around them: its indentation, its line ends, one line where it has one.
pub struct Splicer<'t> {
    text: &'t str,
    edits: Vec<Edit>,
}

/// What becomes of the items of an array, by their indices.
#[derive(Default)]
pub struct ListChange {
    pub removed: BTreeSet<usize>,
    pub replaced: BTreeMap<usize, Vec<Out>>,
    /// New items before an item; at the end where the index is the number of items.
    pub inserted: BTreeMap<usize, Vec<Out>>,
}

impl<'t> Splicer<'t> {
    pub fn new(text: &'t str) -> Self {
        Splicer { text, edits: Vec::new() }
    }

    pub fn finish(self) -> Vec<Edit> {
        self.edits
    }

    fn replace(&mut self, place: TextRange, replacement: String) {
        self.edits.push(Edit { range: place, replacement });
    }

    pub fn change_list(&mut self, list: Value<'_>, change: ListChange) {
        let items: Vec<TextRange> = list.elements().map(Value::place).collect();
        let layout = self.layout(list);
        let goes = |at: usize| change.removed.contains(&at);
        let Some(last_kept) = (0..items.len()).rfind(|at| !goes(*at)) else {
            let all = change.inserted.into_values().flatten().collect();
            let written = Out::List(all).render(&layout, &self.indent_at(list.place().start));
            self.replace(list.place(), written);
            return;
        };
        let indent = self.item_indent(list, &layout);
        let separator = layout.newline.map_or(", ".to_owned(), |newline| format!(",{newline}{indent}"));
        let render = |out: &Out| out.render(&layout, &indent);
        for (at, new) in &change.replaced {
            let written: Vec<String> = new.iter().map(render).collect();
            if let Some(item) = items.get(*at) {
                self.replace(*item, written.join(&separator));
            }
        }
        for (at, new) in &change.inserted {
            // Beside items that go, it stands beside the next one that stays.
            match (*at..items.len()).find(|at| !goes(*at)) {
                Some(kept) => {
                    let written: String = new.iter().map(|out| render(out) + &separator).collect();
                    let start = items[kept].start as usize;
                    self.replace(TextRange::new(start, start), written);
                }
                None => {
                    let written: String = new.iter().map(|out| separator.clone() + &render(out)).collect();
                    let end = items[last_kept].end as usize;
                    self.replace(TextRange::new(end, end), written);
                }
            }
        }
        let mut at = 0;
        while at < items.len() {
            if !goes(at) {
                at += 1;
                continue;
            }
            let end = (at..items.len()).find(|next| !goes(*next)).unwrap_or(items.len());
            let range = match items.get(end) {
                // With the comma after each, up to what follows.
                Some(next) => TextRange { start: items[at].start, end: next.start },
                // With the comma before each: `at` is not the first, for something is kept.
                None => TextRange { start: items[at - 1].end, end: items[end - 1].end },
            };
            self.replace(range, String::new());
            at = end;
        }
    }

    /// How a container, or else the text, is laid out.
    fn layout(&self, container: Value<'_>) -> Layout {
        let newline = match self.text.find('\n') {
            None => None,
            Some(at) if self.text[..at].ends_with('\r') => Some("\r\n"),
            Some(_) => Some("\n"),
        };
        let is_one_line = !container.is_empty() && !container.raw().contains('\n');
        let outer = self.indent_at(container.place().start);
        let inner = self.first_item(container).map(|at| self.indent_at(at));
        let unit = match inner
            .as_deref()
            .and_then(|inner| inner.strip_prefix(&*outer))
            .filter(|unit| !unit.is_empty())
        {
            Some(unit) => unit.to_owned(),
            None => self.unit(),
        };
        Layout { newline: newline.filter(|_| !is_one_line), unit }
    }

    /// The first indentation of the text.
    fn unit(&self) -> String {
        let lines = self.text.lines().take(1_000);
        let indents = lines.map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
        indents.into_iter().find(|indent| !indent.is_empty()).unwrap_or("  ").to_owned()
    }

    fn first_item(&self, container: Value<'_>) -> Option<u32> {
        match container.kind() {
            Kind::Array => container.elements().next().map(|item| item.place().start),
            _ => container.members().next().map(|member| member.name_place.start),
        }
    }

    /// The indentation of a container's items.
    fn item_indent(&self, container: Value<'_>, layout: &Layout) -> String {
        let own_line = |at: &u32| {
            let before = &self.text[..*at as usize];
            before[before.rfind('\n').map_or(0, |end| end + 1)..]
                .bytes()
                .all(|byte| byte == b' ' || byte == b'\t')
        };
        match self.first_item(container).filter(own_line) {
            Some(at) => self.indent_at(at),
            None => format!("{}{}", self.indent_at(container.place().start), layout.unit),
        }
    }

    /// The blanks at the beginning of the line in which `at` lies.
    fn indent_at(&self, at: u32) -> String {
        let before = &self.text[..at as usize];
        let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
        line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
    }
}
