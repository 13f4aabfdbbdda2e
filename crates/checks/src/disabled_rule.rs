use compiler::Anchor;
use diagnostics::{Finding, Level};
use space::{Decider, RuleId};

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "disabled-rule",
    summary: "a rule that is switched off",
    level: Level::Note,
    page: include_str!("disabled_rule.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for firewall in &context.firewalls {
        let at = &firewall.value.name;
        for rule_set in &firewall.rule_sets {
            for (index, entry) in rule_set.exported.entries.iter().enumerate() {
                if entry.enabled || entry.implied || entry.place.is_empty() {
                    continue;
                }
                let id = RuleId(u32::try_from(index).unwrap_or(u32::MAX));
                let message = format!("rule `{}` at `{at}` is disabled", entry.name);
                let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                    .primary(rule_set.anchor(Decider::Rule(id)), "switched off")
                    .help("enable it if it is meant, or remove it");
                finding.firewall = Some(at.to_string());
                finding.rule = Some(entry.name.clone());
                out.push(finding);
            }
        }
    }
}
