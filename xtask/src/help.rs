//! `cargo xtask help`: the table of commands, as text.

use std::io::{Write, stdout};

use crate::COMMANDS;
use crate::command::{CLEAN, Command, no_arguments};

pub const COMMAND: Command = Command {
    name: "help",
    arguments: "",
    summary: "this list",
    run: |_, arguments| {
        no_arguments(arguments)?;
        stdout()
            .write_all(text(COMMANDS).as_bytes())
            .map_err(|error| format!("cannot write the help: {error}; give it a standard output"))?;
        Ok(CLEAN)
    },
};

/// One line for each command, the summaries in one column.
fn text(commands: &[Command]) -> String {
    let usage = |command: &Command| {
        format!("cargo xtask {} {}", command.name, command.arguments).trim_end().to_owned()
    };
    let width = commands.iter().map(|command| usage(command).len()).max().unwrap_or(0);
    commands.iter().map(|command| format!("{:width$}  {}\n", usage(command), command.summary)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_line_and_a_summary() {
        let text = text(COMMANDS);
        assert_eq!(text.lines().count(), COMMANDS.len());
        for command in COMMANDS {
            let line = text.lines().find(|line| line.starts_with(&format!("cargo xtask {} ", command.name)));
            assert!(line.is_some_and(|line| line.ends_with(command.summary)), "{text}");
        }
    }
}
