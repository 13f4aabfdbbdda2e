use compiler::{Anchor, Remark, RemarkKind, import_remarks};

use crate::Context;

/// The remarks of one kind that one import brings.
pub(crate) struct ImportRemarks {
    pub alias: String,
    pub place: Anchor,
    pub remarks: Vec<Remark>,
}

/// Import by import, so that a module with many remarks makes one finding.
pub(crate) fn by_import(context: &Context<'_>, kind: RemarkKind) -> Vec<ImportRemarks> {
    let mut out: Vec<ImportRemarks> = Vec::new();
    for it in import_remarks(context.db, context.project).into_iter().filter(|it| it.remark.kind == kind) {
        match out.iter_mut().find(|known| known.place == it.place) {
            Some(known) => known.remarks.push(it.remark),
            None => out.push(ImportRemarks { alias: it.alias, place: it.place, remarks: vec![it.remark] }),
        }
    }
    out
}
