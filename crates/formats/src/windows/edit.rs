use diagnostics::{Edit, printable};
use space::{Action, Region, RuleId};

use super::items::{Item, ItemKind, items};
use super::model::{Reading, Rule, Setting, Shape};
use super::order;
use super::powershell::{self, Fields, Names};
use super::shape;
use super::specification::specifications;
use super::splice::{self, Fate};
use super::undo;
use crate::{Change, Edited, Export, NewRule, Refusal, RuleSetExport};

/// Edits the text so that `changes` are made to one rule set of it.
pub fn edit(text: &str, export: &Export, rule_set: usize, changes: &[Change]) -> Result<Edited, Refusal> {
    let other_text = || {
        Refusal::new("the text is not the one that was read", "read the export again, then make the change")
    };
    let given = export.rule_sets.get(rule_set).ok_or_else(other_text)?;
    let read = shape::with_reading(text, |reading| {
        let items = items(&reading, given.direction);
        let same = items.len() == given.entries.len()
            && items
                .iter()
                .zip(&given.entries)
                .all(|(item, entry)| item.name == entry.name && item.place == entry.place);
        if !same {
            return Err(other_text());
        }
        Plan::new(&reading, given, &items)?.carry_out(text, changes)
    });
    read.map_err(|_| other_text())?
}

/// One direction's rules in the order in which they are asked, and what becomes of them.
struct Plan<'p, 't> {
    reading: &'p Reading<'t>,
    given: &'p RuleSetExport,
    items: &'p [Item<'p, 't>],
    order: Vec<Step<'p>>,
    names: Names,
}

/// A rule in the order.
enum Step<'p> {
    Stays(RuleId, &'p [Region], Action),
    /// A new rule, and the one whose place in the file it takes.
    New(&'p NewRule, Option<RuleId>),
}

/// A rule to be written.
pub struct Written {
    pub fields: Fields,
    /// The name that Windows is to resolve.
    pub keyword: Option<String>,
}

impl<'p, 't> Plan<'p, 't> {
    fn new(
        reading: &'p Reading<'t>,
        given: &'p RuleSetExport,
        items: &'p [Item<'p, 't>],
    ) -> Result<Self, Refusal> {
        let refuse = |shape: &str| {
            Err(Refusal::new(
                format!("{shape} is not edited in place"),
                "collect the rules with `collect.ps1` and make the change there; the commands are the same",
            ))
        };
        match reading.shape {
            Shape::Json | Shape::Csv | Shape::PowerShell => {}
            Shape::NetshText => return refuse("the output of `netsh`"),
            Shape::NetshScript => return refuse("a script of `netsh` commands"),
            Shape::Registry => return refuse("a list of registry values"),
        }
        if let Some(gap) = reading.gaps.first() {
            return Err(Refusal::new(
                format!("something in the file is not understood: {}", printable(&gap.what)),
                "decide by hand what it does, take it out, and try again",
            ));
        }
        let order =
            given.rules.rules().map(|rule| Step::Stays(rule.id, &rule.matches, rule.action)).collect();
        let mut names = Names::default();
        for rule in &reading.rules {
            rule.key().into_iter().for_each(|name| names.note(name));
            rule.shown_name().into_iter().for_each(|name| names.note(name));
        }
        Ok(Plan { reading, given, items, order, names })
    }

    fn carry_out(mut self, text: &str, changes: &'p [Change]) -> Result<Edited, Refusal> {
        let mut gone: Vec<RuleId> = Vec::new();
        for change in changes {
            match change {
                Change::Insert { before, rule } => {
                    let at = match before {
                        Some(id) => self.position(*id)?,
                        None => self.end(),
                    };
                    self.order.insert(at, Step::New(rule, None));
                }
                Change::Remove { rule } => {
                    self.take(*rule, &mut gone)?;
                }
                Change::Replace { rule, with } => {
                    let at = self.take(*rule, &mut gone)?;
                    let new = with.iter().map(|new| Step::New(new, Some(*rule)));
                    self.order.splice(at..at, new);
                }
            }
        }
        let written = self.written()?;
        self.result(text, &gone, written)
    }

    fn item(&self, id: RuleId) -> Result<&'p Item<'p, 't>, Refusal> {
        self.items
            .get(id.0 as usize)
            .ok_or_else(|| Refusal::new("there is no such rule in the rule set", "read the export again"))
    }

    fn position(&self, id: RuleId) -> Result<usize, Refusal> {
        let item = self.item(id)?;
        if let ItemKind::Default { .. } = item.kind {
            return Ok(self.end());
        }
        let found = self.order.iter().position(|step| matches!(step, Step::Stays(other, ..) if *other == id));
        found.ok_or_else(|| {
            Refusal::new(
                format!("`{}` decides nothing, so that nothing is before it", printable(&item.name)),
                "insert the rule before one that decides, or at the end",
            )
        })
    }

    /// Before what the profiles do with the rest.
    fn end(&self) -> usize {
        let is_default = |step: &Step<'_>| match step {
            Step::Stays(id, ..) => {
                self.item(*id).is_ok_and(|item| matches!(item.kind, ItemKind::Default { .. }))
            }
            Step::New(..) => false,
        };
        self.order.iter().position(is_default).unwrap_or(self.order.len())
    }

    /// Takes a rule out, and says where it was.
    fn take(&mut self, id: RuleId, gone: &mut Vec<RuleId>) -> Result<usize, Refusal> {
        let item = self.item(id)?;
        let name = printable(&item.name);
        let ItemKind::Rule(rule) = item.kind else {
            return Err(Refusal::new(
                format!("`{name}` is a setting of a profile and no rule"),
                "change the profile with `Set-NetFirewallProfile`",
            ));
        };
        if rule.direction().is_none() || rule.hidden.is_some() {
            return Err(Refusal::new(
                format!("what `{name}` is for is not known"),
                "change it by hand, or collect the rules of the computer with `collect.ps1`",
            ));
        }
        if gone.contains(&id) {
            return Err(Refusal::new(format!("`{name}` is changed twice"), "make one change of the two"));
        }
        gone.push(id);
        let at = self.order.iter().position(|step| matches!(step, Step::Stays(other, ..) if *other == id));
        match at {
            Some(at) => {
                self.order.remove(at);
                Ok(at)
            }
            None => Ok(self.end()),
        }
    }

    /// The new rules, in the words of Windows: blocking ones come first wherever they stand.
    fn written(&mut self) -> Result<Vec<(Option<RuleId>, Written)>, Refusal> {
        let mut out = Vec::new();
        for at in 0..self.order.len() {
            let Some(Step::New(rule, replaced)) = self.order.get(at) else { continue };
            let (rule, replaced) = (*rule, *replaced);
            self.local_rules_count()?;
            self.in_order(rule, at)?;
            let regions = if rule.permit {
                vec![rule.region.clone()]
            } else {
                let before = self.order.iter().take(at).flat_map(|step| match step {
                    Step::Stays(_, regions, Action::Permit) => regions,
                    Step::New(new, _) if new.permit => std::slice::from_ref(&new.region),
                    _ => &[],
                });
                let later = self.default_denies().then(|| {
                    let later = self.order.iter().skip(at + 1).flat_map(|step| match step {
                        Step::Stays(_, regions, action) if *action != Action::Deny => *regions,
                        Step::New(new, _) if new.permit => std::slice::from_ref(&new.region),
                        _ => &[],
                    });
                    later.collect()
                });
                order::denied(rule, before, later)?
            };
            for region in &regions {
                for specification in specifications(region, self.given.direction)? {
                    let (name, shown) = self.names.take(&rule.name);
                    let mut fields =
                        powershell::fields(&specification, &name, &shown, self.given.direction, rule.permit);
                    let keyword = self.keyword(specification.name, &mut fields)?;
                    out.push((replaced, Written { fields, keyword }));
                }
            }
        }
        Ok(out)
    }

    /// Whether all that no rule matches is denied, in every profile.
    fn default_denies(&self) -> bool {
        let denies = self.given.rules.stages.iter().all(|stage| stage.default == Action::Deny);
        denies && !self.items.iter().any(|item| matches!(item.kind, ItemKind::Default { .. }))
    }

    fn local_rules_count(&self) -> Result<(), Refusal> {
        if self.reading.profiles.iter().all(|profile| profile.local_rules != Setting::Known(false)) {
            return Ok(());
        }
        Err(Refusal::new(
            "a profile ignores local rules (AllowLocalFirewallRules is False)",
            "add the rule to the group policy",
        ))
    }

    /// Windows asks what bypasses blocking rules first, then what blocks, then what allows: an order that differs cannot
    /// be had.
    fn in_order(&self, rule: &NewRule, at: usize) -> Result<(), Refusal> {
        for (position, step) in self.order.iter().enumerate() {
            let Step::Stays(id, regions, action) = step else { continue };
            let item = self.item(*id)?;
            if matches!(item.kind, ItemKind::Default { .. }) {
                continue;
            }
            let sooner = match item.kind {
                ItemKind::Rule(other) => super::import::turn(other).0 < super::import::Turn::Block,
                _ => true,
            };
            let hurts = if rule.permit {
                position >= at && *action != Action::Permit
            } else {
                position >= at && sooner || position < at && *action == Action::Unknown && !sooner
            };
            if hurts && regions.iter().any(|region| region.overlaps(&rule.region)) {
                return Err(Refusal::new(
                    format!(
                        "`{}` would come {} `{}`, which Windows asks {}",
                        printable(&rule.name),
                        if position >= at { "before" } else { "after" },
                        printable(&item.name),
                        if position >= at { "first" } else { "later" },
                    ),
                    "change or remove that rule instead: blocking rules come before allowing ones",
                ));
            }
        }
        Ok(())
    }

    /// The dynamic keyword address for a name: one of the file where it has one.
    fn keyword(&self, name: Option<String>, fields: &mut Fields) -> Result<Option<String>, Refusal> {
        let Some(name) = name else { return Ok(None) };
        let known = self
            .reading
            .keywords
            .iter()
            .find(|keyword| keyword.resolves && keyword.keyword.trim().eq_ignore_ascii_case(&name));
        if let Some(known) = known {
            if let Some((_, words)) = fields.last_mut() {
                *words = vec![known.id.to_string()];
            }
            return Ok(None);
        }
        if self.reading.shape == Shape::Csv {
            return Err(Refusal::new(
                format!("a table cannot say that `{}` is a name to be resolved", printable(&name)),
                "give its addresses, or make the change in what `collect.ps1` writes",
            ));
        }
        Ok(Some(name))
    }

    fn rule(&self, id: RuleId) -> Result<&'p Rule<'t>, Refusal> {
        match self.item(id)?.kind {
            ItemKind::Rule(rule) => Ok(rule),
            _ => Err(Refusal::new("there is no such rule in the file", "read the export again")),
        }
    }

    fn result(
        &self,
        text: &str,
        gone: &[RuleId],
        written: Vec<(Option<RuleId>, Written)>,
    ) -> Result<Edited, Refusal> {
        let mut commands: Vec<String> = Vec::new();
        let mut rollback: Vec<String> = Vec::new();
        let mut keywords: Vec<String> = Vec::new();
        for (_, new) in &written {
            if let Some(name) = new.keyword.as_ref().filter(|name| !keywords.contains(name)) {
                commands.push(powershell::new_keyword(name));
                keywords.push(name.clone());
            }
        }
        commands.extend(written.iter().map(|(_, new)| powershell::new_rule(&new.fields)));
        for id in gone {
            let (remove, again) = undo::removal(self.reading, self.rule(*id)?)?;
            commands.push(remove);
            rollback.push(again);
        }
        for (_, new) in &written {
            let name = new.fields.first().and_then(|(_, words)| words.first());
            rollback.push(powershell::remove_rule(name.map_or("", String::as_str), None)?);
        }
        rollback.extend(keywords.iter().map(|name| powershell::remove_keyword(name)));

        let mut fates: Vec<Fate> = self.reading.rules.iter().map(|_| Fate::Stays).collect();
        let index = |id: RuleId| {
            let place = self.rule(id)?.place;
            let found = self.reading.rules.iter().position(|rule| rule.place == place);
            found.ok_or_else(|| Refusal::new("there is no such rule in the file", "read the export again"))
        };
        for id in gone {
            if let Some(fate) = fates.get_mut(index(*id)?) {
                *fate = Fate::Becomes(Vec::new());
            }
        }
        let mut added = Vec::new();
        for (replaced, new) in written {
            let fate = match replaced {
                Some(id) => fates.get_mut(index(id)?),
                None => None,
            };
            match fate {
                Some(Fate::Becomes(list)) => list.push(new.fields),
                _ => added.push(new.fields),
            }
        }
        let goes = |fate: &Fate| matches!(fate, Fate::Becomes(list) if list.is_empty());
        let stays = self.reading.rules.iter().zip(&fates).filter(|(_, fate)| !goes(fate));
        // Where only the rules tell that a file is about a direction, one has to stay.
        let enough = !added.is_empty()
            || stays
                .into_iter()
                .any(|(rule, _)| self.reading.whole || rule.direction() == Some(self.given.direction));
        if !enough {
            return Err(Refusal::new(
                "no rule of this direction would be left in the file, and it would not say so",
                "leave a rule in it, or disable the rules on the computer",
            ));
        }
        let edits: Vec<Edit> = splice::edits(text, self.reading, &fates, &added, &keywords)?;
        Ok(Edited { edits, commands, rollback })
    }
}
