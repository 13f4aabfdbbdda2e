use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::TextRange;
use syntax::ast::{self, EntryValue, ExpressionKind, ItemKind};

use crate::evaluate::{Evaluator, Found, Instance, ModuleText, Remark, Scope, instantiate};
use crate::source::parsed;
use crate::{
    Anchor, Date, Db, EndpointSet, File, Problem, Project, Requirement, Statement, StatementId, statements,
};

/// Everything that is wrong in the policies and in the modules they import, in the order of files and places.
pub fn check_policy(db: &dyn Db, project: Project) -> Vec<Problem> {
    let mut out = Vec::new();
    for &file in project.policies(db) {
        out.extend(syntax_problems(db, file));
        for &statement in statements(db, file) {
            out.extend(statement_problems(db, statement).iter().cloned());
        }
    }
    let mut broken_modules: Vec<File> = Vec::new();
    for &file in project.library(db) {
        let used = out
            .iter()
            .any(|problem| matches!(&problem.place, Anchor::Statement { id, .. } if id.file == file));
        if used || !syntax_problems(db, file).is_empty() {
            broken_modules.push(file);
        }
    }
    for file in broken_modules {
        out.extend(syntax_problems(db, file));
    }
    out.extend(double_modules(db, project));
    out.extend(names(db, project).doubles.iter().cloned());
    out
}

/// Whether a file is a module: whether it says so.
pub fn is_module(db: &dyn Db, file: File) -> bool {
    statements(db, file).iter().any(|statement| matches!(statement.item(db).kind, ItemKind::Module(_)))
}

/// Two modules of one name: which of them an import means is nobody's to guess.
fn double_modules(db: &dyn Db, project: Project) -> Vec<Problem> {
    let mut seen: BTreeMap<String, Anchor> = BTreeMap::new();
    let mut out = Vec::new();
    for &file in project.library(db) {
        for statement in statements(db, file) {
            let ItemKind::Module(module) = &statement.item(db).kind else { continue };
            let place = Anchor::Statement { id: statement.id(db), range: module.path.range };
            match seen.get(&module.path.to_string()) {
                None => drop(seen.insert(module.path.to_string(), place)),
                Some(first) => out.push(Problem {
                    place,
                    message: format!("there are two modules `{}`", module.path),
                    label: "this one".to_owned(),
                    related: vec![(first.clone(), "and this one".to_owned())],
                    help: Some("give one of the two another name".to_owned()),
                }),
            }
        }
    }
    out
}

fn syntax_problems(db: &dyn Db, file: File) -> Vec<Problem> {
    let errors = parsed(db, file).errors.iter();
    errors
        .map(|error| Problem {
            place: Anchor::Text { file, range: error.range },
            message: error.message.clone(),
            label: error.label.clone(),
            related: Vec::new(),
            help: error.help.clone(),
        })
        .collect()
}

/// What the policies declare, by name.
#[derive(Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Names<'db> {
    /// Roles, services and imports: one name space.
    values: BTreeMap<String, Statement<'db>>,
    firewalls: BTreeMap<String, Statement<'db>>,
    /// Declared by statements that do not parse, which is said of those.
    broken: BTreeSet<String>,
    doubles: Vec<Problem>,
}

#[salsa::tracked]
pub fn names<'db>(db: &'db dyn Db, project: Project) -> Names<'db> {
    let mut out = Names {
        values: BTreeMap::new(),
        firewalls: BTreeMap::new(),
        broken: BTreeSet::new(),
        doubles: Vec::new(),
    };
    let mut labels: BTreeMap<String, Statement<'db>> = BTreeMap::new();
    for &file in project.policies(db) {
        out.broken.extend(parsed(db, file).broken_names.iter().cloned());
        for &statement in statements(db, file) {
            let (map, name) = match &statement.item(db).kind {
                ItemKind::Role(role) => (&mut out.values, &role.name),
                ItemKind::Service(service) => (&mut out.values, &service.name),
                ItemKind::Import(import) => match import.alias.as_ref().or(import.path.segments.last()) {
                    Some(alias) => (&mut out.values, alias),
                    None => continue,
                },
                ItemKind::Firewall(firewall) => (&mut out.firewalls, &firewall.name),
                ItemKind::Flow(flow) => match &flow.label {
                    Some(label) => (&mut labels, label),
                    None => continue,
                },
                _ => continue,
            };
            let place = Anchor::Statement { id: statement.id(db), range: name.range };
            match map.get(&name.text) {
                Some(first) => {
                    let range = name_range(first.item(db));
                    let first = Anchor::Statement { id: first.id(db), range };
                    out.doubles.push(Problem {
                        place,
                        message: format!("`{}` is declared twice", name.text),
                        label: "declared again".to_owned(),
                        related: vec![(first, "first declared here".to_owned())],
                        help: Some("give one of the two another name".to_owned()),
                    });
                }
                None => {
                    map.insert(name.text.clone(), statement);
                }
            }
        }
    }
    out
}

fn name_range(item: &ast::Item) -> TextRange {
    match &item.kind {
        ItemKind::Role(role) => role.name.range,
        ItemKind::Service(service) => service.name.range,
        ItemKind::Import(import) => import.alias.as_ref().map_or(import.path.range, |alias| alias.range),
        ItemKind::Firewall(firewall) => firewall.name.range,
        ItemKind::Flow(flow) => flow.label.as_ref().map_or(flow.range, |label| label.range),
        _ => item.range,
    }
}

/// The names of all policies of the project.
pub(crate) struct PolicyScope<'db> {
    pub db: &'db dyn Db,
    pub names: &'db Names<'db>,
}

impl<'db> PolicyScope<'db> {
    pub fn of(db: &'db dyn Db) -> Self {
        PolicyScope { db, names: names(db, Project::get(db)) }
    }

    fn module(&self, alias: &str) -> Option<&'db ModuleValue> {
        let statement = *self.names.values.get(alias)?;
        matches!(statement.item(self.db).kind, ItemKind::Import(_)).then(|| module_value(self.db, statement))
    }
}

impl Scope for PolicyScope<'_> {
    fn find(&self, module: Option<&str>, name: &str) -> Option<Found<'_>> {
        let wanted = module.unwrap_or(name);
        if !self.names.values.contains_key(wanted) && self.names.broken.contains(wanted) {
            return Some(Found::Broken);
        }
        if let Some(alias) = module {
            return self
                .module(alias)?
                .instance
                .as_ref()
                .map_or(Some(Found::Broken), |instance| instance.find(name));
        }
        match &self.names.values.get(name)?.item(self.db).kind {
            ItemKind::Role(role) => Some(Found::Role(role)),
            ItemKind::Service(service) => Some(Found::Service(service)),
            _ => None,
        }
    }

    fn has_module(&self, alias: &str) -> bool {
        self.module(alias).is_some()
    }

    fn names(&self, module: Option<&str>) -> Vec<String> {
        match module {
            None => self.names.values.keys().cloned().collect(),
            Some(alias) => self
                .module(alias)
                .and_then(|module| module.instance.as_ref())
                .map_or_else(Vec::new, Instance::names),
        }
    }
}

/// The modules of the library, by path.
#[salsa::tracked]
pub fn library_index(db: &dyn Db, project: Project) -> BTreeMap<String, File> {
    let mut out = BTreeMap::new();
    for &file in project.library(db) {
        for statement in statements(db, file) {
            if let ItemKind::Module(module) = &statement.item(db).kind {
                out.entry(module.path.to_string()).or_insert(file);
            }
        }
    }
    out
}

/// The text of a module of the library.
pub(crate) fn library(db: &dyn Db, path: &str) -> Option<ModuleText> {
    let file = *library_index(db, Project::get(db)).get(path)?;
    let statements = statements(db, file).iter().map(|it| (it.id(db), Arc::clone(it.item(db)))).collect();
    Some(ModuleText { path: path.to_owned(), statements })
}

/// An imported module for the arguments of one `import`.
#[derive(Debug, PartialEq, Eq)]
pub struct ModuleValue {
    pub(crate) instance: Option<Instance>,
    problems: Vec<Problem>,
}

#[salsa::tracked(cycle_result = module_circle)]
pub fn module_value<'db>(db: &'db dyn Db, statement: Statement<'db>) -> ModuleValue {
    let id = statement.id(db);
    let ItemKind::Import(import) = &statement.item(db).kind else {
        return ModuleValue { instance: None, problems: Vec::new() };
    };
    let index = library_index(db, Project::get(db));
    let path = import.path.to_string();
    let Some(module) = library(db, &path) else {
        let guess = syntax::similar_name(&path, index.keys().map(String::as_str));
        let help = guess.map_or_else(
            || "`flowright library` lists the modules there are".to_owned(),
            |guess| format!("did you mean `{guess}`?"),
        );
        let problem = Problem {
            place: Anchor::Statement { id, range: import.path.range },
            message: format!("there is no module `{path}`"),
            label: "not in the library".to_owned(),
            related: Vec::new(),
            help: Some(help),
        };
        return ModuleValue { instance: None, problems: vec![problem] };
    };
    let (instance, complaints, mut problems) =
        instantiate(&module, import, &PolicyScope::of(db), &|path: &str| library(db, path), 0);
    problems.extend(complaints.into_iter().map(|complaint| complaint.at(&id, 0)));
    ModuleValue { instance, problems }
}

fn module_circle<'db>(db: &'db dyn Db, _: salsa::Id, statement: Statement<'db>) -> ModuleValue {
    let range = name_range(statement.item(db));
    let problem = Problem {
        place: Anchor::Statement { id: statement.id(db), range },
        message: "the arguments of this import lead back to the import itself".to_owned(),
        label: "imported for its own argument".to_owned(),
        related: Vec::new(),
        help: Some("give the argument as addresses, or as a role of the policy".to_owned()),
    };
    ModuleValue { instance: None, problems: vec![problem] }
}

/// What a flow statement asks for, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct FlowValue {
    requirement: Option<Requirement>,
    problems: Vec<Problem>,
}

#[salsa::tracked]
pub fn flow_value<'db>(db: &'db dyn Db, statement: Statement<'db>) -> FlowValue {
    let id = statement.id(db);
    let ItemKind::Flow(flow) = &statement.item(db).kind else {
        return FlowValue { requirement: None, problems: Vec::new() };
    };
    let scope = PolicyScope::of(db);
    let mut evaluator = Evaluator::new(&scope);
    let requirement = evaluator.requirement(flow, &id, 0);
    let problems = evaluator.complaints.into_iter().map(|complaint| complaint.at(&id, 0)).collect();
    FlowValue { requirement, problems }
}

/// What is wrong with one statement of a policy.
#[salsa::tracked]
pub fn statement_problems<'db>(db: &'db dyn Db, statement: Statement<'db>) -> Vec<Problem> {
    let id = statement.id(db);
    let scope = PolicyScope::of(db);
    let mut evaluator = Evaluator::new(&scope);
    match &statement.item(db).kind {
        ItemKind::Flow(_) => return flow_value(db, statement).problems.clone(),
        ItemKind::Import(_) => return module_value(db, statement).problems.clone(),
        ItemKind::Firewall(_) => return crate::firewall::firewall_value(db, statement).problems.clone(),
        ItemKind::Role(role) => {
            evaluator.define(&role.name.text);
            let _ = evaluator.endpoints(&role.value);
        }
        ItemKind::Service(service) => {
            evaluator.define(&service.name.text);
            let _ = evaluator.services(&service.value);
        }
        ItemKind::Waiver(waiver) => waiver_value(&mut evaluator, waiver, &id, &scope).map_or((), drop),
        ItemKind::When(when) => {
            let range = when.condition.first().map_or(TextRange::default(), |comparison| comparison.range);
            let help = "write the flows that you want, or import the module with another argument";
            evaluator.wrong(range, "`when` is for modules: a policy has no parameters", "not here", help);
        }
        ItemKind::Parameter(parameter) => {
            let help = "a role or a service of the policy is `role name = ...` or `service name = ...`";
            evaluator.wrong(parameter.name.range, "`parameter` is for modules", "not here", help);
        }
        ItemKind::Module(module) => {
            let help = "modules lie in the library; a policy imports them";
            evaluator.wrong(module.path.range, "a policy is no module", "not here", help);
        }
        ItemKind::Test(_) => {}
    }
    evaluator.complaints.into_iter().map(|complaint| complaint.at(&id, 0)).collect()
}

/// Everything that the policies ask for, allow or forbid, in the order of files and statements, imports unfolded.
pub fn requirements(db: &dyn Db, project: Project) -> Vec<Requirement> {
    let mut out: Vec<Requirement> = Vec::new();
    for &file in project.policies(db) {
        for &statement in statements(db, file) {
            out.extend(requirements_of(db, statement).iter().cloned());
        }
    }
    // Flows without a label are called by what they say; two that say the same are still two.
    let mut seen: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for requirement in &mut out {
        let count = seen.entry(Arc::clone(&requirement.id)).or_default();
        *count += 1;
        if *count > 1 {
            requirement.id = format!("{} #{count}", requirement.id).into();
        }
    }
    out
}

#[salsa::tracked]
pub fn requirements_of<'db>(db: &'db dyn Db, statement: Statement<'db>) -> Vec<Requirement> {
    match &statement.item(db).kind {
        ItemKind::Flow(_) => flow_value(db, statement).requirement.iter().cloned().collect(),
        ItemKind::Import(import) => {
            let alias = import.alias.as_ref().or(import.path.segments.last());
            let alias = alias.map_or("", |alias| alias.text.as_str());
            let flows = module_value(db, statement).instance.iter().flat_map(|instance| &instance.flows);
            flows
                .map(|flow| Requirement {
                    id: format!("{alias}.{}", flow.id).into(),
                    statement: statement.id(db),
                    range: import.path.range,
                    ..flow.clone()
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A remark of a module, and the import that brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRemark {
    pub remark: Remark,
    /// The name the policy gives to the module.
    pub alias: String,
    pub module: String,
    /// The import.
    pub place: Anchor,
}

/// What the imported modules say beside their flows.
pub fn import_remarks(db: &dyn Db, project: Project) -> Vec<ImportRemark> {
    let mut out = Vec::new();
    for &file in project.policies(db) {
        for &statement in statements(db, file) {
            let ItemKind::Import(import) = &statement.item(db).kind else { continue };
            let alias = import.alias.as_ref().or(import.path.segments.last());
            let alias = alias.map_or_else(String::new, |alias| alias.text.clone());
            let place = Anchor::Statement { id: statement.id(db), range: import.path.range };
            let instance = module_value(db, statement).instance.iter();
            out.extend(instance.flat_map(|instance| &instance.remarks).map(|remark| ImportRemark {
                remark: remark.clone(),
                alias: alias.clone(),
                module: import.path.to_string(),
                place: place.clone(),
            }));
        }
    }
    out
}

/// The addresses that the policies themselves name: in roles, in flows, in arguments. Not what a module lists.
#[salsa::tracked]
pub fn own_endpoints(db: &dyn Db, project: Project) -> EndpointSet {
    let scope = PolicyScope::of(db);
    let mut all = EndpointSet::empty();
    for &file in project.policies(db) {
        for statement in statements(db, file) {
            let mut evaluator = Evaluator::new(&scope);
            let expressions: Vec<&ast::Expression> = match &statement.item(db).kind {
                ItemKind::Role(role) => vec![&role.value],
                ItemKind::Flow(flow) => vec![&flow.from, &flow.to],
                ItemKind::Import(import) => import
                    .arguments
                    .iter()
                    .filter_map(|argument| match &argument.value {
                        EntryValue::Expression(expression) => Some(expression),
                        EntryValue::Flow { .. } => None,
                    })
                    .filter(|it| matches!(it.kind, ExpressionKind::Address(_) | ExpressionKind::List(_)))
                    .collect(),
                _ => continue,
            };
            for expression in expressions {
                if let ExpressionKind::Path(path) = &expression.kind
                    && path.segments.len() > 1
                {
                    continue;
                }
                if let Ok(endpoints) = evaluator.endpoints(expression) {
                    for choice in endpoints.choices {
                        if !space::Set::is_any(&choice.addresses.v4)
                            && !space::Set::is_any(&choice.addresses.v6)
                        {
                            all = all.union(&choice);
                        }
                    }
                }
            }
        }
    }
    all
}

/// An exception that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    pub check: String,
    /// At this firewall only.
    pub firewall: Option<String>,
    /// For this rule only.
    pub rule: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    pub reason: Option<Arc<str>>,
    pub place: Anchor,
}

/// The waivers of the policies.
pub fn waivers(db: &dyn Db, project: Project) -> Vec<Waiver> {
    let scope = PolicyScope::of(db);
    let mut out = Vec::new();
    for &file in project.policies(db) {
        for statement in statements(db, file) {
            if let ItemKind::Waiver(waiver) = &statement.item(db).kind {
                out.extend(waiver_value(&mut Evaluator::new(&scope), waiver, &statement.id(db), &scope));
            }
        }
    }
    out
}

fn waiver_value(
    evaluator: &mut Evaluator<'_>,
    waiver: &ast::Waiver,
    id: &StatementId,
    scope: &PolicyScope<'_>,
) -> Option<Waiver> {
    if let Some(firewall) = &waiver.firewall
        && !scope.names.firewalls.contains_key(&firewall.text)
        && !scope.names.broken.contains(&firewall.text)
    {
        let guess = syntax::similar_name(&firewall.text, scope.names.firewalls.keys().map(String::as_str));
        let help = guess
            .map_or_else(|| "name a firewall of the policy".to_owned(), |g| format!("did you mean `{g}`?"));
        evaluator.wrong(
            firewall.range,
            format!("there is no firewall `{}`", firewall.text),
            "not declared",
            help,
        );
        return None;
    }
    let mut until = None;
    let mut reason = None;
    for entry in &waiver.entries {
        match (entry.key.text.as_str(), &entry.value) {
            (
                "until",
                EntryValue::Expression(ast::Expression {
                    kind: ExpressionKind::Date { year, month, day },
                    ..
                }),
            ) => {
                until = Some(Date { year: *year, month: *month, day: *day });
            }
            ("until", _) => {
                let help = "write a date such as 2027-03-31";
                evaluator.wrong(entry.range, "`until` takes a date", "not a date", help);
                return None;
            }
            ("reason", EntryValue::Expression(expression)) => reason = evaluator.text(expression).ok(),
            ("owner", EntryValue::Expression(expression)) => {
                let _ = evaluator.text(expression);
            }
            (key, _) => {
                let guess = syntax::similar_name(key, ["until", "owner", "reason"]);
                let help = guess.map_or_else(
                    || "a waiver has `until`, `owner` and `reason`".to_owned(),
                    |guess| format!("did you mean `{guess}`?"),
                );
                evaluator.wrong(entry.key.range, format!("a waiver has no `{key}`"), "not known", help);
            }
        }
    }
    if reason.is_none() {
        let help = "add `reason = \"...\"`";
        evaluator.wrong(waiver.check.range, "a waiver needs a reason", "waived without a word", help);
        return None;
    }
    Some(Waiver {
        check: waiver.check.text.clone(),
        firewall: waiver.firewall.as_ref().map(|firewall| firewall.text.clone()),
        rule: waiver.rule.as_ref().map(|rule| rule.value.clone()),
        until,
        reason,
        place: Anchor::Statement { id: id.clone(), range: waiver.check.range },
    })
}

/// An export that a policy names and that has to be opened by whoever may open files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPath {
    pub policy: File,
    /// As written; relative to the policy's folder.
    pub path: String,
    pub format: Option<String>,
    pub place: Anchor,
}

/// The exports that the policies name.
pub fn export_paths(db: &dyn Db, project: Project) -> Vec<ExportPath> {
    let mut out = Vec::new();
    for &file in project.policies(db) {
        for statement in statements(db, file) {
            let ItemKind::Firewall(firewall) = &statement.item(db).kind else { continue };
            let value = |key: &str| match &crate::evaluate::entry(&firewall.entries, key)?.value {
                EntryValue::Expression(expression) => Some(expression),
                EntryValue::Flow { .. } => None,
            };
            let Some(export) = value("export") else { continue };
            let ExpressionKind::Text(path) = &export.kind else { continue };
            let format = value("format").and_then(|format| match &format.kind {
                ExpressionKind::Path(path) => Some(path.to_string()),
                ExpressionKind::Text(text) => Some(text.clone()),
                _ => None,
            });
            let place = Anchor::Statement { id: statement.id(db), range: export.range };
            out.push(ExportPath { policy: file, path: path.clone(), format, place });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use salsa::Setter;

    use super::*;
    use crate::{Database, FileKind, STANDARD_LIBRARY};

    const POLICY: &str = "\
import std.veeam.vb365 as vb {
  server = backup_server
  tenant = \"contoso\"
}
import std.netwrix.auditor as auditor { server = 10.0.0.2 }
role backup_server = 10.0.0.1
";

    #[test]
    fn another_argument_evaluates_that_module_and_no_other() {
        let (mut db, log) = Database::with_log();
        let file = |(path, text): &(&str, &str)| {
            File::new(&db, (*path).to_owned(), Arc::from(*text), FileKind::Library)
        };
        let library = STANDARD_LIBRARY.iter().map(file).collect();
        let policy = File::new(&db, "policy.flow".to_owned(), Arc::from(POLICY), FileKind::Policy);
        let day = Date { year: 2026, month: 1, day: 1 };
        let project = Project::new(&db, vec![policy], library, BTreeMap::new(), Vec::new(), day);
        let hosts = |db: &Database| format!("{:?}", requirements(db, project));
        assert!(check_policy(&db, project).is_empty());
        assert!(hosts(&db).contains("contoso.sharepoint.com"));
        log.lock().unwrap().clear();

        policy.set_text(&mut db).to(POLICY.replace("contoso", "fabrikam").into());
        assert!(hosts(&db).contains("fabrikam.sharepoint.com"));
        let ran: Vec<String> = log.lock().unwrap().drain(..).collect();
        let modules = ran.iter().filter(|query| query.starts_with("module_value")).count();
        assert_eq!(modules, 1, "{ran:?}");
        let parsed = ran.iter().filter(|query| query.starts_with("parsed")).count();
        assert_eq!(parsed, 1, "no module is parsed again: {ran:?}");
    }
}
