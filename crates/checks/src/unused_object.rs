use compiler::Anchor;
use diagnostics::{Finding, Level};

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "unused-object",
    summary: "an object that nothing refers to",
    level: Level::Note,
    page: include_str!("unused_object.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for (firewall, read) in context.exports() {
        let at = &firewall.value.name;
        for object in read.inventory.objects.iter().filter(|object| object.uses == 0) {
            let message = format!("nothing at `{at}` uses the {} `{}`", object.kind, object.name);
            let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                .primary(Anchor::Text { file: firewall.export, range: object.head }, "not used")
                .help("remove it, if nothing outside the export uses it");
            finding.firewall = Some(at.to_string());
            out.push(finding);
        }
    }
}
