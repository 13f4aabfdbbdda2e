use compiler::Anchor;
use diagnostics::{Finding, Level};
use space::Decider;

use crate::superfluous::Superfluous;
use crate::{Check, Context, deciders};

pub(crate) const CHECK: Check = Check {
    name: "shadowed-rule",
    summary: "a rule never decides anything: earlier rules decide all of it",
    level: Level::Warning,
    page: include_str!("shadowed_rule.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    let tick = || context.db.unwind_if_revision_cancelled();
    for firewall in &context.firewalls {
        for rule_set in &firewall.rule_sets {
            let superfluous = Superfluous::of(&rule_set.meaning.rules);
            for rule in rule_set.written_rules() {
                let shadow = match superfluous.shadow(rule, &context.effort(&tick)) {
                    Ok(Some(shadow)) => shadow,
                    Ok(None) => continue,
                    Err(exhausted) => {
                        context.cut_short(CHECK.name, rule_set, exhausted, out);
                        continue;
                    }
                };
                let at = &firewall.value.name;
                let me = deciders::name(rule_set, Decider::Rule(rule.id));
                let who = deciders::names(rule_set, &shadow.by);
                let mut finding =
                    Finding::new(CHECK.name, CHECK.level, format!("{me} at `{at}` never decides anything"));
                finding = finding.primary(rule_set.anchor(Decider::Rule(rule.id)), "never reached");
                for by in shadow.by.iter().filter(|by| rule_set.has_place(**by)).take(4) {
                    finding = finding.secondary(rule_set.anchor(*by), "decides it before");
                }
                finding =
                    finding.note(format!("{who} decide{} everything it matches", plural(shadow.by.len())));
                finding = if shadow.contradicted {
                    finding.note("at least part of that is decided the other way").help(
                        "if the rule is meant, move it up; if not, remove it: `flowright fix` removes it",
                    )
                } else {
                    finding.help("remove it: `flowright fix` proves that nothing changes")
                };
                finding.firewall = Some(at.to_string());
                finding.rule = Some(deciders::bare(rule_set, Decider::Rule(rule.id)));
                finding.blame = shadow.by.iter().map(|by| deciders::bare(rule_set, *by)).collect();
                out.push(finding);
            }
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}
