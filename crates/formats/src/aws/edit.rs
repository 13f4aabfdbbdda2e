use diagnostics::TextRange;

use super::{edit_acl, edit_group, network_acl, parse, security_group};
use crate::json::Json;
use crate::{Change, Edited, Export, Refusal, RuleSetExport};

/// Edits the text so that `changes` are made to one rule set of it.
pub fn edit(text: &str, export: &Export, rule_set: usize, changes: &[Change]) -> Result<Edited, Refusal> {
    let json = Json::parse_sequence(text).map_err(|_| other_text())?;
    let reading = parse::read(&json);
    let given = export.rule_sets.get(rule_set).ok_or_else(other_text)?;
    let index = rule_set / 2;
    if let Some(group) = reading.groups.get(index) {
        let names = security_group::group_names(&reading);
        let items = security_group::items(group, given.direction, &names);
        same(given, items.iter().map(|item| (item.name.as_str(), item.place)))?;
        edit_group::Plan { lists: &reading.lists, group, given, items: &items }.carry_out(text, changes)
    } else {
        let acl = index.checked_sub(reading.groups.len()).and_then(|at| reading.acls.get(at));
        let acl = acl.ok_or_else(other_text)?;
        let items = network_acl::items(acl, given.direction);
        same(given, items.iter().map(|item| (item.name.as_str(), item.place)))?;
        edit_acl::Plan::new(acl, given.direction, &items)?.carry_out(text, changes)
    }
}

/// Refuses where the rules are not those of the export.
fn same<'i>(
    given: &RuleSetExport,
    items: impl ExactSizeIterator<Item = (&'i str, TextRange)>,
) -> Result<(), Refusal> {
    let same = items.len() == given.entries.len()
        && items.zip(&given.entries).all(|((name, place), entry)| name == entry.name && place == entry.place);
    if same { Ok(()) } else { Err(other_text()) }
}

fn other_text() -> Refusal {
    Refusal::new("the text is not the one that was read", "read the export again, then make the change")
}

pub fn no_such_rule() -> Refusal {
    Refusal::new("there is no such rule in the rule set", "read the export again")
}

pub fn twice(name: &str) -> Refusal {
    let name = diagnostics::printable(name);
    Refusal::new(format!("`{name}` is changed twice"), "make one change of the two")
}
