use std::collections::BTreeMap;
use std::path::Path;

use compiler::{Anchor, Database, Date, File, FileKind, Project, position};
use diagnostics::{FileId, Finding, Sources, Span};
use salsa::Setter;

/// The texts of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    pub policies: Vec<(String, String)>,
    /// Modules beside those of the standard library.
    pub modules: Vec<(String, String)>,
    pub exports: Vec<ExportText>,
    /// Address feeds, by kind.
    pub feeds: Vec<(String, String)>,
}

/// An export of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportText {
    pub name: String,
    /// The format it must be recognised as, where the suite says so.
    pub format: Option<&'static str>,
    /// What its columns mean, for `csv`.
    pub mapping: Option<String>,
    pub text: String,
}

/// A project as the program would load it.
pub struct Loaded {
    pub db: Database,
    pub project: Project,
    /// The export files, by name.
    pub exports: BTreeMap<String, File>,
}

/// Loads `texts` as the program loads files: policies in the order of their paths, exports by the paths that `firewall`
/// statements name, and those that none names as extra exports called by their file stem.
///
/// An error is a mistake of whoever wrote the texts: an export that is named and not there.
pub fn load(db: Database, texts: &Texts, as_of: Date) -> Result<Loaded, String> {
    let file = |path: &str, text: &str, kind| File::new(&db, path.to_owned(), text.into(), kind);
    let mut policies: Vec<&(String, String)> = texts.policies.iter().collect();
    policies.sort();
    let policies = policies.into_iter().map(|(path, text)| file(path, text, FileKind::Policy)).collect();
    let library = compiler::STANDARD_LIBRARY
        .iter()
        .copied()
        .chain(texts.modules.iter().map(|(path, text)| (path.as_str(), text.as_str())))
        .map(|(path, text)| file(path, text, FileKind::Library))
        .collect();
    let project = Project::new(&db, policies, library, BTreeMap::new(), Vec::new(), as_of);
    let feeds = texts.feeds.iter().map(|(kind, text)| {
        let feed =
            file(&format!("{kind}.json"), text, FileKind::Feed { name: kind.clone(), kind: kind.clone() });
        compiler::read_feed(&db, feed)
            .as_ref()
            .map_err(|error| format!("the feed `{kind}`: {}", error.message))?;
        Ok(feed)
    });
    let feeds: Vec<File> = feeds.collect::<Result<_, String>>()?;

    let mapping = |export: &ExportText| export.mapping.as_deref().map(Into::into);
    let mut named: BTreeMap<(String, String), File> = BTreeMap::new();
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for path in compiler::export_paths(&db, project) {
        let policy = path.policy.path(&db).to_owned();
        let name = beside(&policy, &path.path);
        let Some(export) = texts.exports.iter().find(|export| export.name == name) else {
            return Err(format!("`{name}` is named by a firewall, and no block is called so"));
        };
        let known = files.get(&name).copied();
        let opened = known.unwrap_or_else(|| {
            file(
                &name,
                &export.text,
                FileKind::Export { format: path.format.clone(), mapping: mapping(export) },
            )
        });
        files.insert(name, opened);
        named.insert((policy, path.path), opened);
    }
    let mut extra = Vec::new();
    for export in &texts.exports {
        if !files.contains_key(&export.name) {
            let opened =
                file(&export.name, &export.text, FileKind::Export { format: None, mapping: mapping(export) });
            files.insert(export.name.clone(), opened);
            let stem = Path::new(&export.name).file_stem().unwrap_or_default();
            extra.push((stem.to_string_lossy().into_owned(), opened));
        }
    }
    let mut db = db;
    project.set_exports(&mut db).to(named);
    project.set_extra_exports(&mut db).to(extra);
    project.set_feeds(&mut db).to(feeds);
    Ok(Loaded { db, project, exports: files })
}

/// A path that a policy names, from the folder of the policy.
fn beside(policy: &str, path: &str) -> String {
    match policy.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{path}"),
        None => path.to_owned(),
    }
}

impl Loaded {
    /// Findings with their places as bytes, and the texts they point into.
    pub fn concretize(&self, findings: Vec<Finding<Anchor>>) -> (Vec<Finding>, Places<'_>) {
        let mut files: Vec<File> = Vec::new();
        let findings = findings.into_iter().map(|finding| {
            finding.map_places(|anchor| {
                let place = position(&self.db, &anchor);
                let known = files.iter().position(|file| *file == place.file).unwrap_or_else(|| {
                    files.push(place.file);
                    files.len() - 1
                });
                Span { file: FileId(u32::try_from(known).unwrap_or(u32::MAX)), range: place.range }
            })
        });
        let findings = findings.collect();
        let all = files.into_iter().map(|file| (file.path(&self.db), file.text(&self.db))).collect();
        (findings, Places { all })
    }
}

/// The texts that findings point into.
pub struct Places<'a> {
    all: Vec<(&'a str, &'a str)>,
}

impl Sources for Places<'_> {
    fn path(&self, file: FileId) -> &str {
        self.all.get(file.0 as usize).map_or("", |(path, _)| path)
    }

    fn text(&self, file: FileId) -> &str {
        self.all.get(file.0 as usize).map_or("", |(_, text)| text)
    }
}
