//! What a command is.

use std::path::Path;

/// One command of `cargo xtask`: its line in the help, and what it does.
pub struct Command {
    pub name: &'static str,
    /// What follows the name, as the help shows it.
    pub arguments: &'static str,
    pub summary: &'static str,
    /// Takes the workspace's folder and the arguments after the name.
    pub run: fn(&Path, &[String]) -> Outcome,
}

/// The exit status, or a message that says why the job could not be done and what to do next.
pub type Outcome = Result<u8, String>;

/// Everything was as it should be.
pub const CLEAN: u8 = 0;
/// The job was done, and something was found.
pub const FOUND: u8 = 1;
/// The job could not be done.
pub const COULD_NOT: u8 = 2;

/// Refuses arguments where a command takes none.
pub fn no_arguments(arguments: &[String]) -> Result<(), String> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => Err(format!(
            "`{}` is one argument too many; `cargo xtask help` shows what each command takes",
            argument.escape_debug()
        )),
    }
}
