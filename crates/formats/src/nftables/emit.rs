//! Whole rule sets to a file for `nft -f`.

use super::model::{Family, Hook};
use super::write::{self, Where};
use crate::{Direction, Refusal, RuleListing};

/// Writes one table with a base chain for each listing: replies pass, then the rules in order, then the policy. The
/// table is made anew, and every other one stays as it is.
pub(super) fn emit(listings: &[RuleListing]) -> Result<String, Refusal> {
    if listings.is_empty() {
        return Err(Refusal::new("there is no rule set to write", "name the flows that pass this firewall"));
    }
    let mut text =
        String::from("table inet flowright\ndelete table inet flowright\n\ntable inet flowright {\n");
    let mut seen = Vec::new();
    for listing in listings {
        let hook = match listing.direction {
            Direction::Inbound => Hook::Input,
            Direction::Outbound => Hook::Output,
            Direction::Transit => Hook::Forward,
        };
        if seen.contains(&hook) {
            return Err(Refusal::new(
                format!("two rule sets for the hook {} do not go into one file", hook.name()),
                "write a file for each, or put their rules into one policy",
            ));
        }
        if !seen.is_empty() {
            text.push('\n');
        }
        seen.push(hook);
        let name = hook.name();
        let policy = if listing.default_permit { "accept" } else { "drop" };
        text.push_str(&format!("\tchain {name} {{\n"));
        text.push_str(&format!("\t\ttype filter hook {name} priority filter; policy {policy};\n"));
        text.push_str("\t\tct state established,related accept\n");
        for rule in &listing.rules {
            for line in write::rules(rule, Where { family: Family::Inet, hook: Some(hook) })? {
                text.push_str(&format!("\t\t{line}\n"));
            }
        }
        text.push_str("\t}\n");
    }
    text.push_str("}\n");
    Ok(text)
}
