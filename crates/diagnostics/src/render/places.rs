use std::collections::BTreeMap;

use crate::{FileId, LineIndex, Sources};

/// The files of a report, each with its line index, which is made once however many findings point there.
pub(super) struct Places<'sources> {
    sources: &'sources dyn Sources,
    indexes: BTreeMap<FileId, LineIndex<'sources>>,
}

impl<'sources> Places<'sources> {
    pub(super) fn new(sources: &'sources dyn Sources) -> Self {
        Places { sources, indexes: BTreeMap::new() }
    }

    pub(super) fn path(&self, file: FileId) -> &'sources str {
        self.sources.path(file)
    }

    pub(super) fn text(&self, file: FileId) -> &'sources str {
        self.sources.text(file)
    }

    pub(super) fn index(&mut self, file: FileId) -> &LineIndex<'sources> {
        let sources = self.sources;
        self.indexes.entry(file).or_insert_with(|| LineIndex::new(sources.text(file)))
    }
}
