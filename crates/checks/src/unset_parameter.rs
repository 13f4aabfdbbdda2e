use compiler::{Anchor, RemarkKind};
use diagnostics::{Finding, Level};

use crate::{Check, Context, remarks};

pub(crate) const CHECK: Check = Check {
    name: "unset-parameter",
    summary: "a label of an imported module has no value, so that a wildcard stands for it",
    level: Level::Note,
    page: include_str!("unset_parameter.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for import in remarks::by_import(context, RemarkKind::Unset) {
        let (alias, count) = (&import.alias, import.remarks.len());
        let message = format!(
            "a wildcard stands for {count} {} of `{alias}`",
            if count == 1 { "label" } else { "labels" }
        );
        let mut finding =
            Finding::new(CHECK.name, CHECK.level, message).primary(import.place, "imported without it");
        for remark in &import.remarks {
            finding = finding.note(format!("`{}` is not set", remark.subject));
        }
        out.push(
            finding.help("give the label a value in the import, so that only your own names are asked for"),
        );
    }
}
