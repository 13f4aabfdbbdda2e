use std::collections::BTreeMap;
use std::sync::Arc;

use diagnostics::TextRange;
use syntax::ast;

use crate::Db;

/// One text: a policy, a library module, an export.
#[salsa::input(debug)]
pub struct File {
    /// As the user wrote it, or `std/…` for the library.
    #[returns(deref)]
    pub path: String,
    #[returns(deref)]
    pub text: Arc<str>,
    #[returns(ref)]
    pub kind: FileKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    Policy,
    Library,
    /// With the format the user named, if any.
    Export {
        format: Option<String>,
        /// What the columns of a table mean, where a file beside it says so.
        mapping: Option<Arc<str>>,
    },
    /// A list of addresses that a vendor publishes, by its name in the lock and its kind.
    Feed {
        name: String,
        kind: String,
    },
}

/// What is checked.
#[salsa::input(singleton, debug)]
pub struct Project {
    /// In the order of their paths.
    #[returns(deref)]
    pub policies: Vec<File>,
    #[returns(deref)]
    pub library: Vec<File>,
    /// The exports that `firewall` statements name, by policy file path and the path as written there.
    #[returns(ref)]
    pub exports: BTreeMap<(String, String), File>,
    /// The exports to be checked although no `firewall` statement names them, with a name for each.
    #[returns(deref)]
    pub extra_exports: Vec<(String, File)>,
    /// The day on which waivers and deprecations are judged.
    #[returns(copy)]
    pub as_of: Date,
    /// What the project pinned about names and groups.
    #[default]
    #[returns(deref)]
    pub feeds: Vec<File>,
}

/// A day, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    pub year: i16,
    pub month: i8,
    pub day: i8,
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// One top-level statement of a policy or module. Its identity is its file and what it declares; where it stands is
/// kept apart, so that a blank line above it changes nothing that is asked about it.
#[salsa::tracked(debug)]
pub struct Statement<'db> {
    #[returns(copy)]
    pub file: File,
    /// What it declares: `role clients`, `flow exo`; with a number where a file says the same twice.
    #[returns(deref)]
    pub key: String,
    /// Its range begins at 0.
    #[tracked]
    #[returns(ref)]
    pub item: Arc<ast::Item>,
    #[tracked]
    #[returns(copy)]
    pub start: u32,
}

/// A statement by name: the same through all revisions, and free of the database's lifetime.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatementId {
    pub file: File,
    pub key: Arc<str>,
}

impl Statement<'_> {
    pub fn id(self, db: &dyn Db) -> StatementId {
        StatementId { file: self.file(db), key: self.key(db).into() }
    }
}

/// The errors of a parse, in the order of the file.
#[derive(Debug, PartialEq, Eq, salsa::SalsaValue)]
pub struct Parsed<'db> {
    pub statements: Vec<Statement<'db>>,
    pub errors: Vec<syntax::SyntaxError>,
    /// What statements that do not parse would have declared: not to be called undefined.
    pub broken_names: Vec<String>,
}

/// The statements of a policy or module, in the order of the file.
pub fn statements<'db>(db: &'db dyn Db, file: File) -> &'db [Statement<'db>] {
    &parsed(db, file).statements
}

#[salsa::tracked]
pub fn parsed<'db>(db: &'db dyn Db, file: File) -> Parsed<'db> {
    let parse = syntax::parse(file.text(db));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let statements = parse.file.items.into_iter().map(|item| {
        let start = item.range.start;
        let name = declared(&item);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let key = if *count == 1 { name } else { format!("{name} #{count}") };
        let range = TextRange::new(0, item.range.len());
        Statement::new(db, file, key, Arc::new(ast::Item { range, ..item }), start)
    });
    let statements = statements.collect();
    Parsed { statements, errors: parse.errors, broken_names: parse.broken_names }
}

/// What a statement declares, in the words of its keyword.
fn declared(item: &ast::Item) -> String {
    match &item.kind {
        ast::ItemKind::Module(module) => format!("module {}", module.path),
        ast::ItemKind::Parameter(parameter) => format!("parameter {}", parameter.name.text),
        ast::ItemKind::Import(import) => {
            let alias = import.alias.as_ref().or(import.path.segments.last());
            format!("import {}", alias.map_or("", |alias| alias.text.as_str()))
        }
        ast::ItemKind::Role(role) => format!("role {}", role.name.text),
        ast::ItemKind::Service(service) => format!("service {}", service.name.text),
        ast::ItemKind::Flow(flow) => {
            format!("flow {}", flow.label.as_ref().map_or("", |label| label.text.as_str()))
        }
        ast::ItemKind::Firewall(firewall) => format!("firewall {}", firewall.name.text),
        ast::ItemKind::Waiver(waiver) => format!("waive {}", waiver.check.text),
        ast::ItemKind::Test(test) => format!("test {}", test.title.value),
        ast::ItemKind::When(_) => "when".to_owned(),
    }
}
