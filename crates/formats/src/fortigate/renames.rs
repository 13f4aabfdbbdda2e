use std::borrow::Cow;
use std::collections::HashMap;

use super::sections::Kind;
use super::tree::{Document, Node, Rename};

/// What kind of name a setting or a section has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Address,
    Address6,
    Service,
    Schedule,
    Interface,
}

/// Gives references the new name of an object that is renamed after them: on the firewall they follow it.
pub(super) fn apply(document: &mut Document<'_>) {
    if document.renames.is_empty() {
        return;
    }
    let renames = std::mem::take(&mut document.renames);
    let mut by_name: HashMap<(usize, Class, &str), Vec<&Rename<'_>>> = HashMap::new();
    for rename in &renames {
        if let Some(class) = class_of_section(rename.kind) {
            by_name.entry((rename.scope, class, &rename.old)).or_default().push(rename);
        }
    }
    let mut renamed: Vec<(usize, Cow<'_, str>)> = Vec::new();
    for table in &document.tables {
        for node in table.entries.iter().chain([&table.whole]) {
            let mut found = |word: usize, class: Class| {
                let Some(old) = document.words.get(word) else { return };
                let (mut name, mut from) = (&*old.text, old.place.start);
                // A name may be changed again and again; each time is later than the one before.
                while let Some(next) = by_name
                    .get(&(table.scope, class, name))
                    .and_then(|all| all.iter().find(|rename| rename.at > from))
                {
                    (name, from) = (&next.new, next.at);
                }
                if name != old.text {
                    renamed.push((word, Cow::Owned(name.to_owned())));
                }
            };
            visit(node, table.kind, &mut found);
        }
    }
    for (word, name) in renamed {
        if let Some(word) = document.words.get_mut(word) {
            word.text = name;
        }
    }
}

fn visit(node: &Node<'_>, kind: Kind, found: &mut impl FnMut(usize, Class)) {
    for setting in &node.settings {
        if let Some(class) = class_of_setting(setting.key, kind) {
            let first = setting.first as usize;
            for word in first..first + setting.count as usize {
                found(word, class);
            }
        }
    }
    for child in &node.children {
        visit(child, kind, found);
    }
}

fn class_of_section(kind: Kind) -> Option<Class> {
    Some(match kind {
        Kind::Address | Kind::AddressGroup | Kind::Vip | Kind::VipGroup => Class::Address,
        Kind::Address6 | Kind::AddressGroup6 | Kind::Vip6 | Kind::VipGroup6 => Class::Address6,
        Kind::Service | Kind::ServiceGroup => Class::Service,
        Kind::Recurring | Kind::Onetime | Kind::ScheduleGroup => Class::Schedule,
        Kind::Zone | Kind::Interface => Class::Interface,
        _ => return None,
    })
}

fn class_of_setting(key: &str, kind: Kind) -> Option<Class> {
    let is_v6 = matches!(kind, Kind::Policy6 | Kind::LocalInPolicy6 | Kind::Acl6);
    Some(match (key, kind) {
        ("srcaddr" | "dstaddr", _) if is_v6 => Class::Address6,
        ("srcaddr6" | "dstaddr6", _) => Class::Address6,
        ("srcaddr" | "dstaddr" | "srcaddr4" | "dstaddr4", _) => Class::Address,
        ("service", _) if kind.has_rules() => Class::Service,
        ("schedule", _) => Class::Schedule,
        ("member" | "exclude-member", Kind::ServiceGroup) => Class::Service,
        ("member" | "exclude-member", Kind::ScheduleGroup) => Class::Schedule,
        ("member" | "exclude-member", Kind::AddressGroup | Kind::VipGroup) => Class::Address,
        ("member" | "exclude-member", Kind::AddressGroup6 | Kind::VipGroup6) => Class::Address6,
        ("srcintf" | "dstintf" | "intf" | "interface" | "extintf" | "device", _) => Class::Interface,
        _ => return None,
    })
}
