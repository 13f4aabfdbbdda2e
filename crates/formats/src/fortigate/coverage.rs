//! What became of each statement.

use std::borrow::Cow;
use std::collections::HashMap;

use super::import::Origin;
use super::sections::Kind;
use super::tree::{Document, Of, Table};
use crate::{Coverage, Status};

/// What became of the entries of which something special is known.
pub(super) type Statuses = HashMap<Origin, (Status, Cow<'static, str>)>;

/// Every statement of the file, in its order, in one state.
pub(super) fn coverage(document: &Document<'_>, statuses: &Statuses) -> Coverage {
    let mut coverage = Coverage::default();
    for statement in &document.statements {
        let (status, reason): (Status, Cow<'static, str>) = match &statement.of {
            Of::Entry { table, entry } => {
                let kind = document.tables.get(*table).map(|it| it.kind);
                let node = document.tables.get(*table).and_then(|it| it.entries.get(*entry as usize));
                match (node, kind, statuses.get(&Origin { table: *table, entry: *entry })) {
                    (Some(node), ..) if node.gone => {
                        (Status::Irrelevant, "a later command deletes it".into())
                    }
                    (_, _, Some((status, reason))) => (*status, reason.clone()),
                    (Some(node), ..) if !node.odd.is_empty() => {
                        (Status::NotUnderstood, "a line in it is no setting".into())
                    }
                    (_, Some(kind), None) => plainly(kind),
                    _ => (Status::Understood, "".into()),
                }
            }
            Of::Whole { table } => match document.tables.get(*table) {
                Some(table) => of_whole(document, table),
                None => (Status::Understood, "".into()),
            },
            Of::Irrelevant(reason) => (Status::Irrelevant, reason.clone()),
            Of::Done => (Status::Understood, "".into()),
            Of::Strange(reason) => (Status::NotUnderstood, reason.clone()),
        };
        coverage.push(statement.place, status, reason);
    }
    coverage
}

/// What becomes of the entries of which nothing special is known.
fn plainly(kind: Kind) -> (Status, Cow<'static, str>) {
    match kind {
        Kind::ExternalResource => (Status::Irrelevant, "no policy uses it".into()),
        Kind::PolicyRoute | Kind::RoutingProtocol => (
            Status::Irrelevant,
            "which way packets go; what is behind interfaces is not taken from it".into(),
        ),
        Kind::InternetServiceCustom => {
            (Status::Approximated, "internet services are known by name only".into())
        }
        _ => (Status::Understood, "".into()),
    }
}

fn of_whole(document: &Document<'_>, table: &Table<'_>) -> (Status, Cow<'static, str>) {
    match table.kind {
        Kind::Sdwan => (Status::Understood, "".into()),
        Kind::Settings => {
            let reads = ["central-nat", "ngfw-mode"];
            if reads.iter().any(|key| document.value(&table.whole, key).is_some()) {
                (Status::Understood, "".into())
            } else {
                (Status::Irrelevant, "settings that decide no flow".into())
            }
        }
        Kind::RoutingProtocol => plainly(Kind::RoutingProtocol),
        Kind::Interface | Kind::StaticRoute | Kind::StaticRoute6 | Kind::PolicyRoute => {
            (Status::Irrelevant, "settings that decide no flow".into())
        }
        _ => (Status::NotUnderstood, "what is set for the whole section is not known".into()),
    }
}
