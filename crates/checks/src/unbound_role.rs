use compiler::{Anchor, RemarkKind};
use diagnostics::{Finding, Level};

use crate::{Check, Context, remarks};

pub(crate) const CHECK: Check = Check {
    name: "unbound-role",
    summary: "a role of an imported module is none, so that flows of its document are not asked for",
    level: Level::Note,
    page: include_str!("unbound_role.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for import in remarks::by_import(context, RemarkKind::Unbound) {
        let (alias, count) = (&import.alias, import.remarks.len());
        let message = format!(
            "{count} {} of `{alias}` {} not given, and what needs {} is not asked for",
            if count == 1 { "role" } else { "roles" },
            if count == 1 { "is" } else { "are" },
            if count == 1 { "it" } else { "them" }
        );
        let mut finding =
            Finding::new(CHECK.name, CHECK.level, message).primary(import.place, "imported without it");
        for remark in &import.remarks {
            finding = finding.note(format!("`{}`: {}", remark.subject, remark.text));
        }
        out.push(
            finding.help("give the roles that you have; write `ROLE = none` for one that you do not have"),
        );
    }
}
