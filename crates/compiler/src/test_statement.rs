use std::collections::BTreeMap;

use diagnostics::TextRange;
use space::{Action, Effort, NameSet, Region, Rule, RuleId, RuleSet, Set, Verdict, judge};
use syntax::ast::{self, ItemKind};

use crate::assess::{closeness, together};
use crate::evaluate::{Complaint, Evaluator, Found, Instance, Scope, instantiate};
use crate::policy::{PolicyScope, library};
use crate::{
    Anchor, Db, Facts, File, Problem, Project, Requirement, StatementId, questions, requirements, statements,
};

/// What came of one `test` statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    pub title: String,
    pub place: Anchor,
    /// Expectations that did not hold, and what is wrong with the test itself.
    pub failures: Vec<Problem>,
    /// How many expectations it has.
    pub expectations: usize,
}

/// Runs the tests of a policy or module: each against its own few rules, first match decides, the rest is denied.
pub fn run_tests(db: &dyn Db, project: Project, file: File) -> Vec<TestOutcome> {
    let mut out = Vec::new();
    let global = requirements(db, project);
    for statement in statements(db, file) {
        if let ItemKind::Test(test) = &statement.item(db).kind {
            out.push(run(db, &statement.id(db), test, &global));
        }
    }
    out
}

fn run(db: &dyn Db, id: &StatementId, test: &ast::Test, global: &[Requirement]) -> TestOutcome {
    let outer = PolicyScope::of(db);
    let mut scope = TestScope {
        outer: &outer,
        roles: BTreeMap::new(),
        services: BTreeMap::new(),
        modules: BTreeMap::new(),
    };
    let mut failures: Vec<Problem> = Vec::new();
    let mut known: Vec<Requirement> = Vec::new();
    for item in &test.items {
        match &item.kind {
            ItemKind::Role(role) => drop(scope.roles.insert(&role.name.text, role)),
            ItemKind::Service(service) => drop(scope.services.insert(&service.name.text, service)),
            _ => {}
        }
    }
    for item in &test.items {
        let ItemKind::Import(import) = &item.kind else { continue };
        let offset = item.range.start;
        let alias = import.alias.as_ref().or(import.path.segments.last());
        let alias = alias.map_or_else(String::new, |alias| alias.text.clone());
        let path = import.path.to_string();
        let instance = match library(db, &path) {
            Some(module) => {
                let find = |path: &str| library(db, path);
                let (instance, complaints, problems) = instantiate(&module, import, &scope, &find, 0);
                failures.extend(complaints.into_iter().map(|complaint| complaint.at(id, offset)));
                failures.extend(problems);
                instance
            }
            None => {
                let help = "`flowright library` lists the modules there are";
                failures.push(
                    complain(
                        import.path.range,
                        format!("there is no module `{path}`"),
                        "not in the library",
                        help,
                    )
                    .at(id, offset),
                );
                None
            }
        };
        for flow in instance.iter().flat_map(|instance| &instance.flows) {
            known.push(Requirement { id: format!("{alias}.{}", flow.id).into(), ..flow.clone() });
        }
        scope.modules.insert(alias, instance);
    }
    for item in &test.items {
        let ItemKind::Flow(flow) = &item.kind else { continue };
        let mut evaluator = Evaluator::new(&scope);
        known.extend(evaluator.requirement(flow, id, item.range.start));
        failures.extend(evaluator.complaints.into_iter().map(|complaint| complaint.at(id, item.range.start)));
    }
    let rules = rules(test, &scope, id, &mut failures);
    for expectation in &test.expectations {
        let wanted = expectation.target.to_string();
        let found =
            known.iter().find(|it| *it.id == *wanted).or_else(|| global.iter().find(|it| *it.id == *wanted));
        let Some(requirement) = found else {
            let names = known.iter().chain(global).map(|requirement| &*requirement.id);
            let guess = syntax::similar_name(&wanted, names);
            let help = guess.map_or_else(
                || "name a flow by its label".to_owned(),
                |guess| format!("did you mean `{guess}`?"),
            );
            failures.push(
                complain(
                    expectation.target.range,
                    format!("there is no flow `{wanted}`"),
                    "not declared",
                    &help,
                )
                .at(id, 0),
            );
            continue;
        };
        let verdict = verdict(requirement, &rules);
        let shown = verdict.map_or("not_asked", Verdict::as_str);
        const WORDS: [&str; 5] = ["met", "missing", "partial", "undecided", "not_asked"];
        let word = expectation.verdict.text.as_str();
        if !WORDS.contains(&word) {
            let help = format!("use one of {}", WORDS.join(", "));
            failures.push(
                complain(
                    expectation.verdict.range,
                    format!("`{word}` is no verdict"),
                    "not a verdict",
                    &help,
                )
                .at(id, 0),
            );
        } else if word != shown {
            let message = format!("`{wanted}` is {shown}, and the test expects {word}");
            let help = "change the rules of the test, the flow, or what is expected";
            failures.push(complain(expectation.range, message, &format!("is {shown}"), help).at(id, 0));
        }
    }
    TestOutcome {
        title: test.title.value.clone(),
        place: Anchor::Statement { id: id.clone(), range: test.title.range },
        failures,
        expectations: test.expectations.len(),
    }
}

fn complain(range: TextRange, message: String, label: &str, help: &str) -> Complaint {
    Complaint { range, message, label: label.to_owned(), help: help.to_owned() }
}

fn rules(test: &ast::Test, scope: &TestScope<'_>, id: &StatementId, failures: &mut Vec<Problem>) -> RuleSet {
    let mut rules = Vec::new();
    for (index, rule) in test.rules.iter().enumerate() {
        let mut evaluator = Evaluator::new(scope);
        let ends = evaluator
            .endpoints(&rule.from)
            .and_then(|from| Ok((from.all(), evaluator.endpoints(&rule.to)?.all())));
        let services =
            rule.service.as_ref().map_or(Ok(crate::Services::any()), |service| evaluator.services(service));
        if let (Ok((from, to)), Ok(services)) = (ends, services) {
            let parts: Vec<_> = services.choices.into_iter().flatten().collect();
            let matches = questions(&from, &to, &parts, &Facts::default()).into_iter();
            let matches =
                matches.map(|question| Region { in_interface: NameSet::any(), ..question.region }).collect();
            let action = if rule.allow { Action::Permit } else { Action::Deny };
            rules.push(Rule { id: RuleId(u32::try_from(index).unwrap_or(u32::MAX)), matches, action });
        }
        failures.extend(evaluator.complaints.into_iter().map(|complaint| complaint.at(id, 0)));
    }
    RuleSet::flat(rules, Action::Deny)
}

/// What the rules make of a requirement; `None` where it asks for nothing.
fn verdict(requirement: &Requirement, rules: &RuleSet) -> Option<Verdict> {
    let of = |alternative: &crate::Alternative| -> Option<Verdict> {
        let judged = questions(&alternative.from, &alternative.to, &alternative.services, &Facts::default())
            .into_iter()
            .map(|question| {
                judge(&question, rules, &Effort::usual())
                    .map_or(Verdict::Undecided, |judgement| judgement.verdict())
            });
        together(&judged.collect::<Vec<_>>())
    };
    requirement.alternatives.iter().filter_map(of).max_by_key(|verdict| closeness(*verdict))
}

/// The names of a test: its own, then those of the policy around it.
struct TestScope<'a> {
    outer: &'a PolicyScope<'a>,
    roles: BTreeMap<&'a str, &'a ast::Role>,
    services: BTreeMap<&'a str, &'a ast::ServiceDefinition>,
    modules: BTreeMap<String, Option<Instance>>,
}

impl Scope for TestScope<'_> {
    fn find(&self, module: Option<&str>, name: &str) -> Option<Found<'_>> {
        match module {
            None => self
                .roles
                .get(name)
                .map(|role| Found::Role(role))
                .or_else(|| self.services.get(name).map(|service| Found::Service(service)))
                .or_else(|| self.outer.find(None, name)),
            Some(alias) => match self.modules.get(alias) {
                Some(Some(instance)) => instance.find(name),
                Some(None) => Some(Found::Broken),
                None => self.outer.find(module, name),
            },
        }
    }

    fn has_module(&self, alias: &str) -> bool {
        self.modules.contains_key(alias) || self.outer.has_module(alias)
    }

    fn names(&self, module: Option<&str>) -> Vec<String> {
        match module.and_then(|alias| self.modules.get(alias)) {
            Some(instance) => instance.as_ref().map_or_else(Vec::new, Instance::names),
            None => {
                let own = self.roles.keys().chain(self.services.keys()).map(|name| (*name).to_owned());
                own.chain(self.outer.names(module)).collect()
            }
        }
    }
}
