use compiler::{Anchor, RemarkKind};
use diagnostics::{Finding, Level};

use crate::{Check, Context, remarks};

pub(crate) const CHECK: Check = Check {
    name: "incomplete-document",
    summary: "a document leaves something open that it only links to",
    level: Level::Note,
    page: include_str!("incomplete_document.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for import in remarks::by_import(context, RemarkKind::Incomplete) {
        let (alias, count) = (&import.alias, import.remarks.len());
        let message = format!(
            "the document behind `{alias}` leaves {count} {} open",
            if count == 1 { "thing" } else { "things" }
        );
        let mut finding = Finding::new(CHECK.name, CHECK.level, message).primary(import.place, "this module");
        for remark in &import.remarks {
            finding = finding.note(remark.text.to_string());
        }
        out.push(finding.help("read what the document links to, and declare those flows yourself"));
    }
}
