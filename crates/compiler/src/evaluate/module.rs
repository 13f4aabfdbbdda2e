use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::TextRange;
use space::{IntervalSet, Set};
use syntax::ast::{
    self, ComparisonOperator, EntryValue, Expression, ExpressionKind, ItemKind, ParameterTypeKind,
};

use super::remarks::{Imported, remark};
use super::{Complaint, Evaluator, Found, NoValue, Remark, Scope, entry};
use crate::{Alternative, Date, Endpoints, Kind, Problem, Provenance, Requirement, Services, StatementId};

/// What a module says for one set of arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Instance {
    /// `None` where the role is `none`.
    pub roles: BTreeMap<String, Option<Endpoints>>,
    pub services: BTreeMap<String, Option<Services>>,
    /// Its flows; ids are labels within the module. The statement is that of the module.
    pub flows: Vec<Requirement>,
    /// What its reader should know beside the flows.
    pub remarks: Vec<Remark>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Endpoints(Endpoints),
    Ports(IntervalSet<u16>),
    /// Of a `label` or a `text`.
    Text(Arc<str>),
    /// Of a `one of`, or `true` and `false`.
    Choice(Arc<str>),
    List(Vec<Argument>),
    None,
}

/// The statements of a module.
pub(crate) struct ModuleText {
    pub path: String,
    pub statements: Vec<(StatementId, Arc<ast::Item>)>,
}

/// Finds a module by its path.
pub(crate) type Library<'a> = &'a dyn Fn(&str) -> Option<ModuleText>;

/// More modules inside each other than this are a circle.
const DEEPEST: usize = 16;

/// Evaluates `module` for the arguments of `import`, which are evaluated in `scope`.
///
/// The complaints are about the import; the problems are in the module's own text.
pub(crate) fn instantiate(
    module: &ModuleText,
    import: &ast::Import,
    scope: &dyn Scope,
    library: Library<'_>,
    depth: usize,
) -> (Option<Instance>, Vec<Complaint>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut caller = Evaluator::new(scope);
    let Some(arguments) = bind(module, import, &mut caller, &mut problems) else {
        return (None, caller.complaints, problems);
    };
    let complaints = caller.complaints;
    let mut inside = ModuleScope { arguments, placeholders: placeholders(module), ..ModuleScope::default() };
    let mut active = Vec::new();
    for (id, item) in &module.statements {
        activate(item, id, 0, &inside.arguments, &mut active, &mut problems);
    }
    for (item, id, offset) in &active {
        match &item.kind {
            ItemKind::Role(role) => {
                let before = inside.roles.insert(&role.name.text, role).map(|_| &role.name);
                problems.extend(before.map(|name| declared_twice(name).at(id, *offset)));
            }
            ItemKind::Service(service) => {
                let before = inside.services.insert(&service.name.text, service).map(|_| &service.name);
                problems.extend(before.map(|name| declared_twice(name).at(id, *offset)));
            }
            ItemKind::Import(nested) => {
                let alias = nested.alias.as_ref().or(nested.path.segments.last());
                let alias = alias.map_or_else(String::new, |alias| alias.text.clone());
                let path = nested.path.to_string();
                let unknown = |message: String, help: &str| Complaint {
                    range: nested.path.range,
                    message,
                    label: "cannot be imported here".to_owned(),
                    help: help.to_owned(),
                };
                let instance = if depth >= DEEPEST {
                    let help = "a module cannot import itself, through others or not";
                    problems.push(
                        unknown(format!("the imports of `{path}` lead in a circle"), help).at(id, *offset),
                    );
                    None
                } else if let Some(text) = library(&path) {
                    let (instance, complaints, inner) =
                        instantiate(&text, nested, &inside, library, depth + 1);
                    problems.extend(complaints.into_iter().map(|complaint| complaint.at(id, *offset)));
                    problems.extend(inner);
                    instance
                } else {
                    let help = "`flowright library` lists the modules there are";
                    problems.push(unknown(format!("there is no module `{path}`"), help).at(id, *offset));
                    None
                };
                inside.modules.insert(alias, instance);
            }
            _ => {}
        }
    }
    let mut instance = Instance::default();
    let mut unset = BTreeSet::new();
    for (item, id, offset) in &active {
        let mut evaluator = Evaluator::new(&inside);
        match &item.kind {
            ItemKind::Role(role) => {
                evaluator.define(&role.name.text);
                let value = evaluator.endpoints(&role.value);
                if value != Err(NoValue::Wrong) {
                    instance.roles.insert(role.name.text.clone(), value.ok());
                }
            }
            ItemKind::Service(service) => {
                evaluator.define(&service.name.text);
                let value = evaluator.services(&service.value);
                if value != Err(NoValue::Wrong) {
                    instance.services.insert(service.name.text.clone(), value.ok());
                }
            }
            ItemKind::Flow(flow) => {
                if let Some(requirement) = evaluator.requirement(flow, id, *offset) {
                    if !requirement.alternatives.is_empty() {
                        unset.append(&mut evaluator.unset);
                    }
                    instance.flows.push(requirement);
                }
            }
            _ => {}
        }
        problems.extend(evaluator.complaints.into_iter().map(|complaint| complaint.at(id, *offset)));
    }
    for (alias, nested) in &inside.modules {
        for flow in nested.iter().flat_map(|nested| &nested.flows) {
            instance.flows.push(Requirement { id: format!("{alias}.{}", flow.id).into(), ..flow.clone() });
        }
    }
    remark(&Imported { module, import, unset, arguments: &inside.arguments }, &active, &mut instance);
    describe(module, &mut instance);
    (Some(instance), complaints, problems)
}

/// Two definitions of one name count for the same arguments: it is not for the evaluator to pick one.
fn declared_twice(name: &ast::Name) -> Complaint {
    Complaint {
        range: name.range,
        message: format!("`{}` is declared twice for these arguments", name.text),
        label: "declared again".to_owned(),
        help: "make the conditions of the two `when` blocks exclude each other".to_owned(),
    }
}

impl<'a> Evaluator<'a> {
    /// A flow as a requirement. Without alternatives where a role of it is `none`; `None` where it is wrong.
    pub fn requirement(
        &mut self,
        flow: &ast::Flow,
        statement: &StatementId,
        offset: u32,
    ) -> Option<Requirement> {
        let service = flow.service.as_ref();
        let from = self.endpoints(&flow.from);
        let to = self.endpoints(&flow.to);
        let services = service.map_or(Ok(Services::any()), |service| self.services(service));
        let mut alternatives = Vec::new();
        match (from, to, services) {
            (Ok(from), Ok(to), Ok(services)) => {
                for from in &from.choices {
                    for to in &to.choices {
                        for services in &services.choices {
                            let (from, to, services) = (from.clone(), to.clone(), services.clone());
                            alternatives.push(Alternative { from, to, services });
                        }
                    }
                }
                if alternatives.len() > 256 {
                    let help = "write several flows instead";
                    self.wrong(
                        flow.range,
                        "too many alternatives in one flow",
                        "more than 256 combinations",
                        help,
                    );
                    return None;
                }
            }
            (Err(NoValue::NotUsed), Ok(_) | Err(NoValue::NotUsed), Ok(_) | Err(NoValue::NotUsed))
            | (Ok(_), Err(NoValue::NotUsed), Ok(_) | Err(NoValue::NotUsed))
            | (Ok(_), Ok(_), Err(NoValue::NotUsed)) => {}
            _ => return None,
        }
        let kind = match flow.kind {
            ast::FlowKind::Required => Kind::Required,
            ast::FlowKind::Optional => Kind::Optional,
            ast::FlowKind::Never => Kind::Never,
        };
        let id = flow.label.as_ref().map_or_else(|| spelled(flow), |label| label.text.clone());
        let word = |key: &str| match entry(&flow.entries, key).map(|entry| &entry.value) {
            Some(EntryValue::Expression(expression)) => words(expression).into_iter().next(),
            _ => None,
        };
        let constraints = match entry(&flow.entries, "constraints").map(|entry| &entry.value) {
            Some(EntryValue::Expression(expression)) => words(expression),
            _ => Vec::new(),
        };
        let deprecated = match entry(&flow.entries, "deprecated").map(|entry| &entry.value) {
            Some(EntryValue::Expression(Expression {
                kind: ExpressionKind::Date { year, month, day },
                ..
            })) => Some(Date { year: *year, month: *month, day: *day }),
            _ => None,
        };
        let provenance = Provenance {
            deprecated,
            document: word("document"),
            row: word("row"),
            purpose: word("purpose"),
            constraints,
            ..Provenance::default()
        };
        let range = flow.range.shifted_by(offset);
        Some(Requirement {
            id: id.into(),
            kind,
            alternatives,
            provenance,
            statement: statement.clone(),
            range,
        })
    }
}

/// The words of a text, a name or a list of them.
pub(super) fn words(expression: &Expression) -> Vec<Arc<str>> {
    match &expression.kind {
        ExpressionKind::Text(text) => vec![text.as_str().into()],
        ExpressionKind::Number(number) => vec![number.to_string().into()],
        ExpressionKind::Path(path) => vec![path.to_string().into()],
        ExpressionKind::Date { year, month, day } => vec![format!("{year:04}-{month:02}-{day:02}").into()],
        ExpressionKind::List(elements) => elements.iter().flat_map(words).collect(),
        _ => Vec::new(),
    }
}

/// One end of a flow in a few words.
fn spelled_end(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Path(path) => path.to_string(),
        ExpressionKind::Any => "any".to_owned(),
        ExpressionKind::Text(text) => text.clone(),
        ExpressionKind::Address(ast::AddressLiteral::Host(address)) => address.to_string(),
        ExpressionKind::Address(ast::AddressLiteral::Network(network)) => network.to_string(),
        ExpressionKind::List(elements) if elements.len() <= 4 => {
            format!("[{}]", elements.iter().map(spelled_end).collect::<Vec<_>>().join(", "))
        }
        _ => "[...]".to_owned(),
    }
}

/// What a flow without a label is called: what it says, as far as names go.
fn spelled(flow: &ast::Flow) -> String {
    let end = spelled_end;
    let service = match flow.service.as_ref().map(|service| &service.kind) {
        None => String::new(),
        Some(ExpressionKind::Any) => " any".to_owned(),
        Some(ExpressionKind::Path(path)) => format!(" {path}"),
        Some(ExpressionKind::Service(literal)) => {
            let part = Evaluator::new(&super::Bare).service(literal, TextRange::default());
            part.map_or_else(|_| String::new(), |part| format!(" {}", space::service(&part.region())))
        }
        Some(_) => " [...]".to_owned(),
    };
    format!("{} -> {}{service}", end(&flow.from), end(&flow.to))
}

/// Fills in what the `module` statement says of its document.
fn describe(module: &ModuleText, instance: &mut Instance) {
    let header = module.statements.iter().find_map(|(_, item)| match &item.kind {
        ItemKind::Module(header) => Some(header),
        _ => None,
    });
    let word = |key: &str| match entry(&header?.entries, key)?.value {
        EntryValue::Expression(ref expression) => words(expression).into_iter().next(),
        EntryValue::Flow { .. } => None,
    };
    for flow in &mut instance.flows {
        let provenance = &mut flow.provenance;
        if provenance.module.is_some() {
            continue;
        }
        provenance.module = Some(module.path.as_str().into());
        provenance.statement = Some(flow.statement.clone());
        provenance.range = flow.range;
        provenance.version = word("version");
        if provenance.document.is_none() {
            provenance.document = word("document");
        }
    }
}

/// Gives each parameter its value.
fn bind(
    module: &ModuleText,
    import: &ast::Import,
    caller: &mut Evaluator<'_>,
    problems: &mut Vec<Problem>,
) -> Option<BTreeMap<String, Argument>> {
    let mut bound: BTreeMap<String, Argument> = BTreeMap::new();
    let mut whole = true;
    let parameters: Vec<(&StatementId, &ast::Parameter)> = module
        .statements
        .iter()
        .filter_map(|(id, item)| match &item.kind {
            ItemKind::Parameter(parameter) => Some((id, parameter)),
            _ => None,
        })
        .collect();
    let names = || parameters.iter().map(|(_, parameter)| parameter.name.text.as_str());
    let mut given: Vec<&str> = Vec::new();
    for argument in &import.arguments {
        let name = argument.key.text.as_str();
        if given.contains(&name) {
            let help = "leave one of the two out";
            caller.wrong(argument.key.range, format!("`{name}` is given twice"), "given before", help);
            whole = false;
        } else if !names().any(|known| known == name) {
            let guess = syntax::similar_name(name, names());
            let help = guess.map_or_else(
                || {
                    format!(
                        "`{}` takes {}",
                        module.path,
                        names().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
                    )
                },
                |guess| format!("did you mean `{guess}`?"),
            );
            let message = format!("`{}` has no parameter `{name}`", module.path);
            caller.wrong(argument.key.range, message, "no such parameter", help);
            whole = false;
        }
        given.push(name);
    }
    for (id, parameter) in parameters {
        let name = &parameter.name.text;
        let may_be_none =
            parameter.default.as_ref().is_some_and(|default| default.kind == ExpressionKind::None);
        let value = match import.arguments.iter().find(|argument| argument.key.text == *name) {
            Some(argument) => match &argument.value {
                EntryValue::Expression(expression) => {
                    let value = caller.argument(expression, &parameter.ty.kind, name);
                    if value == Ok(Argument::None) && !may_be_none {
                        let help = format!(
                            "give it a value; without one the flows of `{}` mean nothing",
                            module.path
                        );
                        Err(caller.wrong(
                            expression.range,
                            format!("`{name}` may not be `none`"),
                            "needed",
                            help,
                        ))
                    } else {
                        value
                    }
                }
                EntryValue::Flow { from, .. } => {
                    let help = "an argument is one value";
                    Err(caller.wrong(from.range, "a flow stands where a value is expected", "a flow", help))
                }
            },
            None => match &parameter.default {
                Some(default) => {
                    let mut own = Evaluator::new(&super::Bare);
                    let value = own.argument(default, &parameter.ty.kind, name);
                    problems.extend(own.complaints.into_iter().map(|complaint| complaint.at(id, 0)));
                    value
                }
                None => {
                    let message = format!("`{}` needs a value for `{name}`", module.path);
                    let help = format!("add `{name} = ...` ({})", expected(&parameter.ty.kind));
                    Err(caller.wrong(import.path.range, message, format!("`{name}` is not given"), help))
                }
            },
        };
        match value {
            Ok(value) => {
                bound.insert(name.clone(), value);
            }
            Err(_) => whole = false,
        }
    }
    whole.then_some(bound)
}

/// What a value of the type looks like.
fn expected(ty: &ParameterTypeKind) -> String {
    match ty {
        ParameterTypeKind::Role => "a role: addresses, names, or the name of a role".to_owned(),
        ParameterTypeKind::Label => "a label between double quotes, such as \"contoso\"".to_owned(),
        ParameterTypeKind::Text => "a text between double quotes".to_owned(),
        ParameterTypeKind::Port => "a port from 1 to 65535, or a list of them".to_owned(),
        ParameterTypeKind::Boolean => "`true` or `false`".to_owned(),
        ParameterTypeKind::OneOf(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.text)).collect();
            format!("one of {}", names.join(", "))
        }
        ParameterTypeKind::List(element) => format!("a list; each element {}", expected(&element.kind)),
    }
}

impl<'a> Evaluator<'a> {
    /// The value of `expression` for a parameter of this type.
    fn argument(
        &mut self,
        expression: &Expression,
        ty: &ParameterTypeKind,
        name: &str,
    ) -> Result<Argument, NoValue> {
        if expression.kind == ExpressionKind::None {
            return Ok(Argument::None);
        }
        let value = match (ty, &expression.kind) {
            (ParameterTypeKind::Role, _) => match self.endpoints(expression) {
                Ok(endpoints) => Some(Argument::Endpoints(endpoints)),
                Err(NoValue::NotUsed) => Some(Argument::None),
                Err(wrong) => return Err(wrong),
            },
            (ParameterTypeKind::Label, ExpressionKind::Text(text)) => {
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                (!text.is_empty() && text.len() <= 63 && text.chars().all(fits))
                    .then(|| Argument::Text(text.as_str().into()))
            }
            (ParameterTypeKind::Text, ExpressionKind::Text(text)) => {
                Some(Argument::Text(text.as_str().into()))
            }
            (ParameterTypeKind::Boolean, ExpressionKind::Path(path)) => {
                let word = path.to_string();
                matches!(word.as_str(), "true" | "false").then(|| Argument::Choice(word.into()))
            }
            (ParameterTypeKind::OneOf(choices), ExpressionKind::Path(path)) => {
                let word = path.to_string();
                choices.iter().any(|choice| choice.text == word).then(|| Argument::Choice(word.into()))
            }
            (ParameterTypeKind::Port, _) => ports(expression).map(Argument::Ports),
            (ParameterTypeKind::List(element), ExpressionKind::List(elements)) => {
                let mut all = Vec::new();
                for expression in elements {
                    all.push(self.argument(expression, &element.kind, name)?);
                }
                Some(Argument::List(all))
            }
            _ => None,
        };
        value.ok_or_else(|| {
            let mut help = format!("give it {}", expected(ty));
            if let (ParameterTypeKind::OneOf(choices), ExpressionKind::Path(path)) = (ty, &expression.kind)
                && let Some(guess) =
                    syntax::similar_name(&path.to_string(), choices.iter().map(|choice| choice.text.as_str()))
            {
                help = format!("did you mean `{guess}`? {help}");
            }
            self.wrong(expression.range, format!("this is no value for `{name}`"), "does not fit", help)
        })
    }
}

fn ports(expression: &Expression) -> Option<IntervalSet<u16>> {
    match &expression.kind {
        ExpressionKind::Number(number) => {
            u16::try_from(*number).ok().filter(|port| *port > 0).map(IntervalSet::one)
        }
        ExpressionKind::List(elements) => {
            let mut all = IntervalSet::empty();
            for element in elements {
                all = all.union(&ports(element)?);
            }
            Some(all).filter(|all| !all.is_empty())
        }
        _ => None,
    }
}

/// The items that count: of each `when` whose condition holds, its items.
fn activate<'i>(
    item: &'i ast::Item,
    id: &'i StatementId,
    offset: u32,
    arguments: &BTreeMap<String, Argument>,
    active: &mut Vec<(&'i ast::Item, &'i StatementId, u32)>,
    problems: &mut Vec<Problem>,
) {
    let ItemKind::When(when) = &item.kind else {
        active.push((item, id, offset));
        return;
    };
    for comparison in &when.condition {
        match holds(comparison, arguments) {
            Ok(true) => {}
            Ok(false) => return,
            Err(complaint) => {
                problems.push(complaint.at(id, offset));
                return;
            }
        }
    }
    for nested in &when.items {
        activate(nested, id, offset.saturating_add(nested.range.start), arguments, active, problems);
    }
}

fn holds(comparison: &ast::Comparison, arguments: &BTreeMap<String, Argument>) -> Result<bool, Complaint> {
    let complain = |range, message: String, help: &str| Complaint {
        range,
        message,
        label: "here".to_owned(),
        help: help.to_owned(),
    };
    let name = comparison.parameter.to_string();
    let Some(argument) = arguments.get(&name) else {
        let guess = syntax::similar_name(&name, arguments.keys().map(String::as_str));
        let help = guess.map_or_else(
            || "compare a parameter of the module".to_owned(),
            |g| format!("did you mean `{g}`?"),
        );
        return Err(complain(comparison.parameter.range, format!("`{name}` is no parameter"), &help));
    };
    let equal = |value: &Expression| -> Result<bool, Complaint> {
        match (&value.kind, argument) {
            (ExpressionKind::None, argument) => Ok(*argument == Argument::None),
            (ExpressionKind::Path(path), Argument::Choice(choice)) => Ok(path.to_string() == **choice),
            (ExpressionKind::Text(text), Argument::Text(mine) | Argument::Choice(mine)) => {
                Ok(*text == **mine)
            }
            (_, Argument::None) => Ok(false),
            _ => Err(complain(
                value.range,
                format!("`{name}` is never equal to this"),
                "compare it with `none`, or with one of the values its type names",
            )),
        }
    };
    match comparison.operator {
        ComparisonOperator::Equal => equal(&comparison.value),
        ComparisonOperator::NotEqual => equal(&comparison.value).map(|equal| !equal),
        ComparisonOperator::In => match &comparison.value.kind {
            ExpressionKind::List(values) => {
                for value in values {
                    if equal(value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Err(complain(
                comparison.value.range,
                "a list is expected after `in`".to_owned(),
                "write `[a, b]`",
            )),
        },
    }
}

/// The parameters that fill a vendor's placeholders, by [`folded`] placeholder: each under its own name, and under
/// those that its `placeholders` entry lists.
fn placeholders(module: &ModuleText) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (_, item) in &module.statements {
        let ItemKind::Parameter(parameter) = &item.kind else { continue };
        let listed = match entry(&parameter.entries, "placeholders").map(|entry| &entry.value) {
            Some(EntryValue::Expression(expression)) => words(expression),
            _ => Vec::new(),
        };
        for name in listed {
            out.entry(folded(&name)).or_insert_with(|| parameter.name.text.clone());
        }
        out.insert(folded(&parameter.name.text), parameter.name.text.clone());
    }
    out
}

/// A name without humps and signs: `<bucketName>` and `bucket_name` are one.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The names inside a module.
#[derive(Default)]
struct ModuleScope<'a> {
    arguments: BTreeMap<String, Argument>,
    placeholders: BTreeMap<String, String>,
    roles: BTreeMap<&'a str, &'a ast::Role>,
    services: BTreeMap<&'a str, &'a ast::ServiceDefinition>,
    modules: BTreeMap<String, Option<Instance>>,
}

impl Scope for ModuleScope<'_> {
    fn find(&self, module: Option<&str>, name: &str) -> Option<Found<'_>> {
        let Some(alias) = module else {
            return self
                .roles
                .get(name)
                .map(|role| Found::Role(role))
                .or_else(|| self.services.get(name).map(|service| Found::Service(service)))
                .or_else(|| self.arguments.get(name).map(Found::Argument));
        };
        self.modules.get(alias)?.as_ref().map_or(Some(Found::Broken), |instance| instance.find(name))
    }

    fn has_module(&self, alias: &str) -> bool {
        self.modules.contains_key(alias)
    }

    fn names(&self, module: Option<&str>) -> Vec<String> {
        match module {
            None => self
                .roles
                .keys()
                .chain(self.services.keys())
                .map(|name| (*name).to_owned())
                .chain(self.arguments.keys().cloned())
                .collect(),
            Some(alias) => {
                self.modules.get(alias).and_then(Option::as_ref).map_or_else(Vec::new, Instance::names)
            }
        }
    }

    fn placeholder(&self, name: &str) -> Option<(&str, Found<'_>)> {
        let parameter = self.placeholders.get(&folded(name))?;
        Some((parameter, Found::Argument(self.arguments.get(parameter)?)))
    }
}

impl Instance {
    /// What `name` is in the module.
    pub fn find(&self, name: &str) -> Option<Found<'_>> {
        let role = self.roles.get(name).map(|role| role.as_ref().map_or(Found::Nothing, Found::Endpoints));
        role.or_else(|| self.services.get(name).map(|it| it.as_ref().map_or(Found::Nothing, Found::Services)))
    }

    pub fn names(&self) -> Vec<String> {
        self.roles.keys().chain(self.services.keys()).cloned().collect()
    }
}
