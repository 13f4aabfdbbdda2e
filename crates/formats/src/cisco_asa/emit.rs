//! A whole rule set as commands: objects, one list, and the line that binds it to all interfaces.

use std::collections::HashSet;

use space::Set;

use super::write::Writer;
use crate::{NewRule, Refusal, RuleListing};

/// More characters than this the name of a list does not have (command reference, `access-list extended`: 241).
const LONGEST_LIST_NAME: usize = 200;

/// Writes the list as the global one, which is asked of every packet that comes in, IPv4 and IPv6 (ASA 9.0 and later).
pub(super) fn emit(listing: &RuleListing) -> Result<String, Refusal> {
    let mut writer = Writer::new();
    let name = list_name(&listing.name);
    let mut lines = Vec::new();
    let mut seen = HashSet::new();
    for rule in &listing.rules {
        refuse_interfaces(rule)?;
        let entry = writer.entry(rule)?;
        // The ASA refuses an entry that is there already.
        if !seen.insert(entry.text.clone()) {
            continue;
        }
        lines.extend(entry.remark.map(|remark| format!("access-list {name} remark {remark}")));
        lines.push(format!("access-list {name} {}", entry.text));
    }
    if listing.default_permit {
        lines.push(format!("access-list {name} extended permit ip any any"));
    } else if lines.is_empty() {
        lines.push(format!("access-list {name} extended deny ip any any"));
    }
    let mut text = String::new();
    for object in &writer.new_objects {
        text.push_str(&object.head);
        text.push('\n');
        for member in &object.members {
            text.push_str(&format!(" {member}\n"));
        }
    }
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&format!("access-group {name} global\n"));
    Ok(text)
}

fn refuse_interfaces(rule: &NewRule) -> Result<(), Refusal> {
    let region = &rule.region;
    if region.in_interface.is_any() && region.out_interface.is_any() {
        return Ok(());
    }
    let message = format!(
        "the global list is asked at every interface, and the rule `{}` is for some",
        diagnostics::printable(&rule.name)
    );
    Err(Refusal::new(message, "leave the interface out of the flow, or change the export of the firewall"))
}

fn list_name(name: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut name: String = name.chars().map(|c| if legal(c) { c } else { '_' }).collect();
    name.truncate(LONGEST_LIST_NAME);
    // These words mean something else after `access-list`.
    if name.is_empty() || matches!(name.as_str(), "cached" | "alert-interval" | "deny-flow-max") {
        name.push_str("-list");
    }
    name
}
