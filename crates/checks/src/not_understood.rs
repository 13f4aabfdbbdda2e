use compiler::Anchor;
use diagnostics::{Certainty, Finding, Level};
use formats::Status;

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "not-understood",
    summary: "a statement of an export is not understood",
    level: Level::Warning,
    page: include_str!("not_understood.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for (firewall, read) in context.exports() {
        for (index, statement) in read.coverage.statements.iter().enumerate() {
            if statement.status != Status::NotUnderstood {
                continue;
            }
            let at = &firewall.value.name;
            let message =
                format!("a statement of the export of `{at}` is not understood: {}", statement.reason);
            let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                .primary(Anchor::Covered { export: firewall.export, statement: index }, "not understood")
                .note("it is taken to do anything: what may depend on it is undecided, never guessed")
                .help("`flowright import` shows what became of each line; report a statement that should be known");
            if context.settings.strict {
                finding.level = Level::Error;
            } else {
                finding.certainty = Certainty::Possible;
            }
            finding.firewall = Some(at.to_string());
            out.push(finding);
        }
    }
}
