use std::collections::HashSet;

use super::config::Kind;
use super::lines;
use super::write::{Entry, Writer, rule_name};
use crate::{Refusal, RuleListing};

/// Writes `set` commands: objects, rules, and defaults that decide the rest.
pub fn emit(listing: &RuleListing) -> Result<String, Refusal> {
    let mut writer = Writer::default();
    let mut names: HashSet<String> =
        ["intrazone-default", "interzone-default"].into_iter().map(str::to_owned).collect();
    let rules = listing
        .rules
        .iter()
        .map(|rule| writer.rule(rule, rule_name(&rule.name, &mut names), &[]))
        .collect::<Result<Vec<Entry>, Refusal>>()?;
    let mut out = String::new();
    let mut push = |path: &[&str], entry: &Entry| {
        let path: Vec<String> = path.iter().map(|word| (*word).to_owned()).collect();
        for line in lines::set(&path, entry) {
            out.push_str(&line);
            out.push('\n');
        }
    };
    for (kind, entry) in &writer.objects {
        push(container(*kind), entry);
    }
    for entry in &rules {
        push(&["rulebase", "security", "rules"], entry);
    }
    // The vendor lets packets of one zone through; the policy says what becomes of all that no rule decides.
    let action = if listing.default_permit { "allow" } else { "deny" };
    for name in ["intrazone-default", "interzone-default"] {
        out.push_str(&format!("set rulebase default-security-rules rules {name} action {action}\n"));
    }
    Ok(out)
}

/// Where objects of a kind are.
pub fn container(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Service => &["service"],
        Kind::UrlCategory => &["profiles", "custom-url-category"],
        _ => &["address"],
    }
}
