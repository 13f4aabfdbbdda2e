use compiler::Anchor;
use diagnostics::{Finding, Level};

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "export-problem",
    summary: "something in an export is wrong: an object that is not defined, an address with host bits",
    level: Level::Warning,
    page: include_str!("export_problem.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for (firewall, read) in context.exports() {
        for problem in &read.problems {
            let place = Anchor::Text { file: firewall.export, range: problem.place };
            let mut finding = Finding::new(CHECK.name, CHECK.level, problem.message.clone())
                .primary(place, "here")
                .help(problem.help.clone());
            finding.firewall = Some(firewall.value.name.to_string());
            out.push(finding);
        }
    }
}
