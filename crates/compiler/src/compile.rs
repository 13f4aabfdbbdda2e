use diagnostics::TextRange;
use formats::{Direction, Format, NewRule, Refusal, RuleListing};
use space::{
    Action, AddressSet, Effort, Outcome, Question, Region, Rule, RuleId, RuleSet, Set, Side, decide,
    difference,
};

use crate::assess::asked_at;
use crate::facts::known_facts;
use crate::firewall::inside;
use crate::{
    Alternative, Anchor, Db, EndpointSet, FirewallValue, Kind, Problem, Project, Requirement, questions,
    requirements,
};

/// What is compiled, and of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Write rules for optional flows too.
    pub optional: bool,
    /// Only packets of this family; of both, where it is not said.
    pub family: Option<Family>,
    /// What the columns of a table mean, for a format that takes a mapping.
    pub mapping: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// A rule set in a vendor's words, read back and found equal to the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    pub text: String,
    /// What was written: the rules of each direction.
    pub listings: Vec<RuleListing>,
    /// The family of which the text says nothing, because this vendor keeps it in a file of its own.
    pub silent: Option<Family>,
}

/// Writes what the policies require of `firewall` as rule sets of `format`: what is required is permitted, and nothing
/// else. The text is read back and compared; where the vendor cannot say something, or says something else, there is no
/// text, and a problem at the policy's line.
pub fn compile(
    db: &dyn Db,
    project: Project,
    firewall: &FirewallValue,
    format: &dyn Format,
    options: &CompileOptions,
) -> Result<Compiled, Vec<Problem>> {
    let mut compiler = Compiler { db, project, firewall, format, options, problems: Vec::new() };
    let listings = compiler.listings();
    if !compiler.problems.is_empty() {
        return Err(compiler.problems);
    }
    let rule_listings: Vec<RuleListing> = listings.iter().map(|(listing, _)| listing.clone()).collect();
    let text = match compiler.emit(&rule_listings) {
        Ok(text) => text,
        Err(refusal) => return Err(compiler.refused(&listings, &refusal)),
    };
    match proved(&text, format, options.mapping.as_deref(), &rule_listings) {
        Ok(silent) => Ok(Compiled { text, listings: rule_listings, silent }),
        Err(message) => {
            let help = "nothing is written; this is a mistake of `flowright`, which is worth a report";
            Err(compiler.problem_of_the_whole(&message, help).into_iter().collect())
        }
    }
}

/// A listing, and which requirement each of its rules is for.
type Listed = (RuleListing, Vec<Requirement>);

struct Compiler<'a> {
    db: &'a dyn Db,
    project: Project,
    firewall: &'a FirewallValue,
    format: &'a dyn Format,
    options: &'a CompileOptions,
    problems: Vec<Problem>,
}

impl Compiler<'_> {
    fn listings(&mut self) -> Vec<Listed> {
        let directions = self.format.directions();
        let bound: Vec<(usize, Direction)> = directions.iter().copied().enumerate().collect();
        let mut listings: Vec<Listed> =
            directions.iter().map(|direction| (self.listing(*direction), Vec::new())).collect();
        let all = requirements(self.db, self.project);
        let wanted = |requirement: &&Requirement| match requirement.kind {
            Kind::Required => true,
            Kind::Optional => self.options.optional,
            Kind::Never => false,
        };
        for requirement in all.iter().filter(wanted) {
            let Some(rules) = self.chosen(requirement, &bound) else { continue };
            for (index, region) in rules {
                let Some((listing, of)) = listings.get_mut(index) else { continue };
                if !listing.rules.iter().rev().take(8).any(|known| known.region == region) {
                    listing.rules.push(NewRule { name: requirement.id.to_string(), permit: true, region });
                    of.push(requirement.clone());
                }
            }
        }
        self.forbid(&all, &listings);
        listings
    }

    fn listing(&self, direction: Direction) -> RuleListing {
        let name = match direction {
            Direction::Transit => self.firewall.name.to_string(),
            Direction::Inbound => format!("{}/inbound", self.firewall.name),
            Direction::Outbound => format!("{}/outbound", self.firewall.name),
        };
        RuleListing { name, direction, rules: Vec::new(), default_permit: false }
    }

    /// The rules for a requirement: of its first alternative that the vendor can say, by listing. `None` where none of
    /// its packets pass the firewall.
    fn chosen(
        &self,
        requirement: &Requirement,
        bound: &[(usize, Direction)],
    ) -> Option<Vec<(usize, Region)>> {
        let mut first = None;
        for alternative in &requirement.alternatives {
            let asked = self.asked(alternative, bound);
            if asked.is_empty() {
                continue;
            }
            let mut rules = Vec::new();
            let mut sayable = true;
            for (index, question) in &asked {
                let question = &self.seen_from_afar(*index, question);
                let (region, fits) = self.written(*index, question, requirement);
                sayable &= fits;
                rules.push((*index, region));
            }
            if sayable {
                return Some(rules);
            }
            first = first.or(Some(rules));
        }
        first
    }

    fn asked(&self, alternative: &Alternative, bound: &[(usize, Direction)]) -> Vec<(usize, Question)> {
        let facts = known_facts(self.db, self.project);
        let inside = inside(self.db, self.firewall);
        let ways = |from: &EndpointSet, to: &EndpointSet| questions(from, to, &alternative.services, facts);
        let stateful = self.format.stateful();
        let mut out = Vec::new();
        for (guard_from, guard_to) in &self.firewall.guards {
            let (from, to) = (alternative.from.intersect(guard_from), alternative.to.intersect(guard_to));
            let asked = asked_at(bound, |_| stateful, [&from, &to, &inside], ways, true);
            let asked = asked.into_iter().map(|(index, question, _)| (index, question));
            out.extend(asked.filter(|(_, question)| self.is_of_family(&question.region)));
        }
        out
    }

    /// A question about all that stands inside, for a vendor whose rules name the far side only, as one that leaves the near
    /// side open: no other packet meets the rule set.
    fn seen_from_afar(&self, index: usize, question: &Question) -> Question {
        let mut question = question.clone();
        if let Some(direction) = self.format.directions().get(index)
            && !self.format.names_near_side()
        {
            open_near_side(&mut question.region, *direction, &inside(self.db, self.firewall).addresses);
        }
        question
    }

    fn is_of_family(&self, region: &Region) -> bool {
        match self.options.family {
            None => true,
            Some(Family::V4) => region.source.v6.is_empty() && region.destination.v6.is_empty(),
            Some(Family::V6) => region.source.v4.is_empty() && region.destination.v4.is_empty(),
        }
    }

    /// What a question asks for as a rule says it, and whether the vendor can. A name that a feed knows is written by
    /// name where that can be, and by its addresses where not.
    fn written(&self, index: usize, question: &Question, requirement: &Requirement) -> (Region, bool) {
        let ask = requirement.alternatives.len() > 1;
        let region = as_rule(question);
        let named = |side| {
            let mut all = question.region.conditions.iter();
            all.any(|(symbol, held)| *held && symbol.side == side)
        };
        let (from, to) = (named(Side::Source), named(Side::Destination));
        let known = (from && !question.hidden.source) || (to && !question.hidden.destination);
        if !known {
            let fits = !ask || self.refusal(index, &requirement.id, &region).is_none();
            return (region, fits);
        }
        let by_name = Region {
            source: if from { AddressSet::any() } else { region.source.clone() },
            destination: if to { AddressSet::any() } else { region.destination.clone() },
            ..region.clone()
        };
        if self.refusal(index, &requirement.id, &by_name).is_none() {
            return (by_name, true);
        }
        let is_known = |side| match side {
            Side::Source => from && !question.hidden.source,
            Side::Destination => to && !question.hidden.destination,
            Side::Packet => false,
        };
        let conditions = region.conditions.retain(|symbol| !is_known(symbol.side));
        let by_address = region.when(conditions);
        let fits = self.refusal(index, &requirement.id, &by_address).is_none();
        (by_address, fits)
    }

    /// Why the vendor cannot say one rule, if it cannot.
    fn refusal(&self, index: usize, name: &str, region: &Region) -> Option<Refusal> {
        let direction = *self.format.directions().get(index)?;
        let rule = NewRule { name: name.to_owned(), permit: true, region: region.clone() };
        let listing = RuleListing { rules: vec![rule], ..self.listing(direction) };
        self.emit(&[listing]).err()
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        match &self.options.mapping {
            Some(mapping) => self.format.emit_with(listings, mapping),
            None => self.format.emit(listings),
        }
    }

    /// A flow that is both required and forbidden cannot be compiled.
    fn forbid(&mut self, all: &[Requirement], listings: &[Listed]) {
        let directions = self.format.directions();
        let bound: Vec<(usize, Direction)> = directions.iter().copied().enumerate().collect();
        for never in all.iter().filter(|requirement| requirement.kind == Kind::Never) {
            let asked: Vec<(usize, Question)> =
                never.alternatives.iter().flat_map(|alternative| self.asked(alternative, &bound)).collect();
            for (index, question) in asked {
                let Some((listing, of)) = listings.get(index) else { continue };
                let clash =
                    listing.rules.iter().zip(of).find(|(rule, _)| rule.region.overlaps(&question.region));
                if let Some((_, requirement)) = clash {
                    let message =
                        format!("`{}` is required, and `{}` forbids part of it", requirement.id, never.id);
                    self.problems.push(Problem {
                        place: anchor(requirement),
                        message,
                        label: "required here".to_owned(),
                        related: vec![(anchor(never), "forbidden here".to_owned())],
                        help: Some("take the one out of the other with `except`".to_owned()),
                    });
                    break;
                }
            }
        }
    }

    /// Where the policy asks for what the vendor cannot say.
    fn refused(&self, listings: &[Listed], whole: &Refusal) -> Vec<Problem> {
        let mut refused: Vec<(&Requirement, Refusal, usize)> = Vec::new();
        for (index, (listing, of)) in listings.iter().enumerate() {
            for (rule, requirement) in listing.rules.iter().zip(of) {
                let Some(refusal) = self.refusal(index, &rule.name, &rule.region) else { continue };
                match refused.iter_mut().find(|(known, ..)| known.id == requirement.id) {
                    Some((.., count)) => *count += 1,
                    None => refused.push((requirement, refusal, 1)),
                }
            }
        }
        // The same refusal of every rule is not about a rule.
        let same = refused.iter().all(|(_, refusal, _)| refusal == whole);
        let all = listings.iter().map(|(listing, _)| listing.rules.len()).sum::<usize>();
        if refused.len() > 1 && same && refused.iter().map(|(.., count)| count).sum::<usize>() == all {
            return self.problem_of_the_whole(&whole.message, &whole.help).into_iter().collect();
        }
        let problem = |(requirement, refusal, count): (&Requirement, Refusal, usize)| {
            let more = match count {
                1 => String::new(),
                _ => format!("; the same for {} more of its rules", count - 1),
            };
            let format = self.format.name();
            Problem {
                place: anchor(requirement),
                message: format!("{format} cannot say `{}`: {}{more}", requirement.id, refusal.message),
                label: "cannot be written".to_owned(),
                related: Vec::new(),
                help: Some(refusal.help),
            }
        };
        let mut problems: Vec<Problem> = refused.into_iter().map(problem).collect();
        if problems.is_empty() {
            problems.extend(self.problem_of_the_whole(&whole.message, &whole.help));
        }
        problems
    }

    /// What is wrong with no single flow, at the firewall's statement, or else where the policies begin.
    fn problem_of_the_whole(&self, message: &str, help: &str) -> Option<Problem> {
        let statement = self.firewall.statement.clone();
        let place = match (statement, self.project.policies(self.db).first()) {
            (Some(id), _) => Anchor::Statement { id, range: TextRange::new(0, "firewall".len()) },
            (None, Some(file)) => Anchor::Text { file: *file, range: TextRange::default() },
            (None, None) => return None,
        };
        let (name, format) = (&self.firewall.name, self.format.name());
        Some(Problem {
            place,
            message: format!("`{name}` cannot be compiled to {format}: {message}"),
            label: "all of it".to_owned(),
            related: Vec::new(),
            help: Some(help.to_owned()),
        })
    }
}

fn anchor(requirement: &Requirement) -> Anchor {
    Anchor::Statement { id: requirement.statement.clone(), range: requirement.range }
}

/// Leaves the near side open where the region has all of `inside`, as far as the other side's family goes.
pub fn open_near_side(region: &mut Region, direction: Direction, inside: &AddressSet) {
    let (near, far) = match direction {
        Direction::Inbound => (&mut region.destination, &region.source),
        Direction::Outbound => (&mut region.source, &region.destination),
        Direction::Transit => return,
    };
    let families = far.whole_families();
    if inside.intersect(&families).is_subset_of(near) {
        *near = families;
    }
}

/// A region that is asked about, as a rule says it: any interface, and a name for both families.
pub fn as_rule(question: &Question) -> Region {
    let mut region = question.region.clone();
    if question.hidden.source {
        region.source = region.source.whole_families();
    }
    if question.hidden.destination {
        region.destination = region.destination.whole_families();
    }
    for interfaces in [&mut region.in_interface, &mut region.out_interface] {
        if *interfaces == crate::network_interfaces() {
            *interfaces = Set::any();
        }
    }
    let established = formats::established();
    if region.conditions.get(&established) == Some(false) {
        region.conditions = region.conditions.retain(|symbol| *symbol != established);
    }
    let named = |side| region.conditions.iter().any(|(symbol, held)| *held && symbol.side == side);
    let whole = |set: &AddressSet| set.v4.is_any() || set.v6.is_any();
    if named(Side::Source) && whole(&region.source) {
        region.source = AddressSet::any();
    }
    if named(Side::Destination) && whole(&region.destination) {
        region.destination = AddressSet::any();
    }
    region
}

/// Reads what was written back and compares, direction by direction. Returns the family that it says nothing of.
fn proved(
    text: &str,
    format: &dyn Format,
    mapping: Option<&str>,
    listings: &[RuleListing],
) -> Result<Option<Family>, String> {
    let read = formats::import_with(text, Some(format.name()), mapping)
        .map_err(|error| format!("what was written cannot be read back: {}", error.message))?;
    let effort = Effort::usual();
    let mut silent = None;
    for listing in listings {
        let of_direction =
            || read.rule_sets.iter().filter(|rule_set| rule_set.direction == listing.direction);
        let same =
            of_direction().find(|rule_set| rule_set.name == listing.name).or_else(|| of_direction().next());
        let Some(written) = same else {
            return Err(format!("what was written has no rule set for `{}`", listing.name));
        };
        let wanted = as_rule_set(listing);
        let difference = difference(&wanted, &written.rules, &effort)
            .map_err(|_| "the proof takes too many region operations".to_owned())?;
        let changes = difference.newly_permitted.iter().chain(&difference.newly_denied);
        for part in changes.flat_map(|change| change.region.families()) {
            let v4 = part.source.v6.is_empty();
            let pieces = decide(&[part], &written.rules, &effort)
                .map_err(|_| "the proof takes too many region operations".to_owned())?;
            // Some vendors keep each family in a file of its own, and a file for the one says nothing of the other.
            let unsaid = pieces.iter().all(|piece| piece.outcome == Outcome::Unknown);
            if !unsaid || speaks_of(listing, v4) {
                return Err(format!("what was written does not read back as `{}`", listing.name));
            }
            silent = Some(if v4 { Family::V4 } else { Family::V6 });
        }
    }
    Ok(silent)
}

/// Whether any rule of the listing is for packets of this family.
fn speaks_of(listing: &RuleListing, v4: bool) -> bool {
    let families = listing.rules.iter().flat_map(|rule| rule.region.families());
    listing.default_permit || families.into_iter().any(|part| part.source.v6.is_empty() == v4)
}

/// The listing as rules: what it asks to be written.
fn as_rule_set(listing: &RuleListing) -> RuleSet {
    let action = |permit: bool| if permit { Action::Permit } else { Action::Deny };
    let rules = listing.rules.iter().enumerate().map(|(index, rule)| Rule {
        id: RuleId(u32::try_from(index).unwrap_or(u32::MAX)),
        matches: vec![rule.region.clone()],
        action: action(rule.permit),
    });
    RuleSet::flat(rules.collect(), action(listing.default_permit))
}
