//! Dependencies point down only.

use super::Violation;
use super::files::File;
use super::manifest::{Dependency, Manifest, read};

/// The crates of the house from the bottom up. Those of one layer do not know each other.
const LAYERS: &[&[&str]] =
    &[&["space", "diagnostics"], &["syntax", "formats"], &["compiler"], &["checks"], &["lsp"], &["cli"]];

/// Finds dependencies between packages of the workspace, also for tests and build scripts, that do
/// not lead to a lower layer, and crates that have no layer.
///
/// Packages outside `crates` (xtask, tests) stand on top: they may depend on anything, and nothing
/// on them.
pub fn check(files: &[File]) -> Vec<Violation> {
    let (manifests, mut found) = read(files);
    let packages: Vec<&str> = manifests.iter().filter_map(|manifest| manifest.package.as_deref()).collect();
    for manifest in &manifests {
        let Some(package) = manifest.package.as_deref() else { continue };
        if layer(package).is_none() && manifest.path.starts_with("crates/") {
            found.push(Violation::new(
                &manifest.path,
                1,
                format!("the crate `{package}` has no layer"),
                "give it one in `LAYERS` in xtask/src/tidy/direction.rs",
            ));
            continue;
        }
        found.extend(
            manifest
                .dependencies
                .iter()
                .filter(|dependency| packages.contains(&dependency.package.as_str()))
                .filter_map(|dependency| upward(manifest, package, dependency)),
        );
    }
    found
}

fn layer(package: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&package))
}

fn upward(manifest: &Manifest, package: &str, dependency: &Dependency) -> Option<Violation> {
    let below = &dependency.package;
    let wrong = match (layer(package), layer(below)) {
        (_, None) => format!("nothing may depend on `{below}`, and `{package}` does"),
        (Some(from), Some(to)) if to == from && package != below => {
            format!("`{package}` and `{below}` are one layer, and must not know each other")
        }
        (Some(from), Some(to)) if to > from => {
            format!("`{package}` is below `{below}`, and must not depend on it")
        }
        _ => return None,
    };
    Some(Violation::new(
        &manifest.path,
        dependency.line,
        wrong,
        "move what both need to a layer below both (crates/README.md)",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One manifest for each crate named, with the dependencies of the one called `from`.
    fn house(from: &str, dependencies: &str) -> Vec<String> {
        let manifest = |package: &str| {
            let folder = if ["xtask", "tests"].contains(&package) { "" } else { "crates/" };
            let dependencies = if package == from { dependencies } else { "" };
            File::new(
                &format!("{folder}{package}/Cargo.toml"),
                &format!("[package]\nname = \"{package}\"\n{dependencies}"),
            )
        };
        let all =
            ["checks", "cli", "compiler", "diagnostics", "formats", "space", "syntax", "tests", "xtask"];
        let files: Vec<File> = all.into_iter().map(manifest).collect();
        check(&files)
            .into_iter()
            .map(|found| format!("{}:{}: {}", found.path, found.line, found.wrong))
            .collect()
    }

    fn on(packages: &[&str]) -> String {
        let entries: String =
            packages.iter().map(|package| format!("{package}.workspace = true\n")).collect();
        format!("[dependencies]\n{entries}")
    }

    #[test]
    fn downward_is_fine_and_so_is_skipping_a_layer() {
        assert_eq!(house("cli", &on(&["checks", "compiler", "space", "diagnostics"])), Vec::<String>::new());
        assert_eq!(house("formats", &on(&["space", "diagnostics", "csv"])), Vec::<String>::new());
        assert_eq!(house("tests", &on(&["cli", "space"])), Vec::<String>::new());
    }

    #[test]
    fn upward_is_not() {
        assert_eq!(
            house("compiler", &on(&["space", "checks"])),
            ["crates/compiler/Cargo.toml:5: `compiler` is below `checks`, and must not depend on it"]
        );
    }

    #[test]
    fn neighbours_do_not_know_each_other() {
        assert_eq!(
            house("syntax", &on(&["formats"])),
            [
                "crates/syntax/Cargo.toml:4: `syntax` and `formats` are one layer, and must not know each other"
            ]
        );
        assert_eq!(house("diagnostics", &on(&["space"])).len(), 1);
    }

    #[test]
    fn tests_and_build_scripts_follow_the_same_rule() {
        let upward = "[dev-dependencies]\ncompiler = { path = \"../compiler\" }\n\
                      [build-dependencies]\nchecks = { path = \"../checks\" }\n";
        assert_eq!(house("formats", upward).len(), 2);
    }

    #[test]
    fn nothing_depends_on_what_is_on_top() {
        assert_eq!(
            house("cli", &on(&["tests"])),
            ["crates/cli/Cargo.toml:4: nothing may depend on `tests`, and `cli` does"]
        );
        assert_eq!(house("tests", &on(&["xtask"])).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_layer() {
        let found = check(&[File::new("crates/extra/Cargo.toml", "[package]\nname = \"extra\"\n")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].wrong, "the crate `extra` has no layer");
    }
}
