use std::borrow::Cow;

use diagnostics::TextRange;
use roxmltree::{Document, Node};

use super::tree::{NodeId, ROOT, Shape, Tree};
use crate::ImportError;

const AGAIN: &str = "export it again: `Device > Setup > Operations > Export named configuration snapshot`";

/// Reads XML: a configuration, what the API answers with one in it, or a piece of one.
pub fn read(text: &str) -> Result<Tree<'_>, ImportError> {
    let document = Document::parse(text).map_err(|error| {
        let place = offset(text, error.pos());
        ImportError::new(
            TextRange::new(place, place),
            format!("this is not valid XML: {}", diagnostics::printable(&error.to_string())),
            AGAIN,
        )
    })?;
    let too_large = || ImportError::new(TextRange::new(0, 0), "the configuration is too large", AGAIN);
    let mut tree = Tree::new(text, Shape::Xml);
    let mut top = document.root_element();
    // The API wraps what it answers.
    while matches!(top.tag_name().name(), "response" | "result") {
        match top.first_element_child() {
            Some(child) => top = child,
            None => break,
        }
    }
    tree.version = top.attribute("version").map(str::to_owned);
    let parent = wrapped(&mut tree, &top).ok_or_else(too_large)?;

    // An explicit walk: nesting in a file may be deeper than the stack of a program.
    let mut open: Vec<(NodeId, Node<'_, '_>)> = Vec::new();
    match parent {
        Top::Node(parent) => open.push((parent, top)),
        Top::Contents(parent) => open.extend(children(&top).map(|child| (parent, child))),
    }
    while let Some((parent, element)) = open.pop() {
        let id = add(&mut tree, parent, &element).ok_or_else(too_large)?;
        if element.tag_name().name() == "member" {
            continue;
        }
        let before = open.len();
        open.extend(children(&element).map(|child| (id, child)));
        if open.len() == before
            && let Some((word, place)) = text_of(&element)
        {
            tree.add(id, word, place, place).ok_or_else(too_large)?;
        }
    }
    Ok(tree)
}

enum Top {
    Node(NodeId),
    Contents(NodeId),
}

/// Where in a configuration a file belongs that is a piece of one.
fn wrapped<'t>(tree: &mut Tree<'t>, top: &Node<'_, 't>) -> Option<Top> {
    let words: &[&'static str] = match top.tag_name().name() {
        "security" => &["rulebase"],
        "rules" => &["rulebase", "security"],
        _ => &[],
    };
    let mut at = ROOT;
    for word in words {
        let place = range(top);
        at = tree.add(
            at,
            Cow::Borrowed(word),
            place,
            TextRange::new(place.start as usize, place.start as usize),
        )?;
    }
    let whole = matches!(top.tag_name().name(), "config" | "policy");
    Some(if whole { Top::Contents(at) } else { Top::Node(at) })
}

/// The elements in an element, last first, as a stack wants them.
fn children<'a, 't>(element: &Node<'a, 't>) -> impl Iterator<Item = Node<'a, 't>> + use<'a, 't> {
    std::iter::successors(element.last_child(), Node::prev_sibling).filter(Node::is_element)
}

fn add<'t>(tree: &mut Tree<'t>, parent: NodeId, element: &Node<'_, 't>) -> Option<NodeId> {
    let place = range(element);
    let tag = element.tag_name().name();
    let start = place.start as usize;
    let tag_place = TextRange::new(start + 1, (start + 1 + tag.len()).min(place.end as usize));
    match tag {
        "entry" => match element.attribute_node("name") {
            Some(name) => {
                let value = name.range_value();
                let word = Cow::Owned(name.value().to_owned());
                tree.add(
                    parent,
                    borrowed(tree.text, &value, word),
                    place,
                    TextRange::new(value.start, value.end),
                )
            }
            None => tree.add(parent, Cow::Borrowed("entry"), place, tag_place),
        },
        "member" => {
            let (word, name) = text_of(element).unwrap_or((Cow::Borrowed(""), tag_place));
            tree.add(parent, word, place, name)
        }
        _ => {
            let at = tag_place.start as usize..tag_place.end as usize;
            let word = borrowed(tree.text, &at, Cow::Owned(tag.to_owned()));
            tree.add(parent, word, place, tag_place)
        }
    }
}

/// The word as it stands in the file, where it stands there as it is.
fn borrowed<'t>(text: &'t str, at: &std::ops::Range<usize>, word: Cow<'t, str>) -> Cow<'t, str> {
    match text.get(at.clone()) {
        Some(written) if *written == *word => Cow::Borrowed(written),
        _ => word,
    }
}

/// The text in an element, without blanks around it; `None` where there is none.
fn text_of<'t>(element: &Node<'_, 't>) -> Option<(Cow<'t, str>, TextRange)> {
    let mut parts = std::iter::successors(element.first_child(), Node::next_sibling).filter(Node::is_text);
    let first = parts.next()?;
    let written = first.range();
    let source: &'t str = element.document().input_text().get(written.clone()).unwrap_or_default();
    let start = written.start + (source.len() - source.trim_start().len());
    let source = source.trim();
    let place = TextRange::new(start, start + source.len());
    let text = first.text().unwrap_or_default();
    // Comments cut a text in pieces.
    let more: String = parts.filter_map(|part| part.text()).collect();
    let value = if more.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}{more}")) };
    match value.trim() {
        "" => None,
        value if value == source => Some((Cow::Borrowed(source), place)),
        value => Some((Cow::Owned(value.to_owned()), place)),
    }
}

fn range(node: &Node<'_, '_>) -> TextRange {
    TextRange::new(node.range().start, node.range().end)
}

/// The byte at a row and column, both counted from one.
fn offset(text: &str, position: roxmltree::TextPos) -> usize {
    let row = (position.row as usize).saturating_sub(1);
    let start = match row {
        0 => 0,
        _ => text.match_indices('\n').nth(row - 1).map_or(text.len(), |(at, _)| at + 1),
    };
    let line = text.get(start..).unwrap_or_default();
    let column = (position.col as usize).saturating_sub(1);
    line.char_indices().nth(column).map_or(text.len(), |(at, _)| start + at)
}
