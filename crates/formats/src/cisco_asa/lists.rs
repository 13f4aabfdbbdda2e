//! Access lists line by line, and where they are bound.

use diagnostics::TextRange;

use super::config::{Binding, Bound, Expansion, Line, LineEntry, List, ListKind};
use super::parse::{Mode, Reader};
use super::words::Words;
use crate::{ImportError, Status};

/// More lines than this inserted by number, and not at the end: a script, and its order a matter of running it.
const MOST_INSERTIONS: usize = 1000;

impl<'a> Reader<'a> {
    /// After `access-list`, or `ipv6 access-list`.
    pub fn access_list(
        &mut self,
        mut rest: Words<'a>,
        indented: bool,
        place: TextRange,
        v6: bool,
    ) -> Result<(), ImportError> {
        if !indented {
            self.mode = Mode::Top;
        }
        let Some(name) = rest.next() else {
            self.push(place, Status::NotUnderstood, "an access list without a name");
            return Ok(());
        };
        if self.list_setting(name.text, rest, place) {
            return Ok(());
        }
        let number = if rest.peek() == Some("line") {
            rest.next();
            rest.next().and_then(|word| word.text.parse::<u32>().ok())
        } else {
            None
        };
        self.config.shown |= number.is_some() && (indented || rest.rest().contains("(hitcnt="));
        let bare = matches!(rest.peek(), Some("permit" | "deny"));
        let (kind, entry) = entry(rest, v6);
        let at = self.list(name.text);
        let statement = self.next_statement();
        self.filled = true;
        self.push(place, Status::Understood, "");
        let (config, last) = (&mut self.config, self.numbers.get_mut(at));
        let (Some(list), Some(last)) = (config.lists.get_mut(at), last) else { return Ok(()) };
        if list.kind == ListKind::Open {
            list.kind = kind;
        }
        // `show access-list` repeats a line with its objects resolved, under the same number.
        if config.shown && number.is_some() && *last == number {
            if let (LineEntry::Rule(words), Some(line)) = (entry, list.lines.last_mut()) {
                line.expansions.push(Expansion { words, statement });
            }
            if let Some(statement) = config.statements.get_mut(statement as usize) {
                statement.status = Status::Irrelevant;
                statement.reason = "repeats the line above, with what its objects hold".into();
            }
            return Ok(());
        }
        *last = number;
        let mixed = kind != list.kind && kind != ListKind::Open;
        let entry = if mixed { LineEntry::Unclear } else { entry };
        list.shuffled |= number.is_some() && !config.shown;
        let line = Line { place, statement, entry, bare, expansions: Vec::new() };
        let wanted = number.filter(|_| !config.shown).and_then(|number| usize::try_from(number).ok());
        match wanted.map(|number| number.saturating_sub(1)).filter(|before| *before < list.lines.len()) {
            None => list.lines.push(line),
            Some(before) => {
                self.insertions += 1;
                if self.insertions > MOST_INSERTIONS {
                    let message = format!("more than {MOST_INSERTIONS} lines are inserted by number");
                    let help = "run the commands, and export the outcome with `show running-config`";
                    return Err(ImportError::new(place, message, help));
                }
                list.lines.insert(before, line);
            }
        }
        Ok(())
    }

    /// The lines of `show access-list` and the settings of all lists, which are no entries.
    fn list_setting(&mut self, name: &str, rest: Words<'a>, place: TextRange) -> bool {
        let reason = if name.ends_with(';') || name == "cached" && rest.peek() == Some("ACL") {
            self.config.shown = true;
            "a heading of `show access-list`"
        } else if matches!(name, "alert-interval" | "deny-flow-max") {
            "logging and monitoring"
        } else {
            return false;
        };
        self.push(place, Status::Irrelevant, reason);
        true
    }

    fn list(&mut self, name: &'a str) -> usize {
        let config = &mut self.config;
        if let Some(&at) = config.list_names.get(name) {
            return at;
        }
        config.lists.push(List { name, kind: ListKind::Open, lines: Vec::new(), shuffled: false });
        self.numbers.push(None);
        let at = config.lists.len() - 1;
        config.list_names.insert(name, at);
        at
    }

    /// `clear configure access-list [NAME]`
    pub fn clear_list(&mut self, name: Option<&str>, place: TextRange) {
        let config = &mut self.config;
        let lists = match name {
            Some(name) => match config.list_names.get(name) {
                Some(&at) => at..at + 1,
                None => 0..0,
            },
            None if std::mem::take(&mut self.filled) => 0..config.lists.len(),
            None => 0..0,
        };
        for list in config.lists.get_mut(lists).unwrap_or_default() {
            list.shuffled |= !list.lines.is_empty();
            list.kind = ListKind::Open;
            for line in list.lines.drain(..) {
                if let Some(statement) = config.statements.get_mut(line.statement as usize) {
                    statement.status = Status::Irrelevant;
                    statement.reason = "the list is cleared further down".into();
                }
            }
        }
        self.push(place, Status::Understood, "");
    }

    /// `access-group NAME in interface IF`
    pub fn access_group(&mut self, words: Words<'a>, place: TextRange) {
        let mut rest = words;
        rest.next();
        let list = rest.next();
        let direction = rest.next().map(|word| word.text);
        let interface = if direction == Some("global") {
            None
        } else {
            rest.eat("interface");
            rest.next().map(|word| word.text)
        };
        let at = match (direction, interface) {
            (Some("global"), _) => Some(Bound::Global),
            (Some("in"), Some(name)) => Some(Bound::In(name)),
            (Some("out"), Some(name)) => Some(Bound::Out(name)),
            _ => None,
        };
        let options: Vec<&str> = rest.map(|word| word.text).collect();
        let known = options.iter().all(|option| matches!(*option, "per-user-override" | "control-plane"));
        let (Some(list), Some(at), true) = (list, at, known) else {
            self.obscure(words, place, false, Status::NotUnderstood, "not a form that is known");
            return;
        };
        if options.contains(&"control-plane") {
            self.irrelevant(words, place, "traffic to the firewall itself");
            return;
        }
        let statement = self.next_statement();
        let per_user = options.contains(&"per-user-override");
        self.config.bindings.push(Binding { list: list.text, at, place, statement, per_user });
        self.push(place, Status::Understood, "");
    }
}

/// The kind of list that a line belongs to, and what the line is.
fn entry(mut rest: Words<'_>, v6: bool) -> (ListKind, LineEntry<'_>) {
    let mut kind = if v6 { ListKind::V6 } else { ListKind::Extended };
    match rest.peek() {
        Some("remark") => {
            rest.next();
            return (ListKind::Open, LineEntry::Remark(rest.rest()));
        }
        Some("extended") => {
            rest.next();
        }
        Some("standard") => {
            rest.next();
            kind = ListKind::Standard;
        }
        Some("ethertype") => {
            rest.next();
            kind = ListKind::Ethertype;
        }
        Some("webtype") => {
            rest.next();
            kind = ListKind::Webtype;
        }
        _ => {}
    }
    match rest.peek() {
        Some("permit" | "deny") => (kind, LineEntry::Rule(rest)),
        _ => (kind, LineEntry::Unclear),
    }
}
