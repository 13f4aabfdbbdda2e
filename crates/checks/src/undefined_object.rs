use compiler::Anchor;
use diagnostics::{Finding, Level};

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "undefined-object",
    summary: "an object that the export names and does not define",
    level: Level::Warning,
    page: include_str!("undefined_object.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for (firewall, read) in context.exports() {
        let at = &firewall.value.name;
        for undefined in &read.inventory.undefined {
            let message =
                format!("the {} `{}` is not defined in the export of `{at}`", undefined.kind, undefined.name);
            let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                .primary(Anchor::Text { file: firewall.export, range: undefined.place }, "not defined")
                .note("what it stands for is taken to be unknown: never everything, and never nothing")
                .help("correct the name, or export the whole configuration");
            finding.firewall = Some(at.to_string());
            out.push(finding);
        }
    }
}
