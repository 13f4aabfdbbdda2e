//! The workspace's own commands, `cargo xtask COMMAND`. See README.md.
#![allow(clippy::disallowed_methods, reason = "xtask works on the machine's files and programs")]

mod audit_library;
mod command;
mod help;
mod test;
mod tidy;

use std::env;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use command::Command;

/// Every command. A new one is a file with a `COMMAND`, and a line here.
pub const COMMANDS: &[Command] = &[tidy::COMMAND, test::COMMAND, audit_library::COMMAND, help::COMMAND];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", arguments.as_slice()),
    };
    let name = if matches!(name, "-h" | "--help") { "help" } else { name };
    let outcome = match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => root().and_then(|root| (command.run)(&root, rest)),
        None => Err(format!("no command is named `{}`; `cargo xtask help` lists them", name.escape_debug())),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            let _ = writeln!(stderr(), "error: {message}");
            ExitCode::from(command::COULD_NOT)
        }
    }
}

/// The folder of the workspace: the one above this package when cargo runs it, or else the nearest
/// folder upward that holds a `Cargo.lock`. It is asked for at run time, so that a checkout can move.
fn root() -> Result<PathBuf, String> {
    if let Some(package) = env::var_os("CARGO_MANIFEST_DIR")
        && let Some(root) = PathBuf::from(package).parent()
    {
        return Ok(root.to_path_buf());
    }
    let here =
        env::current_dir().map_err(|error| format!("no current folder: {error}; enter the checkout"))?;
    here.ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .map(PathBuf::from)
        .ok_or_else(|| "no `Cargo.lock` here or above; run `cargo xtask` inside the checkout".to_owned())
}
