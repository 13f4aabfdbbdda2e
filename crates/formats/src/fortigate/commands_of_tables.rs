//! The commands of scripts that name, order, copy and delete entries.

use diagnostics::TextRange;

use super::parse::Parser;
use super::shown;
use super::tree::{Node, Of, Rename};
use crate::{ImportError, Problem};

/// How many settings `clone` may make in all: a small file could ask for more memory than there is.
const MOST_COPIED: usize = 5_000_000;

/// How many names a script may change: each reference is followed through all of them.
const MOST_RENAMED: usize = 1000;

/// Carries out the current command of `parser` on a table.
pub(super) fn perform(parser: &mut Parser<'_>, table: usize, place: TextRange) -> Result<Of, ImportError> {
    let verb = parser.word(0).to_owned();
    let (first, second) = (parser.name(1).unwrap_or_default(), parser.name(3).unwrap_or_default());
    let between = parser.word(2).to_owned();
    let scope = parser.scope;
    let Some(table) = parser.document.tables.get_mut(table) else { return Ok(Of::Done) };
    table.is_script = true;
    if verb == "purge" {
        for entry in &mut table.entries {
            entry.gone = true;
        }
        table.order.clear();
        table.by_name.clear();
        return Ok(Of::Done);
    }
    let Some(&at) = table.by_name.get(&*first) else {
        return Ok(fails(parser, place, &format!("nothing here is called `{}`", shown(&first))));
    };
    match (verb.as_str(), between.as_str()) {
        ("delete", _) => {
            table.by_name.remove(&*first);
            if let Some(entry) = table.entries.get_mut(at as usize) {
                entry.gone = true;
            }
        }
        ("move", "before" | "after") => {
            let target = table.by_name.get(&*second).copied().filter(|target| *target != at);
            let Some(target) = target else {
                return Ok(fails(parser, place, &format!("nothing else is called `{}`", shown(&second))));
            };
            table.order.retain(|&entry| entry != at);
            let found = table.order.iter().position(|&entry| entry == target).unwrap_or(0);
            let to = if between == "after" { found + 1 } else { found };
            table.order.insert(to.min(table.order.len()), at);
        }
        ("rename" | "clone", "to") => {
            let is_no_name = table.kind.has_rules() && second.parse::<u32>().is_err();
            if second.is_empty() || is_no_name || table.by_name.contains_key(&*second) {
                let message = format!("`{}` is no name here, or is taken", shown(&second));
                return Ok(fails(parser, place, &message));
            }
            if verb == "rename" {
                table.by_name.remove(&*first);
                table.by_name.insert(second.clone(), at);
                if let Some(entry) = table.entries.get_mut(at as usize) {
                    entry.name = second.clone();
                }
                let kind = table.kind;
                if parser.document.renames.len() >= MOST_RENAMED {
                    return Err(ImportError::new(
                        place,
                        "the script renames more than can be followed",
                        "run the script, and export the configuration that it leaves",
                    ));
                }
                let rename = Rename { scope, kind, old: first, new: second, at: place.start };
                parser.document.renames.push(rename);
                return Ok(Of::Done);
            }
            let number = u32::try_from(table.entries.len()).unwrap_or(u32::MAX);
            let Some(original) = table.entries.get(at as usize) else { return Ok(Of::Done) };
            parser.copied = parser.copied.saturating_add(weight(original));
            if parser.copied > MOST_COPIED {
                return Err(ImportError::new(
                    place,
                    "the script clones more than can be read",
                    "run the script, and export the configuration that it leaves",
                ));
            }
            let copy = Node { name: second.clone(), head: place, blocks: vec![place], ..original.clone() };
            table.entries.push(copy);
            table.order.push(number);
            table.by_name.insert(second, number);
        }
        _ => return Ok(Of::Strange("no command that a section has".into())),
    }
    Ok(Of::Done)
}

fn weight(node: &Node<'_>) -> usize {
    // Sections in entries are nested a few deep only.
    1 + node.settings.len() + node.odd.len() + node.children.iter().map(weight).sum::<usize>()
}

/// A command that FortiOS refuses changes nothing.
fn fails(parser: &mut Parser<'_>, place: TextRange, message: &str) -> Of {
    parser.document.problems.push(Problem {
        place,
        message: message.to_owned(),
        help: "FortiOS refuses the command: correct the name, or take the command out".to_owned(),
    });
    Of::Irrelevant("FortiOS refuses it".into())
}
