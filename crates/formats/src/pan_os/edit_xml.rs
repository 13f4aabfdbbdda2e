use std::collections::BTreeMap;

use diagnostics::{Edit, TextRange};

use super::config::{Kind, Position, ScopeKind};
use super::edit::{Spot, TextEditor};
use super::emit::container;
use super::import::Import;
use super::tree::NodeId;
use super::write::{Entry, Field};
use crate::Refusal;

/// Edits XML: elements come and go in the indentation that the file has.
pub struct XmlEditor<'i, 't> {
    import: &'i Import<'t>,
    scope: usize,
    newline: &'static str,
    edits: Vec<Edit>,
    /// What goes into elements before they end.
    inside: BTreeMap<NodeId, Vec<Piece>>,
}

/// Elements to be put into one that is there.
struct Piece {
    /// The elements around the entry that are not there.
    around: Vec<String>,
    entry: Entry,
}

/// How far in an element stands; `None` where the file has no lines.
type Indent = Option<String>;

impl<'i, 't> XmlEditor<'i, 't> {
    pub fn new(import: &'i Import<'t>, scope: usize) -> Self {
        let newline = if import.tree.text.contains("\r\n") { "\r\n" } else { "\n" };
        XmlEditor { import, scope, newline, edits: Vec::new(), inside: BTreeMap::new() }
    }

    fn text(&self, range: TextRange) -> &'i str {
        self.import.tree.text.get(std::ops::Range::from(range)).unwrap_or_default()
    }

    /// The blanks before an element that begins its line.
    fn indent(&self, node: NodeId) -> Indent {
        let start = self.import.tree.place(node).start as usize;
        let before = self.import.tree.text.get(..start)?;
        let line = before.get(before.rfind('\n')? + 1..)?;
        line.chars().all(|character| matches!(character, ' ' | '\t')).then(|| line.to_owned())
    }

    /// By how much an element in `node` stands further in.
    fn unit(&self, node: NodeId) -> String {
        let tree = &self.import.tree;
        let own = self.indent(node).unwrap_or_default();
        let child = tree.first(node).and_then(|child| self.indent(child));
        let unit = child.and_then(|child| child.strip_prefix(own.as_str()).map(str::to_owned));
        unit.filter(|unit| !unit.is_empty()).unwrap_or_else(|| "  ".to_owned())
    }

    /// A rule's element with the lines it stands on, where it has them for itself.
    fn lines(&self, node: NodeId) -> TextRange {
        let place = self.import.tree.place(node);
        let text = self.import.tree.text;
        let Some(indent) = self.indent(node) else { return place };
        let rest = text.get(place.end as usize..).unwrap_or_default();
        let Some(length) = rest.find('\n') else { return place };
        let alone = rest.get(..length).is_some_and(|rest| rest.trim().is_empty());
        if !alone {
            return place;
        }
        TextRange::new(place.start as usize - indent.len(), place.end as usize + length + 1)
    }

    /// Elements one after the other: on lines of their own, or all in a row.
    fn joined(&self, elements: &[String], indent: &Indent) -> String {
        match indent {
            Some(indent) => {
                elements.iter().map(|element| format!("{indent}{element}{}", self.newline)).collect()
            }
            None => elements.concat(),
        }
    }

    fn element(&self, entry: &Entry, indent: &Indent, unit: &str, opening: &str, kept: &[&str]) -> String {
        let inner = indent.as_ref().map(|indent| format!("{indent}{unit}"));
        let mut children: Vec<String> = kept.iter().map(|kept| (*kept).to_owned()).collect();
        let fields: Vec<(&[&'static str], &Field)> =
            entry.fields.iter().map(|field| (field.path.as_slice(), field)).collect();
        children.extend(self.fields(&fields, &inner, unit));
        self.wrapped(opening, "entry", &children, indent, unit)
    }

    /// Fields with a common first word go into one element.
    fn fields(&self, fields: &[(&[&'static str], &Field)], indent: &Indent, unit: &str) -> Vec<String> {
        let mut out = Vec::new();
        let inner = indent.as_ref().map(|indent| format!("{indent}{unit}"));
        for group in fields.chunk_by(|a, b| a.0.first() == b.0.first()) {
            let Some((path, field)) = group.first() else { continue };
            let Some((word, rest)) = path.split_first() else { continue };
            let opening = format!("<{word}>");
            if !rest.is_empty() {
                let deeper: Vec<(&[&'static str], &Field)> =
                    group.iter().map(|(path, field)| (path.get(1..).unwrap_or_default(), *field)).collect();
                let children = self.fields(&deeper, &inner, unit);
                out.push(self.wrapped(&opening, word, &children, indent, unit));
            } else if field.list {
                let member = |value: &String| format!("<member>{}</member>", escaped(value));
                let children: Vec<String> = field.values.iter().map(member).collect();
                out.push(self.wrapped(&opening, word, &children, indent, unit));
            } else {
                out.push(format!("{opening}{}</{word}>", escaped(&field.values.concat())));
            }
        }
        out
    }

    fn wrapped(&self, opening: &str, tag: &str, children: &[String], indent: &Indent, unit: &str) -> String {
        match indent {
            Some(indent) => {
                let newline = self.newline;
                let inner = Some(format!("{indent}{unit}"));
                format!("{opening}{newline}{}{indent}</{tag}>", self.joined(children, &inner))
            }
            None => format!("{opening}{}</{tag}>", children.concat()),
        }
    }

    fn opening(entry: &Entry) -> String {
        format!("<entry name=\"{}\">", escaped(&entry.name))
    }

    /// The tag that opens the element of a rule, as it stands there.
    fn old_opening(&self, node: NodeId) -> String {
        let text = self.text(self.import.tree.place(node));
        let mut quote = None;
        let end = text.char_indices().find(|(_, character)| {
            match (quote, *character) {
                (None, '"' | '\'') => quote = Some(*character),
                (Some(open), close) if open == close => quote = None,
                (None, '>') => return true,
                _ => {}
            }
            false
        });
        let opening = end.map_or("", |(at, _)| text.get(..at).unwrap_or_default());
        format!("{}>", opening.trim_end_matches('/').trim_end())
    }

    fn inside(&mut self, words: &[&str], entry: Entry) -> Result<(), Refusal> {
        let tree = &self.import.tree;
        let own = self.import.config.scopes.get(self.scope);
        let node = own.map(|scope| scope.node).filter(|node| {
            own.is_some_and(|scope| scope.kind == ScopeKind::Shared || tree.word(*node) == scope.name)
        });
        let Some(mut at) = node else {
            return Err(Refusal::new(
                "the file is a piece of a configuration, and new objects have no place in it",
                "export the whole configuration",
            ));
        };
        let mut missing = words;
        while let Some((word, rest)) = missing.split_first() {
            let Some(child) = tree.child(at, word) else { break };
            (at, missing) = (child, rest);
        }
        let around = missing.iter().map(|word| (*word).to_owned()).collect();
        self.inside.entry(at).or_default().push(Piece { around, entry });
        Ok(())
    }

    /// What goes into one element, as one edit before its end.
    fn before_end(&self, node: NodeId, pieces: &[Piece]) -> Edit {
        let place = self.import.tree.place(node);
        let text = self.text(place);
        let own = self.indent(node);
        let unit = self.unit(node);
        let mut elements = Vec::new();
        for group in pieces.chunk_by(|a, b| a.around == b.around) {
            let depth = group.first().map_or(0, |piece| piece.around.len());
            let at = |steps: usize| own.as_ref().map(|own| format!("{own}{}", unit.repeat(steps)));
            let mut content: Vec<String> = group
                .iter()
                .map(|piece| {
                    self.element(&piece.entry, &at(depth + 1), &unit, &Self::opening(&piece.entry), &[])
                })
                .collect();
            let around = group.first().map_or(&[][..], |piece| piece.around.as_slice());
            for (step, word) in around.iter().enumerate().rev() {
                content = vec![self.wrapped(&format!("<{word}>"), word, &content, &at(step + 1), &unit)];
            }
            elements.extend(content);
        }
        let inner = own.as_ref().map(|own| format!("{own}{unit}"));
        let new = self.joined(&elements, &inner);
        let (start, end) = (place.start as usize, place.end as usize);
        let newline = if own.is_some() { self.newline } else { "" };
        let own = own.unwrap_or_default();
        if text.ends_with("/>") {
            let tag: String = text
                .chars()
                .skip(1)
                .take_while(|character| !character.is_whitespace() && !matches!(character, '/' | '>'))
                .collect();
            let head = text.trim_end_matches("/>").trim_end().len();
            let replacement = format!(">{newline}{new}{own}</{tag}>");
            return Edit { range: TextRange::new(start + head, end), replacement };
        }
        let close = text.rfind("</").unwrap_or(text.len());
        let filled = text.get(..close).unwrap_or_default();
        let head = filled.trim_end().len();
        if filled.get(head..).is_some_and(|blanks| blanks.contains('\n')) {
            // The closing tag has a line of its own: before it.
            let line = start + filled.rfind('\n').map_or(head, |at| at + 1);
            return Edit { range: TextRange::new(line, line), replacement: new };
        }
        let at = start + close;
        Edit { range: TextRange::new(at, at), replacement: format!("{newline}{new}{own}") }
    }
}

impl TextEditor for XmlEditor<'_, '_> {
    fn insert(&mut self, spot: Spot, entry: &Entry) -> Result<(), Refusal> {
        let (beside, after) = match spot {
            Spot::Before(node) => (node, false),
            Spot::After(node) => (node, true),
            Spot::Empty(position) => return self.inside(&rules(position), entry.clone()),
        };
        let lines = self.lines(beside);
        let whole = lines != self.import.tree.place(beside);
        let indent = if whole { self.indent(beside) } else { None };
        let element = self.element(entry, &indent, &self.unit(beside), &Self::opening(entry), &[]);
        let at = if after { lines.end } else { lines.start } as usize;
        let replacement = self.joined(&[element], &indent);
        self.edits.push(Edit { range: TextRange::new(at, at), replacement });
        Ok(())
    }

    fn replace(&mut self, rule: NodeId, with: &[Entry], keep: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
        let tree = &self.import.tree;
        let lines = self.lines(rule);
        let whole = lines != tree.place(rule);
        let indent = if whole { self.indent(rule) } else { None };
        let unit = self.unit(rule);
        let kept: Vec<&str> = tree
            .children(rule)
            .filter(|key| keep(tree.word(*key)))
            .map(|key| self.text(tree.place(key)))
            .collect();
        let elements: Vec<String> = with
            .iter()
            .enumerate()
            .map(|(at, entry)| {
                let opening = if at == 0 { self.old_opening(rule) } else { Self::opening(entry) };
                self.element(entry, &indent, &unit, &opening, &kept)
            })
            .collect();
        self.edits.push(Edit { range: lines, replacement: self.joined(&elements, &indent) });
        Ok(())
    }

    fn finish(mut self: Box<Self>, objects: &[(Kind, Entry)]) -> Result<Vec<Edit>, Refusal> {
        for (kind, entry) in objects {
            self.inside(container(*kind), entry.clone())?;
        }
        let inside = std::mem::take(&mut self.inside);
        let edits: Vec<Edit> = inside.iter().map(|(node, pieces)| self.before_end(*node, pieces)).collect();
        self.edits.extend(edits);
        Ok(self.edits)
    }
}

fn rules(position: Position) -> [&'static str; 3] {
    [position.word(), "security", "rules"]
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // No XML has them, and no name of a firewall.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
