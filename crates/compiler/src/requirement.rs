use std::sync::Arc;

use crate::{Date, EndpointSet, ServicePart, StatementId};
use diagnostics::TextRange;

/// A flow that a policy or a document demands, allows or forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its stable name: the label, with the import's name before it (`vb.exo`); what it says where it has no label.
    pub id: Arc<str>,
    pub kind: Kind,
    /// One of these is enough. Empty where nothing is asked (a role of it is `none`).
    pub alternatives: Vec<Alternative>,
    pub provenance: Provenance,
    /// The statement of the policy that asks for it: the flow itself, or the import that brings it.
    pub statement: StatementId,
    /// The flow, or the path in the import, from the statement's first byte.
    pub range: TextRange,
}

/// Everything of one choice: all packets from the source to the destination by any of the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    pub from: EndpointSet,
    pub to: EndpointSet,
    pub services: Vec<ServicePart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Required,
    /// Declared, and not missed where it is closed.
    Optional,
    /// Forbidden, whatever else is declared.
    Never,
}

/// Where a requirement comes from. Empty for a flow that the policy itself asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    pub module: Option<Arc<str>>,
    pub document: Option<Arc<str>>,
    pub version: Option<Arc<str>>,
    /// The row, by its id or place.
    pub row: Option<Arc<str>>,
    /// What it is for, in our words.
    pub purpose: Option<Arc<str>>,
    /// Demands that are no packets: `no_tls_inspection`.
    pub constraints: Vec<Arc<str>>,
    /// The day after which the document expects it to be gone.
    pub deprecated: Option<Date>,
    /// The statement of the module that says it.
    pub statement: Option<StatementId>,
    pub range: TextRange,
}
