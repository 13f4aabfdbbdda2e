//! The programs that the tests call, and how a bare machine gets them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::stderr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program, the Debian package that has it, and the tests that call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Program {
    name: &'static str,
    package: &'static str,
    tests: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program { name: "iptables-restore", package: "iptables", tests: "iptables rule sets in a real kernel" },
    Program { name: "ip6tables-restore", package: "iptables", tests: "ip6tables rule sets in a real kernel" },
    Program { name: "nft", package: "nftables", tests: "nftables rule sets in a real kernel" },
    Program { name: "ip", package: "iproute2", tests: "packets through a network namespace" },
    Program { name: "ipset", package: "ipset", tests: "iptables rule sets that match an ipset" },
];

/// System programs live here, and an ordinary user's `PATH` may leave these out.
const SYSTEM_FOLDERS: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Installs what is missing where it can, and says on standard error what stays missing and what
/// becomes of the tests that need it.
///
/// Fails only where the lints or the format cannot be checked: without the programs of `PROGRAMS`
/// the other tests still say something.
pub fn provide(install: bool, say: impl Fn(&str)) -> Result<(), String> {
    provide_components(install, &say)?;

    let mut missing = missing(PROGRAMS, is_installed);
    if !missing.is_empty() && install {
        if can_install() {
            let packages = packages(&missing);
            say(&format!("apt-get install {}", packages.join(" ")));
            install_packages(&packages);
            missing.retain(|program| !is_installed(program.name));
        } else {
            say("not root on a Debian-like system: nothing is installed");
        }
    }
    let in_ci = env::var("CI").is_ok_and(|value| value == "true");
    for program in missing {
        say(&consequence(program, in_ci));
    }
    Ok(())
}

/// `PATH`, with the folders of system programs at its end.
pub fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    extended(&path).unwrap_or(path)
}

fn extended(path: &OsStr) -> Option<OsString> {
    let mut folders: Vec<PathBuf> = env::split_paths(path).collect();
    for folder in SYSTEM_FOLDERS.iter().map(PathBuf::from) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    env::join_paths(folders).ok()
}

fn is_installed(name: &str) -> bool {
    env::split_paths(&search_path()).any(|folder| folder.join(name).is_file())
}

fn missing(programs: &'static [Program], installed: impl Fn(&str) -> bool) -> Vec<&'static Program> {
    programs.iter().filter(|program| !installed(program.name)).collect()
}

/// The packages to install, each once.
fn packages(programs: &[&Program]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = programs.iter().map(|program| program.package).collect();
    packages.dedup();
    packages
}

fn consequence(program: &Program, in_ci: bool) -> String {
    let Program { name, package, tests } = program;
    let become_of = if in_ci { "fail, because `CI` is `true`" } else { "say that they skipped" };
    format!("`{name}` is missing: the tests of {tests} will {become_of}; install the package `{package}`")
}

/// Whether we are root on a system with apt.
fn can_install() -> bool {
    let user = Command::new("id").arg("-u").output();
    let is_root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/etc/debian_version").exists() && is_installed("apt-get")
}

/// What does not work here shows in what is still missing afterwards, so no status is asked for.
fn install_packages(packages: &[&str]) {
    let apt = |arguments: &[&str]| {
        let _ = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(stderr())
            .status();
    };
    apt(&["update"]);
    apt(&[["install", "-y", "--no-install-recommends"].as_slice(), packages].concat());
}

/// rustfmt and clippy come with most toolchains, but not with the minimal one.
fn provide_components(install: bool, say: impl Fn(&str)) -> Result<(), String> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let works = || {
            let output = Command::new(&cargo).args([subcommand, "--version"]).output();
            output.is_ok_and(|output| output.status.success())
        };
        if works() {
            continue;
        }
        if install {
            say(&format!("rustup component add {component}"));
            let _ = Command::new("rustup").args(["component", "add", component]).status();
        }
        if !works() {
            return Err(format!(
                "`cargo {subcommand}` does not run; `rustup component add {component}` installs it"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_installed_and_each_package_once() {
        let missing = missing(PROGRAMS, |name| !name.contains("tables-restore"));
        assert_eq!(missing.len(), 2);
        assert_eq!(packages(&missing), ["iptables"]);
    }

    #[test]
    fn the_packages_of_one_program_stand_together() {
        // `packages` leaves out neighbours only.
        let all: Vec<&Program> = PROGRAMS.iter().collect();
        let packages = packages(&all);
        for package in &packages {
            assert_eq!(packages.iter().filter(|other| *other == package).count(), 1, "{packages:?}");
        }
    }

    #[test]
    fn a_missing_program_fails_its_tests_only_in_ci() {
        let nft = &PROGRAMS[2];
        assert_eq!(
            consequence(nft, false),
            "`nft` is missing: the tests of nftables rule sets in a real kernel will say that they skipped; \
             install the package `nftables`"
        );
        assert!(consequence(nft, true).contains("will fail, because `CI` is `true`"));
    }

    #[test]
    fn system_folders_are_searched_last_and_once() {
        let path = extended(OsStr::new("/usr/bin:/usr/sbin"));
        assert_eq!(path, Some(OsString::from("/usr/bin:/usr/sbin:/usr/local/sbin:/sbin")));
    }
}
