use diagnostics::TextRange;

use super::set::{Words, unquoted};
use super::tree::{NodeId, ROOT, Shape, Tree};
use crate::{ImportError, Problem};

/// Reads what `show` prints: `name { … }`, `key value;`, `key [ a b ];`.
pub fn read(text: &str) -> Result<Tree<'_>, ImportError> {
    let too_large =
        || ImportError::new(TextRange::new(0, 0), "the configuration is too large", "export a part of it");
    let mut tree = Tree::new(text, Shape::Braces);
    let mut open: Vec<NodeId> = Vec::new();
    // Where the words of the statement hang, and the first of them.
    let mut parent = ROOT;
    let mut first: Option<NodeId> = None;
    let mut in_list = false;
    let mut words = Words::new(text, ";{}[]");
    while let Some((word, place)) = words.next_word(text.len()) {
        let end = place.end as usize;
        match word {
            "{" => {
                open.push(if first.is_some() { parent } else { ROOT });
                first = None;
            }
            "}" => {
                let Some(closed) = open.pop() else {
                    return Err(ImportError::new(
                        place,
                        "a brace closes nothing",
                        "export the configuration again",
                    ));
                };
                tree.extend_place(closed, end);
                let at = open.last().copied().unwrap_or(ROOT);
                (parent, first) = (at, None);
            }
            ";" => {
                if let Some(first) = first {
                    tree.extend_place(first, end);
                }
                (parent, first, in_list) = (open.last().copied().unwrap_or(ROOT), None, false);
            }
            _ if word.starts_with('#') && first.is_none() => words.skip_line(),
            "[" => in_list = true,
            "]" => in_list = false,
            _ => {
                let at = if first.is_none() { open.last().copied().unwrap_or(ROOT) } else { parent };
                let id = tree.add(at, unquoted(word), place, name(word, place)).ok_or_else(too_large)?;
                first = first.or(Some(id));
                if !in_list {
                    parent = id;
                }
            }
        }
    }
    if let Some(unclosed) = open.last() {
        let place = tree.name(*unclosed);
        return Err(ImportError::new(
            place,
            "a brace is never closed: the file ends in the middle",
            "export the configuration again",
        ));
    }
    if let Some(place) = words.unclosed() {
        tree.problems.push(Problem {
            place,
            message: "the quote is never closed".to_owned(),
            help: "export the configuration again".to_owned(),
        });
    }
    Ok(tree)
}

/// Without the quotes around it.
pub fn name(word: &str, place: TextRange) -> TextRange {
    if word.starts_with('"') && word.len() >= 2 {
        TextRange::new(place.start as usize + 1, place.end as usize - 1)
    } else {
        place
    }
}
