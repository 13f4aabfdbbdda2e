use std::collections::HashMap;

use diagnostics::TextRange;
use space::AddressSet;

/// What an export defines beside its rules: objects, names, interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// In the order of the file. Only what an administrator defined: a vendor's own objects are not listed.
    pub objects: Vec<ObjectEntry>,
    /// The uses of objects that the export names and neither it nor the vendor defines.
    pub undefined: Vec<UndefinedEntry>,
    /// The DNS names and wildcards in it.
    pub patterns: Vec<NamePattern>,
    /// The interfaces or zones of which it says what stands behind them.
    pub interfaces: Vec<InterfaceEntry>,
}

/// A named thing that rules use: an address object, a group, a service, a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEntry {
    /// In the vendor's words, in the singular: `address group`, `object network`.
    pub kind: &'static str,
    pub name: String,
    /// The whole definition.
    pub place: TextRange,
    /// The part of it to point at: its name, or its first line.
    pub head: TextRange,
    /// How often anything refers to it, rules and other objects, disabled ones too.
    pub uses: u32,
    /// What it stands for, in one spelling for all that stand for the same; `None` where that cannot be compared.
    pub content: Option<String>,
}

/// A place that names an object which is nowhere defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndefinedEntry {
    pub kind: &'static str,
    pub name: String,
    pub place: TextRange,
}

/// A DNS name or wildcard as the file writes it, and what it covers on this vendor's firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    /// As written: `.example.com`, `*.example.com`.
    pub written: String,
    pub place: TextRange,
    /// The same in our words (`*.x`: one or more labels, never the apex), all of which it covers. Empty where what it
    /// covers cannot be said so: one label only, a wildcard in the middle.
    pub covers: Vec<String>,
}

/// What stands behind an interface or zone, by the connected networks and routes that the export has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceEntry {
    /// The name by which rules restrict [`space::Region::in_interface`] and `out_interface`.
    pub name: String,
    /// Packets to these addresses leave by it, and packets from them come in by it. Disjoint between entries, and only
    /// what is sure: where a routing protocol may say otherwise, the connected networks alone.
    pub behind: AddressSet,
    /// Where the export says it.
    pub place: TextRange,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    pub year: i16,
    pub month: i8,
    pub day: i8,
}

/// Collects objects and their uses while an export is read, in whatever order they come.
#[derive(Debug, Default)]
pub struct ObjectTable {
    objects: Vec<ObjectEntry>,
    by_name: HashMap<(&'static str, String), usize>,
}

impl ObjectTable {
    /// Notes a definition. One that comes again under its name is the same object.
    pub fn define(&mut self, entry: ObjectEntry) {
        let key = (entry.kind, entry.name.clone());
        if let std::collections::hash_map::Entry::Vacant(vacant) = self.by_name.entry(key) {
            vacant.insert(self.objects.len());
            self.objects.push(entry);
        }
    }

    /// Notes a use of the object `name` of the first of `kinds` that has it; `false` where none has.
    pub fn refer(&mut self, kinds: &[&'static str], name: &str) -> bool {
        let found = kinds.iter().find_map(|&kind| self.by_name.get(&(kind, name.to_owned())));
        let object = found.and_then(|&at| self.objects.get_mut(at));
        object.map(|object| object.uses = object.uses.saturating_add(1)).is_some()
    }

    /// The objects in the order of the file.
    pub fn finish(mut self) -> Vec<ObjectEntry> {
        self.objects.sort_by_key(|object| object.place);
        self.objects
    }
}
