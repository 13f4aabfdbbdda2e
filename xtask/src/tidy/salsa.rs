//! Salsa stays in the compiler and above, and its version moves only when somebody moves it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use toml::de::{DeTable, DeValue};

use super::Violation;
use super::files::{File, line_at};
use super::manifest::{Dependency, Manifest, read};

/// The crates that work without a database.
const BELOW_COMPILER: &[&str] = &["diagnostics", "formats", "space", "syntax"];

const LOCK: &str = "Cargo.lock";

/// Finds the crates below the compiler that reach salsa in Cargo.lock, over whatever path and also
/// for their tests, and requirements of salsa that are not `=`: its interface changes between minor
/// versions, and what the tests say about work not done again holds for one version.
pub fn check(files: &[File]) -> Vec<Violation> {
    // What is not TOML is a violation of the direction check already.
    let (manifests, _) = read(files);
    let mut found: Vec<Violation> = manifests.iter().flat_map(unpinned).collect();
    let below: Vec<&Manifest> = manifests
        .iter()
        .filter(|manifest| {
            manifest.package.as_deref().is_some_and(|package| BELOW_COMPILER.contains(&package))
        })
        .collect();
    if below.is_empty() {
        return found;
    }
    match files.iter().find(|file| file.path == LOCK).map(graph) {
        None => {
            let wrong = "there is none, and what the crates depend on cannot be seen";
            found.push(Violation::new(LOCK, 1, wrong, "run `cargo generate-lockfile`"));
        }
        Some(Err(violation)) => found.push(violation),
        Some(Ok(graph)) => found.extend(below.into_iter().filter_map(|manifest| reaches(manifest, &graph))),
    }
    found
}

fn is_salsa(package: &str) -> bool {
    package == "salsa" || package.starts_with("salsa-")
}

fn unpinned(manifest: &Manifest) -> Vec<Violation> {
    let is_loose = |dependency: &&Dependency| {
        is_salsa(&dependency.package)
            && dependency.version.as_ref().is_some_and(|version| !version.trim_start().starts_with('='))
    };
    manifest
        .shared
        .iter()
        .chain(&manifest.dependencies)
        .filter(is_loose)
        .map(|dependency| {
            let wrong = format!("`{}` is not pinned", dependency.package);
            Violation::new(&manifest.path, dependency.line, wrong, "write its version with `=`")
        })
        .collect()
}

/// The packages of a Cargo.lock, each under `name version`, with what they depend on.
type Graph = BTreeMap<String, Vec<String>>;

fn graph(lock: &File) -> Result<Graph, Violation> {
    let text = lock.text();
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        Violation::new(LOCK, line, "the file is not TOML", "run `cargo generate-lockfile`")
    })?;
    let packages = document.get_ref().get("package").and_then(|packages| packages.get_ref().as_array());
    let mut graph = Graph::new();
    for package in packages.into_iter().flatten().filter_map(|package| package.get_ref().as_table()) {
        let field = |name: &str| package.get(name).map(toml::Spanned::get_ref);
        let words = |name: &str| field(name).and_then(DeValue::as_str).unwrap_or_default();
        let dependencies = field("dependencies").and_then(DeValue::as_array).into_iter().flatten();
        let dependencies = dependencies.filter_map(|entry| entry.get_ref().as_str()).map(str::to_owned);
        graph.insert(format!("{} {}", words("name"), words("version")), dependencies.collect());
    }
    Ok(graph)
}

/// The packages that an entry means: `name`, `name version` or `name version (source)`.
fn meant<'g>(graph: &'g Graph, entry: &str) -> impl Iterator<Item = &'g String> {
    let mut words = entry.split(' ').map(str::to_owned);
    let name = words.next().unwrap_or_default();
    let version = words.next();
    graph.keys().filter(move |key| {
        key.split_once(' ').is_some_and(|(its_name, its_version)| {
            its_name == name && version.as_ref().is_none_or(|version| version == its_version)
        })
    })
}

fn name(key: &str) -> &str {
    key.split(' ').next().unwrap_or(key)
}

/// The shortest way from a crate to salsa, as a violation at the dependency it begins with.
fn reaches(manifest: &Manifest, graph: &Graph) -> Option<Violation> {
    let package = manifest.package.as_deref()?;
    let Some(start) = meant(graph, package).next() else {
        let wrong = format!("`{package}` is not in it");
        return Some(Violation::new(LOCK, 1, wrong, "run `cargo update --workspace`"));
    };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut ways: VecDeque<Vec<&str>> = VecDeque::from([vec![start.as_str()]]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().copied()?;
        if is_salsa(name(last)) {
            let names: Vec<&str> = way.iter().map(|key| name(key)).collect();
            let first = names.get(1).copied().unwrap_or_default();
            let line = manifest.dependencies.iter().find(|dependency| dependency.package == first);
            return Some(Violation::new(
                &manifest.path,
                line.map_or(1, |dependency| dependency.line),
                format!("`{package}` is below the compiler, and reaches salsa: {}", names.join(" -> ")),
                "remove the dependency that leads there",
            ));
        }
        for entry in graph.get(last).into_iter().flatten() {
            for next in meant(graph, entry) {
                if seen.insert(next) {
                    ways.push_back([way.as_slice(), &[next.as_str()]].concat());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[File]) -> Vec<String> {
        check(files)
            .into_iter()
            .map(|found| format!("{}:{}: {}", found.path, found.line, found.wrong))
            .collect()
    }

    fn formats() -> File {
        File::new("crates/formats/Cargo.toml", "[package]\nname = \"formats\"\n[dependencies]\ncsv = \"1\"\n")
    }

    fn lock(of_csv: &str) -> File {
        let text = format!(
            "[[package]]\nname = \"formats\"\nversion = \"0.1.0\"\ndependencies = [\"csv\"]\n\
             [[package]]\nname = \"csv\"\nversion = \"1.4.0\"\ndependencies = [{of_csv}]\n\
             [[package]]\nname = \"memo\"\nversion = \"1.0.0\"\ndependencies = [\"salsa\"]\n\
             [[package]]\nname = \"memo\"\nversion = \"2.0.0\"\ndependencies = []\n\
             [[package]]\nname = \"salsa\"\nversion = \"0.28.5\"\n"
        );
        File::new(LOCK, &text)
    }

    #[test]
    fn a_way_to_salsa_is_found_and_shown() {
        assert_eq!(
            found(&[formats(), lock("\"memo 1.0.0\"")]),
            ["crates/formats/Cargo.toml:4: `formats` is below the compiler, and reaches salsa: \
              formats -> csv -> memo -> salsa"]
        );
    }

    #[test]
    fn another_version_of_a_package_is_another_package() {
        assert_eq!(found(&[formats(), lock("\"memo 2.0.0 (registry+x)\"")]), Vec::<String>::new());
        assert_eq!(found(&[formats(), lock("")]), Vec::<String>::new());
    }

    #[test]
    fn a_circle_of_dependencies_ends() {
        assert_eq!(found(&[formats(), lock("\"formats\"")]), Vec::<String>::new());
    }

    #[test]
    fn a_lock_that_says_nothing_is_not_good_news() {
        assert_eq!(found(&[formats()]).len(), 1);
        assert_eq!(
            found(&[formats(), File::new(LOCK, "version = 4\n")]),
            ["Cargo.lock:1: `formats` is not in it"]
        );
        assert_eq!(found(&[formats(), File::new(LOCK, "\n[[")]).len(), 1);
    }

    #[test]
    fn salsa_is_pinned() {
        let manifest = |version: &str| {
            File::new(
                "Cargo.toml",
                &format!("[workspace.dependencies]\nsalsa = {{ version = \"{version}\" }}\n"),
            )
        };
        assert_eq!(found(&[manifest("0.28.5")]), ["Cargo.toml:2: `salsa` is not pinned"]);
        assert_eq!(found(&[manifest("=0.28.5")]), Vec::<String>::new());
    }
}
