//! What must hold of a packet beside its addresses and service, for a policy to match it.

use diagnostics::TextRange;
use space::{Conditions, NameSet, Set, Side, Symbol, SymbolKind};

use super::interface::{distinct, union_of};
use super::matching::Reader;
use super::schedule::Times;
use super::sections::Kind;
use super::tree::List;
use super::{shown, values};

impl Reader<'_, '_, '_> {
    /// A condition of this policy alone.
    pub fn own(&self, says: &str) -> Conditions {
        let name = format!("{}: {}", self.setting.name, shown(says));
        Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &name))
    }

    fn problem(&mut self, place: TextRange, message: String, help: &str) {
        if !self.policy.disabled {
            self.domain.findings.problem(place, message, help);
        }
    }

    /// Something that each policy of FortiOS has, and this one has not.
    pub fn lacks(&mut self, key: &'static str) -> Conditions {
        let message = format!("`{}` has no `{key}`", self.setting.name);
        let help = format!("FortiOS does not take a policy without it: add `set {key}`");
        self.problem(self.policy.node.head, message, &help);
        self.reasons.push(format!("it has no `{key}`").into());
        self.own(&format!("no {key}"))
    }

    pub fn interfaces(
        &mut self,
        list: &List<'_, '_>,
        key: &'static str,
        optional: bool,
    ) -> (NameSet, Conditions) {
        if self.policy.kind == Kind::Deciding || (optional && list.is_empty()) {
            return (NameSet::any(), Conditions::none());
        }
        if list.is_empty() {
            return (NameSet::any(), self.lacks(key));
        }
        if list.0.iter().any(|word| word.text == "any") {
            return (NameSet::any(), Conditions::none());
        }
        let mut sets = Vec::new();
        let mut when = Conditions::none();
        let mut unsure = false;
        for word in &list.0 {
            let (set, condition) =
                self.domain.interfaces.named(&word.text, word.place, &mut self.domain.findings);
            unsure |= !condition.is_none();
            if when.is_none() {
                when = condition;
            }
            sets.push(set);
        }
        if unsure {
            self.reasons.push("it names an interface that is in a zone, or a placeholder".into());
            // One condition is enough for one name; of several it is not known which holds.
            if sets.len() > 1 {
                let names = distinct(list.0.iter().map(|word| &*word.text));
                when = self.own(&format!("{key} {}", names.join(" ")));
            }
        }
        (union_of(sets), when)
    }

    pub fn times(&mut self) -> Conditions {
        let mut when = Conditions::none();
        if let Some(word) = self.policy.schedule {
            let symbol = |kind| {
                let name = format!("schedule {}", shown(&word.text));
                Conditions::holds(Symbol::new(Side::Packet, kind, &name))
            };
            match self.domain.schedules.named(word, &mut self.domain.findings) {
                Times::Always => {}
                Times::Never => self.never = true,
                Times::Sometimes(expires) => {
                    self.expires = expires;
                    self.reasons.push("when its schedule holds is not modelled".into());
                    when = symbol(SymbolKind::Match);
                }
                Times::Undefined => when = symbol(SymbolKind::Undefined),
                Times::Placeholder => when = symbol(SymbolKind::Placeholder),
            }
        }
        if self.policy.expiry_enabled {
            let day = self.policy.expires.and_then(|word| values::day(word.text.split(' ').next()?));
            self.expires = match (self.expires, day) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            self.reasons.push("it expires".into());
            when = when.and(&self.own("has not expired")).unwrap_or_default();
        }
        when
    }

    /// What must hold beside addresses, service and time.
    pub fn others(&mut self) -> Conditions {
        let mut when = Conditions::none();
        let mut also = |more: Conditions| when = when.and(&more).unwrap_or_default();
        let policy = self.policy;
        for (noun, list) in policy.conditions.iter().filter(|(_, list)| !list.is_empty()) {
            let names = distinct(list.0.iter().map(|word| &*word.text));
            let mut names: Vec<String> = names.into_iter().map(shown).collect();
            names.sort();
            let name = format!("{noun} {}", names.join(", "));
            also(Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &name)));
            self.reasons.push(format!("the {noun} is not modelled").into());
        }
        if policy.default_ports_of_applications && policy.service.is_empty() {
            also(self.own("default ports of the applications"));
            self.reasons.push("the default ports of applications are not modelled".into());
        }
        for setting in &policy.unknown {
            let texts: Vec<&str> =
                self.domain.document.values(setting).iter().map(|word| &*word.text).collect();
            also(self.own(&format!("{} {}", setting.key, texts.join(" "))));
            self.reasons.push(format!("`{}` is not modelled", shown(setting.key)).into());
        }
        for name in distinct(policy.node.children.iter().map(|child| &*child.name)) {
            also(self.own(&format!("config {name}")));
            self.reasons.push(format!("`config {}` in it is not modelled", shown(name)).into());
        }
        if policy.kind == Kind::Deciding {
            also(self.own("not modelled"));
        }
        when
    }

    /// Each user or group for whom the policy is; one without conditions where it is for all.
    pub fn identities(&mut self) -> Vec<Conditions> {
        let mut out = Vec::new();
        for (noun, list) in ["user group", "user", "FSSO group"].into_iter().zip(&self.policy.users) {
            for name in distinct(list.0.iter().map(|word| &*word.text)) {
                let symbol = Symbol::new(Side::Source, SymbolKind::Match, &format!("{noun} {}", shown(name)));
                out.push(Conditions::holds(symbol));
            }
        }
        if out.is_empty() {
            return vec![Conditions::none()];
        }
        self.reasons.push("who a user is, is not modelled".into());
        out
    }
}
