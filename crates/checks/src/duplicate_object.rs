use std::collections::HashMap;

use compiler::Anchor;
use diagnostics::{Finding, Level};
use formats::ObjectEntry;

use crate::{Check, Context};

pub(crate) const CHECK: Check = Check {
    name: "duplicate-object",
    summary: "two objects that stand for the same",
    level: Level::Note,
    page: include_str!("duplicate_object.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for (firewall, read) in context.exports() {
        let at = &firewall.value.name;
        let mut first: HashMap<(&str, &str), &ObjectEntry> = HashMap::new();
        for object in &read.inventory.objects {
            let Some(content) = &object.content else { continue };
            let known = *first.entry((object.kind, content)).or_insert(object);
            if std::ptr::eq(known, object) {
                continue;
            }
            let message = format!(
                "the {} `{}` at `{at}` stands for the same as `{}`",
                object.kind, object.name, known.name
            );
            let anchor = |object: &ObjectEntry| Anchor::Text { file: firewall.export, range: object.head };
            let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                .primary(anchor(object), "the same again")
                .secondary(anchor(known), "stands for it already")
                .help(format!("use `{}` in its place, and remove it", known.name));
            finding.firewall = Some(at.to_string());
            out.push(finding);
        }
    }
}
