use std::collections::BTreeMap;

use diagnostics::{Edit, TextRange, printable};
use space::RuleId;

use super::commands::Commands;
use super::emit::{ADDRESS_LIMIT, RULE_LIMIT};
use super::import::{Item, ItemKind, Priority, items, order, rule_name};
use super::model::{Group, Reading, Rule};
use super::numbers::assign;
use super::parse::{self, resource_name};
use super::splice::Splicer;
use super::template::term_of;
use super::write::{self, Dialect, Names, Spec};
use crate::json::{Json, Kind, Value};
use crate::{Change, Direction, Edited, Export, NewRule, Refusal};

/// Edits the text so that `changes` are made to one rule set of it.
pub fn edit(text: &str, export: &Export, rule_set: usize, changes: &[Change]) -> Result<Edited, Refusal> {
    let other_text = || {
        Refusal::new("the text is not the one that was read", "read the export again, then make the change")
    };
    let json = Json::parse(text).map_err(|_| other_text())?;
    let reading = parse::read(&json);
    let given = export.rule_sets.get(rule_set).ok_or_else(other_text)?;
    let group = reading.groups.get(rule_set / 2).ok_or_else(other_text)?;
    let items = items(group, given.direction, &reading.scope);
    let same = items.len() == given.entries.len()
        && items
            .iter()
            .zip(&given.entries)
            .all(|(item, entry)| item.name == entry.name && item.place == entry.place);
    if !same {
        return Err(other_text());
    }
    let is_template = json.root().get("resources").is_some() || json.root().get("template").is_some();
    let plan = Plan::new(&reading, group, given.direction, &items, is_template)?;
    plan.carry_out(text, changes)
}

/// One group's rules of one direction, and what becomes of them.
struct Plan<'p, 'j> {
    reading: &'p Reading<'j>,
    group: &'p Group<'j>,
    direction: Direction,
    items: &'p [Item<'p, 'j>],
    /// The rules that somebody wrote and whose place is known, in the order in which Azure asks them.
    own: Vec<Own<'p, 'j>>,
    /// The position in `own` of an item.
    positions: BTreeMap<usize, usize>,
    is_template: bool,
    names: Names,
    /// Ids of application security groups that the file has, by name.
    group_ids: BTreeMap<String, Option<String>>,
}

struct Own<'p, 'j> {
    rule: &'p Rule<'j>,
    name: String,
    priority: i64,
}

/// What becomes of a rule.
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<Wanted>),
}

/// A rule that is to be written.
struct Wanted {
    spec: Spec,
    name: String,
    description: Option<String>,
}

/// Where a rule stands in the new order.
enum Slot {
    Stays(usize),
    /// The rule is given other properties; it keeps its name.
    Becomes(usize, Spec),
    New(Wanted),
}

impl<'p, 'j> Plan<'p, 'j> {
    fn new(
        reading: &'p Reading<'j>,
        group: &'p Group<'j>,
        direction: Direction,
        items: &'p [Item<'p, 'j>],
        is_template: bool,
    ) -> Result<Self, Refusal> {
        let mut own = Vec::new();
        let mut positions = BTreeMap::new();
        for at in order(items) {
            if let (ItemKind::Rule(rule), Priority::Number(priority)) = (items[at].kind, items[at].priority)
                && !rule.is_default
            {
                positions.insert(at, own.len());
                own.push(Own { rule, name: items[at].name.clone(), priority });
            }
        }
        // Names are unique in a group, both directions taken together.
        let mut names = Names::default();
        for rule in group.rules.iter().chain(group.defaults.iter().flatten()) {
            names.take_as_it_is(&rule_name(rule, &reading.scope).unwrap_or_default());
        }
        let group_ids = group_ids(reading);
        Ok(Plan { reading, group, direction, items, own, positions, is_template, names, group_ids })
    }

    fn carry_out(mut self, text: &str, changes: &[Change]) -> Result<Edited, Refusal> {
        let count = self.own.len();
        let mut fates: Vec<Fate> = (0..count).map(|_| Fate::Stays).collect();
        let mut before: Vec<Vec<Wanted>> = (0..=count).map(|_| Vec::new()).collect();
        for change in changes {
            match change {
                Change::Insert { before: place, rule } => {
                    let at = match place {
                        Some(id) => self.position(*id)?.unwrap_or(count),
                        None => count,
                    };
                    let wanted = self.wanted(rule)?;
                    before[at].extend(wanted);
                }
                Change::Remove { rule } => self.once(&mut fates, *rule, Fate::Goes)?,
                Change::Replace { rule, with } => {
                    let mut wanted = Vec::new();
                    for rule in with {
                        wanted.extend(self.wanted(rule)?);
                    }
                    let fate = if wanted.is_empty() { Fate::Goes } else { Fate::Becomes(wanted) };
                    self.once(&mut fates, *rule, fate)?;
                }
            }
        }

        let mut slots: Vec<Slot> = Vec::new();
        let mut gone: Vec<usize> = Vec::new();
        let mut before = before.into_iter();
        for (at, fate) in fates.into_iter().enumerate() {
            slots.extend(before.next().into_iter().flatten().map(Slot::New));
            match fate {
                Fate::Stays => slots.push(Slot::Stays(at)),
                Fate::Goes => gone.push(at),
                Fate::Becomes(wanted) => {
                    let mut wanted = wanted.into_iter();
                    slots.extend(wanted.next().map(|first| Slot::Becomes(at, first.spec)));
                    slots.extend(wanted.map(Slot::New));
                }
            }
        }
        slots.extend(before.flatten().map(Slot::New));
        self.limits(&slots, gone.len())?;
        let numbers = self.numbers(&slots)?;

        let edits = self.edits(text, &slots, &numbers, &gone)?;
        let (commands, rollback) = self.commands(&slots, &numbers, &gone);
        Ok(Edited { edits, commands, rollback })
    }

    /// The position of a rule among those that can be changed; `None` for a default rule, which stands after all.
    fn position(&self, id: RuleId) -> Result<Option<usize>, Refusal> {
        let at = id.0 as usize;
        let Some(item) = self.items.get(at) else {
            return Err(Refusal::new("there is no such rule in the group", "read the export again"));
        };
        match (item.kind, self.positions.get(&at)) {
            (_, Some(position)) => Ok(Some(*position)),
            (ItemKind::Implied(_), None) => Ok(None),
            (ItemKind::Rule(rule), None) if rule.is_default => Ok(None),
            _ => Err(Refusal::new(
                format!("where `{}` stands among the rules is not known", printable(&item.name)),
                "deploy the template, and change the export of what was deployed",
            )),
        }
    }

    fn once(&self, fates: &mut [Fate], id: RuleId, fate: Fate) -> Result<(), Refusal> {
        let name = || self.items.get(id.0 as usize).map(|item| printable(&item.name)).unwrap_or_default();
        let Some(position) = self.position(id)? else {
            return Err(Refusal::new(
                format!("`{}` is a default rule, which Azure neither removes nor changes", name()),
                "put a rule of your own before it: any of 100 to 4096 is asked first",
            ));
        };
        let slot = &mut fates[position];
        if !matches!(slot, Fate::Stays) {
            return Err(Refusal::new(format!("`{}` is changed twice", name()), "make one change of the two"));
        }
        *slot = fate;
        Ok(())
    }

    /// The rules to be written for one that is wanted.
    fn wanted(&mut self, rule: &NewRule) -> Result<Vec<Wanted>, Refusal> {
        if self.group.elsewhere {
            return Err(Refusal::new(
                format!("the group `{}` itself is not in the file", printable(&self.group.name.shown)),
                "make the change in the template or export that has the whole group",
            ));
        }
        let ids = &self.group_ids;
        let specs = write::specs(rule, self.direction, &|name| {
            ids.get(&name.to_ascii_lowercase()).cloned().flatten()
        })?;
        let wanted = specs.into_iter().map(|spec| {
            let name = self.names.take(&rule.name);
            let description = write::description(&rule.name, &name);
            Wanted { spec, name, description }
        });
        Ok(wanted.collect())
    }

    fn limits(&self, slots: &[Slot], gone: usize) -> Result<(), Refusal> {
        let new = slots.iter().filter(|slot| matches!(slot, Slot::New(_))).count();
        let rules = (self.group.rules.len() + new).saturating_sub(gone);
        if new > 0 && rules > RULE_LIMIT {
            return Err(Refusal::new(
                format!("the group would have {rules} security rules, and it can have at most {RULE_LIMIT}"),
                "remove rules that decide nothing first",
            ));
        }
        let specs = slots.iter().filter_map(|slot| match slot {
            Slot::New(wanted) => Some(&wanted.spec),
            Slot::Becomes(_, spec) => Some(spec),
            Slot::Stays(_) => None,
        });
        let addresses: usize = specs.map(write::address_count).sum();
        if addresses > ADDRESS_LIMIT {
            return Err(Refusal::new(
                format!(
                    "{addresses} addresses are needed, and a network security group has at most {ADDRESS_LIMIT}"
                ),
                "use larger prefixes, or an Azure Firewall with IP groups",
            ));
        }
        Ok(())
    }

    /// A priority for each slot.
    fn numbers(&self, slots: &[Slot]) -> Result<Vec<i64>, Refusal> {
        let now: Vec<Option<i64>> = slots
            .iter()
            .map(|slot| match slot {
                Slot::Stays(at) | Slot::Becomes(at, _) => Some(self.own[*at].priority),
                Slot::New(_) => None,
            })
            .collect();
        if now.iter().all(Option::is_some) {
            return Ok(now.into_iter().flatten().collect());
        }
        let unplaced = self.items.iter().find(|item| item.priority == Priority::Unknown);
        if let Some(item) = unplaced {
            return Err(Refusal::new(
                format!(
                    "a new rule could get the priority of `{}`, which is not known",
                    printable(&item.name)
                ),
                "deploy the template, and change the export of what was deployed",
            ));
        }
        assign(&now).ok_or_else(|| {
            Refusal::new(
                "no priority from 100 to 4096 is left for the new rule",
                "remove rules that decide nothing first",
            )
        })
    }

    fn edits(
        &self,
        text: &str,
        slots: &[Slot],
        numbers: &[i64],
        gone: &[usize],
    ) -> Result<Vec<Edit>, Refusal> {
        let mut splicer = Splicer::new(text);
        let example = self.example();
        let dialect = self.dialect(example);
        let mut new = Vec::new();
        for (slot, number) in slots.iter().zip(numbers) {
            match slot {
                Slot::Stays(at) => self.renumber(&mut splicer, *at, *number)?,
                Slot::Becomes(at, spec) => {
                    self.own_place(self.own[*at].rule.object)?;
                    self.renumber(&mut splicer, *at, *number)?;
                    let rule = self.own[*at].rule;
                    let properties = self.properties_object(rule);
                    let dialect = self.dialect(Some(rule.object));
                    let mut wanted = vec![
                        ("protocol".to_owned(), dialect.text(spec.protocol)),
                        ("access".to_owned(), dialect.text(write::access(spec.permit))),
                    ];
                    wanted.extend(dialect.end(&spec.source, "source"));
                    wanted.extend(dialect.end(&spec.destination, "destination"));
                    let wanted = wanted.into_iter().map(|(key, value)| (dialect.key(&key), value));
                    splicer.set_members(properties, wanted.collect());
                }
                Slot::New(wanted) => {
                    let description = wanted.description.as_deref();
                    new.push(dialect.rule(&wanted.spec, &wanted.name, description, *number, self.direction));
                }
            }
        }
        // Rules go from the lists that they are in; new ones go to the end of the group's own list.
        let mut lists: BTreeMap<TextRange, (Value<'j>, Vec<TextRange>)> = BTreeMap::new();
        for at in gone {
            let rule = self.own[*at].rule;
            self.own_place(rule.object)?;
            let list = lists.entry(rule.holder.place()).or_insert_with(|| (rule.holder, Vec::new()));
            list.1.push(rule.object.place());
        }
        if !new.is_empty() {
            match self.group.list {
                Some(list) => {
                    let list = self.reading.scope.resolve(list);
                    self.own_place(list)?;
                    let (_, removed) = lists.remove(&list.place()).unwrap_or((list, Vec::new()));
                    splicer.change_list(list, &removed, &new);
                }
                None => {
                    let owner = self.group.list_owner.ok_or_else(|| {
                        Refusal::new(
                            format!(
                                "`{}` has no list of rules to write to",
                                printable(&self.group.name.shown)
                            ),
                            "give the group a property `securityRules` with an empty list first",
                        )
                    })?;
                    splicer.set_members(
                        owner,
                        vec![(dialect.key("securityRules"), crate::json_out::Out::List(new))],
                    );
                }
            }
        }
        for (list, removed) in lists.into_values() {
            splicer.change_list(list, &removed, &[]);
        }
        Ok(splicer.finish())
    }

    fn renumber(&self, splicer: &mut Splicer<'_>, at: usize, number: i64) -> Result<(), Refusal> {
        let own = &self.own[at];
        if let Some(value) = own.rule.priority.filter(|_| own.priority != number) {
            self.own_place(value)?;
            let quoted = value.kind() == Kind::String && !value.raw().starts_with("\"[");
            let text = if quoted { format!("\"{number}\"") } else { number.to_string() };
            splicer.replace(value.place(), text);
        }
        Ok(())
    }

    /// Refuses to touch what a variable holds: other rules and groups may use it too.
    fn own_place(&self, value: Value<'j>) -> Result<(), Refusal> {
        if self.reading.scope.is_variable(value.place()) {
            return Err(Refusal::new(
                "the rule is the value of a variable, which others may use too",
                "write the rule into the group itself first",
            ));
        }
        Ok(())
    }

    /// The object that holds the rule's properties.
    fn properties_object(&self, rule: &Rule<'j>) -> Value<'j> {
        rule.object.get("properties").filter(|inner| inner.kind() == Kind::Object).unwrap_or(rule.object)
    }

    /// A rule that shows how this group writes its rules.
    fn example(&self) -> Option<Value<'j>> {
        let inline = |rule: &&Rule<'j>| {
            self.group.list.is_some_and(|list| list.place().cover(rule.object.place()) == list.place())
        };
        let written = self.group.rules.iter().rfind(inline);
        written.or(self.group.defaults.as_ref().and_then(|rules| rules.first())).map(|rule| rule.object)
    }

    fn dialect(&self, example: Option<Value<'j>>) -> Dialect {
        let is_pascal = |object: Value<'j>, key: &str| {
            object.members().any(|member| {
                member.name.eq_ignore_ascii_case(key) && member.name.starts_with(char::is_uppercase)
            })
        };
        let inner = |object: Value<'j>| {
            object.members().find(|member| {
                member.name.eq_ignore_ascii_case("properties") && member.value.kind() == Kind::Object
            })
        };
        match example {
            Some(example) => {
                let nested = inner(example);
                let holder = nested.as_ref().map_or(example, |member| member.value);
                let pascal = is_pascal(holder, "access");
                let explicit = nested.is_none() && !pascal && holder.get("resourceGroup").is_some();
                let nested = nested.map(|member| member.name.into_owned());
                Dialect { nested, pascal, explicit, template: self.is_template }
            }
            None => {
                // A group without any rule: its own object shows.
                let owner = self.group.list_owner;
                let pascal = owner.is_some_and(|owner| is_pascal(owner, "securityRules"));
                let flat = owner.is_some_and(|owner| owner.get("name").is_some() && inner(owner).is_none());
                let nested = (!flat).then(|| "properties".to_owned());
                Dialect { nested, pascal, explicit: flat && !pascal, template: self.is_template }
            }
        }
    }

    /// What makes the change on the running group, and what takes it back.
    fn commands(&self, slots: &[Slot], numbers: &[i64], gone: &[usize]) -> (Vec<String>, Vec<String>) {
        let commands = Commands::new(self.group, self.direction);
        let scope = &self.reading.scope;
        let mut steps: Vec<(String, String)> = Vec::new();
        let removals: Vec<(String, String)> = gone
            .iter()
            .map(|at| &self.own[*at])
            .map(|own| (commands.delete(&own.name), commands.create_again(own.rule, &own.name, scope)))
            .collect();
        // A number is free again only when its rule is gone; where none is needed, what goes goes last, so that
        // nothing is open or closed in between that was not before.
        let taken = |number: &i64| gone.iter().any(|at| self.own[*at].priority == *number);
        let moved = |at: usize, number: i64| self.own[at].priority != number;
        let first = slots.iter().zip(numbers).any(|(slot, number)| {
            taken(number)
                && match slot {
                    Slot::Stays(at) | Slot::Becomes(at, _) => moved(*at, *number),
                    Slot::New(_) => true,
                }
        });
        if first {
            steps.extend(removals.iter().cloned());
        }
        steps.extend(self.renumberings(&commands, slots, numbers));
        for (slot, number) in slots.iter().zip(numbers) {
            match slot {
                Slot::Stays(_) => {}
                Slot::Becomes(at, spec) => {
                    let Own { rule, name, .. } = &self.own[*at];
                    let has_groups = |end: &super::model::Endpoint<'_>| {
                        end.application_security_groups.is_some_and(|groups| !groups.is_empty())
                    };
                    // `update` leaves what it is not told, and a rule has addresses or groups, never both.
                    let groups = has_groups(&rule.source)
                        || has_groups(&rule.destination)
                        || !spec.source.groups.is_empty()
                        || !spec.destination.groups.is_empty();
                    if groups {
                        let description =
                            rule.description.and_then(|text| text.string()).filter(|text| !text.is_empty());
                        steps.push((commands.delete(name), commands.create_again(rule, name, scope)));
                        let create = commands.create(spec, name, description.as_deref(), *number);
                        steps.push((create, commands.delete(name)));
                    } else {
                        steps.push((commands.update(spec, name), commands.update_back(rule, name, scope)));
                    }
                }
                Slot::New(wanted) => {
                    let create =
                        commands.create(&wanted.spec, &wanted.name, wanted.description.as_deref(), *number);
                    steps.push((create, commands.delete(&wanted.name)));
                }
            }
        }
        if !first {
            steps.extend(removals);
        }
        let (forward, mut back): (Vec<String>, Vec<String>) = steps.into_iter().unzip();
        back.reverse();
        (forward, back)
    }

    /// Renumberings in an order in which no number is ever taken twice: those that move up from the highest down,
    /// then those that move down from the lowest up.
    fn renumberings(&self, commands: &Commands, slots: &[Slot], numbers: &[i64]) -> Vec<(String, String)> {
        let mut up = Vec::new();
        let mut down = Vec::new();
        for (slot, number) in slots.iter().zip(numbers) {
            if let Slot::Stays(at) | Slot::Becomes(at, _) = slot {
                let Own { name, priority, .. } = &self.own[*at];
                let step = (commands.renumber(name, *number), commands.renumber(name, *priority));
                match number.cmp(priority) {
                    std::cmp::Ordering::Greater => up.push(step),
                    std::cmp::Ordering::Less => down.push(step),
                    std::cmp::Ordering::Equal => {}
                }
            }
        }
        up.reverse();
        up.append(&mut down);
        up
    }
}

/// What points at each application security group of the file, by its name; `None` where two differ.
fn group_ids(reading: &Reading<'_>) -> BTreeMap<String, Option<String>> {
    let mut ids: BTreeMap<String, Option<String>> = BTreeMap::new();
    let rules = reading.groups.iter().flat_map(|group| &group.rules);
    for end in rules.flat_map(|rule| [&rule.source, &rule.destination]) {
        let groups = end.application_security_groups.into_iter().flat_map(Value::elements);
        for id in groups.filter_map(|group| group.get("id")?.string()) {
            let Some(name) = resource_name(&term_of(&id)) else { continue };
            let name = name.to_ascii_lowercase();
            let known = ids.entry(name).or_insert_with(|| Some(id.to_string()));
            if known.as_ref().is_some_and(|known| !known.eq_ignore_ascii_case(&id)) {
                *known = None;
            }
        }
    }
    ids
}
