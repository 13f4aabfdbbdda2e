//! A module and the modules inside it, as text: what a name stands for before any parameter has a value.

use std::collections::BTreeMap;

use syntax::ast::{self, Expression, ItemKind};

use crate::policy::library_index;
use crate::{Db, File, Project, statements};

/// More modules inside each other than this are a circle.
const DEEPEST: usize = 16;
/// More modules than this are a circle too, of imports that multiply.
const MOST: usize = 256;

/// A module, and the modules that it imports.
pub(super) struct Contexts<'a> {
    all: Vec<Context<'a>>,
}

/// An item, and the comparisons of each `when` around it.
pub(super) type Guarded<'a, T> = (&'a T, Vec<&'a ast::Comparison>);

struct Context<'a> {
    items: Vec<Guarded<'a, ast::Item>>,
    /// The arguments of the import, and the context they are written in. The module itself has neither.
    arguments: &'a [ast::Entry],
    outer: Option<usize>,
    modules: BTreeMap<&'a str, (usize, Vec<&'a ast::Comparison>)>,
}

impl<'a> Contexts<'a> {
    /// The module itself, in which its flows stand.
    pub const ROOT: usize = 0;

    /// The module `path` of the library; empty where there is none.
    pub fn of(db: &'a dyn Db, project: Project, path: &str) -> Self {
        let index = library_index(db, project);
        let mut contexts = Contexts { all: Vec::new() };
        contexts.add(db, index, path, &[], None, 0);
        contexts
    }

    fn add(
        &mut self,
        db: &'a dyn Db,
        index: &'a BTreeMap<String, File>,
        path: &str,
        arguments: &'a [ast::Entry],
        outer: Option<usize>,
        depth: usize,
    ) -> usize {
        let mut items = Vec::new();
        if let Some(&file) = index.get(path)
            && depth < DEEPEST
            && self.all.len() < MOST
        {
            for statement in statements(db, file) {
                flatten(statement.item(db), &mut Vec::new(), &mut items);
            }
        }
        let this = self.all.len();
        self.all.push(Context { items: items.clone(), arguments, outer, modules: BTreeMap::new() });
        for (item, conditions) in items {
            if let ItemKind::Import(import) = &item.kind
                && let Some(alias) = import.alias.as_ref().or(import.path.segments.last())
            {
                let inner =
                    self.add(db, index, &import.path.to_string(), &import.arguments, Some(this), depth + 1);
                if let Some(context) = self.all.get_mut(this) {
                    context.modules.insert(&alias.text, (inner, conditions));
                }
            }
        }
        this
    }

    /// The items of the module itself.
    pub fn items(&self) -> &[Guarded<'a, ast::Item>] {
        self.items_of(Self::ROOT)
    }

    /// The `module` statement of the module itself.
    pub fn header(&self) -> Option<&'a ast::Module> {
        self.items().iter().find_map(|(item, _)| match &item.kind {
            ItemKind::Module(module) => Some(module),
            _ => None,
        })
    }

    fn items_of(&self, context: usize) -> &[Guarded<'a, ast::Item>] {
        self.all.get(context).map_or(&[], |context| &context.items)
    }

    /// Where `path` leads from `context`: the context that knows its last name, that name, and the conditions on the
    /// import between them.
    pub fn follow<'p>(
        &self,
        path: &'p ast::Path,
        context: usize,
    ) -> Option<(usize, &'p str, &[&'a ast::Comparison])> {
        match path.segments.as_slice() {
            [name] => Some((context, &name.text, &[])),
            [alias, name] => {
                let (inner, conditions) = self.all.get(context)?.modules.get(alias.text.as_str())?;
                Some((*inner, &name.text, conditions))
            }
            _ => None,
        }
    }

    /// The definitions of a role.
    pub fn roles(&self, name: &str, context: usize) -> Vec<Guarded<'a, ast::Role>> {
        let roles = self.items_of(context).iter().filter_map(|(item, conditions)| match &item.kind {
            ItemKind::Role(role) if role.name.text == name => Some((role, conditions.clone())),
            _ => None,
        });
        roles.collect()
    }

    /// The definitions of a service.
    pub fn services(&self, name: &str, context: usize) -> Vec<Guarded<'a, ast::ServiceDefinition>> {
        let services = self.items_of(context).iter().filter_map(|(item, conditions)| match &item.kind {
            ItemKind::Service(service) if service.name.text == name => Some((service, conditions.clone())),
            _ => None,
        });
        services.collect()
    }

    pub fn parameter(&self, name: &str, context: usize) -> Option<&'a ast::Parameter> {
        self.items_of(context).iter().find_map(|(item, _)| match &item.kind {
            ItemKind::Parameter(parameter) if parameter.name.text == name => Some(parameter),
            _ => None,
        })
    }

    /// What a parameter has before the module's user says anything: the argument of the import inside the library,
    /// or else its default; with the context in which that is written.
    pub fn value(&self, parameter: &'a ast::Parameter, context: usize) -> Option<(&'a Expression, usize)> {
        let here = self.all.get(context)?;
        let argument = here.arguments.iter().find_map(|argument| match &argument.value {
            ast::EntryValue::Expression(value) if argument.key.text == parameter.name.text => Some(value),
            _ => None,
        });
        match (argument, here.outer) {
            (Some(argument), Some(outer)) => Some((argument, outer)),
            _ => parameter.default.as_ref().map(|default| (default, context)),
        }
    }
}

fn flatten<'a>(
    item: &'a ast::Item,
    outer: &mut Vec<&'a ast::Comparison>,
    out: &mut Vec<Guarded<'a, ast::Item>>,
) {
    let ItemKind::When(when) = &item.kind else {
        out.push((item, outer.clone()));
        return;
    };
    let depth = outer.len();
    outer.extend(&when.condition);
    for nested in &when.items {
        flatten(nested, outer, out);
    }
    outer.truncate(depth);
}
