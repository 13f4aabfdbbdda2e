use std::collections::HashSet;

use compiler::Anchor;
use diagnostics::{Finding, Level, TextRange};

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "export-problem",
    summary: "something in an export is wrong: an address with host bits, a range that is none",
    level: Level::Warning,
    page: include_str!("export_problem.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for (firewall, read) in context.exports() {
        // What is not defined has a check of its own.
        let undefined: HashSet<TextRange> =
            read.inventory.undefined.iter().map(|entry| entry.place).collect();
        for problem in read.problems.iter().filter(|problem| !undefined.contains(&problem.place)) {
            let place = Anchor::Text { file: firewall.export, range: problem.place };
            let mut finding = Finding::new(CHECK.name, CHECK.level, problem.message.clone())
                .primary(place, "here")
                .help(problem.help.clone());
            finding.firewall = Some(firewall.value.name.to_string());
            out.push(finding);
        }
    }
}
