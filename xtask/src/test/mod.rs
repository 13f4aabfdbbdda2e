//! `cargo xtask test`: everything that must pass before a change goes in, in one command.

mod programs;

use std::env;
use std::ffi::OsString;
use std::io::{Write, stderr};
use std::path::Path;
use std::process;

use crate::command::{CLEAN, Command, FOUND, Outcome};
use crate::tidy;

pub const COMMAND: Command = Command {
    name: "test",
    arguments: "[--skip-install]",
    summary: "install what the tests need, then format, lints, tidy and all tests",
    run,
};

/// The steps before and after tidy, each the arguments of one run of cargo.
const FORMAT: &[&str] = &["fmt", "--all", "--check"];
const LINTS: &[&str] = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
const TESTS: &[&str] = &["test", "--workspace"];

/// Runs the steps in order and stops at the first that fails, with its exit status.
fn run(root: &Path, arguments: &[String]) -> Outcome {
    let install = wants_install(arguments)?;
    heading("programs");
    programs::provide(install, heading)?;

    for step in [FORMAT, LINTS] {
        let code = cargo(root, step)?;
        if code != CLEAN {
            return Ok(code);
        }
    }
    heading("cargo xtask tidy");
    let code = tidy::run(root)?;
    if code != CLEAN {
        return Ok(code);
    }
    cargo(root, TESTS)
}

fn wants_install(arguments: &[String]) -> Result<bool, String> {
    match arguments {
        [] => Ok(true),
        [only] if only == "--skip-install" => Ok(false),
        other => Err(format!(
            "`test` does not take `{}`; it takes nothing, or `--skip-install`",
            other.join(" ").escape_debug()
        )),
    }
}

/// Runs cargo with its output passed through, and returns its exit status.
fn cargo(root: &Path, arguments: &[&str]) -> Outcome {
    heading(&format!("cargo {}", arguments.join(" ")));
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = process::Command::new(cargo)
        .args(arguments)
        .current_dir(root)
        .env("PATH", programs::search_path())
        .status()
        .map_err(|error| format!("cargo did not start: {error}; install Rust from https://rustup.rs"))?;
    Ok(exit_code(status.code()))
}

/// A status that does not fit in a byte, or none because a signal ended the process, is still a failure.
fn exit_code(code: Option<i32>) -> u8 {
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(FOUND)
}

/// Standard error, so that standard output holds only what the steps print.
fn heading(text: &str) {
    let _ = writeln!(stderr(), "== {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_argument_is_skip_install() {
        let arguments = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(wants_install(&arguments("")), Ok(true));
        assert_eq!(wants_install(&arguments("--skip-install")), Ok(false));
        assert!(wants_install(&arguments("--skip")).is_err());
        assert!(wants_install(&arguments("--skip-install again")).is_err());
    }

    #[test]
    fn no_failure_becomes_a_success() {
        assert_eq!(exit_code(Some(0)), CLEAN);
        assert_eq!(exit_code(Some(101)), 101);
        assert_eq!(exit_code(Some(256)), FOUND);
        assert_eq!(exit_code(None), FOUND);
    }
}
