use compiler::{Anchor, Date};
use diagnostics::{Finding, Level};
use formats::Day;
use space::{Decider, RuleId};

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "expired-rule",
    summary: "a rule whose schedule has ended",
    level: Level::Warning,
    page: include_str!("expired_rule.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    let today = context.project.as_of(context.db);
    for firewall in &context.firewalls {
        let at = &firewall.value.name;
        for rule_set in &firewall.rule_sets {
            for (index, entry) in rule_set.exported.entries.iter().enumerate() {
                let Some(Day { year, month, day }) = entry.expires else { continue };
                let last = Date { year, month, day };
                if last >= today || !entry.enabled {
                    continue;
                }
                let id = RuleId(u32::try_from(index).unwrap_or(u32::MAX));
                let message = format!("the schedule of rule `{}` at `{at}` ended on {last}", entry.name);
                let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                    .primary(rule_set.anchor(Decider::Rule(id)), "matches nothing any more")
                    .help("remove it, or give it another schedule");
                finding.firewall = Some(at.to_string());
                finding.rule = Some(entry.name.clone());
                out.push(finding);
            }
        }
    }
}
