//! Cargo manifests: who depends on whom, with the line that says so.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Violation;
use super::files::{File, line_at};

/// A Cargo.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub path: String,
    /// The package's name; none where the manifest is only the workspace's.
    pub package: Option<String>,
    /// Ordinary, development and build dependencies, on all targets.
    pub dependencies: Vec<Dependency>,
    /// What `workspace = true` stands for.
    pub shared: Vec<Dependency>,
}

/// One entry in a table of dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What the package is called here.
    key: String,
    /// The package that is depended on.
    pub package: String,
    /// The version it asks for; none where the workspace, or only a path, says it.
    pub version: Option<String>,
    /// Counted from 1.
    pub line: usize,
    is_shared: bool,
}

const TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// Reads every manifest. Those that are not TOML come back as violations.
pub fn read(files: &[File]) -> (Vec<Manifest>, Vec<Violation>) {
    let mut manifests = Vec::new();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.name() == "Cargo.toml" && !file.is_export()) {
        match parse(file) {
            Ok(manifest) => manifests.push(manifest),
            Err(violation) => violations.push(violation),
        }
    }
    resolve_shared(&mut manifests);
    (manifests, violations)
}

/// A dependency that is taken from the workspace may be renamed there.
fn resolve_shared(manifests: &mut [Manifest]) {
    let names: BTreeMap<String, String> = manifests
        .iter()
        .flat_map(|manifest| &manifest.shared)
        .map(|shared| (shared.key.clone(), shared.package.clone()))
        .collect();
    for dependency in manifests.iter_mut().flat_map(|manifest| &mut manifest.dependencies) {
        if dependency.is_shared
            && let Some(package) = names.get(&dependency.key)
        {
            dependency.package.clone_from(package);
        }
    }
}

fn parse(file: &File) -> Result<Manifest, Violation> {
    let text = file.text();
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        let wrong = format!("the manifest is not TOML: {}", error.message().escape_debug());
        Violation::new(&file.path, line, wrong, "correct it")
    })?;
    let document = document.get_ref();

    let package = table(document, "package")
        .and_then(|package| package.get("name"))
        .and_then(|name| name.get_ref().as_str())
        .map(str::to_owned);
    let mut dependencies = dependencies(document, text);
    for target in table(document, "target").into_iter().flat_map(|targets| targets.values()) {
        if let Some(target) = target.get_ref().as_table() {
            dependencies.extend(self::dependencies(target, text));
        }
    }
    let shared = table(document, "workspace")
        .and_then(|workspace| table(workspace, "dependencies"))
        .map_or_else(Vec::new, |shared| entries(shared, text));
    Ok(Manifest { path: file.path.clone(), package, dependencies, shared })
}

fn dependencies(of: &DeTable<'_>, text: &str) -> Vec<Dependency> {
    TABLES.iter().filter_map(|name| table(of, name)).flat_map(|table| entries(table, text)).collect()
}

fn entries(dependencies: &DeTable<'_>, text: &str) -> Vec<Dependency> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        let value = value.get_ref();
        let field = |field: &str| value.as_table().and_then(|table| table.get(field)).map(Spanned::get_ref);
        let words = |field: Option<&DeValue<'_>>| field.and_then(DeValue::as_str).map(str::to_owned);
        Dependency {
            key: name.to_string(),
            package: words(field("package")).unwrap_or_else(|| name.to_string()),
            version: words(Some(value)).or_else(|| words(field("version"))),
            line: line_at(text, key.span().start),
            is_shared: field("workspace").and_then(DeValue::as_bool) == Some(true),
        }
    };
    dependencies.iter().map(entry).collect()
}

fn table<'t, 'i>(of: &'t DeTable<'i>, name: &str) -> Option<&'t DeTable<'i>> {
    of.get(name).and_then(|value| value.get_ref().as_table())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_and_renames_are_followed() {
        let files = [
            File::new(
                "Cargo.toml",
                "[workspace.dependencies]\nsets = { package = \"space\", path = \"crates/space\" }\nsalsa = \"=1\"\n",
            ),
            File::new(
                "crates/a/Cargo.toml",
                "[package]\nname = \"a\"\n[dependencies]\nsets.workspace = true\nmem = { version = \"2\" }\n\
                 [dev-dependencies.b]\npath = \"../b\"\n[target.'cfg(unix)'.build-dependencies]\nc = \"3\"\n",
            ),
        ];
        let (manifests, violations) = read(&files);
        assert!(violations.is_empty());
        assert_eq!(manifests[0].package, None);
        assert_eq!(manifests[0].shared.iter().map(|shared| shared.line).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(manifests[1].package.as_deref(), Some("a"));
        let mut read: Vec<_> = manifests[1]
            .dependencies
            .iter()
            .map(|dependency| (dependency.line, dependency.package.as_str(), dependency.version.as_deref()))
            .collect();
        read.sort_unstable();
        assert_eq!(read, [(4, "space", None), (5, "mem", Some("2")), (6, "b", None), (9, "c", Some("3"))]);
    }

    #[test]
    fn what_is_not_toml_is_a_violation_with_its_line() {
        let (manifests, violations) = read(&[File::new("Cargo.toml", "[package]\nname = \n")]);
        assert!(manifests.is_empty());
        assert_eq!((violations.len(), violations[0].line), (1, 2));
    }
}
