use diagnostics::{Edit, TextRange};

use super::keys::{LONGEST, folded};
use crate::json::{Kind, Member, Value};
use crate::json_out::{Layout, Out};

/// Edits of a JSON text that read like the text around them: its indentation, its line ends, one line where it has one.
pub struct Splicer<'t> {
    text: &'t str,
    edits: Vec<Edit>,
}

impl<'t> Splicer<'t> {
    pub fn new(text: &'t str) -> Self {
        Splicer { text, edits: Vec::new() }
    }

    pub fn finish(self) -> Vec<Edit> {
        self.edits
    }

    pub fn replace(&mut self, place: TextRange, replacement: String) {
        self.edits.push(Edit { range: place, replacement });
    }

    /// Writes another value in the place of one.
    pub fn rewrite(&mut self, value: Value<'_>, wanted: &Out) {
        let written = wanted.render(&self.layout(value), &self.indent_at(value.place().start));
        self.replace(value.place(), written);
    }

    /// Gives an object these members: values that differ are replaced, missing ones are added at the end. An empty
    /// one is not added, and empties what is there.
    pub fn set_members(&mut self, object: Value<'_>, wanted: Vec<(String, Out)>) {
        let layout = self.layout(object);
        let indent = self.item_indent(object, &layout);
        let mut added = String::new();
        let separator = layout.newline.map_or(" ".to_owned(), |newline| format!("{newline}{indent}"));
        let is_bare = object.is_empty();
        for (key, value) in wanted {
            match member_of(object, &key) {
                Some(member) if says(member.value, &value) => {}
                Some(member) => self.replace(member.value.place(), value.render(&layout, &indent)),
                None if value.is_empty() => {}
                None => {
                    if !(is_bare && added.is_empty()) {
                        added.push(',');
                    }
                    let written = value.render(&layout, &indent);
                    added.push_str(&format!("{separator}{}: {written}", crate::json::quoted(&key)));
                }
            }
        }
        if added.is_empty() {
            return;
        }
        match object.members().last() {
            Some(last) => {
                let end = last.value.place().end as usize;
                self.replace(TextRange::new(end, end), added);
            }
            None => {
                let close = layout.newline.map_or(String::new(), |newline| {
                    format!("{newline}{}", self.indent_at(object.place().start))
                });
                self.replace(object.place(), format!("{{{added}{close}}}"));
            }
        }
    }

    /// Takes the items at these places out of a list (or an object, or the one object that stands for a list), and
    /// adds new ones at its end.
    pub fn change_list(&mut self, list: Value<'_>, removed: &[TextRange], new: &[Out]) {
        let items: Vec<TextRange> = match list.kind() {
            Kind::Array => list.elements().map(Value::place).collect(),
            Kind::Object if removed.first() == Some(&list.place()) || !new.is_empty() => {
                return self.lone(list, removed, new);
            }
            Kind::Object => {
                list.members().map(|member| member.name_place.cover(member.value.place())).collect()
            }
            _ => Vec::new(),
        };
        let goes = |item: &TextRange| removed.iter().any(|place| item.cover(*place) == *item);
        let layout = self.layout(list);
        let Some(last_kept) = items.iter().rposition(|item| !goes(item)) else {
            let written = match list.kind() {
                Kind::Object => "{}".to_owned(),
                _ => Out::List(new.to_vec()).render(&layout, &self.indent_at(list.place().start)),
            };
            self.replace(list.place(), written);
            return;
        };
        let mut at = 0;
        while at < items.len() {
            if !goes(&items[at]) {
                at += 1;
                continue;
            }
            let end = (at..items.len()).find(|next| !goes(&items[*next])).unwrap_or(items.len());
            let range = match items.get(end) {
                // With the comma after each, up to what follows.
                Some(next) => TextRange { start: items[at].start, end: next.start },
                // With the comma before each: `at` is not the first, for something is kept.
                None => TextRange { start: items[at - 1].end, end: items[end - 1].end },
            };
            self.replace(range, String::new());
            at = end;
        }
        if !new.is_empty() {
            let indent = self.item_indent(list, &layout);
            let separator = layout.newline.map_or(" ".to_owned(), |newline| format!("{newline}{indent}"));
            let written: String =
                new.iter().map(|item| format!(",{separator}{}", item.render(&layout, &indent))).collect();
            let end = items[last_kept].end as usize;
            self.replace(TextRange::new(end, end), written);
        }
    }

    /// PowerShell writes a list of one as the one.
    fn lone(&mut self, object: Value<'_>, removed: &[TextRange], new: &[Out]) {
        let layout = self.layout(object);
        let indent = self.indent_at(object.place().start);
        if !removed.is_empty() {
            self.replace(object.place(), Out::List(new.to_vec()).render(&layout, &indent));
            return;
        }
        let place = object.place();
        let after: String = new.iter().map(|item| format!(", {}", item.render(&layout, &indent))).collect();
        self.replace(TextRange { start: place.start, end: place.start }, "[".to_owned());
        self.replace(TextRange { start: place.end, end: place.end }, format!("{after}]"));
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

/// The member of this name, however its key is spelled.
fn member_of<'j>(object: Value<'j>, key: &str) -> Option<Member<'j>> {
    let mut wanted = [0; LONGEST];
    let wanted = folded(key, &mut wanted);
    object.members().find(|member| folded(&member.name, &mut [0; LONGEST]) == wanted)
}

/// Whether a value already says what is wanted: nothing is any empty value.
fn says(value: Value<'_>, wanted: &Out) -> bool {
    match wanted {
        Out::Null => value.is_empty(),
        Out::List(items) if items.is_empty() => value.is_empty(),
        Out::Bool(wanted) => value.raw() == if *wanted { "true" } else { "false" },
        Out::Number(number) => value.raw() == number.to_string(),
        Out::Text(text) => value.string().is_some_and(|said| said.eq_ignore_ascii_case(text)),
        Out::List(items) => {
            value.kind() == Kind::Array
                && value.elements().count() == items.len()
                && value.elements().zip(items).all(|(value, wanted)| says(value, wanted))
        }
        Out::Object(members) => {
            members.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| says(value, wanted)))
        }
    }
}
